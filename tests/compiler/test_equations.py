"""Equations of compiled functions: the chapter's, in its letters, each symbol explained before it is used."""

from __future__ import annotations

import ast
import builtins
import itertools
import re

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

from .functions import toy

RNG = np.random.default_rng(3)


def domke(x):
    f1 = ag.exp(x)
    f2 = f1**2
    f3 = f1 + f2
    f4 = ag.exp(f3)
    f5 = ag.sin(f3)
    return f4 + f5


def recurrence(h, w, xs):
    for x in xs:
        h = ag.tanh(w * h + x)
    return h


def rosenbrock(x):
    return ag.sum([100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x)])


def network(*widths):
    layers = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def called(f, *args):
    compiled = ag.compile(f)
    compiled(*args)
    return compiled


def mse_of_a_batch():
    model, criterion = network(4, 5, 2), nn.MSELoss()
    return called(lambda x, y: criterion(model(x), y), RNG.normal(size=(6, 4)), RNG.normal(size=(6, 2)))


def one_sample():
    model, criterion = network(20, 20, 20, 1), nn.MSELoss()
    return called(lambda x: criterion(model(x), [0.0]), RNG.normal(size=20))


def one_output():
    model = network(3, 4, 2)
    return called(lambda x: model(x)[0], RNG.normal(size=3))


def one_row():
    model = network(3, 4, 2)
    return called(lambda x: ag.sum(model(x)[1]), RNG.normal(size=(5, 3)))


def outputs():
    model = network(3, 4, 2)
    return called(lambda x: model(x), RNG.normal(size=3))


def classifier():
    model, criterion = network(4, 8, 3), nn.CrossEntropyLoss()
    return called(lambda x, y: criterion(model(x), y), RNG.normal(size=(6, 4)), np.array([0, 1, 2, 1, 0, 2]))


def one_label():
    model, criterion = network(4, 8, 3), nn.CrossEntropyLoss()
    return called(lambda x, y: criterion(model(x), y), RNG.normal(size=4), 2)


