"""Hypothesis strategies: numbers, random computations over the whole table, small networks.

>>> from hypothesis import given, settings
>>> from autograd_lite.testing import check_grads, expressions
>>> @settings(max_examples=5, database=None, derandomize=True)
... @given(expressions(kinks=False))
... def test_it(f):
...     check_grads(f, f.leaves)
>>> test_it()
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from ..engine.value import Value
from ..primitives import TABLE
from ..primitives.primitive import Primitive
from .expression import Called, Expression, Step

__all__ = ["Network", "expressions", "networks", "values"]

#: ops of several arguments that have kinks or jumps (those of one argument say so in the table)
KINKED = frozenset({
    "clip", "copysign", "dist", "floordiv", "fmax", "fmin", "fmod", "max", "maximum", "min", "minimum",
    "mod", "norm", "remainder", "std", "where",
})  # fmt: skip

#: ops of any number of arguments whose operands come in groups: from a width to the number of operands
WIDTHS: dict[str, Callable[[int], int]] = {
    "dot": lambda n: 2 * n,
    "affine": lambda n: 2 * n + 1,
    "dist": lambda n: 2 * n,
}

#: ops of any number of arguments whose last operand is a number of no derivative (ddof)
SPREADS = frozenset({"std", "var"})


def values(
    min_value: float = -1e3,
    max_value: float = 1e3,
    *,
    allow_nan: bool = False,
    allow_infinity: bool = False,
    label: str = "",
) -> st.SearchStrategy[Value]:
    """Leaf Values.

    Args:
        min_value, max_value: bounds of the numbers.
        allow_nan, allow_infinity: also draw these; infinities ignore the bounds.
        label: for each of them.

    >>> from hypothesis import find
    >>> find(values(), lambda v: v.data > 2.5)
    Value(data=3.0, grad=0.0)
    """
    numbers: st.SearchStrategy[float] = st.floats(min_value, max_value, allow_nan=False)
    if allow_nan:
        numbers |= st.just(math.nan)
    if allow_infinity:
        numbers |= st.sampled_from([math.inf, -math.inf])
    return numbers.map(lambda x: Value(x, label))


def _has_kinks(op: Primitive) -> bool:
    return bool(op.kinks) or op.name in KINKED


@st.composite
def expressions(
    draw: st.DrawFn,
    ops: Iterable[str | Callable[..., Any]] | Callable[..., Any] | None = None,
    *,
    min_leaves: int = 1,
    max_leaves: int = 4,
    min_steps: int = 1,
    max_steps: int = 12,
    kinks: bool = True,
) -> Expression:
    """Random computations over the table, as ``Expression`` objects: call them, or evaluate them with other numbers.

    Operands are drawn from all earlier numbers, so numbers are shared and leaves used several times or not at all;
    some operands are constants, and every leaf and constant is 0 or at least 1e-6 in size. Where a number lies
    outside an op's test domain it is first brought into it, by a sine, a product and a sum; so the values stay
    moderate and every op is used where it is defined.

    Args:
        ops: the ops to use, by name; the whole table by default. Also primitives of your own, and functions that take
            numbers one by one and return one: compiled ones are called as they are, so that their gradients are part
            of what is tested. Their operands lie in (-2, 2).
        min_leaves, max_leaves: how many leaves.
        min_steps, max_steps: how many ops are drawn (the steps that bring numbers into a domain come on top).
        kinks: also use ops with kinks and jumps.

    Returns:
        A strategy for Expressions; ``f.leaves`` is a point, ``f(*f.leaves)`` the value, ``f.steps`` the computation.

    >>> from hypothesis import find
    >>> print(find(expressions(ops=["mul"]), lambda f: True))
    v0 = 0.0
    v1 = mul(v0, v0)
    >>> import autograd_lite as ag
    >>> @ag.compile
    ... def area(width, height):
    ...     return width * height
    >>> print(find(expressions([area, "sin"]), lambda f: "area" in f.ops))
    v0 = 0.0
    v1 = area(v0, v0)
    """
    chosen = [op for op in _ops(ops) if kinks or not _has_kinks(op)]
    point = draw(st.lists(_moderate(-2.0, 2.0), min_size=min_leaves, max_size=max_leaves))
    builder = _Builder(point)
    for _ in range(draw(st.integers(min_steps, max_steps))):
        op = draw(st.sampled_from(chosen))
        intervals, tail = _operands(op, draw(st.integers(1, 3)) if op.arity < 0 else 0)
        free = [i for i, (low, high) in enumerate(intervals) if low < high]
        # one operand is no constant; of where, a branch, so that the result is a node
        kept = free[-1] if op.name == "where" else draw(st.sampled_from(free))
        operands: list[int | float] = [low for low, _ in intervals]  # a whole number by nature has one value to take
        for i in free:
            if i != kept and draw(st.integers(0, 7)) == 7:
                operands[i] = draw(_moderate(*intervals[i]))
            else:
                back = draw(st.integers(0, len(builder.numbers) - 1))
                operands[i] = builder.within(len(builder.numbers) - 1 - back, *intervals[i])
        builder.add(op, operands + tail)
    return Expression(point, builder.steps)


def _ops(ops: Iterable[str | Callable[..., Any]] | Callable[..., Any] | None) -> list[Primitive]:
    """Names and functions as ops, in the order of their names."""
    given: Iterable[Any] = sorted(TABLE) if ops is None else [ops] if isinstance(ops, str) or callable(ops) else ops
    found = [TABLE[op] if isinstance(op, str) else op if isinstance(op, Primitive) else Called(op) for op in given]
    return sorted(found, key=lambda op: op.name)


def _moderate(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats of an interval, none of them tiny: whole computations should stay clear of underflow."""
    return st.floats(low, high, allow_subnormal=False).map(lambda x: x if abs(x) > 1e-6 else max(low, min(0.0, high)))


