"""Transforms: functions that turn a function into its derivative.

Arguments and results are numbers or structures of them (lists, tuples, dicts, NumPy arrays, nested in any way), and a
gradient has its argument's structure. A transform records the function on leaves of its own, touches no ``.grad`` and
no global state; so transforms nest to any order, and run from several threads over shared parameters.

A result is differentiable, and made of Values, when an argument contains a Value or when the function depends on one
that was there before (its closure's, another transform's argument, a module's parameter); else it is made of plain
floats. Within ``no_grad`` nothing depends on a closure.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Protocol, overload

from ..engine.observers import current_tracer, recording_is_off, without_observers
from ..engine.recordings import Running
from ..engine.sweeps import STATE, Node, reverse_adjoints, sweeping
from ..engine.value import Value
from ..primitives import arithmetic
from ..primitives.base import as_float
from .linearize import Linear
from .pytree import Structure, contains_node, flatten, group
from .transform import transformed
from .vmap import vmap

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"]

Argnums = int | Sequence[int]


class ScalarFunction(Protocol):
    """A function of numbers: of floats a float, of a Value (inside another transform) a Value."""

    @overload
    def __call__(self, x: float, /, *others: float) -> float: ...
    @overload
    def __call__(self, x: Value, /, *others: Value | float) -> Value: ...
    @overload
    def __call__(self, /, *args: Any, **named: Any) -> Any: ...
    def __call__(self, /, *args: Any, **named: Any) -> Any:
        """The number at x."""


class PairFunction(Protocol):
    """A function of numbers that gives two: of floats floats, of a Value Values."""

    @overload
    def __call__(self, x: float, /, *others: float) -> tuple[float, float]: ...
    @overload
    def __call__(self, x: Value, /, *others: Value | float) -> tuple[Value, Value]: ...
    @overload
    def __call__(self, /, *args: Any, **named: Any) -> tuple[Any, Any]: ...
    def __call__(self, /, *args: Any, **named: Any) -> tuple[Any, Any]:
        """The numbers at x."""


class _Recording:
    """A function run on fresh nodes.

    Attributes:
        inputs: the nodes that stand for the numbers in the chosen arguments.
        arguments: the structure of the chosen argument, or of the tuple of them.
        result: what the function returned.
        plain: whether everything derived from it is plain floats, unless it turns out to depend on a Value outside.
        born: its number among the recordings, 0.0 where Values outside don't matter.
    """

    __slots__ = ("arguments", "born", "inputs", "name", "plain", "result")

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: Argnums,
        more: Sequence[Any] = (),
    ) -> None:
        _function(name, f)
        chosen = _chosen(name, args, argnums)
        numbers: list[Any] = []
        parts = [flatten(args[i], numbers, f"{name}: argument {i}") for i in chosen]
        others = [arg for i, arg in enumerate(args) if i not in chosen]
        self.name = name
        self.plain = not _traced() and not (
            any(isinstance(x, Node) for x in numbers)
            or ((others or kwargs or more) and contains_node([*others, kwargs, *more]))
        )
        self.arguments = parts[0] if isinstance(argnums, int) else group(parts)
        STATE.recordings += 1.0
        self.born = 0.0 if recording_is_off() else STATE.recordings
        with without_observers("cuts"):
            self.inputs: list[Any] = [
                x._apply_unary(arithmetic.identity) if isinstance(x, Node) else Value(x) for x in numbers
            ]
            fresh = iter(self.inputs)
            called = list(args)
            for i, part in zip(chosen, parts):
                called[i] = part.build(fresh)
            running = Running(self.inputs)
            try:
                self.result = f(*called, **kwargs)
            finally:
                running.end()

    def scalar(self) -> Any:
        """The result, if it is one number."""
        y = self.result
        if isinstance(y, Node):
            return y
        if y is None:
            raise TypeError(f"{self.name}: the function returned None; it must return one number (is there a return?)")
        if getattr(y, "shape", None) == () and hasattr(y, "item"):
            return y.item()
        if isinstance(y, (list, tuple, dict)) or getattr(y, "shape", ()) != ():
            shape = getattr(y, "shape", None)
            what = f"an array of shape {shape}" if shape is not None else f"a {type(y).__name__} of {len(y)}"
            raise TypeError(
                f"{self.name}: the function returned {what}, and a gradient is that of one number: "
                f"use jacobian (ag.jacobian(f)), or return one number"
            )
        return as_float(y, f"{self.name}: the function's result")

    def outputs(self) -> tuple[list[Any], Structure]:
        """The numbers in the result, and their structure."""
        numbers: list[Any] = []
        structure = flatten(self.result, numbers, f"{self.name}: the function's result")
        return numbers, structure

    def linear(self, outputs: Sequence[Any]) -> Linear:
        """The derivative at the recorded point. It says whether everything derived from it is plain."""
        linear = Linear(self.inputs, outputs, rules=not self.plain, born=self.born)
        self.plain = not linear.rules
        return linear

    def finish(self, numbers: Sequence[Any]) -> list[Any]:
        """Results as the caller gets them: floats if everything was plain, else Values."""
        return [_finish(x, self.plain) for x in numbers]


def _traced() -> bool:
    """Whether ``compile`` records this: then every number is one of a program."""
    return bool(STATE.observers) and current_tracer() is not None


def _finish(x: Any, plain: bool) -> Any:
    """A number as a caller gets it; None is a derivative that is identically 0."""
    if x is None:
        x = 0.0
    if plain:
        return x._number() if isinstance(x, Node) else x + 0.0
    return x if isinstance(x, Node) else Value(x)


def _chosen(name: str, args: tuple[Any, ...], argnums: Argnums) -> list[int]:
    """Indices of the arguments to differentiate, validated."""
    wanted = [argnums] if isinstance(argnums, int) else list(argnums)
    chosen = []
    for i in wanted:
        if not isinstance(i, int) or isinstance(i, bool):
            raise TypeError(f"{name}: argnums is an int or a tuple of ints, not {type(i).__name__}")
        if not -len(args) <= i < len(args):
            raise ValueError(
                f"{name}: argnums={argnums}, but the function was called with {len(args)} positional argument(s)"
            )
        chosen.append(i % len(args))
    if len(set(chosen)) != len(chosen):
        raise ValueError(f"{name}: argnums={argnums} names an argument twice")
    return chosen


@overload
def value_and_grad(f: Callable[..., Any], argnums: int = 0) -> PairFunction: ...
@overload
def value_and_grad(f: Callable[..., Any], argnums: Argnums) -> Callable[..., tuple[Any, Any]]: ...
def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that returns both ``f(…)`` and its gradient, from one recording.

    Args:
        f: a function that returns one number.
        argnums: which positional argument to differentiate, or a tuple of them (then the gradient is a tuple).

    Returns:
        A function with f's signature, returning ``(value, gradient)``.

    Raises:
        TypeError: when ``f`` returns something else than one number (then use ``jacobian``).

    >>> import autograd_lite as ag
    >>> ag.value_and_grad(lambda x, y: x * y**2, argnums=(0, 1))(2.0, 3.0)
    (18.0, (9.0, 12.0))
    """
    return _value_and_grad(f, argnums, "value_and_grad")