POINT = (1.0, 2.0, -3.0, 0.4, 0.1, -0.4, 2.0, 3.0, 2.3, 2.0)
EVERY = {
    "mse_of_a_batch": mse_of_a_batch,
    "one_sample": one_sample,
    "one_output": one_output,
    "one_row": one_row,
    "outputs": outputs,
    "classifier": classifier,
    "one_label": one_label,
    "toy": lambda: called(toy, *POINT),
    "toy_gradient": lambda: called(ag.grad(toy, argnums=tuple(range(8))), *POINT),
    "toy_vmap": lambda: called(
        ag.vmap(ag.grad(toy, argnums=tuple(range(8))), in_axes=(None,) * 8 + (0, 0)),
        *POINT[:8], RNG.normal(size=50), RNG.normal(size=50),
    ),
    "domke": lambda: called(ag.value_and_grad(domke), 0.1),
    "softmax": lambda: called(lambda x: ag.softmax(x), RNG.normal(size=4)),
    "log_softmax": lambda: called(ag.grad(lambda x: ag.log_softmax(x)[1]), RNG.normal(size=4)),
    "recurrence": lambda: called(ag.value_and_grad(recurrence, argnums=(0, 1)), 0.1, 0.5, RNG.normal(size=300)),
    "rosenbrock": lambda: called(ag.grad(rosenbrock), RNG.normal(size=50)),
    "hessian": lambda: called(ag.hessian(rosenbrock), RNG.normal(size=4)),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_every_symbol_is_explained_before_it_is_used(name):
    found = EVERY[name]().equations()
    known: set[str] = set()
    lines = str(found).splitlines()
    defined = {left.strip().removesuffix(" +").split("[")[0] for left, _ in map(sides, lines)}
    for left, right in map(sides, lines):
        if left.startswith("for "):
            known.add("for")
            continue
        for symbol in re.findall(r"(?:∂ℓ/∂)?[^\W\d_]+\d*", right):
            if symbol in defined and symbol not in known:
                begins = "[0]" in left and symbol == left.split("[")[0]  # h[0] = h
                assert begins, f"{symbol} is used first in {left} = {right}"
        known.add(left.split("[")[0])
    assert len(found) == len(lines)


def sides(line):
    left, right = re.split(r" \+?= ", line.strip(), maxsplit=1)
    return left, right


@pytest.mark.parametrize("name", EVERY)
def test_nothing_in_them_is_internal(name):
    found = EVERY[name]().equations()
    for text in (str(found), found.latex):
        assert not re.search(r"\bt\d+\b|t_\{\d+\}|place|heaviside|reshape|…\]|\bwhere\b|-0\b|\bnan\b|softmax_of", text)
        assert text.count("(") == text.count(")")
        assert text.count("{") == text.count("}")
    assert not re.search(r"\\left(?![(\[.\\|])", found.latex)
    assert found.latex.count(r"\left") == found.latex.count(r"\right")
    assert not any(left == right for left, right in found.lines)


@pytest.mark.parametrize("name", EVERY)
def test_the_latex_is_drawn(name):
    matplotlib = pytest.importorskip("matplotlib.mathtext")
    parser = matplotlib.MathTextParser("path")
    lines = EVERY[name]().equations().lines
    assert lines
    for left, right in lines:
        text = f"{left} = {right}".replace(r"\text{", r"\mathrm{").replace(r"\lVert", r"\|").replace(r"\rVert", r"\|")
        text = text.replace(r"\tfrac", r"\frac").replace(r"\top", "T").replace(r"\quad", r"\ ")
        assert parser.parse(f"${text}$").width > 0.0, text


def test_a_batch():
    assert (
        str(mse_of_a_batch().equations())
        == """\
f0 = β0 + x Ω0ᵀ
h1 = relu f0
f1 = β1 + h1 Ω1ᵀ
ℓ = ‖f1 − y‖² / 12
∂ℓ/∂f1 = 1/6 · (f1 − y)
∂ℓ/∂β1 = Σᵢ ∂ℓ/∂f1[i]
∂ℓ/∂h1 = ∂ℓ/∂f1 Ω1
∂ℓ/∂Ω1 = ∂ℓ/∂f1ᵀ h1
∂ℓ/∂f0 = I[f0 > 0] ⊙ ∂ℓ/∂h1
∂ℓ/∂β0 = Σᵢ ∂ℓ/∂f0[i]
∂ℓ/∂Ω0 = ∂ℓ/∂f0ᵀ x"""
    )


def test_one_sample_is_the_chapters_matrix_form():
    assert (
        str(one_sample().equations())
        == """\
f0 = β0 + Ω0 x
h1 = relu f0
f1 = β1 + Ω1 h1
h2 = relu f1
f2 = β2 + Ω2 h2
ℓ = f2²
∂ℓ/∂f2 = 2 · f2
∂ℓ/∂β2 = ∂ℓ/∂f2
∂ℓ/∂h2 = Ω2ᵀ ∂ℓ/∂f2
∂ℓ/∂Ω2 = ∂ℓ/∂f2 h2ᵀ
∂ℓ/∂f1 = I[f1 > 0] ⊙ ∂ℓ/∂h2
∂ℓ/∂β1 = ∂ℓ/∂f1
∂ℓ/∂Ω1 = ∂ℓ/∂f1 h1ᵀ
∂ℓ/∂h1 = Ω1ᵀ ∂ℓ/∂f1
∂ℓ/∂f0 = I[f0 > 0] ⊙ ∂ℓ/∂h1
∂ℓ/∂β0 = ∂ℓ/∂f0
∂ℓ/∂Ω0 = ∂ℓ/∂f0 xᵀ"""
    )


def test_one_number_of_the_output():
    assert (
        str(one_output().equations())
        == """\
f0 = β0 + Ω0 x
h1 = relu f0
f1 = β1[0] + Ω1[0] · h1
ℓ = f1
∂ℓ/∂f1 = 1
∂ℓ/∂β1 = (∂ℓ/∂f1, 0)
∂ℓ/∂h1 = ∂ℓ/∂f1 · Ω1[0]
∂ℓ/∂Ω1[0] = ∂ℓ/∂f1 · h1, 0 elsewhere
∂ℓ/∂f0 = I[f0 > 0] ⊙ ∂ℓ/∂h1
∂ℓ/∂β0 = ∂ℓ/∂f0
∂ℓ/∂Ω0 = ∂ℓ/∂f0 xᵀ"""
    )


def test_a_classifier():
    lines = str(classifier().equations()).splitlines()
    assert lines[3:5] == ["ℓ = Σ (logsumexp(f1) − f1[y]) / 6", "∂ℓ/∂f1 = 1/6 · (softmax(f1) − onehot(y))"]
    lines = str(one_label().equations()).splitlines()
    assert lines[3:5] == ["ℓ = logsumexp(f1) − f1[y]", "∂ℓ/∂f1 = softmax(f1) − onehot(y)"]


def test_softmax():
    assert str(EVERY["softmax"]().equations()) == "y = softmax(x)"
    lines = str(EVERY["log_softmax"]().equations()).splitlines()
    assert lines == ["ℓ = log softmax(x)[1]", "∂ℓ/∂x = (0, 1, 0 … 0) − softmax(x)"]


TOY = """\
f0 = β0 + ω0 · x
h1 = sin f0
f1 = β1 + ω1 · h1
h2 = exp f1
f2 = β2 + ω2 · h2
h3 = cos f2
f3 = β3 + ω3 · h3
ℓ = (f3 − y)²
∂ℓ/∂f3 = 2 · (f3 − y)
∂ℓ/∂β3 = ∂ℓ/∂f3
∂ℓ/∂ω3 = h3 · ∂ℓ/∂f3
∂ℓ/∂h3 = ω3 · ∂ℓ/∂f3
∂ℓ/∂f2 = −sin f2 · ∂ℓ/∂h3
∂ℓ/∂β2 = ∂ℓ/∂f2
∂ℓ/∂ω2 = h2 · ∂ℓ/∂f2
∂ℓ/∂h2 = ω2 · ∂ℓ/∂f2
∂ℓ/∂f1 = h2 · ∂ℓ/∂h2
∂ℓ/∂β1 = ∂ℓ/∂f1
∂ℓ/∂ω1 = h1 · ∂ℓ/∂f1
∂ℓ/∂h1 = ω1 · ∂ℓ/∂f1
∂ℓ/∂f0 = cos f0 · ∂ℓ/∂h1
∂ℓ/∂β0 = ∂ℓ/∂f0
∂ℓ/∂ω0 = x · ∂ℓ/∂f0"""


def test_the_toy_chain_is_in_the_chapters_letters_and_order():
    assert str(EVERY["toy_gradient"]().equations()) == TOY
    assert str(EVERY["toy_vmap"]().equations()) == TOY  # of one point
    assert str(EVERY["toy"]().equations()) == "\n".join(TOY.splitlines()[:8])


def test_the_domke_graph_shows_every_link_of_the_chain_rule():
    assert (
        str(EVERY["domke"]().equations())
        == """\
f1 = exp x
f2 = f1²
f3 = f1 + f2
f4 = exp f3
f5 = sin f3
ℓ = f4 + f5
∂ℓ/∂f5 = 1
∂ℓ/∂f4 = 1
∂ℓ/∂f3 = cos f3 · ∂ℓ/∂f5 + f4 · ∂ℓ/∂f4
∂ℓ/∂f2 = ∂ℓ/∂f3
∂ℓ/∂f1 = ∂ℓ/∂f3 + 2 · f1 · ∂ℓ/∂f2
∂ℓ/∂x = f1 · ∂ℓ/∂f1"""
    )


def test_a_recurrence():
    assert (
        str(EVERY["recurrence"]().equations())
        == """\
h[0] = h
for t = 0 … 299
    h[t+1] = tanh(w · h[t] + xs[t])
ℓ = h[300]
∂ℓ/∂h[300] = 1
∂ℓ/∂w = 0
for t = 299 … 0
    u1 = tanh(w · h[t] + xs[t])
    u2 = (1 − u1²) · ∂ℓ/∂h[t+1]
    ∂ℓ/∂h[t] = w · u2
    ∂ℓ/∂w += h[t] · u2
∂ℓ/∂h = ∂ℓ/∂h[0]"""
    )
    latex = EVERY["recurrence"]().equations().latex
    assert r"\quad \frac{\partial \ell}{\partial w} &\mathrel{+}= h[t] \cdot u_{2}" in latex


def test_a_label_that_begins_with_d_is_no_derivative():
    def f(x):
        delta = x - 1.0
        dx = ag.sin(delta)
        return dx * delta

    lines = str(called(ag.grad(f), 0.3).equations()).splitlines()
    assert lines[:2] == ["delta = x − 1", "dx = sin delta"]
    assert lines[-1].startswith("∂ℓ/∂x = ")


def test_layers_without_a_bias_and_other_activations_keep_their_letters():
    model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.LeakyReLU(0.1), nn.Linear(4, 2))
    lines = str(called(lambda x: ag.sum(model(x)), RNG.normal(size=3)).equations()).splitlines()
    assert lines[:3] == ["f0 = Ω0 x", "h1 = leaky_relu(f0, 0.1)", "f1 = β1 + Ω1 h1"]
    assert "∂ℓ/∂f0 = where(f0 > 0, 1, 0.1) ⊙ ∂ℓ/∂h1" in lines
    assert lines[-1] == "∂ℓ/∂Ω0 = ∂ℓ/∂f0 xᵀ"


