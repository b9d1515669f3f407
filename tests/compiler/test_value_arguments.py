"""Values in the arguments of compiled functions, in lists of every kind: eager code's gradients, packed as arrays."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.sweeps import reverse_adjoints
from autograd_lite.primitives import TABLE

from .packed import COLUMNS, POINTS, ROWS, Labelled, close, everything, flat, grads, weights

# --- Values in the arguments --------------------------------------------------------------------------------------


def network(weights, shift, x):
    hidden = [ag.tanh(sum(w * a for w, a in zip(row, x)) + shift) for row in weights["W"]]
    return sum(h * v for h, v in zip(hidden, weights["v"])) ** 2


def given():
    return {"W": weights(), "v": [Value(0.2 * k - 0.5) for k in range(ROWS)]}, Value(0.3)


def test_values_in_nested_lists_of_arguments_are_arrays():
    W, E = given(), given()
    compiled = ag.compile(network, strict=True)
    for x in POINTS:
        a, b = compiled(*W, x), network(*E, x)
        (a * 1.5).backward(), (b * 1.5).backward()
        assert a.data == pytest.approx(b.data, rel=1e-13)
    close([p.grad for p in everything(W)], [p.grad for p in everything(E)])
    assert len(compiled.source().splitlines()) < 30
    assert {leaf.shape for leaf in compiled.program.leaves if leaf.kind == "argument"} >= {(ROWS, COLUMNS), (ROWS,)}
    assert {id(p) for p in a.parents} == {id(p) for p in everything(W)}


def test_other_values_of_the_same_structure_are_the_same_recording():
    compiled = ag.compile(network, strict=True)
    for k in range(4):
        W, E = given(), given()
        for X in (W, E):
            X[0]["W"][k][k].data = 0.7 * k
        compiled(*W, POINTS[k]).backward(), network(*E, POINTS[k]).backward()
        close([p.grad for p in everything(W)], [p.grad for p in everything(E)])
    assert len(compiled._states[0].entries) == 1


def test_second_derivatives_by_values_in_arguments():
    W, E = given(), given()
    compiled = ag.compile(network)
    for f, X in ((compiled, W), (network, E)):
        for _ in range(2):
            total = f(*X, POINTS[1])
        total.backward(create_graph=True)
        norm = sum(p._gradient() * p._gradient() for p in everything(X))
        for p in everything(X):
            p.grad = 0.0
        norm.backward()
    close([p.grad for p in everything(W)], [p.grad for p in everything(E)])


def test_one_value_twice_in_an_argument():
    shared = Value(0.4)
    rows = [[shared, Value(1.0)], [Value(2.0), shared]]

    def f(rows):
        return sum(a * a * b for a, b in rows) + rows[0][0] * rows[1][0]

    f(rows).backward()
    expected = [x.grad for x in flat(rows)]
    compiled = ag.compile(f)
    for _ in range(3):
        for x in flat(rows):
            x.grad = 0.0
        made = compiled(rows)
        assert reverse_adjoints(made, [shared], 1.0)[0] == pytest.approx(expected[0])
        made.backward()
        close([x.grad for x in flat(rows)], expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [[Value(1.0), Value(2.0)], [Value(3.0)]],
        lambda: [(Value(1.0), Value(2.0)), [Value(3.0), Value(4.0)]],
        lambda: [[Value(1.0), 2.0], [3.0, Value(4.0)]],
        lambda: [[Labelled(1.0), Value(2.0)]],
        lambda: [[Value(1.0)], []],
        lambda: ((Value(1.0), Value(2.0)), (Value(3.0), Value(4.0))),
        lambda: [[[Value(float(i + j + k)) for k in range(2)] for j in range(3)] for i in range(2)],
    ],
)
def test_lists_of_every_kind(make):
    def leaves(x):
        return [v for item in x for v in leaves(item)] if isinstance(x, (list, tuple)) else [x]

    def f(x):
        numbers = leaves(x)
        return sum(a * a + 0.5 * a for a in numbers) * numbers[0]

    W, E = make(), make()
    compiled = ag.compile(f)
    for _ in range(3):
        compiled(W).backward(), f(E).backward()
    values = [(a, b) for a, b in zip(leaves(W), leaves(E)) if isinstance(a, Value)]
    close([a.grad for a, _ in values], [b.grad for _, b in values])


def test_arguments_and_what_is_closed_over_together():
    W, E = weights(), weights()
    mine, other = [[Value(0.3), Value(0.4)]], [[Value(0.3), Value(0.4)]]

    def make(X):
        return lambda rows, y: sum(sum(row) for row in X) * rows[0][0] + rows[0][1] ** 2 * y * X[0][0]

    compiled, eager = ag.compile(make(W)), make(E)
    y, z = Value(1.5), Value(1.5)
    for _ in range(3):
        compiled(mine, y).backward(), eager(other, z).backward()
    close([*grads(W), *grads(mine), y.grad], [*grads(E), *grads(other), z.grad])
    compiled(mine, y).backward(create_graph=True)
    eager(other, z).backward(create_graph=True)
    close([p._gradient().data for p in flat(W)], [p._gradient().data for p in flat(E)])


def test_a_hook_on_a_value_in_an_argument():
    W = given()
    compiled = ag.compile(network)
    compiled(*W, POINTS[0]), compiled(*W, POINTS[0])
    leaf, seen = W[0]["W"][1][1], []
    made = compiled(*W, POINTS[0]) + 2.0 * leaf
    handle = leaf.register_hook(seen.append)
    made.backward()
    handle.remove()
    assert seen == [leaf.grad]


STRUCTURES = {
    "scalars": (lambda a, b, c: (a, b, c), lambda a, b, c: a * b + ag.sin(c)),
    "list": (lambda a, b, c: ([a, b, c],), lambda p: p[0] * p[1] + ag.sin(p[2])),
    "tuple": (lambda a, b, c: ((a, b, c),), lambda p: p[0] * p[1] + ag.sin(p[2])),
    "nested": (lambda a, b, c: ([[a, b], [c, a]],), lambda p: p[0][0] * p[0][1] + ag.sin(p[1][0]) * p[1][1]),
    "dict": (lambda a, b, c: ({"w": [a, b], "b": c},), lambda p: p["w"][0] * p["w"][1] + ag.sin(p["b"])),
    "array": (lambda a, b, c: (np.array([[a, b], [c, a]]),), lambda p: (p @ p).sum()),
    "two": (lambda a, b, c: ([a, b], [c, c]), lambda p, q: p[0] * p[1] * q[0] + ag.sin(q[1])),
    "mixed": (lambda a, b, c: ([a, 2.0, c],), lambda p: p[0] * p[1] + ag.sin(p[2])),
}


MADE_OF = {
    "themselves": lambda u, v, w: (u, v, w),
    "ops": lambda u, v, w: (ag.tanh(u), ag.tanh(v), 1.5 * w),
    "one and ops": lambda u, v, w: (u * v, v, ag.exp(w)),
    "one twice": lambda u, v, w: 2 * [u * v] + [w],
}


@pytest.mark.parametrize("first", ["leaves", "numbers", "none"])
@pytest.mark.parametrize("made", MADE_OF)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_values_in_arguments_pass_on_what_they_are_made_of(structure, made, first):
    """Whatever the arguments are made of gets its gradient, at every order, by every sweep."""
    pack, f = STRUCTURES[structure]
    compiled = ag.compile(f)
    if first != "none":
        numbers = (1.0, 2.0, 3.0)
        compiled(*pack(*(map(Value, numbers) if first == "leaves" else numbers)))

    def found(g):
        point = (0.3, 0.8, -0.5)

        def whole(*leaves):
            return g(*pack(*MADE_OF[made](*leaves)))

        leaves = [*map(Value, point)]
        whole(*leaves).backward()
        several = [leaf.grad for leaf in leaves]
        several += ag.grad(whole, argnums=(0, 1, 2))(*point)
        several.append(ag.grad(lambda u: ag.grad(whole)(u, *point[1:]))(point[0]))
        several.append(ag.jvp(whole, point, (1.0, 2.0, 3.0))[1])
        leaves = [*map(Value, point)]
        whole(*leaves).backward(create_graph=True)
        slopes = sum(leaf.grad * leaf.grad for leaf in leaves)
        for leaf in leaves:
            leaf.grad = 0.0
        slopes.backward()
        return [*several, *[float(leaf.grad) for leaf in leaves]]

    for _ in range(2):
        np.testing.assert_allclose(found(compiled), found(f), rtol=1e-10, atol=1e-13)


def test_the_op_of_a_call_is_a_whole_primitive():
    w = weights()

    def total():
        return ag.sum(flat(w)) * 2.0

    compiled = ag.compile(total)
    compiled()
    op = compiled().op
    texts = [template.format(args="a, b") for template in (op.text, op.latex)]
    assert texts == ["total(a, b)", r"\operatorname{total}(a, b)"]
    assert not op.is_ours
    for attribute, usual in vars(TABLE["sum"]).items():
        assert usual is None or callable(usual) or isinstance(getattr(op, attribute), type(usual))
