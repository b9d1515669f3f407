"""The notation of textbooks, and what is suggested for it."""

from __future__ import annotations

import math

import pytest

from autograd_lite.cli.formula import ExpressionError, evaluate
from autograd_lite.cli.spelling import respelled

MEANT = {
    "x^2": 9.0, "2x": 6.0, "2 x": 6.0, "sin x": math.sin(3), "sin 2x": math.sin(6), "x²": 9.0, "x³ + x⁻¹": 27 + 1 / 3,
    "|x - 5|": 2.0, "√x": math.sqrt(3), "2(x+1)": 8.0, "(x+1)(x-1)": 8.0, "x(x+1)": 12.0, "(x+1)x": 12.0, "x y": 12.0,
    "2x y": 24.0, "3x² + 2x + 1": 34.0, "e^x": math.e**3, "e^-x": math.e**-3, "sin^2(x)": math.sin(3) ** 2,
    "sin² x": math.sin(3) ** 2, "3·x × y ÷ 2": 18.0, "−x + 2": -1.0, "y = x**2": 9.0, "f(x) = x^2": 9.0,
    "2 sin x": 2 * math.sin(3), "x ln x": 3 * math.log(3), "2.5x": 7.5, "1/2x": 1.5, "\\sin(x)": math.sin(3),
    "2pi x": 6 * math.pi, "2π": 2 * math.pi, "exp(-x^2/2)": math.exp(-4.5), "1e3x": 3000.0, "log2 x": math.log2(3),
    "x·y": 12.0, "Sin(x) + 2x": math.sin(3) + 6, "TANH(x) + 2x": math.tanh(3) + 6, "np.exp(x)": math.exp(3), "x!": 6.0,
    "math.sin(x)*ag.cos(x)": math.sin(3) * math.cos(3), "d/dx x^2": 9.0, "artanh(1/x) + 2x": math.atanh(1 / 3) + 6,
}  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_the_suggestion_is_a_formula_with_the_value_that_was_meant(text):
    better = respelled(text)
    variables = {"x": 3.0, "y": 4.0}
    assert evaluate(better, variables) == pytest.approx(MEANT[text], rel=1e-14)
    if text == "−x + 2" or "π" in text:
        return
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, variables)
    assert f"did you mean {better} ?" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["x**2", "2*x", "sin(x)", "1e5", "1e-5*x", "log10(x)", "x +", "(x", "import os", "", "x" * 5000, "e", "x2", "2e"],
)
def test_what_is_fine_or_hopeless_gets_none(text):
    assert respelled(text) in ("", "2*e")


def test_a_suggestion_is_never_more_than_a_formula():
    for text in ("__import__ os", "x.real 2", "lambda x: x", "x[0] 2", "eval x", "open (x)"):
        assert not any(word in respelled(text) for word in (".", "[", "lambda", "open(", "eval("))
