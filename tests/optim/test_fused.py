"""Small Parameters are stepped together; nobody can tell."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from autograd_lite import Value, nn, optim

from . import reference
from .exact import same
from .test_rules import Plain


def parameters(numbers: Any) -> list[Any]:
    """Seven numbers as a matrix, a scalar and a vector."""
    return [nn.Parameter(numbers[:4].reshape(2, 2)), nn.Parameter(numbers[4]), nn.Parameter(numbers[5:])]


def set_gradients(params: list[Any], gradient: Any) -> None:
    params[0].grad[...] = gradient[:4].reshape(2, 2)
    params[1].grad[...] = gradient[4]
    params[2].grad[...] = gradient[5:]


def flat(params: list[Any]) -> list[float]:
    return [x for p in params for x in np.ravel(p.data).tolist()]


@pytest.mark.parametrize("name", reference.ALL)
def test_the_literal_sequences_with_views_held_and_a_restart(name):
    kind, options = reference.ALL[name]
    numbers, gradients = reference.start(7, 8)
    params = parameters(numbers)
    held = [p.data for p in params]
    optimizer = getattr(optim, kind)(params, **options)
    for i, (gradient, known) in enumerate(zip(gradients, reference.known(name))):
        if i == 4:
            optimizer.param_groups[0]["lr"] *= 0.5
        if i == 5:
            fresh = getattr(optim, kind)(params, **options)
            fresh.load_state_dict(optimizer.state_dict())
            optimizer = fresh
        set_gradients(params, gradient)
        optimizer.step()
        assert same(flat(params), known)
        assert flat(params) == [x for view in held for x in np.ravel(view).tolist()]
        set_gradients(params, gradient)


def test_the_state_has_each_parameters_shape_and_is_live():
    numbers, gradients = reference.start(7, 2)
    params = parameters(numbers)
    optimizer = optim.Adam(params)
    set_gradients(params, gradients[0])
    optimizer.step()
    assert [optimizer.state[p]["exp_avg"].shape for p in params] == [(2, 2), (), (2,)]
    assert [entry["exp_avg"].shape for entry in optimizer.state_dict()["state"].values()] == [(2, 2), (), (2,)]
    optimizer.state[params[0]]["exp_avg"][0, 0] = 123.0
    assert optimizer.state_dict()["state"][0]["exp_avg"][0, 0] == 123.0


def test_what_is_written_between_steps_counts():
    a, b = nn.Parameter([1.0]), nn.Parameter([2.0])
    optimizer = optim.SGD([a, b], lr=1.0)
    a.grad[...] = 1.0
    a.data[0] = 10.0
    b[0].data = 20.0
    optimizer.step()
    assert (a.data[0], b.data[0]) == (9.0, 20.0)
    optimizer.zero_grad()
    assert a.grad[0] == 0.0


@pytest.mark.parametrize("how", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_step_their_own_parameters(how):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for p in model.parameters():
        p.grad[...] = 1.0
    optimizer.step()
    twin, other = how((model, optimizer))
    before = flat(model.parameters())
    other.step()
    assert flat(model.parameters()) == before
    optimizer.step()
    assert flat(model.parameters()) == flat(twin.parameters()) != before


def test_clipping_and_lbfgs():
    params = parameters(np.zeros(7))
    set_gradients(params, np.full(7, 2.0))
    assert optim.clip_grad_norm_(params, 1.0) == pytest.approx(28**0.5)
    np.testing.assert_allclose(params[0].grad, np.full((2, 2), 7**-0.5), rtol=1e-6)
    optim.clip_grad_value_(params, 0.1)
    assert params[1].grad == 0.1
    pytest.importorskip("scipy")
    optimizer = optim.LBFGS(params)

    def closure() -> Value:
        optimizer.zero_grad()
        loss = sum(((v - 3.0) ** 2 for p in params for v in np.ravel(p.values())), Value(0.0))
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(flat(params), 3.0)


def test_big_small_and_foreign_together():
    """A Parameter too big to be copied, small ones and something else with arrays: each as if alone."""
    rng = np.random.default_rng(0)
    shapes = [(3,), (100, 90), (2, 2), ()]
    starts = [rng.standard_normal(shape) for shape in shapes]
    grads = [rng.standard_normal(shape) for shape in shapes]
    together: list[Any] = [nn.Parameter(s) for s in starts] + [Plain(starts[0])]
    alone = [Plain(s) for s in [*starts, starts[0]]]
    optimizers = [optim.Adam(together, lr=0.1)] + [optim.Adam([p], lr=0.1) for p in alone]
    for p, q, g in zip(together, alone, [*grads, grads[0]]):
        p.grad[...] = g
        q.grad[...] = g
    for _ in range(3):
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(together, alone):
        assert (np.asarray(p.data) == q.data).all()
    assert list(optimizers[0].state_dict()["state"]) == [0, 1, 2, 3, 4]
