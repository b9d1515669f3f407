"""Loose Values that a compiled function packs: eager code's gradients, whatever happens to the Values meanwhile."""

import copy
import gc
import threading
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim
from autograd_lite.compiler.call import results
from autograd_lite.engine import packs
from autograd_lite.engine.sweeps import reverse_adjoints

from .packed import COLUMNS, POINTS, ROWS, Labelled, close, flat, grads, weights


def make_loss(W):
    def loss():
        total = 0.0
        for x in POINTS:
            for row in W:
                total = total + ag.tanh(sum(w * a for w, a in zip(row, x))) ** 2
        return total

    return loss


@pytest.fixture
def pair():
    """The same weights twice: for eager code, and for a compiled function that has been recorded and called twice."""
    mine, other = weights(), weights()
    compiled = ag.compile(make_loss(mine), strict=True)
    compiled(), compiled()
    return make_loss(other), other, compiled, mine


def test_the_gradients_are_added_to(pair):
    eager, E, compiled, W = pair
    for factor in (1.0, -2.5):
        (factor * eager()).backward(), (factor * compiled()).backward()
    (eager() * eager() + flat(E)[3]).backward(), (compiled() * compiled() + flat(W)[3]).backward()
    close(grads(W), grads(E))


def test_numbers_are_read_at_each_call_and_a_users_own_update_is_seen(pair):
    eager, E, compiled, W = pair
    for _ in range(5):
        eager().backward(), compiled().backward()
        for X in (E, W):
            for w in flat(X):
                w.data -= 0.05 * w.grad
                w.grad = 0.0
        flat(E)[2].data = flat(W)[2].data = 0.25
        assert compiled().data == pytest.approx(eager().data, rel=1e-13)
    close([w.data for w in flat(W)], [w.data for w in flat(E)])


def test_the_point_is_that_of_the_call(pair):
    eager, E, compiled, W = pair
    a, b = eager(), compiled()
    for X in (E, W):
        flat(X)[0].data = 9.0
    a.backward(), b.backward()
    close(grads(W), grads(E))


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_hook_sees_the_whole_adjoint_once(pair, when):
    _, _, compiled, W = pair
    leaf, seen = W[1][2], []
    handles = [leaf.register_hook(seen.append)] if when == "before" else []
    total = compiled() + 3.0 * leaf
    if when == "between":
        handles.append(leaf.register_hook(seen.append))
    total.backward()
    assert seen == [leaf.grad]
    handles[0].remove()
    leaf.grad = 0.0
    (compiled() + 3.0 * leaf).backward()
    assert len(seen) == 1
    assert leaf.grad == pytest.approx(seen[0], rel=1e-14)


def test_the_result_shows_its_operands_like_any_node(pair):
    _, _, compiled, W = pair
    made = compiled()
    assert {id(p) for p in made.parents} == {id(w) for w in flat(W)}
    partials = {id(p): g for p, g in zip(made.parents, made.local_partials)}
    order = ag.topological_order(made)
    assert order[-1] is made
    assert len(order) == 1 + ROWS * COLUMNS
    made.backward()
    close([partials[id(w)] for w in flat(W)], grads(W))


def test_partial_derivatives_by_transforms(pair):
    eager, E, compiled, W = pair
    made = compiled()
    made.backward(create_graph=True)
    plain = eager()
    plain.backward(create_graph=True)
    (W[0][1].grad * W[0][1].grad).backward()
    (E[0][1].grad * E[0][1].grad).backward()
    assert W[2][2]._gradient().data == pytest.approx(E[2][2]._gradient().data, rel=1e-12)


def test_a_gradient_that_is_a_node_is_added_to(pair):
    _, _, compiled, W = pair
    leaf = W[0][0]
    compiled().backward()
    expected = leaf.grad
    x = Value(2.0)
    leaf.grad = x * x
    compiled().backward()
    assert isinstance(leaf.grad, Value)
    assert leaf.grad.data == pytest.approx(4.0 + expected)


def test_copies_and_pickles_of_a_result(pair):
    _, _, compiled, W = pair
    made = compiled()
    twin = copy.deepcopy(made)
    made.backward()
    twin.backward()
    close([p.grad for p in twin.parents], [p.grad for p in made.parents])
    assert not {id(p) for p in twin.parents} & {id(w) for w in flat(W)}
    shallow = copy.copy(compiled())
    before = grads(W)
    shallow.backward()
    close(grads(W), [2.0 * g for g in before])


def test_the_adjoints_of_some_of_them(pair):
    eager, E, compiled, W = pair
    some = [3, 17, 4]
    extra = 2.0 * flat(W)[4]
    found = reverse_adjoints(compiled() * compiled() + extra, [flat(W)[k] for k in some], 1.5)
    close(found, reverse_adjoints(eager() * eager() + 2.0 * flat(E)[4], [flat(E)[k] for k in some], 1.5))
    assert set(grads(W)) == {0.0}