def _function(name: str, f: object, argnums: Any = 0) -> None:
    """TypeError unless ``f`` can be called and ``argnums`` are ints; the transforms ask at once, not when their result
    is called."""
    if not callable(f):
        cure = "pass f itself, and the arguments later"
        if isinstance(f, Node):
            cure = "of a Value that is already there, y.backward() leaves the derivatives in x.grad"
        raise TypeError(f"{name} takes a function, not {type(f).__name__}: {cure}")
    several = isinstance(argnums, (tuple, list, range))
    for i in argnums if several else [argnums]:
        if not isinstance(i, int) or isinstance(i, bool):
            given = f"a {type(argnums).__name__} of {type(i).__name__}" if several else type(i).__name__
            raise TypeError(
                f"{name}: argnums is an int or a tuple of ints (which arguments to differentiate), not {given}; the "
                f"point goes to the function that {name} returns: {name}(f)(x)"
            )


def _value_and_grad(f: Callable[..., Any], argnums: Argnums, name: str) -> Callable[..., tuple[Any, Any]]:
    _function(name, f, argnums)

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = _Recording(name, f, args, kwargs, argnums)
        y = run.scalar()
        adjoints: Sequence[Any]
        if run.plain and isinstance(y, Node) and not sweeping():
            adjoints = reverse_adjoints(y, run.inputs, 1.0, run.born)
            if len(adjoints) == len(run.inputs):
                return y._number(), run.arguments.build(iter(adjoints))
        linear = run.linear([y])
        adjoints = run.finish(linear.reverse([1.0]))
        return _finish(y, run.plain), run.arguments.build(iter(adjoints))

    return transformed(value_and_gradient, "value_and_grad", f, argnums)


