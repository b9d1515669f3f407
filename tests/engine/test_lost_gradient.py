"""A Value that would become a plain number: the error says what to write on this very line."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

v = Value(0.5)
xs = [1, 2, 3]
table = np.zeros(3)


def store():
    table[0] = v


def rounds():
    for _ in range(
        v,
    ):
        pass


CAUSES = {
    "math": (lambda: math.sin(v), r"use ag\.sin\(v\) or v\.sin\(\)"),
    "math of an expression": (lambda: math.exp(2 * v), r"use ag\.exp\(2 \* v\), or v\.data"),
    "math of two": (lambda: math.hypot(v, 1.0), r"use ag\.hypot\(v, 1\.0\)"),
    "math without ours": (lambda: math.nextafter(v, 1.0), r"@ag\.primitive"),
    "print": (lambda: "%3.3f" % v, r"f-string, f'\{v:\.3f\}'"),  # noqa: UP031
    "print two": (lambda: "%s: %f" % ("a", v), r"f-string, f'\{v:\.3f\}'"),  # noqa: UP031
    "print an expression": (lambda: "%g" % (v * 2), r"f-string, f'\{v \* 2:\.3f\}'"),
    "range": (rounds, r"range\(int\(v\.data\)\)"),
    "index": (lambda: xs[v], r"int\(v\.data\) if you mean the number"),
    "slice": (lambda: xs[:v], r"int\(v\.data\) if you mean the number"),
    "count": (lambda: math.factorial(v), r"int\(v\.data\)"),
    "float": (lambda: float(v), r"v\.data is the number alone"),
    "int": (lambda: int(v), r"int\(v\.data\) is the number alone"),
    "complex": (lambda: complex(v), r"complex\(v\.data\) is the number alone"),
    "array": (lambda: np.array([v, 1.0], dtype=float), r"object array \(dtype=object, or ag\.values\)"),
    "store": (store, r"table holds plain floats; make it an object array"),
    "library": (lambda: random.randint(0, v), r"random\.randint takes"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_cure_is_that_of_the_line(name):
    cause, cure = CAUSES[name]
    with pytest.raises(ag.LostGradientError, match=r"^a Value can't become .* without losing its gradient: .*" + cure):
        cause()


MASKED = np.ma.array([1.0, 2.0], mask=[0, 1])


@pytest.mark.parametrize("f", [lambda: MASKED * v, lambda: v - MASKED, lambda: MASKED**v, lambda: np.ma.exp(v)])
def test_masked_arrays_do_not_take_the_number_alone(f):
    with pytest.raises(ag.LostGradientError, match=r"write array\.filled\(0\.0\)"):
        f()


def test_there_is_one_text_a_cause():
    texts = set()
    for cause, _ in CAUSES.values():
        with pytest.raises(ag.LostGradientError) as caught:
            cause()
        texts.add(str(caught.value).split("gradient: ")[1])
    assert len(texts) >= len(CAUSES) - 2


def test_without_source_the_advice_is_general():
    with pytest.raises(ag.LostGradientError, match=r"ag\.sin\(v\), v\.sin\(\)"):
        exec(compile("math.sin(v)", "<from nowhere>", "exec"), {"math": math, "v": v})


def test_a_type_error_it_remains():
    with pytest.raises(TypeError):
        float(v)


@pytest.mark.parametrize("of", ["plot", "scatter", "hist", "axhline"])
def test_a_plot_of_values_is_told_of_their_numbers(of):
    """Matplotlib's own frames ask for the floats; the advice is for the line that called it."""
    figure = pytest.importorskip("matplotlib.figure")
    ax = figure.Figure().subplots()
    call = getattr(ax, of)
    given = {"scatter": ([v, v], [v, v]), "axhline": (v,)}.get(of, ([v, v],))
    with pytest.raises(ag.LostGradientError, match=r"call takes plain floats; .*ag\.numbers\(values\)"):
        call(*given)
