"""Parameters: one truth, as an array and as scalars, in both directions."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


@pytest.fixture
def p():
    return nn.Parameter(np.arange(6.0).reshape(2, 3), "w")


def test_what_it_is_made_of():
    assert nn.Parameter((2, 3)).data.tolist() == [[0.0] * 3] * 2
    assert nn.Parameter([1, 2]).data.tolist() == [1.0, 2.0]
    assert nn.Parameter(0.5).shape == ()
    start = np.ones(2)
    p = nn.Parameter(start)
    start[0] = 7.0
    assert p.data.tolist() == [1.0, 1.0]
    assert p.data.dtype == np.float64


def test_the_scalar_is_a_value_and_always_the_same(p):
    w = p[1, 2]
    assert isinstance(w, Value)
    assert w is p[1, 2] is p[1][2] is p[-1, -1] is p.values()[1, 2]
    assert w.parents == ()
    assert w.op is None
    assert w.label == "w[1, 2]"
    assert w.named("ω").label == "ω"
    assert p[:, 1].shape == (2,)
    assert [[v.data for v in row] for row in p] == p.data.tolist()
    assert len(p) == 2
    with pytest.raises(IndexError):
        p[2, 0]


def test_numbers_go_both_ways(p):
    w = p[0, 1]
    p.data[0, 1] = 5.0
    assert w.data == w.item() == 5.0
    w.data = -2.0
    assert p.data[0, 1] == -2.0
    w.data += 1.0
    assert p.data[0, 1] == -1.0
    p.data = np.full((2, 3), 9.0)
    assert w.data == 9.0
    p[...] = 4.0
    assert w.data == 4.0
    p[0] = [1.0, 2.0, 3.0]
    assert w.data == 2.0
    p[0, 1] = 8.0
    assert w.data == 8.0
    p.data -= 1.0
    assert w.data == 7.0


def test_gradients_go_both_ways(p):
    w = p[0, 1]
    (w * w).backward()
    assert p.grad[0, 1] == w.grad == 2.0
    (3.0 * w).backward()
    assert p.grad[0, 1] == 5.0
    p.grad[0, 1] = 1.5
    assert w.grad == 1.5
    w.grad = 0
    assert p.grad[0, 1] == 0.0
    p.grad = 1.0
    assert w.grad == 1.0
    p.grad = None
    assert w.grad == 0.0
    w.grad = None
    assert not p.grad.any()


class Own(Value):
    """A class of a user's own."""


_ASSIGNMENTS = [
    "del v.data", "del v.grad", "v.data = 'a'", "v.grad = 'a'", "v.data = None", "v.data = Value(1.0)",
    "v.data = 2**9999", "v.data = np.float32(2.0)", "v.grad = None", "v.data = 3", "v.data += True",
    "v.grad = Value(2.0)", "v.grad -= 0.5", "v.label = 'w'; v.grad = 4.0", "v.own = 1.0; v.grad = 4.0",
    "v.register_hook(lambda g: None); v.grad = 4", "(v * v).backward(create_graph=True); v.grad = 7.0",
]  # fmt: skip


@pytest.mark.parametrize("statement", _ASSIGNMENTS)
def test_assignments_do_the_same_to_every_kind_of_value(p, statement):
    found = []
    for v in (Value(1.0), Own(1.0), p[0, 1]):
        error = ""
        try:
            exec(statement, {"v": v, "np": np, "Value": Value})
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}".replace(f"'{type(v).__name__}' object", "object")
        found.append((v.data, type(v.data), repr(v.grad), error))
    assert found[0] == found[1] == found[2]
    assert [p.data[0, 1], p.grad[0, 1]] == [p[0, 1].data, getattr(p[0, 1].grad, "data", p[0, 1].grad)]


_OPERATIONS = [
    lambda w: w + 1, lambda w: 1 + w, lambda w: w - 1.0, lambda w: 1.0 - w, lambda w: w * 2, lambda w: 2.0 * w,
    lambda w: w / 2.0, lambda w: 2.0 / w, lambda w: w**2, lambda w: w**3.0, lambda w: 2.0**w, lambda w: -w,
    lambda w: +w, lambda w: abs(w), lambda w: w + w, lambda w: w - w, lambda w: w * w, lambda w: w / w, lambda w: w**w,
    lambda w: w.exp(), lambda w: ag.sin(w), lambda w: np.tanh(w), lambda w: w.relu(), lambda w: ag.maximum(w, 1.0),
    lambda w: ag.dot([w, w], [w, 2.0]), lambda w: sum([w, w]), lambda w: Value(3.0) * w, lambda w: w * Value(3.0),
    lambda w: Value(3.0) - w, lambda w: w % 2.0, lambda w: (w * np.array([1.0, 2.0]))[1], lambda w: (np.ones(2) * w)[0],
    lambda w: ag.where(w > 1.0, w, 0.0), lambda w: w.detach() * w,
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(_OPERATIONS)))
def test_operations_use_the_number_in_the_buffer(k):
    """As a plain Value's, also right after the array has been written."""
    operation = _OPERATIONS[k]
    p = nn.Parameter([0.5])
    w, plain = p[0], Value(1.75)
    p.data[0] = 1.75
    found, wanted = operation(w), operation(plain)
    assert found.data == wanted.data
    found.backward()
    wanted.backward()
    assert p.grad[0] == w.grad == plain.grad


