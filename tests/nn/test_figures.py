"""Figures 7.6 to 7.8: their numbers, and pictures that are the same each time and fit on one page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from autograd_lite.chapter7 import FIGURES, networks
from autograd_lite.drawing import inline_html


def test_all_nine_figures_are_there_in_order():
    numbers = [figure.number for figure in FIGURES if figure.number]
    assert numbers == [f"7.{k}" for k in range(1, 10)]


def test_relu_and_its_derivative():
    assert networks.relu_and_derivative([-2.0, -0.0, 0.0, 1e-300, 3.0]) == (
        [0.0, 0.0, 0.0, 1e-300, 3.0],
        [0, 0, 0, 1, 1],
    )


@pytest.mark.parametrize("sigma2", networks.VARIANCES)
def test_variances_of_figure_7_7(sigma2):
    """Each layer multiplies both variances by D_h·σ²/2 on average: only σ² = 2/D_h keeps them."""
    found = networks.signal(sigma2)
    assert len(found.forward) == 51
    assert len(found.backward) == 50
    growth = 100 * sigma2 / 2
    for ends in ((found.forward[1], found.forward[-1]), (found.backward[-1], found.backward[0])):
        assert abs(np.log(ends[1] / ends[0]) / 49 - np.log(growth)) < 0.1


def test_gradients_of_figure_7_7_are_the_matrix_equations():
    """The engine's ∂ℓ/∂f₀ against the chapter's equations, on arrays, for the same weights."""
    from autograd_lite.data.random import Generator

    layers, units, sigma2 = 6, 20, 0.1
    generator = Generator(7).numpy
    h = generator.standard_normal(units)
    matrices, sums, hidden = [], [], [h]
    for _ in range(layers):
        matrices.append(generator.normal(0.0, sigma2**0.5, (units, units)))
        sums.append(matrices[-1] @ hidden[-1])
        hidden.append(np.maximum(sums[-1], 0.0))
    last = generator.normal(0.0, sigma2**0.5, (1, units))
    delta = (last.T @ (2.0 * (last @ hidden[-1]))) * (sums[-1] > 0.0)
    wanted = [np.var(delta)]
    for matrix, f in zip(matrices[:0:-1], sums[-2::-1]):
        delta = (matrix.T @ delta) * (f > 0.0)
        wanted.insert(0, np.var(delta))
    found = networks.signal(sigma2, layers=layers, units=units)
    np.testing.assert_allclose(found.backward, wanted, rtol=1e-11)
    np.testing.assert_allclose(found.forward, [np.var(h) for h in hidden], rtol=1e-11)


def test_training_falls():
    losses = networks.train(epochs=6)
    assert losses == networks.train(epochs=6)
    assert losses[-1] < 0.6 * losses[0]
    assert all(b < 1.2 * a for a, b in pairwise(losses))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(theme, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(networks, "_losses", lambda: networks.train(epochs=2))
    for figure in networks.FIGURES:
        svg = figure.draw(theme)
        assert svg == figure.draw(theme)
        root = ET.fromstring(svg)
        ids = {element.get("id") for element in root.iter()}
        inline = inline_html(svg)
        for element in root.iter():
            for name, value in element.attrib.items():
                if name.endswith("href") and value.startswith("#"):
                    assert value[1:] in ids
                    assert f'"{value}"' not in inline  # prefixed on a page of several
        assert "<style" not in svg
