"""A graph in words: names, expressions, local derivatives as formulas."""

from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.chapter7 import toy_chain
from autograd_lite.notation import (
    Phrase,
    explain,
    expression,
    name_nodes,
    number,
    number_latex,
    outline,
    phrase,
    symbol,
)
from autograd_lite.notation.expressions import phrase_of_call
from autograd_lite.notation.local_derivatives import Formula, local_formulas, phrase_of_formula
from autograd_lite.primitives import TABLE

from .readers import balanced_latex, derivatives, local

# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "text", "latex", "markup", "identifier"),
    [
        ("x", "x", "x", "<i>x</i>", "x"),
        ("f1", "f₁", "f_1", "<i>f</i><sub>1</sub>", "f1"),
        ("f_1", "f₁", "f_1", "<i>f</i><sub>1</sub>", "f1"),
        ("f₁", "f₁", "f_1", "<i>f</i><sub>1</sub>", "f1"),
        ("h12", "h₁₂", "h_{12}", "<i>h</i><sub>12</sub>", "h12"),
        ("omega0", "ω₀", r"\omega_0", "<i>ω</i><sub>0</sub>", "omega0"),
        ("ω0", "ω₀", r"\omega_0", "<i>ω</i><sub>0</sub>", "omega0"),
        ("beta", "β", r"\beta", "<i>β</i>", "beta"),
        ("ell", "ℓ", r"\ell", "<i>ℓ</i>", "ell"),
        ("lambda", "λ", r"\lambda", "<i>λ</i>", "lambda_"),
        ("Omega2", "Ω₂", r"\Omega_2", "<i>Ω</i><sub>2</sub>", "Omega2"),
        ("w[0, 1]", "w[0,1]", "w_{0,1}", "<i>w</i><sub>0,1</sub>", "w_0_1"),
        ("w_ij", "w_ij", "w_{ij}", "<i>w</i><sub>ij</sub>", "w_ij"),
        ("loss", "loss", r"\mathit{loss}", "<i>loss</i>", "loss"),
        ("train loss", "train loss", r"\text{train loss}", "train loss", "train_loss"),
        ("1st", "1st", r"\text{1st}", "1st", "_1st"),
    ],
)
def test_a_label_becomes_a_symbol(label, text, latex, markup, identifier):
    found = symbol(label)
    assert (found.text, found.latex, found.html, found.identifier) == (text, latex, markup, identifier)


def test_names_are_unique_and_unnamed_nodes_are_numbered():
    a, b, c = Value(1.0, "x"), Value(2.0, "x"), Value(3.0, "v1")
    nodes = ag.topological_order(a * b + c)
    names = name_nodes(nodes)
    assert [names[n].text for n in nodes] == ["x", "x′", "v₂", "v₁", "v₃"]
    assert [names[n].latex for n in nodes[:2]] == ["x", "{x}'"]
    assert len({names[n].identifier for n in nodes}) == 5


def test_variables_name_what_has_no_label():
    a, b = Value(1.0), Value(2.0, "b")
    w = ag.values([[1.0, 2.0], [3.0, 4.0]])
    y = a * b + ag.sum(w) + ag.sum([c := Value(5.0)])
    names = name_nodes(ag.topological_order(y), {"a": a, "_": a, "other": b, "w": w, "cs": [c], "n": 3})
    assert names[a].text == "a"
    assert names[b].text == "b"
    assert names[w[1, 0]].text == "w[1,0]"
    assert names[c].text == "cs₀" or names[c].text == "cs[0]"


def test_a_notebooks_variables_may_be_anything():
    """Modules, classes and functions have attributes called like an array's; some objects have none at all."""

    class Awkward:
        def __getattr__(self, name):
            raise RuntimeError(name)

    x = Value(2.0)
    names = {
        **vars(np),
        "np": np,
        "ag": ag,
        "kinds": [np.ndarray, Awkward],
        "odd": Awkward(),
        "x": x,
        "empty": np.ones(0),
    }
    assert "∂y/∂x" in str(ag.explain((x * x).named("y"), names=names))
    assert "x" in ag.draw(x * x, names=names).source


def test_numbers():
    assert [number(x) for x in (2.0, 0.1, 1 / 3, 1e-9, -0.0, math.inf)] == [
        "2",
        "0.1",
        "0.333333",
        "1e-09",
        "-0",
        "inf",
    ]
    assert number(1 / 3, None) == repr(1 / 3)
    assert number_latex(1.5e-9) == r"1.5 \times 10^{-9}"
    assert [number_latex(x) for x in (-math.inf, math.nan)] == [r"-\infty", r"\mathrm{nan}"]


