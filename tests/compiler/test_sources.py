"""Sources run alone: on Python's floats with IEEE results, with constants in any place, saying what they stand for."""

from __future__ import annotations

import collections
import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.primitives import TABLE

from .random_programs import LIBRARIES, agree, flat, run_as

inf, nan = math.inf, math.nan


def made(compiled, library="numpy"):
    """The function of a source."""
    text = compiled.source(library)
    space: dict = {}
    exec(compile(text, f"<{library}>", "exec"), space)
    return space[compiled.name], text


def given(library, x):
    if library == "torch":
        import torch

        return torch.tensor(x, dtype=torch.float64)
    return x


IEEE = {
    "1/0": (lambda x: 1.0 / x, (0.0, -0.0, inf)),
    "pole": (lambda x: x / (x - 1.0), (1.0, 2.0)),
    "0/0": (lambda x: (x - 1.0) / (x - 1.0), (1.0, inf)),
    "root of a negative number": (lambda x: x**0.7, (-2.0, 0.0, inf)),
    "power of 0": (lambda x: x**-1.5, (0.0, 4.0)),
    "overflow": (lambda x: ag.exp(x) * x * x, (1e4, -1e4, 800.0)),
    "overflowing power": (lambda x: x**5.0, (1e200, -1e200)),
    "quotient of sums": (lambda x: (x + 1.0) / ((x - 2.0) * (x + 2.0)), (2.0, -2.0)),
    "log of 0": (lambda x: ag.log(x) - ag.log(-x), (0.0, 1.0, -1.0)),
    "derivative": (ag.grad(lambda x: ag.sqrt(x) + 1.0 / x), (0.0, 1.0)),
}


@pytest.mark.parametrize("library", ["python", *[name for name in LIBRARIES if name != "drjit"]])
@pytest.mark.parametrize("name", IEEE)
def test_plain_numbers_have_ieee_results(name, library):
    f, points = IEEE[name]
    with run_as("lines"):
        compiled = ag.compile(f)
        compiled(0.3)
        program, _ = made(compiled, library)
    for x in points:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = float(program(x))
        expected = compiled(x)
        assert found == expected or math.isclose(found, expected) or found != found != expected, (x, found, expected)


@pytest.mark.parametrize("library", ["python", *LIBRARIES])
def test_results_that_are_empty(library):
    with run_as("lines"):
        compiled = ag.compile(lambda x: [x for _ in range(0)])
        assert compiled(1.0) == []
        program, _ = made(compiled, library)
    assert len(program(1.0)) == 0


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(name for name, op in TABLE.items() if op.arity in (2, 3)))
def test_pytorch_takes_constants_in_every_place(name, place):
    pytest.importorskip("torch")
    op = TABLE[name]
    if place >= op.arity or (name, place) in {("polygamma", 0), ("round", 1)}:  # whole numbers, part of the source
        return
    numbers = [(low + 2.0 * high) / 3.0 for low, high in op.domain]
    if name in ("ldexp", "round", "polygamma"):
        numbers = {"ldexp": [0.7, 2.0], "round": [0.77, 1.0], "polygamma": [1.0, 1.7]}[name]

    def f(x):
        return op(*[x if k == place else number for k, number in enumerate(numbers)])

    def both(x):
        return op(*[number if k == place else x + (number - numbers[place]) for k, number in enumerate(numbers)])

    for g in (f, both):
        if g is both and name in ("round", "polygamma", "where"):
            continue
        compiled = ag.compile(g)
        expected = compiled(numbers[place])
        found = float(made(compiled, "torch")[0](given("torch", numbers[place])))
        assert agree([found], [expected]), (found, expected)


def test_what_decided_the_way_is_asserted():
    def f(x, xs):
        if x > 0.5 and not x > 3.0:
            return ag.sum([v * x if v > 0 else -v for v in xs])
        return x

    for way, libraries in ((None, ("numpy", "torch")), ("lines", ("python",))):
        with run_as(way):
            compiled = ag.compile(f)
            assert compiled(1.0, [1.0, -2.0]) == 3.0
            for library in set(libraries) & {"python", *LIBRARIES}:
                program, text = made(compiled, library)
                assert "assert" in text
                xs = [1.0, -2.0] if library == "python" else given(library, np.array([1.0, -2.0]))
                assert float(program(given(library, 1.0), xs)) == 3.0
                for other in (0.2, 4.0):
                    with pytest.raises(AssertionError):
                        program(given(library, other), xs)
    assert "x > 0.5" in text


