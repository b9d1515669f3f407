"""Every style of the registry: a new one is tested by being there."""

from __future__ import annotations

import pkgutil
import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.drawing import PALETTES, STYLES, styles
from autograd_lite.errors import OptionError, RenderError

#: modules of the folder that are no styles
SHARED = {"operations", "registered"}


def graph(style):
    """A graph that a style draws: a small one of named numbers, or for pictures of networks a network."""
    if STYLES[style].whole is not None:
        ag.manual_seed(0)
        return nn.MLP(2, [3, 1])([1.0, 2.0])
    x, w = ag.Value(0.5, label="x"), ag.Value(2.0, label="w")
    f = (x * w).named("f")
    y = (ag.sin(f) + ag.exp(-x) * f).named("y")
    y.backward()
    return y


def test_every_module_is_a_style():
    assert {page.name for page in pkgutil.iter_modules(styles.__path__)} - SHARED == set(STYLES)
    assert all(style.name == name and style.words for name, style in STYLES.items())


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("theme", sorted(PALETTES))
@pytest.mark.parametrize("style", sorted(STYLES))
def test_it_is_drawn(style, theme, direction):
    y = graph(style)
    drawing = ag.draw(y, style=style, theme=theme, direction=direction)
    assert drawing.source == ag.draw(y, style=style, theme=theme, direction=direction).source
    root = ET.fromstring(drawing.pipe("svg", encoding="utf-8"))
    assert root.tag.endswith("svg")
    ids = [item.get("id") for item in root.iter() if item.get("id")]
    assert len(ids) == len(set(ids)), "an id twice"


@pytest.mark.parametrize("style", sorted(STYLES))
def test_what_it_shows_depends_on_the_graph(style):
    y = graph(style)
    x = next(leaf for leaf in ag.topological_order(y) if leaf.op is None)
    bigger = graph(style) + ag.Value(3.0, label="new") if STYLES[style].whole is None else nn.MLP(2, [4, 1])([1.0, 2.0])
    assert x is not None
    assert ag.draw(bigger, style=style).source != ag.draw(y, style=style).source


@pytest.mark.parametrize("style", sorted(STYLES))
def test_it_refuses_what_is_too_large(style):
    with pytest.raises(RenderError, match="max_nodes"):
        ag.draw(graph(style), style=style, max_nodes=1)


def test_an_unknown_style_names_those_that_there_are():
    with pytest.raises(OptionError, match=", ".join(STYLES)):
        ag.draw(graph("cards"), style="card")
