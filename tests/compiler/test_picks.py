"""Rows picked by indices out of long tables: looked up, and added up, with the numbers of eager code."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler.call import plans
from autograd_lite.compiler.lift.levels import lift
from autograd_lite.compiler.run import arrays, picks

COUNT, WIDTH = 300, 4


def embedded(table, tokens):
    return sum(ag.tanh(v) * (k + 1) for k, token in enumerate(tokens) for v in ag.take(table, token))


def scored(table, tokens):
    return sum(ag.exp(ag.take(list(row), token)) for row, token in zip(zip(*table), tokens))


def averaged(table, tokens):
    return sum(ag.sin(sum(column)) for column in zip(*ag.take(table, tokens)))


def twice(table, tokens):
    return sum(a * b for a, b in zip(tokens, [ag.take(ag.take(table, t), k % WIDTH) for k, t in enumerate(tokens)]))


@pytest.fixture
def looked(monkeypatch):
    """How often a program of arrays found picks."""
    counts = []
    found = arrays.picks_of
    monkeypatch.setattr(picks, "LARGE", 0)
    monkeypatch.setattr(plans, "choose", lambda program, *_: (False, lift(program)))
    monkeypatch.setattr(arrays, "picks_of", lambda *args: counts.append(len(found(*args)[0])) or found(*args))
    return counts


@pytest.mark.parametrize("f", [embedded, scored, averaged, twice])
def test_value_and_gradient(f, looked):
    rng = np.random.default_rng(0)
    g = ag.value_and_grad(f)
    fast = ag.compile(g)
    for k in range(4):
        table = rng.normal(size=(COUNT, WIDTH)).tolist()
        tokens = rng.integers(0, COUNT, 4 if f is scored else 20).tolist() if k else [COUNT - 1, 0, 0, COUNT - 1] * 5
        tokens = tokens[:4] if f is scored else tokens
        for found, expected in zip(fast(table, tokens), g(table, tokens)):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert max(looked) >= 1


def test_what_is_not_picked_plays_no_part(looked):
    table = [[Value(0.1 * i + j) for j in range(WIDTH)] for i in range(COUNT)]
    for i in range(10, COUNT):
        table[i][1].data = float("nan")
        table[i][2].data = float("inf")
    fast = ag.compile(lambda tokens: sum(v * v for t in tokens for v in ag.take(table, t)))
    for tokens in ([3, 1, 9, 1], [0, 2, 5, 5]):
        for _ in range(5):
            ag.zero_grad([v for row in table for v in row])
            y = fast(tokens)
            y.backward()
            assert np.isfinite(y.data)
            grads = np.array([[v.grad for v in row] for row in table])
            assert np.count_nonzero(grads.any(1)) == len(set(tokens))
            np.testing.assert_allclose(
                grads[tokens[1]], [2 * v.data * tokens.count(tokens[1]) for v in table[tokens[1]]]
            )
    assert max(looked) >= 1
    with pytest.raises(IndexError):
        fast([0, 1, 2, COUNT])


@pytest.mark.parametrize(
    "shapes", [((50, 1, 1), (7, 90)), ((50, 1), (50, 90)), ((6, 5, 1), (6, 1, 200)), ((60, 1), (90,))]
)
def test_indices_that_are_no_places(shapes):
    """A one-hot of a user's own: 0 for what is no whole number, or not in the row."""
    rng = np.random.default_rng(1)
    index, x = rng.integers(-2, 8, shapes[0]).astype(float), rng.normal(size=shapes[1])
    flat = index.reshape(-1)
    flat[:6] = [np.nan, np.inf, -np.inf, 0.5, -1.0, 1e300]
    count = shapes[1][-1]
    full = np.broadcast_shapes(shapes[0], shapes[1])
    mask = index == np.arange(count)
    pick = picks.Pick(0, 0, 0, full)
    expected = np.where(mask, x, 0.0).sum(-1)
    np.testing.assert_array_equal(np.broadcast_to(picks.looked_up(pick, index, x), full[:-1]), expected)
    g = rng.normal(size=(*full[:-1], 1))
    for axes in {(0,), tuple(range(len(full) - 1)), (len(full) - 2,)}:
        np.testing.assert_allclose(picks.added(pick, axes, index, g), np.where(mask, g, 0.0).sum(axes), atol=1e-13)