def test_comparisons_and_text_use_it_too():
    p = nn.Parameter([0.5])
    w = p[0]
    p.data[0] = 2.0
    assert w == 2.0
    assert w > 1.5
    assert f"{w:.2f}" == "2.00"
    assert repr(w) == "Value(data=2.0, grad=0.0)"
    assert bool(w)


def test_gradients_of_gradients():
    p = nn.Parameter([3.0])
    (p[0] ** 3).backward(create_graph=True)
    assert isinstance(p[0].grad, Value)
    assert p.grad[0] == 27.0
    slope = p[0].grad
    p.zero_grad()
    slope.backward()
    assert p[0].grad == p.grad[0] == 18.0


def test_an_exception_in_the_sweep_changes_nothing(monkeypatch):
    """Half of a commit is none."""
    from autograd_lite.nn.layer_gradients import Weights

    layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    x, w = Value(1.0), layers[0].weight[0, 0]
    loss = layers([x, 2.0])[0] * w
    x.grad, w.grad = 5.0, 6.0
    layers[1].bias.grad[0] = 7.0
    before = [p.grad.clone() for p in layers.parameters()]
    commit = Weights.commit

    def interrupted(self, prepared):
        bad = commit(self, prepared)
        if self.weight is layers[0].weight:
            raise KeyboardInterrupt
        return bad

    monkeypatch.setattr(Weights, "commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loss.backward()
    assert x.grad == 5.0
    for old, parameter in zip(before, layers.parameters(), strict=True):
        np.testing.assert_array_equal(old, parameter.grad)


def test_array_expressions_keep_the_gradient(p):
    ((p**2).sum() + (2.0 * p - 1.0).sum()).backward()
    np.testing.assert_array_equal(p.grad, 2.0 * p.data + 2.0)
    p.zero_grad()
    x = np.array([1.0, 2.0, 3.0])
    ag.sum(p @ x).backward()
    np.testing.assert_array_equal(p.grad, [x, x])
    p.zero_grad()
    ag.sum(np.exp(p)).backward()
    np.testing.assert_allclose(p.grad, np.exp(p.data))
    p.zero_grad()
    ag.sum(p).backward()
    ag.sum(ag.square(p)).backward()
    np.testing.assert_array_equal(p.grad, 1.0 + 2.0 * p.data)
    assert (np.ones(2) @ p).shape == (3,)
    assert p.T.shape == (3, 2)


def test_a_scalar_parameter():
    a = nn.Parameter(0.5, "a")
    x = Value(3.0)
    (a * x + 2.0 * a + ag.exp(a)).backward()
    assert a.grad == pytest.approx(5.0 + np.exp(0.5))
    assert a.item() == 0.5
    assert a[()].label == "a"
    assert x.grad == 0.5


def test_the_gradient_is_never_lost_silently(p):
    with pytest.raises(ag.LostGradientError, match=r"w\.data"):
        np.asarray(p, dtype=float)
    with pytest.raises(ag.LostGradientError, match=r"\.data"):
        nn.Parameter(ag.values([1.0, 2.0]))
    with pytest.raises(TypeError):
        float(p[0, 0])
    with pytest.raises(ag.LostGradientError):
        p[0] = ag.values([1.0, 2.0, 3.0])
    assert np.asarray(p).dtype == object


@pytest.mark.parametrize("wrong", [np.ones((3, 2)), np.ones(3), np.ones((1, 2, 3))])
def test_shapes_are_checked(p, wrong):
    with pytest.raises(ValueError, match=r"w\.data.*\(2, 3\)"):
        p.data = wrong
    with pytest.raises(ValueError, match=r"w\.grad.*\(2, 3\)"):
        p.grad = wrong
    assert p.data[1, 2] == 5.0


def test_what_is_not_numbers():
    for wrong in ("abc", ["a"], [[1.0], [2.0, 3.0]], None, [1j]):
        with pytest.raises((TypeError, ValueError)):
            nn.Parameter(wrong)


def test_torch_s_in_place_methods(p):
    ag.manual_seed(0)
    assert p.data.fill_(2.0) is p.data
    assert p.data.mul_(3.0).add_(np.ones((2, 3)), alpha=2.0).sub_(1.0).div_(7.0).tolist() == [[1.0] * 3] * 2
    assert p.data.zero_().copy_([1.0, 5.0, 9.0]).clamp_(2.0, 6.0)[1].tolist() == [2.0, 5.0, 6.0]
    p.data.normal_(1.0, 2.0)
    p.data.uniform_(-1.0, 0.0)
    assert (p.data < 0.0).all()
    assert p[0, 0].data == p.data[0, 0]
    assert type(p.data + 1) is np.ndarray
    assert type(p.data.sum()) is np.float64
    copied = p.data.clone()
    copied[...] = 3.0
    assert (p.data < 0.0).all()
    assert p.data.numel() == p.numel() == 6
    p.data.detach().numpy()[0, 0] = 4.0
    assert p[0, 0].data == 4.0


def test_copies_are_of_their_own(p):
    p.grad = 2.0
    for made in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert made.label == "w"
        np.testing.assert_array_equal(made.data, p.data)
        np.testing.assert_array_equal(made.grad, p.grad)
        made[0, 0].data = 99.0
        assert made.data[0, 0] == 99.0
        assert p.data[0, 0] == 0.0
    first, second = copy.deepcopy([p, p])
    assert first is second


def test_a_dropped_parameter_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        p = nn.Parameter((3, 4))
        p.values()
        gone = weakref.ref(p)
        del p
        assert gone() is None
    finally:
        gc.enable()


def test_in_place_operators_write_the_buffer(p):
    w, before = p, p.data.copy()
    p += 1.0
    p -= 0.5 * np.ones(3)
    p *= 2.0
    p /= 4.0
    assert p is w
    np.testing.assert_array_equal(p.data, (before + 0.5) / 2.0)
    layer = nn.Linear(3, 2)
    weight, start = layer.weight, layer.weight.data.copy()
    ag.sum(layer(np.ones(3))).backward()
    layer.weight -= 0.1 * layer.weight.grad  # the attribute is assigned to itself
    for q in layer.parameters():
        q -= 0.1 * q.grad
    assert layer.weight is weight
    np.testing.assert_allclose(weight.data, start - 0.2)
    with pytest.raises(ag.LostGradientError, match=r"w\.data"):
        p += ag.values(np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        p += np.ones(7)


def test_scalars_are_written_in_place_where_nothing_is_recorded(p):
    with pytest.raises(ag.LostGradientError, match="no_grad"):
        p[0, 0] += 1.0
    assert p[0, 0].data == 0.0
    with ag.no_grad():
        p[0, 0] += 1.0
        p[1] -= 0.5 * p[1]
        p[0, 1:] = [Value(8.0), 9.0]
    assert p.data.tolist() == [[1.0, 8.0, 9.0], [1.5, 2.0, 2.5]]


def test_methods_of_the_table(p):
    (p.abs().sum() + p.pow(2).sum() + p.tanh().sum()).backward()
    expected = np.sign(p.data) + 2.0 * p.data + 1.0 / np.cosh(p.data) ** 2
    np.testing.assert_allclose(p.grad, expected, rtol=1e-14)
    scalar = nn.Parameter(2.0)
    scalar.log().backward()
    assert scalar.grad.item() == 0.5
    assert [v.data for v in (scalar * np.ones(2), np.ones(2) * scalar, 1.0 - scalar, scalar**2)[1]] == [2.0, 2.0]
    assert (1.0 - scalar).data == -1.0
    assert ((scalar > 1.0), (scalar <= 1.0), (p[0] > 0.5).tolist(), (p >= 5.0).sum()) == (
        True, False, [False, True, True], 1,
    )  # fmt: skip
    assert p.grad.norm() == pytest.approx(np.sqrt((expected**2).sum()), rel=1e-14)
    assert p.grad.norm(1) == pytest.approx(np.abs(expected).sum(), rel=1e-14)
    assert p.grad.abs().max() == np.abs(expected).max()
    assert not p.grad.data.zero_().any()
    assert not p.grad.any()
    assert sum(q.numel() for q in [p, scalar] if q.requires_grad) == 7
    p.requires_grad = True
    with pytest.raises(ValueError, match="optimiser"):
        p.requires_grad = False
