"""Initialisers: their variances, their names, and the generators that drive them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

SHAPE = (300, 100)  # D_h' = 300 outputs, D_h = 100 inputs


@pytest.mark.parametrize(
    ("name", "named", "variance"),
    [
        ("kaiming", {}, 2 / 100),
        ("kaiming", {"mode": "fan_out"}, 2 / 300),
        ("kaiming", {"mode": "fan_avg"}, 4 / (100 + 300)),
        ("kaiming", {"a": math.sqrt(5)}, 2 / 6 / 100),
        ("kaiming", {"nonlinearity": "linear"}, 1 / 100),
        ("xavier", {}, 2 / 400),
        ("xavier", {"gain": 2.0}, 8 / 400),
        ("lecun", {}, 1 / 100),
    ],
)
@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_variances(name, named, variance, kind):
    w = nn.Parameter(SHAPE)
    initialise = getattr(nn.init, f"{name}_{kind}_")
    assert initialise(w, **named, generator=np.random.default_rng(3)) is w
    assert abs(w.data.mean()) < 0.02 * math.sqrt(variance)
    assert w.data.var() == pytest.approx(variance, rel=0.03)
    if kind == "uniform":
        assert np.abs(w.data).max() <= math.sqrt(3 * variance)
        assert np.abs(w.data).max() > 0.99 * math.sqrt(3 * variance)
    else:
        assert np.abs(w.data).max() > 3.3 * math.sqrt(variance)


def test_both_names_are_one_function():
    for name in nn.init.__all__:
        if name.endswith("_"):
            assert getattr(nn.init, name) is getattr(nn.init, name[:-1])


def test_seeds():
    a, b, c = (nn.Parameter((4, 5)) for _ in range(3))
    ag.manual_seed(7)
    nn.init.kaiming_uniform(a)
    ag.manual_seed(7)
    nn.init.kaiming_uniform_(b)
    np.testing.assert_array_equal(a.data, b.data)
    nn.init.kaiming_uniform_(b)
    assert (a.data != b.data).any()
    nn.init.normal_(b, generator=np.random.default_rng(5))
    nn.init.normal_(c, generator=ag.Generator().manual_seed(5))
    np.testing.assert_array_equal(b.data, c.data)
    ag.manual_seed(2)
    one = nn.Linear(3, 3)
    ag.manual_seed(2)
    np.testing.assert_array_equal(nn.Linear(3, 3).weight.data, one.weight.data)
    with pytest.raises(TypeError, match="Generator"):
        nn.init.normal_(b, generator=5)


def test_linear_starts_as_pytorch_s():
    layer = nn.Linear(25, 4000)
    for parameter in layer.parameters():
        assert 0.19 < np.abs(parameter.data).max() <= 0.2
        assert parameter.data.var() == pytest.approx(0.04 / 3, rel=0.05)


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3)])
def test_orthogonal(shape):
    w = nn.init.orthogonal_(nn.Parameter(shape), gain=2.0).data
    gram = w @ w.T if shape[0] <= shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4.0 * np.eye(min(shape)), atol=1e-14)


def test_the_simple_ones():
    w = nn.Parameter((3, 3))
    scalar = w[0, 1]
    assert nn.init.constant_(w, 2.5).data.tolist() == [[2.5] * 3] * 3
    assert scalar.data == 2.5
    assert nn.init.eye_(w).data.tolist() == np.eye(3).tolist()
    assert nn.init.ones_(w).data.all()
    assert not nn.init.zeros_(w).data.any()
    assert scalar.data == 0.0
    array = np.zeros(1000)
    assert nn.init.uniform_(array, 2.0, 3.0) is array
    assert ((array >= 2.0) & (array < 3.0)).all()
    nn.init.trunc_normal_(array, mean=1.0, std=2.0, a=0.0, b=2.0)
    assert array.min() >= 0.0
    assert array.max() <= 2.0
    leaves = ag.values(np.zeros(5))
    nn.init.constant_(leaves, 4.0)
    assert [v.data for v in leaves] == [4.0] * 5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.init.kaiming_uniform_(nn.Parameter((3,))), r"two axes.*\(3,\)"),
        (lambda: nn.init.kaiming_normal_(nn.Parameter((3, 3)), mode="fan"), "mode"),
        (lambda: nn.init.kaiming_normal_(nn.Parameter((3, 3)), nonlinearity="cube"), "cube"),
        (lambda: nn.init.eye_(nn.Parameter((3,))), "matrix"),
        (lambda: nn.init.orthogonal_(nn.Parameter((3,))), "matrix"),
        (lambda: nn.init.zeros_([1.0]), "Parameter or an array"),
        (lambda: nn.init.trunc_normal_(np.zeros(5), a=80.0, b=81.0), "too far"),
    ],
)
def test_what_they_refuse(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_gains():
    assert nn.init.calculate_gain("tanh") == 5 / 3
    assert nn.init.calculate_gain("leaky_relu", 0.0) == nn.init.calculate_gain("relu") == math.sqrt(2)


def test_random_arrays():
    ag.manual_seed(0)
    x = ag.randn(100, 10)
    assert x.shape == (100, 10)
    assert x.dtype == np.float64
    ag.manual_seed(0)
    np.testing.assert_array_equal(ag.randn((100, 10)), x)
    assert ag.randn().shape == ()
    assert ag.zeros(2, 3).tolist() == [[0.0] * 3] * 2
    assert ag.ones((2,)).tolist() == [1.0, 1.0]
    assert sorted(ag.randperm(5).tolist()) == [0, 1, 2, 3, 4]
    assert set(ag.randint(0, 3, (50,)).tolist()) == set(ag.randint(3, (50,)).tolist()) == {0, 1, 2}
    ag.manual_seed(np.int64(0))
    np.testing.assert_array_equal(ag.randn(100, 10), x)
    for wrong in (1.5, "a", None):
        with pytest.raises(TypeError):
            ag.manual_seed(wrong)
    state = ag.get_rng_state()
    first = nn.Dropout(0.5)(np.ones(20))
    ag.set_rng_state(state)
    np.testing.assert_array_equal(nn.Dropout(0.5)(np.ones(20)), first)
    generator = ag.Generator(4)
    state = generator.get_state()
    first = ag.rand(3, generator=generator)
    generator.set_state(state)
    np.testing.assert_array_equal(ag.rand(3, generator=generator), first)
