"""What a compiled function may read that is not among its arguments, and is never stale: parameters as plain arrays."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import CompileWarning

SYSTEM = random.SystemRandom()


@pytest.mark.parametrize(
    "read",
    [
        lambda p: p.data[0, 0],
        lambda p: float(np.abs(p.data).max()),
        lambda p: p.detach()[0, 0],
        lambda p: p.item(),
        lambda p: p[0, 0].data,
        lambda p: p[0, 0].item(),
    ],
)
def test_a_parameter_read_as_plain_numbers(read):
    layer = nn.Linear(1, 1)
    f = ag.compile(lambda x: x * float(read(layer.weight)))
    g = ag.compile(ag.grad(lambda x: x * x * float(read(layer.weight))))
    for number in (2.0, 3.0, 2.0):
        layer.weight.data.fill_(number)
        assert f(5.0) == 5.0 * number
        assert g(5.0) == 10.0 * number


def test_weight_decay_on_plain_numbers_follows_the_training():
    layer, criterion = nn.Linear(2, 1), nn.MSELoss()

    def loss(x, y):
        return criterion(layer(x), y) + 0.1 * float((layer.weight.data**2).sum())

    f = ag.compile(loss)
    x, y = [[1.0, 2.0]], [[3.0]]
    for _ in range(5):
        layer.zero_grad()
        made = f(x, y)
        np.testing.assert_allclose(made.item(), loss(x, y).item())
        made.backward()
        layer.weight.data -= 0.1 * layer.weight.grad


def test_a_parameter_read_at_every_step_is_a_warning_that_names_the_line():
    layer = nn.Linear(1, 1)
    f = ag.compile(lambda x: x * float(layer.weight.data[0, 0]))
    with pytest.warns(CompileWarning, match=r"test_outside_numbers.py:\d+.*\.data"):  # noqa: PT031
        for k in range(100):
            layer.weight.data.fill_(k)
            assert f(1.0) == k


def test_the_systems_entropy_near_a_function_is_no_error():
    def f(x, shuffled=False):
        return SYSTEM.random() * x if shuffled else 2.0 * x

    assert ag.compile(f)(3.0) == 6.0
