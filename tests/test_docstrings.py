"""Every public name's docstring says what applies: arguments, shapes, errors, an example, the formula's source.

What applies is read from the signature and the source: a parameter is named, an error that is raised is announced, what
asks for an array's shape speaks of shapes, and what computes by a formula says where it is from.
"""

from __future__ import annotations

import ast
import inspect
import re
import runpy
import textwrap
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import nn, optim
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.losses import Loss
from autograd_lite.optim.schedule import Schedule
from autograd_lite.primitives import TABLE, Primitive

API = runpy.run_path(str(Path(__file__).parents[1] / "docs" / "api_pages.py"))


def found():
    """Every public function and class, by the name that a user writes; exceptions are raised, not called."""
    for written in sorted(API["public_names"]().values()):
        item = ag
        for part in written.split("."):
            item = getattr(item, part)
        if not (isinstance(item, type) and issubclass(item, BaseException)):
            yield written, item


PUBLIC = dict(found())
EVERY = pytest.mark.parametrize("name", PUBLIC)


def own_text(item):
    """An item's docstring, not one that is inherited."""
    return inspect.cleandoc(item.__doc__ or "")


def section(text, title):
    """The lines below ``Args:`` and its kin."""
    return "\n".join(re.findall(rf"^{title}:\n((?:(?:    .*)?\n)*(?:    .*)?)", text, re.M))


def entries(text):
    """The names that a docstring explains."""
    lines = section(text, "Args") + "\n" + section(text, "Attributes")
    return {
        name.strip(" *`") for line in re.findall(r"^ {4}([\w*`][\w*, `]*?):", lines, re.M) for name in line.split(",")
    }


def sources(item):
    """Syntax trees of what runs when an item is called, each with the docstrings that may speak of it."""
    function = item.fn if isinstance(item, Primitive) else inspect.unwrap(item)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):  # made by calls of ours, of a class that is walked itself
        return
    if not isinstance(function, type):
        yield tree, own_text(item)
        return
    methods = [method for method in tree.body[0].body if isinstance(method, ast.FunctionDef)]
    names = [name for name in dir(item) if not name.startswith("_") and hasattr(item, name)]
    public = [inspect.getdoc(getattr(item, name)) or "" for name in names]
    for method in methods:  # a private one is called by public ones
        said = "\n".join(public) if method.name.startswith("_") else ast.get_docstring(method) or ""
        yield method, f"{own_text(item)}\n{said}"


def raised(tree):
    """The names of the exceptions that a function raises itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc).rpartition(".")[2]
            if made[0].isupper():
                yield made


#: what Python or a base class asks for: an attribute that isn't there, a method that a subclass writes, a pickle
PROTOCOL = {"AttributeError", "NotImplementedError", "KeyError", "PicklingError", "StopIteration"}


@EVERY
def test_every_parameter_is_named(name):
    item = PUBLIC[name]
    if item is Primitive:  # the decorator makes them
        return
    said = entries(own_text(item))
    parameters = inspect.signature(item).parameters.values()
    gathered = {p.name for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    unsaid = {p.name for p in parameters if not p.name.startswith("_")} - said - gathered
    if item is ag.Value:  # taken to be refused, with the cure
        unsaid -= {"requires_grad"}
    assert not unsaid
    assert said or not gathered


@EVERY
def test_every_method_says_something(name):
    item = PUBLIC[name]
    names = [n for n in dir(item) if not n.startswith("_") and hasattr(item, n)] if isinstance(item, type) else []
    ours = [n for n in names if str(getattr(getattr(item, n), "__module__", "")).startswith("autograd_lite")]
    assert [n for n in ours if not inspect.getdoc(getattr(item, n))] == []


@EVERY
def test_errors_are_announced(name):
    unsaid = {
        error for tree, text in sources(PUBLIC[name]) for error in raised(tree) if not re.search(rf"\b{error}\b", text)
    }
    assert not unsaid - PROTOCOL


@EVERY
def test_what_asks_for_a_shape_speaks_of_shapes(name):
    asks = re.compile(r"\.shape\b|\bas_array\(|\.reshape\(")
    for tree, _ in sources(PUBLIC[name]):
        if asks.search(ast.unparse(tree)) and getattr(tree, "name", "").strip("_") in ("", "call", "forward", "init"):
            assert re.search(r"shape|\brows?\b|\bax[ei]s\b|broadcast|dimension|element", own_text(PUBLIC[name]))


@EVERY
def test_there_is_an_example(name):
    assert ">>> " in own_text(PUBLIC[name])


def by_a_formula(item):
    """Whether what an item computes was written down by somebody before."""
    if isinstance(item, type):
        return (
            issubclass(item, (Activation, Loss, nn.Softmax, optim.Optimizer, Schedule)) and item is not optim.Optimizer
        )
    return item in TABLE.values() or item.__module__ in ("autograd_lite.nn.init", "autograd_lite.nn.functional")


@EVERY
def test_a_formula_has_its_source(name):
    if by_a_formula(PUBLIC[name]):
        said = re.search(r"Source: |\b(1[6-9]|20)\d\d\b", own_text(PUBLIC[name]))
        assert said, "whose formula is it? Source: …, or a year"
