"""Values under a random life: recording, backward from any node, changed leaves, reset gradients; a model beside them.

The model is the naive engine: 60-digit numbers, sums over paths. After every step each ``grad`` must be what the
rules of the engine say: leaves add up, inner nodes start afresh, and every graph keeps the point it was recorded at.
"""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from mpmath import mpf

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.primitives import TABLE

from ..oracle import naive

UNARY = ["neg", "sin", "cos", "tanh", "sigmoid", "atan", "square", "softplus", "relu", "abs"]
BINARY = ["add", "sub", "mul", "maximum", "minimum"]
NUMBERS = st.floats(-2.0, 2.0).map(lambda x: round(x, 3))


class Pair:
    """A Value, its number in the model, and the gradient that it should have."""

    def __init__(self, value, number, leaf):
        self.value, self.number, self.leaf = value, number, leaf
        self.grad = 0.0
        self.room = 0.0  # what rounding may have done to it so far


class ValueLife(RuleBasedStateMachine):
    pairs = Bundle("pairs")

    def __init__(self):
        super().__init__()
        self.all = []

    def keep(self, pair):
        self.all.append(pair)
        return pair

    def recorded(self, name, *operands):
        """An op on both sides; the model takes the Value's own number, so that rounding doesn't pile up."""
        value = TABLE[name](*[o.value if isinstance(o, Pair) else o for o in operands])
        number = naive.call(name, *[o.number if isinstance(o, Pair) else o for o in operands])
        assert math.isclose(value.data, float(number.value), rel_tol=1e-14, abs_tol=1e-14)
        number.value = mpf(value.data)
        return self.keep(Pair(value, number, leaf=False))

    @initialize(target=pairs, x=NUMBERS)
    def first(self, x):
        return self.keep(Pair(Value(x), naive.Number(x), leaf=True))

    @rule(target=pairs, x=NUMBERS)
    def leaf(self, x):
        return self.keep(Pair(Value(x), naive.Number(x), leaf=True))

    @precondition(lambda self: len(self.all) < 30)
    @rule(target=pairs, name=st.sampled_from(UNARY), a=pairs)
    def unary(self, name, a):
        return self.recorded(name, a)

    @precondition(lambda self: len(self.all) < 30)
    @rule(target=pairs, name=st.sampled_from(BINARY), a=pairs, b=pairs)
    def binary(self, name, a, b):
        return self.recorded(name, a, b) if abs(a.value.data * b.value.data) < 1e6 else a

    @precondition(lambda self: len(self.all) < 30)
    @rule(target=pairs, name=st.sampled_from(BINARY), a=pairs, c=NUMBERS, left=st.booleans())
    def with_constant(self, name, a, c, left):
        return self.recorded(name, *((c, a) if left else (a, c)))

    @rule(target=pairs, a=pairs)
    def detached(self, a):
        return self.keep(Pair(a.value.detach(), naive.Number(a.value.data), leaf=True))

    @rule(root=pairs, seed=st.sampled_from([1.0, -2.0, 0.5]))
    def backward(self, root, seed):
        root.value.backward(seed)
        reached = {id(v) for v in ag.topological_order(root.value)}
        for pair in self.all:
            if id(pair.value) not in reached:
                continue
            slope = seed * float(naive.derivative(root.number, pair.number))
            size = abs(seed) * path_size(root.number, pair.number, {})
            pair.grad = pair.grad + slope if pair.leaf else slope
            pair.room = (pair.room if pair.leaf else 0.0) + 64 * 2.0**-52 * (size + abs(pair.grad))

    @rule(a=pairs, x=NUMBERS)
    def change_leaf(self, a, x):
        """New recordings see the new number; old graphs keep the partials of the point where they were recorded."""
        if a.leaf:
            a.value.data = x
            a.number.value = mpf(x)

    @rule(a=pairs)
    def zero(self, a):
        a.value.grad = 0.0
        a.grad = a.room = 0.0

    @invariant()
    def gradients_agree(self):
        for pair in self.all:
            assert abs(pair.value.grad - pair.grad) <= pair.room, (pair.value, pair.grad)


def path_size(result, leaf, known):
    """The sum of the sizes of all paths: how large the terms are that may cancel."""
    if result is leaf:
        return 1.0
    if id(result) not in known:
        known[id(result)] = sum(abs(float(p)) * path_size(o, leaf, known) for o, p in result.pulls)
    return known[id(result)]


TestValueLife = ValueLife.TestCase
TestValueLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