def test_inside_a_transform(pair):
    eager, _, compiled, W = pair
    assert ag.grad(lambda x: compiled() * x * x)(1.5).data == pytest.approx(3.0 * eager().data, rel=1e-12)
    assert set(grads(W)) == {0.0}


def test_one_value_in_two_containers_and_two_functions():
    a, b = Value(0.5), Value(-1.5)
    rows, other = [[a, b, Value(2.0)] for _ in range(3)], {"bias": [b, Value(0.3)]}

    def f():
        return sum(sum(row) * sum(row) for row in rows) + other["bias"][0] * other["bias"][1]

    def g():
        return sum(x * x * x for x in rows[0]) * other["bias"][1]

    everything = [*(x for row in rows for x in row), *other["bias"]]
    (f() + g()).backward()
    expected = [x.grad for x in everything]
    for x in everything:
        x.grad = 0.0
    cf, cg = ag.compile(f), ag.compile(g)
    cf(), cg(), cf(), cg()
    (cf() + cg()).backward()
    close([x.grad for x in everything], expected)


def test_values_that_are_replaced_taken_out_and_put_in(pair):
    eager, E, compiled, W = pair
    for X in (E, W):
        X[1][3] = Value(0.9)
        X[4] = [Value(0.2 * k) for k in range(COLUMNS)]
        del X[5]
    eager().backward(), compiled().backward()
    close(grads(W), grads(E))
    for X in (E, W):
        X.append([Value(0.4)] * COLUMNS)
    eager().backward(), compiled().backward()
    close(grads(W), grads(E))


def test_a_value_that_is_made_of_others_is_not_a_leaf(pair):
    eager, E, compiled, W = pair
    roots = []
    for X in (E, W):
        roots.append(Value(0.35))
        X[0][0] = roots[-1] * roots[-1]
    eager().backward(), compiled().backward()
    assert roots[0].grad == pytest.approx(roots[1].grad, rel=1e-12)


def test_a_number_in_the_place_of_a_value_is_a_constant(pair):
    eager, E, compiled, W = pair
    for X in (E, W):
        X[2][2] = X[2][2].data
    assert compiled().data == pytest.approx(eager().data, rel=1e-13)


def test_a_constant_that_becomes_a_value_gets_its_gradient():
    rows = [[1.5, 2.5], [3.5, 4.5]]
    w = Value(2.0)
    f = ag.compile(lambda: sum(w * x for row in rows for x in row))
    assert f().data == 24.0
    rows[1][0] = Value(3.5)
    made = f()
    made.backward()
    assert (made.data, rows[1][0].grad) == (24.0, 2.0)


