"""The registry of targets: each has every op, says what it lacks, and runs; a new one is tested by being there."""

from __future__ import annotations

import builtins
import dis
import importlib
import pkgutil
import re
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.emit import targets as folder
from autograd_lite.compiler.emit.functions import called_by, functions
from autograd_lite.compiler.emit.registry import TARGETS
from autograd_lite.compiler.emit.target import Target
from autograd_lite.primitives import TABLE

from .targets import SCALARS, SOURCES, program
from .test_words import case


def test_no_target_is_left_out():
    """Each is in the registry once, under its name."""
    found = {
        name: item
        for page in pkgutil.iter_modules(folder.__path__)
        for name, item in vars(importlib.import_module(f"{folder.__name__}.{page.name}")).items()
        if isinstance(item, Target)
    }
    assert {name for name, item in found.items() if item not in TARGETS.values()} == set()
    assert {item.name for item in found.values()} <= set(TARGETS)
    assert [name for name, item in TARGETS.items() if item.name != name] == []


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_op_has_words(name):
    said = {entry.name: TARGETS[name].how(entry) for entry in TABLE.values()}
    assert all(said.values())


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"numpy", "python"}))
def test_an_op_without_words_is_refused_by_its_name(name):
    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        return x * x * x

    with pytest.raises(NotImplementedError, match=r"cube .*expression="):
        TARGETS[name].how(cube)
    compiled = ag.compile(lambda x: cube(x))
    compiled(2.0)
    with pytest.raises(NotImplementedError, match="cube"):
        compiled.source(name)


@pytest.mark.parametrize("name", SOURCES)
def test_an_expression_is_enough(name):
    @ag.primitive(
        partials=lambda out, x, y: (ag.tanh(x - y), -ag.tanh(x - y)),
        expression=lambda x, y: abs(x - y) + ag.log1p(ag.exp(-2.0 * abs(x - y))) + ag.where(x > y, 1.0, 2.0),
    )
    def apart(x, y):
        return float(abs(x - y) + np.log1p(np.exp(-2.0 * abs(x - y))) + (1.0 if x > y else 2.0))

    assert "expression" in TARGETS[name].how(apart)
    compiled = ag.compile(ag.value_and_grad(lambda xs: apart(xs[0], xs[1]) * apart(2.0, xs[1])))
    for point in ([0.5, 1.5], [3.0, -1.0]):
        value, slope = compiled(point)
        found = program(compiled, name)(point)
        np.testing.assert_allclose(found, [value, *slope], rtol=1e-12)


def logistic_map(xs):
    x, r = xs[0], xs[1]
    for _ in range(12):
        x = r * x * (1.0 - x)
    return x


def polynomial(xs):
    total = 0.0
    for k in range(4):
        total = total * xs[0] + (k + 1.0)
    return ag.softplus(total) if xs[1] > 1.0 else -total


@pytest.mark.parametrize("f", [logistic_map, polynomial])
@pytest.mark.parametrize("name", SOURCES)
def test_loops_and_branches(name, f):
    compiled = ag.compile(ag.value_and_grad(f))
    value, slope = compiled([0.3, 2.5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(program(compiled, name)([0.3, 2.5]), [value, *slope], rtol=1e-12)


@pytest.mark.parametrize("name", SOURCES)
def test_what_decided_the_way_is_asserted(name):
    def halved(xs):
        x = xs[0]
        while x > xs[1]:
            x = x * 0.5
        return x

    compiled = ag.compile(halved)
    assert compiled([3.0, 1.0]) == 0.75
    run = program(compiled, name)
    assert run([3.5, 1.0]) == [0.875]
    if not TARGETS[name].guarded:
        return
    with pytest.raises(AssertionError):
        run([9.0, 1.0])


@pytest.mark.parametrize("op", sorted(TABLE))
@pytest.mark.parametrize("name", SCALARS)
def test_every_op_of_single_numbers(name, op):
    f, points = case(op)
    compiled = ag.compile(ag.value_and_grad(f))
    value, slope = compiled(points[0])
    np.testing.assert_allclose(program(compiled, name)(points[0]), [value, *slope], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_functions_of_sources_need_nothing_else(name):
    """Each is Python, and calls what is there: the library, other functions that are printed, Python's own."""
    target = TARGETS[name]
    known, header = getattr(target, "functions", {}), getattr(target, "header", "")
    assert known or name == "python"
    for function, text in known.items():
        if (name, function) == ("numpy", "_polygamma"):  # which NumPy's sources have from the table
            continue
        code = compile(called_by(f"{function}(", known), function, "exec")
        pending, names = [code], set()
        while pending:
            inner = pending.pop()
            names |= {i.argval for i in dis.get_instructions(inner) if i.opname == "LOAD_GLOBAL"}
            pending += [constant for constant in inner.co_consts if hasattr(constant, "co_code")]
        given = {*known, *vars(builtins), *re.findall(r"\w+", header)}
        assert names <= given, (function, names - given)
        assert ("\nimport " in text or "\nfrom " in text) != ("\ndef " in text)


def test_a_source_imports_what_its_functions_need():
    assert functions("no such file") == {}
    known = functions("torch", "import torch\n")
    assert "torch" not in known
    printed = called_by("y = polygamma(1, x)", known)
    assert printed.startswith("\nimport math\n")
    assert "def _number" in printed
    assert "_heaviside" not in printed
