"""LBFGS: finds the minimum, and leaves things in order when it can't."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograd_lite import Value, nn, optim


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"autograd-lite\[lbfgs\]"):
        optim.LBFGS([Value(1.0)])


class TestWithScipy:
    @pytest.fixture(autouse=True)
    def _scipy(self):
        pytest.importorskip("scipy")

    def test_least_squares_on_a_parameter_and_a_value(self):
        """The fitted line is numpy's."""
        x = np.linspace(0.0, 1.0, 12)
        y = np.sin(3 * x)
        slope, offset = nn.Parameter([0.0]), Value(0.0)
        optimizer = optim.LBFGS([slope, offset])
        calls = []

        def closure():
            optimizer.zero_grad()
            loss = sum((slope[0] * a + offset - b) ** 2 for a, b in zip(x.tolist(), y.tolist()))
            loss.backward()
            calls.append(loss.item())
            return loss

        first = optimizer.step(closure)
        assert first.item() == calls[0]
        np.testing.assert_allclose([slope.data[0], offset.data], np.polyfit(x, y, 1), rtol=1e-6)
        assert len(calls) <= 25

    def test_max_iter_limits_a_step_and_steps_go_on(self):
        a, b = Value(-1.0), Value(2.0)
        optimizer = optim.LBFGS([a, b], max_iter=12)
        losses = []

        def closure():
            optimizer.zero_grad()
            loss = (1 - a) ** 2 + 100 * (b - a * a) ** 2
            loss.backward()
            return loss

        for _ in range(10):
            losses.append(optimizer.step(closure).item())
        assert losses == sorted(losses, reverse=True)
        assert (a.data, b.data) == pytest.approx((1.0, 1.0), abs=1e-4)

    def test_an_error_puts_the_parameters_back(self):
        a = Value(3.0)
        optimizer = optim.LBFGS([a])
        count = []

        def closure():
            count.append(1)
            if len(count) == 3:
                raise KeyboardInterrupt
            optimizer.zero_grad()
            loss = a**4
            loss.backward()
            return loss

        with pytest.raises(KeyboardInterrupt):
            optimizer.step(closure)
        assert a.data == 3.0

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"lr": 0.5}, "no learning rate"),
            ({"max_iter": 0}, "max_iter"),
            ({"history_size": 1.5}, "history_size"),
            ({"line_search_fn": "armijo"}, "line_search_fn"),
        ],
    )
    def test_errors(self, options, words):
        with pytest.raises(ValueError, match=words):
            optim.LBFGS([Value(1.0)], **options)

    def test_more_errors(self):
        with pytest.raises(ValueError, match="one group"):
            optim.LBFGS([{"params": [Value(1.0)]}, {"params": [Value(1.0)]}])
        with pytest.raises(TypeError, match=r"step\(closure\)"):
            optim.LBFGS([Value(1.0)]).step()
