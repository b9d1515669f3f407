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
from typing import TYPE_CHECKING, Any, overload

from ..engine.sweeps import Node, reverse_adjoints, sweeping
from .pytree import Structure, flatten
from .recording import Argnums, Recording, check_function, finished, is_traced
from .transform import Jacobian, transformed
from .vmap import vmap

if TYPE_CHECKING:
    from ..engine.value import Value
    from .typed import (
        Array,
        Gradient,
        Hessian,
        JacobianOfArray,
        JacobianOfList,
        JacobianOfNumber,
        Unknown,
        ValueAndGradient,
    )

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"]


@overload
def value_and_grad(f: Callable[..., Any], argnums: int = 0) -> ValueAndGradient: ...
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


def _value_and_grad(f: Callable[..., Any], argnums: Argnums, name: str) -> Callable[..., tuple[Any, Any]]:
    check_function(name, f, argnums)

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = Recording(name, f, args, kwargs, argnums)
        y = run.scalar()
        adjoints: Sequence[Any]
        if run.plain and isinstance(y, Node) and not sweeping():
            adjoints = reverse_adjoints(y, run.inputs, 1.0, run.born)
            if len(adjoints) == len(run.inputs):
                return y._number(), run.arguments.build(iter(adjoints))
        linear = run.linear([y])
        adjoints = run.finish(linear.reverse([1.0]))
        return finished(y, run.plain), run.arguments.build(iter(adjoints))

    return transformed(value_and_gradient, "value_and_grad", f, argnums)


@overload
def grad(f: Callable[..., Any], argnums: int = 0) -> Gradient: ...
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
    run = Recording("vjp", f, args, {}, range(len(args)) if argnums is None else argnums)
    outputs, structure = run.outputs()
    linear = run.linear(outputs)
    plain, arguments = run.plain, run.arguments

    def pullback(cotangents: Any) -> Any:
        seeds = _matching("vjp: the adjoint", cotangents, structure, "the function's result")
        still_plain = plain and not is_traced() and not any(isinstance(s, Node) for s in seeds)
        return arguments.build(finished(x, still_plain) for x in linear.reverse(seeds))

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
    run = Recording("jvp", f, tuple(args), {}, chosen, more=(tangents,))
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


@overload
def jacobian(f: Callable[..., Unknown], argnums: Argnums = 0, mode: str = "auto") -> Jacobian: ...
@overload
def jacobian(f: Callable[..., Value], argnums: int = 0, mode: str = "auto") -> JacobianOfNumber: ...
@overload
def jacobian(f: Callable[..., list[Value]], argnums: int = 0, mode: str = "auto") -> JacobianOfList: ...
@overload
def jacobian(f: Callable[..., Array], argnums: int = 0, mode: str = "auto") -> JacobianOfArray: ...
@overload
def jacobian(f: Callable[..., Any], argnums: Argnums = 0, mode: str = "auto") -> Jacobian: ...
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


@overload
def hessian(f: Callable[..., Any], argnums: int = 0) -> Hessian: ...
@overload
def hessian(f: Callable[..., Any], argnums: Argnums) -> Jacobian: ...
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
