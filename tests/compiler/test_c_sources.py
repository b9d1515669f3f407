"""Sources in C: they compile strictly, run alone under the sanitizers, and are named as in the user's code."""

from __future__ import annotations

import ctypes
import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import c_forms, c_library
from autograd_lite.compiler.emit.targets import c_words
from autograd_lite.compiler.emit.targets.c_names import c_identifier

from . import standalone
from .functions import product, recurrence, spring
from .standalone import COMPILERS, STRICT
from .test_random import random_function

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")


def in_c(f):
    return ag.compile(f, backend="c")


def branch(x, β):
    double = x * β
    while x > 0.0:  # a decision, where an ``if`` is a choice
        return ag.logsumexp([double, x, β])
    return ag.erfinv(ag.tanh(double))


def many(x):
    return ag.vmap(ag.grad(lambda a: ag.lgamma(a) + ag.softplus(a)))(x)


SOURCES = {
    "branch": (ag.value_and_grad(branch, argnums=(0, 1)), (0.5, 2.0)),
    "other": (ag.value_and_grad(branch, argnums=(0, 1)), (-0.5, 2.0)),
    "recurrence": (ag.grad(recurrence), (0.5, 1.1)),
    "product": (ag.grad(product), (np.linspace(0.9, 1.1, 5000),)),
    "spring": (ag.value_and_grad(spring), (np.linspace(0.1, 0.9, 100),)),
    "hessian": (ag.hessian(spring), (np.linspace(0.1, 0.9, 60),)),
    "points": (ag.vmap(ag.grad(lambda a: ag.round(a, 1) + ag.softplus(a))), (np.linspace(0.1, 0.9, 60),)),
    "random": (ag.value_and_grad(random_function(5)[0]), (random_function(5)[1],)),
    "constant": (lambda x: 3.0, (1.0,)),
    "edges": (lambda x: [x * math.inf, x - math.nan, ag.maximum(x, -0.0), x * 1e-310], (1.0,)),
}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", list(SOURCES))
def test_sources_compile_without_a_warning(name, compiler, tmp_path):
    f, args = SOURCES[name]
    compiled = ag.compile(f)  # the source does not ask for the engine
    compiled(*args)
    source = compiled.source("c")
    assert source.isascii()
    assert ag.__version__ in source.splitlines()[0]
    assert not re.search(r"^(static )?(double|int) \w+(\[\d+\])?( =|;)", source, re.MULTILINE)  # no globals
    assert not re.search(r"\b(malloc|calloc|alloca)\b", source)
    (tmp_path / "f.c").write_text(source)
    done = subprocess.run(
        [compiler, *STRICT, "-c", str(tmp_path / "f.c"), "-o", str(tmp_path / "f.o")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", COMPILERS)
def test_one_file_may_have_all(compiler, tmp_path):
    """Helpers are there once, and the function of one point beside that of many."""

    def f(x):
        terms = ag.sum([ag.sin(v) * k for k, v in enumerate(x)])
        return ag.softplus(x[0]) * ag.sigmoid(x[1]) + ag.round(x[0], 1) + ag.norm([*x]) + terms

    gradient, x = ag.grad(f), np.linspace(0.1, 0.8, 8)
    sources = []
    for transform in (f, gradient, ag.value_and_grad(f), ag.hessian(f), ag.vmap(f), ag.vmap(gradient)):
        compiled = ag.compile(transform)
        compiled(np.array([x, x]) if transform.__dict__.get("__transform__", [""])[0] == "vmap" else x)
        sources.append(compiled.source("c"))
    (tmp_path / "f.c").write_text("\n".join(sources))
    done = subprocess.run([compiler, *STRICT, "-c", "f.c"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sum(text.count("static double ag_sigmoid(") for text in sources) > 2


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["helpers", "entry"])
def test_files_of_c_compile_without_a_warning(name, compiler, tmp_path):
    """The package's own C, whole: what a program doesn't call is in no printed source."""
    text = c_forms.glue() if name == "entry" else Path(c_words.__file__).with_name("c_helpers.c").read_text()
    (tmp_path / "f.c").write_text(text, encoding="ascii")
    command = [compiler, *STRICT, "-Wno-unused-function", "-c", "f.c", "-o", "f.o"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_names_are_the_users():
    compiled = ag.compile(ag.grad(branch, argnums=1))
    compiled(0.5, 2.0)
    source = compiled.source("c")
    assert "void branch_gradient(double x, double beta, double *dbeta, int *guard)" in source
    assert "double_" in source


@pytest.mark.parametrize("compiler", COMPILERS)
def test_names_are_not_those_of_the_headers(compiler, tmp_path):
    """Whatever the headers define, a user's function and its numbers may be called so."""
    (tmp_path / "h.c").write_text("".join(f"#include <{name}.h>\n" for name in ("math", "stdio", "stdlib", "string")))

    def said(*options):
        return subprocess.run([compiler, *options, "-E", "h.c"], cwd=tmp_path, capture_output=True, text=True).stdout

    macros = {x for std in ("c99", "gnu99") for x in re.findall(r"define ([A-Za-z]\w*) ", said(f"-std={std}", "-dM"))}
    functions = set(re.findall(r"\b([a-z]\w*) \(", said("-std=c99")))
    assert len(functions) > 200
    assert not {name for name in macros | functions if c_identifier(name) == name}


def test_a_primitive_of_ones_own_has_no_c():
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        return x * x * x

    compiled = ag.compile(lambda x: cube(x) + 1.0)
    compiled(2.0)
    with pytest.raises(NotImplementedError, match="cube has no C"):
        compiled.source("c")
    native = in_c(lambda x: cube(x) + 1.0)
    with pytest.warns(CompileWarning, match="cube has no C"):
        assert native(2.0) == 9.0
    assert native(3.0) == 28.0  # without another warning


PAGE = Path(__file__).parents[2] / "docs" / "c-target.md"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_pages_controller_runs(compiler, tmp_path, monkeypatch):
    """The page's Python writes the model, its C is the controller: built strictly, it finds the pendulum."""
    blocks = dict(re.findall(r"```(python|c)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    monkeypatch.chdir(tmp_path)
    scope: dict = {}
    exec(blocks["python"], scope)
    (tmp_path / "controller.c").write_text(blocks["c"])
    subprocess.run([compiler, *STRICT, "controller.c", "pendulum.c", "-o", "run", "-lm"], check=True)
    truth, believed = (
        [float(x) for x in line.split()]
        for line in subprocess.run(["./run"], capture_output=True, text=True, check=True).stdout.splitlines()
    )
    x = [0.7, 0.0]
    for _ in range(200):
        x = [float(y) for y in scope["move"](x)]
    assert truth == pytest.approx(x, abs=1e-4)
    assert believed == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_pages_controller_in_single_precision(compiler, tmp_path, monkeypatch):
    """By the page's recipe: nothing in it computes with double."""
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], {})
    recipe, command = re.search(r"```\n(sed .*)\n(cc .*pendulum32.*)\n```", page).groups()
    subprocess.run(recipe, shell=True, check=True)
    single = "-fsingle-precision-constant" if compiler == "gcc" else "-cl-single-precision-constant"
    command = command.replace("cc ", f"{compiler} ").replace("-fsingle-precision-constant", single)
    subprocess.run(f"{command} -Wall -Wextra -pedantic -Wdouble-promotion -Werror", shell=True, check=True)
    subprocess.run([compiler, "-shared", "-o", "pendulum.so", "pendulum32.o", "-lm"], check=True)
    library = ctypes.CDLL(str(tmp_path / "pendulum.so"))
    x, moved = (ctypes.c_float * 2)(0.7, 0.1), (ctypes.c_float * 2)()
    library.move(x, moved)
    speed = 0.1 - 0.01 * (9.81 * math.sin(0.7) + 0.2 * 0.1)
    assert list(moved) == pytest.approx([0.7 + 0.01 * speed, speed], rel=1e-6)


@pytest.mark.parametrize(
    ("transform", "name"),
    [
        (lambda f: f, "model"),
        (ag.grad, "model_gradient"),
        (ag.value_and_grad, "model_value_and_gradient"),
        (ag.jacobian, "model_jacobian"),
        (ag.hessian, "model_hessian"),
        (lambda f: ag.vmap(ag.grad(f)), "model_gradient_points"),
    ],
)
def test_functions_are_named_by_their_kind(transform, name):
    def model(x):
        return ag.sin(x[0]) * x[1]

    compiled = ag.compile(transform(model))
    compiled(np.ones((3, 2)) if "points" in name else np.ones(2))
    assert re.search(rf"^(void|double) {name}\(", compiled.source("c"), re.MULTILINE)


@pytest.mark.skipif(not COMPILERS, reason="neither gcc nor clang")
@pytest.mark.parametrize("seed", range(4))
def test_sources_run_alone(seed):
    """With a main of their own, under the sanitizers: to the bit what Python's calls of them give."""
    with np.errstate(all="ignore"):
        found = list(standalone.differences(3100 + seed))
    assert len(found) > 5
    assert not any(found), found
