"""Index arrays in sources: those of all pairs are formulas, any other is written out."""

import itertools

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.emit.positions import positions_source

from .test_loops import flat, run


def places_of(pairs, which, width, start):
    """Where the numbers of one of each pair are, items of ``width`` numbers from ``start`` on."""
    return np.array([start + width * pair[which] + k for pair in pairs for k in range(width)])


PAIRS = {
    "above": lambda n: itertools.combinations(range(n), 2),
    "above and on": lambda n: itertools.combinations_with_replacement(range(n), 2),
    "below": lambda n: ((i, j) for i in range(n) for j in range(i)),
    "below and on": lambda n: ((i, j) for i in range(n) for j in range(i + 1)),
    "others": lambda n: itertools.permutations(range(n), 2),
}


@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("which", [0, 1])
def test_pairs_are_formulas(pairs, width, which):
    for n, start in ((8, 0), (9, 5), (40, 1)):
        positions = places_of(PAIRS[pairs](n), which, width, start)
        text = positions_source(positions, "np")
        np.testing.assert_array_equal(eval(text, {"np": np}).ravel(), positions)
        if (pairs, which) != ("others", 0):  # which is a repetition, and no index array in a program
            assert len(text) < 120


def test_rings_and_shapes():
    for shift, width in ((1, 1), (19, 1), (7, 2)):
        positions = ((np.arange(20) + shift) % 20)[:, None] * width + np.arange(width)
        for shape in ((20, width), (20 * width,), (4, 5, width)):
            text = positions_source(positions.reshape(shape), "np")
            found = eval(text, {"np": np})
            np.testing.assert_array_equal(found, positions.reshape(shape))
            assert len(text) < 80


@pytest.mark.parametrize("seed", range(200))
def test_any_other_is_what_it_was(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.choice([1, 3, 17, 20, 21, 28, 36, 56, 90, 190]))
    positions = np.sort(rng.integers(0, 12, size)) if seed % 3 else rng.integers(0, 50, size)
    if seed % 2 and size > 16:  # nearly the pairs'
        n = 1 + int(np.sqrt(2 * size))
        positions = np.resize(np.triu_indices(n, 1)[seed % 2], size)
        positions[rng.integers(size)] += int(rng.integers(2))
    np.testing.assert_array_equal(eval(positions_source(positions, "np"), {"np": np}), positions)


def energy(points):
    total = 0.0
    for i, p in enumerate(points):
        for q in points[i + 1 :]:
            total = total + 1 / ag.sqrt(sum((a - b) ** 2 for a, b in zip(p, q)) + 0.1)
    return total


def smoothed(u):
    return sum((x - u[(k + 3) % len(u)]) ** 2 * ag.sin(x) for k, x in enumerate(u))


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("f", [energy, smoothed], ids=lambda f: f.__name__)
def test_programs_of_pairs_have_no_tables(f, backend):
    points = np.random.default_rng(0).normal(size=(40, 2) if f is energy else 40)
    gradient = ag.value_and_grad(f)
    compiled = ag.compile(gradient)
    compiled(points)
    text, found = run(compiled, backend, (points,))
    np.testing.assert_allclose(found, flat(gradient(points)), rtol=1e-9, atol=1e-12)
    assert len(text) < 3000
