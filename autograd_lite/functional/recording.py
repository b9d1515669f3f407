"""A function of numbers recorded on leaves of a transform's own, and its derivative there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.observers import current_tracer, recording_is_off, without_observers
from ..engine.recordings import Running
from ..engine.sweeps import STATE, Node
from ..engine.value import Value
from ..primitives import arithmetic
from ..primitives.base import as_float
from .linearize import Linear
from .pytree import Structure, contains_node, flatten, group

__all__ = ["Argnums", "Recording", "check_function", "finished", "is_traced"]

Argnums = int | Sequence[int]


class Recording:
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
        check_function(name, f)
        chosen = _chosen(name, args, argnums)
        numbers: list[Any] = []
        parts = [flatten(args[i], numbers, f"{name}: argument {i}") for i in chosen]
        others = [arg for i, arg in enumerate(args) if i not in chosen]
        self.name = name
        self.plain = not is_traced() and not (
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
        return [finished(x, self.plain) for x in numbers]


def is_traced() -> bool:
    """Whether ``compile`` records this: then every number is one of a program."""
    return bool(STATE.observers) and current_tracer() is not None


def finished(x: Any, plain: bool) -> Any:
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


def check_function(name: str, f: object, argnums: Any = 0) -> None:
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