# --- expressions ------------------------------------------------------------------------------------------------------

X, Y, Z = (Value(v, n) for v, n in ((0.5, "x"), (0.75, "y"), (1.25, "z")))


def written(node, style="text"):
    nodes = ag.topological_order(node)
    names = name_nodes(nodes)
    return phrase(node, names.__getitem__, {id(n) for n in nodes if not names.named(n)}, style).text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: X + Y * Z, "x + y · z"),
        (lambda: (X + Y) * Z, "(x + y) · z"),
        (lambda: X - (Y - Z), "x − (y − z)"),
        (lambda: X - Y - Z, "x − y − z"),
        (lambda: X / (Y * Z), "x / (y · z)"),
        (lambda: -(X + Y), "−(x + y)"),
        (lambda: X - (-Y), "x − (−y)"),
        (lambda: X * -2.0, "x · (-2)"),
        (lambda: 2 * X, "2 · x"),
        (lambda: X**2, "x²"),
        (lambda: X**-1, "x⁻¹"),
        (lambda: (X + 1) ** 0.5, "(x + 1)^0.5"),
        (lambda: (X**2) ** 3, "(x²)³"),
        (lambda: X**Y, "x^y"),
        (lambda: (-X) ** 2, "(−x)²"),
        (lambda: -(X**2), "−x²"),
        (lambda: ag.sin(X), "sin x"),
        (lambda: ag.sin(X + Y), "sin(x + y)"),
        (lambda: ag.sin(X) * Y, "(sin x) · y"),
        (lambda: Y * ag.sin(X), "y · sin x"),
        (lambda: ag.sin(ag.exp(X)), "sin(exp x)"),
        (lambda: ag.sin(ag.exp(X + Y)), "sin(exp(x + y))"),
        (lambda: ag.exp(X + Y) * Z, "exp(x + y) · z"),
        (lambda: ag.exp(X + Y) ** 2, "(exp(x + y))²"),
        (lambda: ag.sin(X) ** 2, "(sin x)²"),
        (lambda: abs(X - Y), "|x − y|"),
        (lambda: ag.affine([X, Y], [Z, X], Y), "y + z · x + x · y"),
        (lambda: ag.relu(ag.affine([X], [Y], Z)), "relu(z + y · x)"),
        (lambda: ag.dot([X, Y], [2.0, Z]), "x · 2 + y · z"),
        (lambda: ag.sum([X, Y, Z]), "x + y + z"),
        (lambda: ag.sum([X, Y, Z]) * 2, "(x + y + z) · 2"),
        (lambda: ag.max([X, Y, Z]), "max(x, y, z)"),
        (lambda: ag.maximum(X, 0.0), "max(x, 0)"),
    ],
)  # fmt: skip
def test_an_expression_in_text(make, text):
    assert written(make()) == text


@pytest.mark.parametrize(
    ("make", "latex"),
    [
        (lambda: (X + Y) * Z, r"\left(x + y\right) \cdot z"),
        (lambda: X / (Y + Z), r"\frac{x}{y + z}"),
        (lambda: (X / Y) ** 2, r"\left(\frac{x}{y}\right)^{2}"),
        (lambda: ag.sin(X + Y), r"\sin\left[x + y\right]"),
        (lambda: ag.exp2(X) ** 2, r"\left(2^{x}\right)^{2}"),
        (lambda: ag.sqrt(X + Y) * Z, r"\sqrt{x + y} \cdot z"),
    ],
)
def test_an_expression_in_latex(make, latex):
    assert written(make(), "latex") == latex


SCOPE = {name: getattr(sympy, name) for name in dir(sympy) if not name.startswith("_")}


@pytest.mark.parametrize("name", [name for name in TABLE if name != "where"])
def test_the_sympy_source_of_every_op_has_its_value(name):
    """Each op on sums (so that parentheses matter), within a product within a power."""
    prim = TABLE[name]
    count = prim.arity if prim.arity > 0 else {"affine": 5}.get(name, 4)
    domain = prim.domain if len(prim.domain) == count else prim.domain * count
    leaves = [Value(low + (high - low) * (0.3 + 0.13 * i), f"q{i}") for i, (low, high) in enumerate(domain[:count])]
    args = [leaf + Value(0.0, f"z{i}") for i, leaf in enumerate(leaves)]
    groups = {"dot": (args[:2], args[2:]), "dist": (args[:2], args[2:]), "affine": (args[:2], args[2:4], args[-1])}
    node = (prim(*groups.get(name, args if prim.arity > 0 else (args,))) * 2.0) ** 2
    numbers = {leaf.label: sympy.Float(leaf.data, 30) for leaf in ag.topological_order(node) if leaf.op is None}
    value = sympy.N(eval(expression(node, "sympy"), SCOPE, numbers), 20)
    assert float(value) == pytest.approx(node.data, rel=1e-11)