def test_what_is_differentiated_comes_first_even_if_it_contains_its_derivative():
    def f(p):
        return p["a"] * ag.sin(p["b"])

    lines = str(called(ag.grad(f), {"a": 1.0, "b": 2.0}).equations()).splitlines()
    assert [line.split(" = ")[0] for line in lines] == ["ℓ", "∂ℓ/∂p_a", "∂ℓ/∂p_b"]


def test_a_jacobian_is_the_gradient_of_its_product_with_a_seed():
    def residuals(v):
        return [after - before**2 for before, after in itertools.pairwise(v)]

    lines = str(called(ag.jacobian(residuals), RNG.normal(size=100)).equations()).splitlines()
    assert lines == [
        "y = v[1:] − v[:99] ⊙ v[:99]",
        "ℓ = seed · y",
        "∂ℓ/∂v = (0, seed) + (−2 · v[:99] ⊙ seed, 0)",
    ]


def test_a_primitive_of_ones_own():
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def my_cube(x):
        return x * x * x

    found = called(ag.grad(lambda x: my_cube(x)), 0.5).equations()
    assert str(found) == "ℓ = my_cube(x)\n∂ℓ/∂x = 3 · x · x"
    assert r"\operatorname{my\_cube}\left(x\right)" in found.latex


@pytest.mark.parametrize(("op", "latex"), [(ag.floor, r"\lfloor x"), (ag.ceil, r"\lceil x"), (ag.cospi, r"\pi x")])
def test_a_command_of_latex_ends_before_a_letter(op, latex):
    assert latex in called(ag.compile(lambda x: op(x)), 0.5).equations().latex