@overload
def grad(f: Callable[..., Any], argnums: int = 0) -> ScalarFunction: ...
@overload
def grad(f: Callable[..., Any], argnums: Argnums) -> Callable[..., Any]: ...
def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The gradient of ``f`` as a function, by reverse mode: one sweep for all inputs.

    Args:
        f: a function that returns one number.
        argnums: which positional argument to differentiate, or a tuple of them (then the gradient is a tuple).

    Returns:
        A function with f's signature; its result has the structure of the argument (a float array for a float array).

    Raises:
        TypeError: when ``f`` returns something else than one number (then use ``jacobian``).

    >>> import autograd_lite as ag
    >>> ag.grad(lambda x: x**3)(2.0)
    12.0
    >>> ag.grad(ag.grad(lambda x: x**3))(2.0)
    12.0
    >>> ag.grad(lambda p: p["w"][0] * p["w"][1] + p["b"])({"w": [2.0, 3.0], "b": 1})
    {'w': [3.0, 2.0], 'b': 1.0}
    """
    both = _value_and_grad(f, argnums, "grad")

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return transformed(gradient, "grad", f, argnums)


def vjp(f: Callable[..., Any], *args: Any, argnums: Argnums | None = None) -> tuple[Any, Callable[[Any], Any]]:
    """Reverse mode by hand: the result of ``f(*args)`` and the function that pulls adjoints back through it.

    Args:
        f: a function of numbers or structures of them.
        args: where to record it.
        argnums: which arguments to differentiate; all of them by default.

    Returns:
        ``(y, pullback)``. ``pullback(w)``, w having the structure of y, is wᵀ·J: a tuple with one entry per argument
        (only that entry if ``argnums`` is an int). It can be called as often as wanted.

    >>> import autograd_lite as ag
    >>> y, pullback = ag.vjp(lambda a, b: [a * b, a + b], 2.0, 3.0)
    >>> y, pullback([1.0, 0.0]), pullback([0.0, 1.0])
    ([6.0, 5.0], (3.0, 2.0), (1.0, 1.0))
    """
    run = _Recording("vjp", f, args, {}, range(len(args)) if argnums is None else argnums)
    outputs, structure = run.outputs()
    linear = run.linear(outputs)
    plain, arguments = run.plain, run.arguments

    def pullback(cotangents: Any) -> Any:
        seeds = _matching("vjp: the adjoint", cotangents, structure, "the function's result")
        still_plain = plain and not _traced() and not any(isinstance(s, Node) for s in seeds)
        return arguments.build(_finish(x, still_plain) for x in linear.reverse(seeds))

    return structure.build(iter(run.finish(outputs))), pullback


def jvp(
    f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any], argnums: Argnums | None = None
) -> tuple[Any, Any]:
    """Forward mode: the result of ``f(*args)`` and how fast it moves when the arguments move.

    Args:
        f: a function of numbers or structures of them.
        args: a tuple of its arguments.
        tangents: a tuple with a tangent for each (for each of ``argnums``), of the same structure.
        argnums: which arguments move; all of them by default. For an int, ``tangents`` is that argument's tangent.

    Returns:
        ``(y, tangent)``, both with the structure of the result; the tangent is J·v.

    Raises:
        TypeError: for arguments or tangents that are no tuple.

    >>> import autograd_lite as ag
    >>> ag.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    if not isinstance(args, (list, tuple)):
        raise TypeError(f"jvp takes a tuple of arguments, not {type(args).__name__}: write (x,) for a single one")
    chosen: Argnums = range(len(args)) if argnums is None else argnums
    if not isinstance(chosen, int):
        if not isinstance(tangents, (list, tuple)):
            raise TypeError(
                f"jvp takes a tuple of tangents, not {type(tangents).__name__}: write (v,) for a single one"
            )
        tangents = tuple(tangents)
    run = _Recording("jvp", f, tuple(args), {}, chosen, more=(tangents,))
    moving = _matching("jvp: the tangent", tangents, run.arguments, "the arguments")
    outputs, structure = run.outputs()
    moved = run.finish(run.linear(outputs).forward(moving))
    return structure.build(iter(run.finish(outputs))), structure.build(iter(moved))