def test_long_sums_are_elided_in_text_but_not_in_sympy():
    many = [Value(1.0, f"x{i}") for i in range(785)]
    assert written(ag.sum(many)) == "Σ(x₀, x₁, x₂, …, x₇₈₄)"
    assert written(ag.dot(many, many)) == "x₀ · x₀ + x₁ · x₁ + x₂ · x₂ + … + x₇₈₄ · x₇₈₄"
    assert len(written(ag.sum(many), "sympy").split("+")) == 785


def test_sympy_source_has_the_value_of_the_graph():
    made = [
        X + Y * Z, (X - (Y - Z)) / (X * Y), -(X**2) + (-X) ** 2, X**Y**Z, (X**Y) ** Z, ag.exp2(X) ** 2,
        ag.expm1(X) ** 2, ag.logsumexp([X, Y, Z]), ag.mean([X, Y, Z]) * 2, ag.sigmoid(X - Y) ** 2,
        ag.leaky_relu(X - Z, 0.1) * 3, ag.hypot(X, Y - Z),
        ag.affine([X, Y], [Z, X], Y) * 2, ag.cbrt(X) / Y, 2.0 ** (X + Y), 1 / (1 / X), X - (Y + Z) - (X - Y),
    ]  # fmt: skip
    for node in made:
        symbols = {v.label: sympy.Float(v.data, 30) for v in (X, Y, Z)}
        value = eval(written(node, "sympy"), SCOPE, symbols)
        assert float(value) == pytest.approx(node.data, rel=1e-14), written(node, "sympy")


TEMPLATES = [(name, style) for name in TABLE for style in ("text", "latex", "sympy")]


@pytest.mark.parametrize(("name", "style"), TEMPLATES, ids=lambda part: part)
def test_every_op_of_the_table_has_a_notation_that_holds_its_operands(name, style):
    prim = TABLE[name]
    count = prim.arity if prim.arity > 0 else {"affine": 5}.get(name, 4)
    names = [f"q{i}" for i in range(count)]
    plain = phrase_of_call(prim, [Phrase([("var", n)]) for n in names], style)
    for n in names:
        assert n in plain.text, plain.text
    assert "{args}" not in plain.text
    if style == "latex":
        balanced_latex(plain.text, None)
    else:
        assert plain.text.count("(") == plain.text.count(")")


@given(st.integers(0, 10**6))
def test_text_reads_back_as_the_same_number(seed):
    """Parentheses are right: the text, in Python's operators, evaluates to the node's value."""
    rng = random.Random(seed)
    pool = [X, Y, Z]
    for _ in range(rng.randint(1, 9)):
        a, b = rng.choice(pool[-4:]), rng.choice(pool)
        pool.append(rng.choice([
            lambda a=a, b=b: a + b, lambda a=a, b=b: a - b, lambda a=a, b=b: a * b, lambda a=a, b=b: a / (b * b + 1.0),
            lambda a=a: -a, lambda a=a: a**2, lambda a=a: ag.sin(a), lambda a=a: ag.exp(-(a * a)),
        ])())  # fmt: skip
    text = written(pool[-1])
    code = text.replace("−", "-").replace("·", "*").replace("²", "**2")
    code = re.sub(r"\b(sin|exp) ([\w.]+)", r"\1(\2)", code)
    value = eval(code, {"x": 0.5, "y": 0.75, "z": 1.25, "sin": math.sin, "exp": math.exp})
    assert value == pytest.approx(pool[-1].data, rel=1e-12), text


def test_a_custom_primitive_gets_its_own_notation():
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        return x * x * x

    @ag.primitive(partials=lambda out, x: (1.0,), text="odd { template")
    def odd(x):
        return x

    assert written(cube(X + Y) * 2) == "cube(x + y) · 2"
    assert written(cube(X), "latex") == r"\operatorname{cube}\left(x\right)"
    assert written(odd(X)) == "odd(x)"


def test_folding_keeps_lines_short_and_shared_nodes_apart():
    x = Value(0.5, "x")
    shared = x * 2.0
    y = ((shared + 1.0) * shared).named("f")
    lines = [line.node for line in outline((y * 1.0).named("y")).lines]
    assert shared in lines or any(n is shared for n in lines)
    long = x
    for _ in range(100):
        long = long + 1.0
    seen = outline((long.named("f") * 2.0).named("y"))
    assert 8 <= len(seen.lines) <= 20
    assert max(len(seen.phrase(line.node).text) for line in seen.lines) < 60