def test_functions_keep_their_parentheses():
    text = str(called(ag.grad(lambda x: ag.acosh(x)), 1.5).equations())
    assert "√(x − 1) · √(1 + x)" in text or "√(x − 1) · √(x + 1)" in text
    assert "∂ℓ/∂x = 1 / (1 + x²)" in str(called(ag.grad(lambda x: ag.atan(x)), 1.5).equations())


def test_derivatives_are_a_textbooks():
    for f, expected in (
        (ag.log, "1 / x"),
        (ag.sqrt, "0.5 / ℓ"),
        (ag.tanh, "1 − ℓ²"),
        (ag.sigmoid, "ℓ · (1 − ℓ)"),
        (ag.relu, "I[x > 0]"),
    ):
        assert str(called(ag.grad(lambda x, f=f: f(x)), 0.7).equations()).splitlines()[-1] == f"∂ℓ/∂x = {expected}"


def test_a_function_is_recorded_under_the_names_of_its_variables():
    assert "h3 = np.cos(f2)" in EVERY["toy"]().source()
    assert "f5 = _sin(f3)" in called(domke, 0.1).source("python")

    def rebound(x):
        a = ag.sin(x)
        a = ag.exp(a)
        return a * a + x

    assert "a =" not in called(rebound, 0.1).source("python")  # the name of two numbers is the name of neither


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("name", EVERY)
def test_sources_define_what_they_use_and_use_what_they_define(name, backend):
    tree = ast.parse(EVERY[name]().source(backend))
    imported = {(a.asname or a.name).split(".")[0] for n in ast.walk(tree) for a in getattr(n, "names", ())}
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    stored = {n.id for n in names if isinstance(n.ctx, ast.Store)} - {"_"}
    loaded = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    arguments = {a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in [*n.args, n.vararg] if a}
    assert stored <= loaded, "a line is dead"
    assert imported <= loaded, "an import is not used"
    inner = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert loaded <= stored | imported | arguments | inner | set(dir(builtins))
    assert {f.name for f in functions[:-1]} <= loaded, "a helper is not used"


def test_sources_tell_derivatives_of_other_names_apart():
    said = "# the value, and the derivatives with respect to W0, b0, W1, b1"
    assert said in one_output().source()  # which returns ∂ℓ/∂f0 for ∂ℓ/∂b0
    assert "# " + said[17:] not in mse_of_a_batch().source()
    assert "map(_number, (b0, b1," in EVERY["toy"]().source("torch")
