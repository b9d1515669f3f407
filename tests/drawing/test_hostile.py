"""Labels are the user's text: whatever they hold, DOT and SVG parse, and nothing executes."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.text import clean, escape_xml, mathematical, missing_spaces, plain, width

from .conftest import pure_program

NASTY = [
    '"quoted"',
    "back\\slash\\",
    "\\",
    '\\"',
    "\\N \\G \\L",
    "<b>&amp;",
    "<",
    "<>",
    "<i>italic</i>",
    "&lt;",
    "new\nline\ttab",
    "]]>",
    "</svg><script>alert(1)</script>",
    "</title>",
    "--><!--",
    "x" * 100_000,
    "<" * 5_000,
    "\ud800lone\udfff",
    "\x00\x01\x1b[31m",
    "\ufffe\uffff",
    "\x85\u2028",
    "\u202eright to left",
    " ",
    "漢字" * 50,
    "🙂" * 30,
    "it's",
    "${x}",
    "%s {0} {",
    "n5",
    "f1",
    "graph",
    "node",
    "digraph {",
    "a -> b",
    "}",
    "javascript:alert(1)",
    'x" onload="alert(1)',
]

anything = st.text(st.characters(), max_size=60) | st.sampled_from(NASTY)


def labelled(a: str, b: str) -> Value:
    x, w = Value(2.0, label=a), Value(1.5, label="w" + a)
    f = (x * w + 1.0).named(b)
    return ag.exp(f).named(b + a)


def check(drawing: Any, boxes: int | None) -> None:
    svg = drawing.pipe(format="svg", encoding="utf-8")
    root = ET.fromstring(svg.encode("utf-8"))
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert tags <= {"svg", "g", "title", "text", "tspan", "path", "polygon", "ellipse", "rect", "circle", "polyline"}
    assert not any(name.startswith("on") or "href" in name for e in root.iter() for name in e.attrib)
    ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w-]+", id) for id in ids)
    if boxes is not None:
        assert len(root.findall(".//*[@class='node']")) == boxes
    ET.fromstring(drawing.to_html())
    drawing.source.encode("utf-8")
    if pure_program():
        done = subprocess.run(
            [pure_program(), "-Tcanon"], input=drawing.source.encode(), capture_output=True, check=False
        )
        assert (done.returncode, re.findall(rb"[Ee]rror.*", done.stderr)) == (0, [])


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
@pytest.mark.parametrize("label", NASTY, ids=range(len(NASTY)))
def test_nasty_labels(tier: str, label: str, style: str) -> None:
    y = labelled(label, label + "f")
    drawing = ag.draw(y, style=style, clusters={label: [y]}, theme="dark")
    check(drawing, {"cards": 4, "ops": 8, "book": None}[style])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(a=anything, b=anything, style=st.sampled_from(["cards", "ops", "book"]))
def test_any_label(nothing: None, a: str, b: str, style: str) -> None:
    check(ag.draw(labelled(a, b), style=style), None)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(a=anything, b=anything)
def test_any_label_by_graphviz(pure: None, a: str, b: str) -> None:
    check(ag.draw(labelled(a, b)), None)


@given(st.text(st.characters()))
def test_clean_text_is_xml(text: str) -> None:
    cleaned = clean(text)
    element = ET.fromstring(f'<a b="{escape_xml(cleaned)}">{escape_xml(cleaned)}</a>')
    expected = cleaned.replace("\r", " ")
    assert (element.text or "") == element.attrib["b"] == expected
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_mathematical_keeps_the_characters(text: str) -> None:
    runs = mathematical(text)
    assert width(runs, 10.0) >= 0.0
    assert missing_spaces(text) >= 0
    assert "".join(run.text for run in mathematical(plain(runs))) == "".join(run.text for run in runs)


def test_a_name_that_is_a_variable_of_templates() -> None:
    """Braces in labels and in the notation of a user's primitive are only text."""

    @ag.primitive(partials=lambda out, x: (1.0,), text="{0} }{ {7}")
    def odd(x: float) -> float:
        return x

    assert "<svg" in ag.draw(odd(Value(1.0, label="{0}")).named("{args}")).pipe(format="svg", encoding="utf-8")
