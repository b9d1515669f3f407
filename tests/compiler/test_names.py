"""Names in programs: no leaf's is another's, or that of a number of one, whatever the user calls things."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler.ir.naming import leaf_names
from autograd_lite.compiler.ir.scalar_program import Leaf

#: names that are also those of a number of p or b, of a derivative, of a temporary, or of what generated code calls
AWKWARD = [
    "p_1",
    "p_0",
    "p_",
    "p__1",
    "dp",
    "dp_0",
    "t1",
    "value",
    "f0",
    "np",
    "math",
    "seed",
    "_t",
    "x",
    "y",
    "v1",
    "W0",
]
AWKWARD += [
    "float",
    "len",
    "call",
    "_state",
    "_slow",
    "_float",
    "_v0",
    "b0",
    "b0_1",
    "inf",
    "d",
    "dvalue",
    "self",
    "exp",
]

leaves = st.lists(
    st.builds(
        lambda kind, name, shape: Leaf(kind, name, shape, None, 0),
        st.sampled_from(["argument", "value", "parameter"]),
        st.sampled_from(["b", "b_", "b0", "b_1", "b__1", "b_1_", "b_1_0", "w", "W0", "weight", "v", "v_1", ""]),
        st.sampled_from([(), (3,), (2, 2)]),
    ),
    max_size=7,
)


@given(leaves)
def test_names_of_leaves_and_their_numbers_are_told_apart(leaves):
    names = leaf_names(leaves)
    numbers = [f"{name}_{k}" for name, leaf in zip(names, leaves) if leaf.shape for k in range(math.prod(leaf.shape))]
    assert len({*names, *numbers}) == len(names) + len(numbers)


def flat(x):
    if isinstance(x, (list, tuple)):
        return [number for part in x for number in flat(part)]
    return [x.data if isinstance(x, Value) else float(x)]


def same_as_eager(f, point):
    every = tuple(range(len(point)))
    for transform in (lambda f: f, lambda f: ag.grad(f, every), ag.value_and_grad, ag.hessian):
        eager, compiled = transform(f)(*point), ag.compile(transform(f))
        for _ in range(3):
            assert flat(compiled(*point)) == pytest.approx(flat(eager), rel=1e-12, abs=1e-15)


def defined(text, **given):
    space = {"ag": ag, **given}
    exec(text, space)
    return space["f"]


@pytest.mark.parametrize("name", AWKWARD)
def test_variables_parameters_and_labels(name):
    p, q = [0.3, 0.7, -0.4], [0.2, 0.9]
    text = "def f(p):\n    {0} = p[0] * 3 + p[2]\n    return ag.sin({0}) * p[1] + {0} * {0}\n"
    same_as_eager(defined(text.format(name)), (p,))
    text = "def f({0}, p):\n    u = {0} * p[1]\n    return u * u * p[0] + ag.sin(p[2] * {0})\n"
    same_as_eager(defined(text.format(name)), (0.6, p))
    text = "def f(p, {0}):\n    u = p[0] * {0}[1]\n    return ag.tanh(u * p[1]) + {0}[0] * p[2]\n"
    same_as_eager(defined(text.format(name)), (p, q))
    live = {"w": Value(1.7, label=name), "row": [Value(0.3, label=name), Value(0.5, label=name)]}
    text = "def f(p, p_1):\n    return row[0] * p[1] * w + row[1] * p[0] * p[2] * p_1[1] + p_1[0]\n"
    same_as_eager(defined(text, **live), (p, q))


class Neuron:
    def __init__(self, start):
        self.w = [Value(start + k) for k in range(2)]
        self.b = Value(start)


class Layer:
    def __init__(self, count):
        self.neurons = [Neuron(0.25 * k - 0.3) for k in range(count)]


@pytest.mark.parametrize("name", ["b", "w", "b0", "w0", "b_1"])
def test_containers_called_alike(name):
    """The neurons' b are arrays, b0 and b1; what the list b has first is a number, and would be b0 as well."""
    layers = [Layer(3), Layer(2)]
    outer = {name: [Value(0.1), Value(0.2)], "s": Value(0.7)}
    outer[name][0] = outer["s"] * 0.5

    def f():
        return outer[name][0] + sum(v * v for layer in layers for n in layer.neurons for v in (*n.w, n.b))

    compiled = ag.compile(f)
    for _ in range(3):
        assert compiled().data == pytest.approx(f().data, rel=1e-12)