@pytest.mark.parametrize(
    ("make", "formulas"),
    [
        (lambda x, w: x**2, {"∂y/∂x": "2 · x"}),
        (lambda x, w: x * w, {"∂y/∂x": "w", "∂y/∂w": "x"}),
        (lambda x, w: x / w, {"∂y/∂x": "1 / w", "∂y/∂w": "−(y / w)"}),
        (lambda x, w: ag.exp(x), {"∂y/∂x": "y"}),
        (lambda x, w: ag.cos(x), {"∂y/∂x": "−sin x"}),
        (lambda x, w: ag.log(x), {"∂y/∂x": "1 / x"}),
        (lambda x, w: (w * x - 1.0) ** 2, {"∂y/∂w": "2 · (w · x − 1) · x", "∂y/∂x": "2 · (w · x − 1) · w"}),
        (lambda x, w: ag.affine([x], [w], 1.0), {"∂y/∂x": "w", "∂y/∂w": "x"}),
        (lambda x, w: ag.relu(x), {"∂y/∂x": ""}),
        (lambda x, w: x + w, {"∂y/∂x": "", "∂y/∂w": ""}),
        (lambda x, w: ag.sum([x, w] * 20), {"∂y/∂x": "", "∂y/∂w": ""}),
    ],
)  # fmt: skip
def test_a_local_derivative_is_the_rule_of_the_table_in_words(make, formulas):
    assert local(make(Value(0.5, "x"), Value(1.5, "w"))) == formulas


@pytest.mark.parametrize("name", [name for name in TABLE if name != "where"])
def test_the_formulas_of_every_op_have_the_values_of_its_partials(name):
    prim = TABLE[name]
    count = prim.arity if prim.arity > 0 else {"affine": 5}.get(name, 4)
    domain = prim.domain if len(prim.domain) == count else prim.domain * count
    args = [Value(low + (high - low) * (0.3 + 0.13 * i), f"q{i}") for i, (low, high) in enumerate(domain[:count])]
    groups = {"dot": (args[:2], args[2:]), "dist": (args[:2], args[2:]), "affine": (args[:2], args[2:4], args[-1])}
    y = (prim(*groups.get(name, args if prim.arity > 0 else (args,))) * 2.0).named("y")
    seen = outline(y, fold=True)
    line = seen.lines[-1]
    found = local_formulas(seen, line)
    assert len(found) == count
    for formula, ways in zip(found, line.partials, strict=True):
        if formula is not None:
            value = formula.number if isinstance(formula, Formula) else formula
            assert value == pytest.approx(sum(ways), rel=1e-12, abs=1e-300, nan_ok=True)
            assert phrase_of_formula(formula).text
            balanced_latex(phrase_of_formula(formula, "latex").text, None)
    long = ("celu", "erfinv", "gelu_tanh", "mish", "sinc", "logsumexp", "softmax_of", "log_softmax_of", "var", "std")
    if name not in (*long, "polygamma", "max", "min"):
        assert None not in found


def test_a_rule_that_does_not_take_symbols_leaves_the_number():
    @ag.primitive(partials=lambda out, v: (math.cos(v.data if isinstance(v, Value) else v + 0.0),))
    def stubborn(v):
        return math.sin(v)

    section = explain(stubborn(Value(0.5, "x")).named("y"), local=True).local
    assert [(row.expression, row.value) for row in section.rows] == [((), math.cos(0.5))]


def test_local_derivatives_in_every_format():
    trace = explain(toy_chain()["loss"], local=True, digits=6)
    assert "  ∂ℓ/∂f₃  = 2 · (f₃ − 2) = 0.744528\n" in str(trace)
    assert "| ∂h₃/∂f₂ | −sin f₂ | -0.753523 |" in trace.markdown()
    assert "<td>∂<i>h</i><sub>3</sub>/∂<i>f</i><sub>2</sub></td><td>−sin <i>f</i><sub>2</sub></td>" in trace.html()
    assert r"\frac{\partial h_3}{\partial f_2} &= -\sin\left[f_2\right] = -0.753523" in trace.latex()
    assert explain(toy_chain()["loss"]).local is None


def test_a_leaf_and_a_seed():
    x = Value(3.0, "x")
    assert str(explain(x)) == "Forward pass\n  x = 3\n\nBackward pass\n  ∂x/∂x = 1"
    assert derivatives(explain((2 * x).named("y"), seed=5.0)) == {"y": 5.0, "x": 10.0}


def test_nonfinite_numbers_are_shown():
    x = Value(0.0, "x")
    trace = explain(ag.log(x).named("y"))
    assert "log x = -inf" in str(trace)
    assert r"-\infty" in trace.latex()