def test_numbers_that_were_read_are_asserted():
    compiled = ag.compile(lambda x: x * round(x.data) if x.data == 2.0 else x)
    assert compiled(2.0) == 4.0
    program, text = made(compiled)
    assert "assert np.all(x == 2.0)" in text
    assert program(2.0) == 4.0
    with pytest.raises(AssertionError):
        program(3.0)


def test_guards_in_long_programs():
    def f(x):
        total = 0.0
        for k in range(60):
            x = ag.tanh(x * 1.5)
            total = total + x * (k / 10.0)
        return [-total, total][1 if x > 0 else 0]

    compiled = ag.compile(f)
    expected = compiled(0.3)
    program, text = made(compiled)
    assert "for " in text
    assert "assert" in text
    assert math.isclose(program(0.3), expected)
    with pytest.raises(AssertionError):
        program(-0.3)


@pytest.mark.parametrize("library", ["python", *LIBRARIES])
def test_integers_that_count_are_defaults(library):
    def f(x, n, m=2):
        for _ in range(n):
            x = x * 1.5 + m
        return x

    with run_as("lines"):
        compiled = ag.compile(f)
        assert compiled(1.0, 3, m=1) == 8.125
        program, text = made(compiled, library)
    assert "n=3" in text
    assert flat(program(1.0, *[1.0] * ("m=1" not in text))) == [8.125]
    assert flat(program(1.0, *[1.0] * ("m=1" not in text), n=3)) == [8.125]
    if library != "jax":
        with pytest.raises(AssertionError):
            program(1.0, *[1.0] * ("m=1" not in text), n=4)


def test_softmax_is_numpys_own():
    for f in (ag.softmax, ag.log_softmax, lambda v: [ag.celu(x) + ag.softshrink(x) + ag.hardshrink(x) for x in v]):
        compiled = ag.compile(f)
        v = np.array([1.0, -2.0, 3.0, 0.5] * 3)
        expected = compiled(v)
        program, text = made(compiled)
        assert "autograd_lite" not in text
        np.testing.assert_allclose(np.ravel(program(v)), np.ravel(expected), rtol=1e-12)


def test_pytorchs_says_that_it_wants_float64():
    compiled = ag.compile(lambda v: ag.dot(v, [1.0, 2.0, 3.0]))
    compiled([1.0, 2.0, 3.0])
    assert "float64" in compiled.source("torch").split("def ")[0]


def test_a_comparison_as_an_operand_has_parentheses():
    for f, shown in (
        (lambda x, y: ((x > 0) == (y > 0)) * 1.0, "(x > 0) = (y > 0)"),
        (lambda x, y: ((x > 0) != (y <= x)) * 1.0, "(x > 0) != (y <= x)"),
        (lambda x, y: ag.where((x < y) > (y < 1.0), x, y), "(x < y) > (y < 1)"),
    ):
        compiled = ag.compile(f)
        compiled(1.0, 2.0)
        assert shown in str(compiled.equations())


Layer = collections.namedtuple("Layer", "w b")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"w": [[1.0, 2.0]], "b": 0.5}, "p_w, p_b"),
        ([[[1.0, 2.0]], 0.5], "p0, p1"),
        ([([1.0, 2.0], 0.5), ([3.0], 0.1)], "p0_0, p0_1, p1_0, p1_1"),
        ({"layers": [([1.0, 2.0], 0.5)], "0 last": 2.0}, "p_layers0_0, p_layers0_1, p_0_last"),
        (Layer([1.0, 2.0], 0.5), "p_w, p_b"),
        ([1.0, 2.0], "p"),
    ],
)
def test_parts_of_arguments_are_called_by_where_they_are(given, names):
    """As the user reads them: ``p_w`` is p["w"], ``p0_1`` is p[0][1]."""

    def total(p):
        if isinstance(p, dict):
            return total(list(p.values()))
        return sum(total(item) for item in p) if isinstance(p, (list, tuple)) else p * p

    compiled = ag.compile(total)
    compiled(given)
    assert f"def total({names}):" in compiled.source()
