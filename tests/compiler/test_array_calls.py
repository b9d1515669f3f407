"""The generated call of an array program takes what it was made for, and nothing else."""

from __future__ import annotations

import copy
import itertools
import math
import threading
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


def network(sizes=(4, 40, 40, 2)):
    ag.manual_seed(3)
    layers = []
    for n, m in itertools.pairwise(sizes):
        layers += [nn.Linear(n, m), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def is_direct(compiled):
    return "__call__" in vars(type(compiled))


def gradients(model):
    found = [np.array(p.grad) for p in model.parameters()]
    model.zero_grad()
    return found


def agree(compiled, plain, model, *args):
    loss = compiled(*args)
    loss.backward()
    mine = gradients(model)
    expected = plain(*args)
    expected.backward()
    assert loss.item() == pytest.approx(expected.data, rel=1e-12)
    for a, b in zip(mine, gradients(model)):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


@pytest.fixture
def step():
    model, criterion = network(), nn.MSELoss()

    def loss(x, y):
        return criterion(model(x), y)

    compiled = ag.compile(loss)
    x, y = ag.randn(7, 4), ag.randn(7, 2)
    compiled(x, y)
    assert is_direct(compiled)
    return compiled, loss, model, x, y


def test_every_kind_of_argument(step):
    compiled, loss, model, x, y = step
    agree(compiled, loss, model, x, y)
    for other in (
        (x.tolist(), y.tolist()),
        (x.astype(np.float32), y),
        (np.asfortranarray(x), y),
        (np.repeat(x, 2, axis=1)[:, ::2], y),
        (x[:3], y[:3]),
        (x.round().astype(int), y),
        (x.view(type("Sub", (np.ndarray,), {})), y),
        (ag.values(x), y),
    ):
        agree(compiled, loss, model, *other)
    agree(compiled, loss, model, x, y)
    assert compiled(y=y, x=x).item() == compiled(x, y).item()


def test_arrays_of_another_byte_order(step):
    compiled, loss, model, x, y = step
    agree(compiled, loss, model, x.astype(">f8"), y)


def test_wrong_arguments_are_the_functions_own_errors(step):
    compiled, loss, _, x, y = step
    for args in ((x,), (x, y, y), (x[:, :2], y)):
        with pytest.raises(Exception) as expected:
            loss(*args)
        with pytest.raises(type(expected.value)):
            compiled(*args)


def test_surroundings_that_change(step):
    compiled, loss, model, x, y = step
    model[2].weight = nn.Parameter(ag.randn(40, 40))
    agree(compiled, loss, model, x, y)
    model[1] = nn.Tanh()
    agree(compiled, loss, model, x, y)
    for p in model.parameters():
        p.data.mul_(0.5)
    agree(compiled, loss, model, x, y)


def test_what_watches_recording_sees_it(step):
    compiled, _, _, x, y = step
    with ag.no_grad():
        assert compiled(x, y).parents == ()
    with pytest.raises(ag.AnomalyError), ag.detect_anomaly():
        compiled(x * 1e300, y * 1e300)
    assert compiled(x, y).item() > 0.0


def test_silent_whatever_numpy_is_told(step):
    compiled, loss, model, x, y = step
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled(x * 1e200, y).item() == math.inf
        assert math.isnan(compiled(x * math.nan, y).item())
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        np.array([1.0]) / np.array([0.0])  # and the caller's own setting is what it was
    agree(compiled, loss, model, x, y)  # nothing of the nan is left in a buffer


def test_losses_alive_and_threads(step):
    compiled, _, model, x, y = step
    losses = [compiled(x * k, y) for k in range(5)]
    known = [compiled(x * k, y).item() for k in range(5)]
    assert [loss.item() for loss in losses] == known
    found = {}

    def work(k):
        found[k] = [compiled(x * k, y).item() for _ in range(200)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(set(numbers) == {known[k]} for k, numbers in found.items())
    losses[2].backward()
    mine = gradients(model)
    compiled(x * 2, y).backward()
    assert all((a == b).all() for a, b in zip(mine, gradients(model)))


def test_gradients_of_arrays_and_numbers():
    weights = Value(3.0)

    def f(x, a):
        total = 0.0
        for i in range(len(x) - 1):
            total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + a * (1.0 - x[i]) ** 2 * weights.data
        return total

    x = np.linspace(-1.0, 1.0, 1000)
    for compiled, plain in (
        (ag.compile(ag.grad(f)), ag.grad(f)),
        (ag.compile(ag.grad(f, argnums=(1, 0))), ag.grad(f, argnums=(1, 0))),
        (ag.compile(ag.value_and_grad(f, argnums=0)), ag.value_and_grad(f, argnums=0)),
    ):
        kept = compiled(x, 2.0)
        for scale in (1.0, 0.5, -2.0):
            found, expected = compiled(scale * x, scale), plain(scale * x, scale)
            for a, b in zip(np.atleast_1d(found) if isinstance(found, np.ndarray) else found, expected):
                np.testing.assert_allclose(a, b, rtol=1e-12)
                assert type(a) is type(b) or isinstance(found, np.ndarray)
        assert is_direct(compiled)
        again = compiled(x, 2.0)
        for a, b in zip(kept, again):
            np.testing.assert_array_equal(a, b)  # results are the caller's own


def test_another_way_through_the_function():
    def f(x):
        total = ag.dot(x, x)
        return total if total > 10.0 else -total

    g = ag.compile(ag.grad(f))
    x = np.linspace(0.1, 1.0, 400)
    for scale in (1.0, 0.01, 1.0, 0.02):
        np.testing.assert_allclose(g(scale * x), ag.grad(f)(scale * x), rtol=1e-12)


def test_live_values_beside_parameters():
    model, scale = network(), Value(2.0)
    f = ag.compile(lambda x: scale * nn.MSELoss()(model(x), np.zeros((7, 2))))
    x = ag.randn(7, 4)
    first = f(x)
    first.backward()
    assert scale.grad == pytest.approx(first.item() / 2.0)
    scale.data = 3.0
    assert f(x).item() == pytest.approx(1.5 * first.item())


def test_a_copy_is_independent(step):
    compiled, loss, model, x, y = step

    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network()
            self.step = ag.compile(self.loss)

        def loss(self, x, y):
            return nn.MSELoss()(self.inner(x), y)

    holder = Holder()
    before = holder.step(x, y).item()
    other = copy.deepcopy(holder)
    for p in other.parameters():
        p.data.zero_()
    assert holder.step(x, y).item() == before
    agree(compiled, loss, model, x, y)


@pytest.mark.parametrize("number", [-1.0, -0.0, 0.0, 5e-324, 2.0, math.inf, -math.inf, math.nan])
def test_relus_partial_is_the_tables(number):
    """It is read off relu's result where NumPy runs it."""
    g = ag.compile(ag.value_and_grad(lambda x: ag.sum([ag.relu(v) * 3.0 for v in x])))
    x = np.full(200, 1.5)
    x[7] = number
    found, expected = g(x), ag.value_and_grad(lambda x: ag.sum([ag.relu(v) * 3.0 for v in x]))(x)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(found[0], expected[0])


def test_products_of_several_arrays_need_no_copies():
    def f(x, y):
        return ag.sum([100.0 * (a * a) + a * b + 3.0 * b for a, b in zip(x, y)])

    g = ag.compile(ag.grad(f, argnums=(0, 1)))
    x, y = np.linspace(-1.0, 2.0, 300), np.linspace(2.0, 3.0, 300)
    for found, expected in zip(g(x, y), ag.grad(f, argnums=(0, 1))(x, y)):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert "concatenate" not in g.source()


def test_a_parameter_of_which_a_part_is_used_and_one_that_is_used_twice():
    p, q = nn.Parameter(np.arange(400.0)), nn.Parameter(np.ones(400))
    f = ag.compile(lambda x: ag.dot(x, p[:400].tolist()) + ag.dot(p[1:].tolist(), q[:-1].tolist()))
    x = np.linspace(0.0, 1.0, 400)
    f(x).backward()
    np.testing.assert_allclose(p.grad, x + np.r_[0.0, np.ones(399)])
    np.testing.assert_allclose(q.grad, np.r_[np.arange(1.0, 400.0), 0.0])


def test_gradients_that_are_one_array_or_none():
    p, q, unused = (nn.Parameter(np.ones(300)) for _ in range(3))
    f = ag.compile(lambda x: ag.sum([a + b for a, b in zip(p.values(), q.values())]) * x)
    f(2.0).backward()
    np.testing.assert_array_equal(p.grad, np.full(300, 2.0))
    np.testing.assert_array_equal(q.grad, np.full(300, 2.0))
    assert not unused.grad.any()
    f(3.0).backward()
    np.testing.assert_array_equal(p.grad, np.full(300, 5.0))


def test_scale_factors_are_moved_only_where_nothing_overflows():
    def f(x):
        return ag.sum([(v * (v * 1e-30)) * (v * v) for v in x]) * 1e40

    g = ag.compile(ag.value_and_grad(f))
    for scale in (1.0, 1e60, 1e-60):
        x = scale * np.linspace(1.0, 2.0, 300)
        found, expected = g(x), ag.value_and_grad(f)(x)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


def test_a_number_that_is_used_often_gets_each_of_its_adjoints():
    def f(x):
        return ag.sum([v * v * v + 2.0 * v + v * v + v for v in x])

    x = np.linspace(-2.0, 2.0, 300)
    np.testing.assert_allclose(ag.compile(ag.grad(f))(x), 3.0 * x * x + 2.0 * x + 3.0, rtol=1e-12, atol=1e-12)


def test_functions_of_any_number_of_arguments_take_the_number_they_are_given():
    def f(*p):
        return p[0] * p[-1] + ag.sin(p[0])

    g = ag.compile(ag.grad(f, argnums=0))
    for args in ((2.0, 3.0), (2.0, 3.0), (2.0,), (2.0, 3.0, 4.0), (2, 3), (2.0, 3.0)):
        assert g(*args) == pytest.approx(ag.grad(f, argnums=0)(*args), rel=1e-15)
    for wrong in ((), ([1.0], 2.0), ("a", 2.0)):
        with pytest.raises(Exception) as expected:
            ag.grad(f, argnums=0)(*wrong)
        with pytest.raises(type(expected.value)):
            g(*wrong)
    with pytest.raises(TypeError):
        g(2.0, 3.0, p0=1.0)


def test_a_default_that_changes_is_seen():
    def scaled(x, by=2.0):
        return x * by

    g = ag.compile(lambda x: scaled(x) * 1.0)
    assert (g(3.0), g(3.0)) == (6.0, 6.0)
    scaled.__defaults__ = (5.0,)
    assert g(3.0) == 15.0
    scaled.__defaults__ = (2.0,)
    scaled.__code__ = (lambda x, by=1.0: x + by).__code__
    assert g(3.0) == 5.0


def test_short_calls_are_made_where_a_function_calls_others():
    def inner(x, y):
        return ag.exp(x) * y

    class Model:
        factor = 2.0

        def __call__(self, x):
            return inner(x, 3.0) * self.factor

    model = Model()
    for f in (lambda x: inner(x, 2.0), lambda *p: inner(p[0], 2.0), lambda x: model(x)):
        g = ag.compile(ag.grad(f))
        for x in (0.5, 0.25):
            assert g(x) == pytest.approx(ag.grad(f)(x), rel=1e-15)
        assert is_direct(g)
    Model.factor = 5.0
    assert g(0.0) == 15.0
    model.factor = 1.0
    assert g(0.0) == 3.0
    Model.__call__ = lambda self, x: 7.0 * x
    assert g(0.0) == 7.0


def test_an_attribute_of_a_function_that_changes():
    def scaled(x):
        return scaled.rate * x

    scaled.rate = 2.0
    g = ag.compile(lambda x: scaled(x) + 1.0)
    assert (g(3.0), g(3.0)) == (7.0, 7.0)
    scaled.rate = 5.0
    assert g(3.0) == 16.0