def _matching(what: str, x: Any, structure: Structure, whose: str) -> list[Any]:
    """The numbers in ``x``, which must have this structure."""
    numbers: list[Any] = []
    found = flatten(x, numbers, what)
    if found != structure:
        raise ValueError(f"{what} is {found!r}, and must have the structure of {whose}: {structure!r}")
    return numbers


class Jacobian:
    """What ``jacobian`` and ``hessian`` return: call it with the function's arguments.

    Attributes:
        mode: "forward" or "reverse": which one the latest call used (before any call, what was asked for).
    """

    def __init__(self, f: Callable[..., Any], argnums: Argnums, mode: str, name: str) -> None:
        if mode not in ("auto", "forward", "reverse"):
            raise ValueError(f"{name}: mode is 'auto', 'forward' or 'reverse', not {mode!r}")
        _function(name, f, argnums)
        functools.update_wrapper(self, f, updated=())
        self.mode = mode
        self._asked = mode
        self._name = name
        self._f = f
        self._argnums = argnums

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        run = _Recording(self._name, self._f, args, kwargs, self._argnums)
        outputs, structure = run.outputs()
        linear = run.linear(outputs)
        n, m = len(run.inputs), len(outputs)
        mode = self._asked if self._asked != "auto" else "forward" if n <= m else "reverse"
        self.mode = mode
        rows = linear.by_columns() if mode == "forward" else linear.by_rows()
        return structure.blocks(run.arguments, [run.finish([row.get(j) for j in range(n)]) for row in rows])


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, mode: str = "auto") -> Jacobian:
    """All partial derivatives of all results.

    Args:
        f: a function of numbers or structures of them.
        argnums: which positional argument to differentiate, or a tuple of them.
        mode: "forward" (a sweep per input), "reverse" (a sweep per output), or "auto": forward when there are no
            more inputs than outputs. The ``mode`` attribute of the returned function says which one it was.

    Returns:
        A function with f's signature. Its result has the structure of f's result, with the argument's structure in
        the place of each number: a list of m lists of n for lists, an array of shape ``y.shape + x.shape`` for arrays.

    >>> import autograd_lite as ag
    >>> J = ag.jacobian(lambda v: [v[0] * v[1], v[0] + v[1], v[0] / v[1]])
    >>> J([3.0, 2.0])
    [[2.0, 3.0], [1.0, 1.0], [0.5, -0.75]]
    >>> J.mode
    'forward'
    """
    return Jacobian(f, argnums, mode, "jacobian")


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Jacobian:
    """All second derivatives, forward over reverse: the gradient recorded once, and one forward sweep per input.

    Args:
        f: a function that returns one number.
        argnums: which positional argument to differentiate, or a tuple of them.

    Returns:
        A function with f's signature. For a list of n numbers its result is a list of n lists, for an array x an
        array of shape ``x.shape + x.shape``.

    >>> import autograd_lite as ag
    >>> ag.hessian(lambda v: v[0] ** 2 * v[1])([3.0, 2.0])
    [[4.0, 6.0], [6.0, 0.0]]
    """
    return Jacobian(grad(f, argnums), argnums, "forward", "hessian")


def hvp(f: Callable[..., Any], x: Any, v: Any, argnums: Argnums | None = None) -> Any:
    """The Hessian times a vector, forward over reverse: two sweeps, whatever the number of inputs.

    Args:
        f: a function that returns one number.
        x: its argument; or, when ``argnums`` is given, the tuple of its arguments.
        v: the vector, with the structure of x (of the arguments that ``argnums`` names).
        argnums: which of several arguments, an int or a tuple of ints; None for the only one.

    Returns:
        H·v, with the structure of v.

    >>> import autograd_lite as ag
    >>> ag.hvp(lambda v: v[0] ** 2 * v[1], [3.0, 2.0], [1.0, 0.0])
    [4.0, 6.0]
    """
    if argnums is None:
        return jvp(grad(f), (x,), v, argnums=0)[1]
    return jvp(grad(f, argnums), tuple(x), v, argnums=argnums)[1]