@pytest.mark.parametrize("length", [3, 70, 200])
@pytest.mark.parametrize("nested", [False, True])
def test_an_integer_that_becomes_a_float_is_seen(length, nested):
    table = [[k + 1 for k in range(length)]] if nested else [k + 1 for k in range(length)]
    row = table[0] if nested else table
    w = Value(2.0)
    f = ag.compile(lambda: w * sum(3 // x if isinstance(x, int) else x for x in row))
    assert f().data == f().data == w.data * sum(3 // x for x in row)
    row[1] = float(row[1])
    assert f().data == w.data * (sum(3 // x for x in row[:1] + row[2:]) + row[1])


def test_subclasses_keep_their_own_ways():
    W, E = weights(Labelled), weights(Labelled)
    compiled, eager = ag.compile(make_loss(W)), make_loss(E)
    for _ in range(3):
        compiled().backward(), eager().backward()
    close(grads(W), grads(E))


def test_labels_gradients_and_hooks_are_the_values_own(pair):
    _, _, compiled, W = pair
    W[0][0].label = "first"
    compiled().backward()
    assert W[0][0].label == "first"
    assert W[0][0].grad != 0.0


def test_a_gradient_that_is_not_finite_warns():
    W = [[Value(1.0), Value(2.0)], [Value(3.0), Value(0.0)]]
    f = ag.compile(lambda: sum(ag.log(x) for row in W for x in row))
    f(), f()
    with pytest.warns(ag.NonFiniteGradientWarning):
        f().backward()


def test_a_sweep_that_fails_changes_no_gradient(pair, monkeypatch):
    _, _, compiled, W = pair
    gc.collect()  # hooks of other tests, which would make operands of the Values
    compiled().backward()
    before = grads(W)
    total = compiled() + compiled()
    real, calls = results.Gradients.commit, []

    def failing(self, prepared):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, prepared)

    monkeypatch.setattr(results.Gradients, "commit", failing)
    with pytest.raises(KeyboardInterrupt):
        total.backward()
    assert len(calls) == 2
    assert grads(W) == before


def test_threads_sweep_and_look_at_once(pair):
    eager, E, compiled, W = pair
    eager().backward()
    made = [compiled() for _ in range(40)]
    threads = [threading.Thread(target=lambda m=m: m.parents) for m in made]
    threads += [threading.Thread(target=m.backward) for m in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close(grads(W), [40 * g for g in grads(E)])


def test_a_dropped_network_is_freed():
    W = weights()
    f = ag.compile(make_loss(W))
    f(), f().backward()
    alive = weakref.ref(W[0][0])
    del W, f
    gc.collect()
    assert alive() is None


def test_values_beside_parameters():
    layer = nn.Linear(COLUMNS, 3)
    W, E = weights(), weights()

    def make(X):
        return lambda: sum(sum(layer(x)) * ag.tanh(sum(w * a for w, a in zip(X[0], x))) for x in POINTS)

    eager, compiled = make(E), ag.compile(make(W))
    eager().backward()
    expected = [list(map(float, p.grad.ravel())) for p in layer.parameters()]
    layer.zero_grad()
    compiled(), compiled()
    compiled().backward()
    close(grads(W), grads(E))
    for p, g in zip(layer.parameters(), expected):
        close(list(map(float, p.grad.ravel())), g)
    again = compiled()
    again.parents  # noqa: B018  # looked at before the sweep
    again.backward()
    close(grads(W), [2 * g for g in grads(E)])


@pytest.mark.parametrize("kind", [Value, Labelled])
def test_an_optimiser_steps_them(kind):
    W, E = weights(kind), weights(kind)
    compiled, eager = ag.compile(make_loss(W)), make_loss(E)
    optimizer = optim.Adam(flat(W), lr=0.05)
    other = optim.Adam(flat(E), lr=0.05)
    for _ in range(6):
        optimizer.zero_grad(), other.zero_grad()
        compiled().backward(), eager().backward()
        optimizer.step(), other.step()
    close([w.data for w in flat(W)], [w.data for w in flat(E)])
    optimizer.zero_grad()
    assert set(grads(W)) == {0.0}


def test_reading_and_writing_many_leaves():
    nodes = [Value(1.0), Value(2.0, label="b"), Value(3.0)]
    nodes[2].grad = 7.0
    out = np.empty(3)
    packs.read_numbers(nodes, out)
    assert out.tolist() == [1.0, 2.0, 3.0]
    assert packs.read_gradients(nodes, out)
    assert out.tolist() == [0.0, 0.0, 7.0]
    packs.write_numbers(nodes, np.array([4.0, 5.0, 6.0]))
    assert [x.data for x in nodes] == [4.0, 5.0, 6.0]
    assert packs.add_gradients(nodes, np.array([2.0, 4.0, 6.0]))
    assert [x.grad for x in nodes] == [2.0, 4.0, 13.0]
    assert not packs.add_gradients(nodes, np.array([0.0, float("inf"), 0.0]))
    nodes[1].grad = nodes[0] * 2.0
    assert not packs.read_gradients(nodes, out)
    packs.write_gradients(nodes, np.array([0.5, 1.5, 2.5]))
    assert [x.grad for x in nodes] == [0.5, 1.5, 2.5]


def test_a_value_made_from_another_of_the_list_stands_for_itself():
    """Each is an operand of the call: in a second derivative what flows from one to another counts once."""
    found = []
    for make in (lambda f: f, ag.compile):
        w = [Value(0.3), Value(-0.7), Value(0.2)]
        rows = [w[0], w[1], w[1] * 3.0, ag.sin(w[2])]
        f = make(lambda x, rows=rows: ag.tanh(sum(a * x for a in rows)))
        y = f(0.5)
        y.backward(create_graph=True)
        slope = ag.sum([v.grad * v.grad for v in w])
        for v in w:
            v.grad = 0.0
        slope.backward()
        found.append([y.data, slope.data, *[v.grad for v in w]])
    assert found[1] == pytest.approx(found[0], rel=1e-12)


@pytest.mark.filterwarnings("ignore::autograd_lite.NonFiniteGradientWarning")
@pytest.mark.parametrize("f", [lambda p: p[0] * 2.0, lambda p: p[0] * p[2], lambda p: [p[1], 3.0][0]])
def test_what_is_not_read_passes_nothing_on(f):
    """Not even a 0 to where it is made at a pole, or of nan."""
    compiled = ag.compile(f)
    for _ in range(3):
        found = []
        for g in (f, compiled):
            leaves = [Value(0.5), Value(0.0), Value(float("nan"))]
            seen = []
            made = [ag.sin(leaves[0]), ag.sqrt(leaves[1]), ag.tanh(leaves[2])]
            for k, node in enumerate(made):
                node.register_hook(lambda g, k=k, seen=seen: seen.append(k))
            g(made).backward()
            found.append(([str(leaf.grad) for leaf in leaves], sorted(seen)))
        assert found[0] == found[1]