def _operands(op: Primitive, width: int) -> tuple[list[tuple[float, float]], list[float]]:
    """The interval of each operand, and constants that come after them."""
    if op.arity >= 0:
        return list(op.domain), []
    count = WIDTHS[op.name](width) if op.name in WIDTHS else width
    return [op.domain[0]] * count, [0.0] if op.name in SPREADS else []


class _Builder:
    """Steps so far, and their numbers at the point."""

    def __init__(self, point: Sequence[float]) -> None:
        self.numbers = [float(x) for x in point]
        self.steps: list[Step] = []

    def add(self, op: Primitive, operands: Sequence[int | float]) -> int:
        step = Step(op, tuple(operands))
        args: list[Any] = [self.numbers[o] if isinstance(o, int) else o for o in operands]
        if op.name == "where":
            args[0] = args[0] > 0.0
        self.steps.append(step)
        self.numbers.append(float(op.fn(*args)))
        assume(math.isfinite(self.numbers[-1]) or not isinstance(op, Called))
        return len(self.numbers) - 1

    def within(self, index: int, low: float, high: float) -> int:
        """A number in [low, high] that depends on number ``index``; that number itself where it lies there."""
        if low <= self.numbers[index] <= high:
            return index
        waved = self.add(TABLE["sin"], [index])
        scaled = self.add(TABLE["mul"], [waved, 0.45 * (high - low)])
        return self.add(TABLE["add"], [scaled, 0.5 * (low + high)])


class Network:
    """A small multilayer perceptron as plain arithmetic: works with floats, Values and any other numbers.

    Attributes:
        sizes: numbers of inputs, of neurons in each hidden layer, of outputs.
        activation: name of the op between the layers.
        parameters: weights and biases in one flat list of floats; layer by layer, each neuron's weights, then its bias.
        inputs: a point.

    >>> net = Network((2, 1), "tanh", [1.0, 2.0, 3.0], [10.0, 20.0])
    >>> net(net.parameters)
    [53.0]
    """

    def __init__(
        self, sizes: Sequence[int], activation: str, parameters: Sequence[float], inputs: Sequence[float]
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.parameters = list(parameters)
        self.inputs = list(inputs)

    @staticmethod
    def count(sizes: Sequence[int]) -> int:
        """How many parameters a network of these sizes has."""
        return sum((a + 1) * b for a, b in pairwise(sizes))

    def __call__(self, parameters: Sequence[Any] | None = None, inputs: Sequence[Any] | None = None) -> list[Any]:
        """The outputs, for its own parameters and inputs or others."""
        given = iter(self.parameters if parameters is None else parameters)
        h = list(self.inputs if inputs is None else inputs)
        for layer, (fan_in, fan_out) in enumerate(pairwise(self.sizes)):
            rows = [[next(given) for _ in range(fan_in + 1)] for _ in range(fan_out)]
            h = [TABLE["affine"](h, row[:-1], row[-1]) for row in rows]
            if layer < len(self.sizes) - 2:
                h = [TABLE[self.activation](z) for z in h]
        return h

    def loss(self, parameters: Sequence[Any] | None = None) -> Any:
        """Half the sum of the squared outputs, as a function of the parameters."""
        outputs = self(parameters)
        return 0.5 * TABLE["dot"](outputs, outputs)

    def __repr__(self) -> str:
        return f"<Network {'→'.join(map(str, self.sizes))} {self.activation}, {len(self.parameters)} parameters>"


@st.composite
def networks(
    draw: st.DrawFn,
    *,
    max_layers: int = 3,
    max_width: int = 4,
    activations: Sequence[str] = ("relu", "tanh", "sigmoid", "softplus"),
) -> Network:
    """Random small multilayer perceptrons.

    Args:
        max_layers: largest number of layers of weights.
        max_width: largest number of inputs, neurons of a layer, outputs.
        activations: names of ops to choose from.

    Returns:
        A strategy for ``Network`` objects: ``net(parameters, inputs)`` gives the outputs, ``net.loss(parameters)`` a
        number to differentiate, ``net.parameters`` and ``net.inputs`` a point.

    >>> from hypothesis import find
    >>> find(networks(), lambda net: len(net.sizes) == 3)
    <Network 1→1→1 relu, 4 parameters>
    """
    sizes = draw(st.lists(st.integers(1, max_width), min_size=2, max_size=max_layers + 1))
    numbers = _moderate(-1.5, 1.5)
    count = Network.count(sizes)
    parameters = draw(st.lists(numbers, min_size=count, max_size=count))
    inputs = draw(st.lists(numbers, min_size=sizes[0], max_size=sizes[0]))
    return Network(sizes, draw(st.sampled_from(list(activations))), parameters, inputs)
