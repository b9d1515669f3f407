"""Who draws: the three tiers, the formats, files, notebooks, and the polite refusals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import graphviz
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import (
    PALETTES,
    Drawing,
    Picture,
    box,
    find_renderer,
    inline_html,
    mathematical,
    mimebundle,
    render_svg,
)
from autograd_lite.drawing import drawing as figure_module
from autograd_lite.drawing import renderer as renderer_module
from autograd_lite.errors import RenderError

from .drawn_graphs import domke, toy_chain

# --- which renderer ---------------------------------------------------------------------------------------------------


def test_each_tier_is_found(tier: str) -> None:
    found = find_renderer()
    assert found.name == {"system_dot": "dot", "pure": "graphviz-pure", "nothing": "builtin"}[tier]
    assert bool(found.path) == (tier != "nothing")
    if tier == "system_dot":
        assert found.version == "2.43.0"


def test_the_setting_comes_first(system_dot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    assert find_renderer().name == "builtin"
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(system_dot))
    assert find_renderer().path == str(system_dot)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(system_dot) + "t")
    with pytest.raises(RenderError, match="AUTOGRAD_LITE_DOT"):
        ag.draw(domke()).pipe(format="svg")


def test_a_young_renderer_that_fails_is_replaced(pure: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "graphviz-pure"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(renderer_module, "_pure", lambda: str(broken))
    assert "<svg" in ag.draw(domke()).pipe(format="svg", encoding="utf-8")
    with pytest.raises(RenderError, match="failed to write png"):
        ag.draw(domke()).pipe(format="png")


def test_a_system_dot_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho 'the library is missing' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(broken))
    with pytest.raises(RenderError, match="the library is missing"):
        ag.draw(domke()).pipe(format="svg")


# --- pipe and render --------------------------------------------------------------------------------------------------


def test_svg_is_drawn_quietly(tier: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    drawing = ag.draw(toy_chain())
    data = drawing.pipe(format="svg")
    assert isinstance(data, bytes)
    assert isinstance(drawing.pipe(format="svg", encoding="utf-8"), str)
    assert len(ET.fromstring(data).findall(".//*[@class='node']")) == 10
    drawing.render(outfile=tmp_path / "toy.svg")
    assert drawing._repr_image_svg_xml().startswith("<?xml")
    assert capfd.readouterr() == ("", "")


def test_render_writes_the_picture_and_its_source(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ag.draw(domke()).render(outfile="domke.svg") == "domke.svg"
    assert ET.parse("domke.svg").getroot().tag.endswith("svg")
    assert Path("domke.gv").read_text(encoding="utf-8") == ag.draw(domke()).source
    assert ag.draw(domke()).render("figure", directory="out") == str(Path("out", "figure.svg"))
    assert ag.draw(domke()).render("figure", directory="clean", cleanup=True) == str(Path("clean", "figure.svg"))
    assert [p.name for p in Path("clean").iterdir()] == ["figure.svg"]
    with pytest.raises(graphviz.FileExistsError):
        ag.draw(domke()).render(outfile="domke.svg", raise_if_result_exists=True)


def test_pdf_without_dot_says_what_to_install(pure: None, tmp_path: Path) -> None:
    for make in (lambda d: d.pipe(format="pdf"), lambda d: d.render(outfile=tmp_path / "a.pdf")):
        with pytest.raises(RenderError, match="install Graphviz"):
            make(ag.draw(domke()))
    assert list(tmp_path.iterdir()) == []
    assert ag.draw(domke()).pipe(format="png").startswith(b"\x89PNG")


def test_png_without_any_program_says_what_to_install(nothing: None) -> None:
    with pytest.raises(RenderError, match="pip install graphviz-pure"):
        ag.draw(domke()).pipe(format="png")
    assert ag.draw(domke()).pipe(format="gv").decode() == ag.draw(domke()).source


def test_other_arguments_of_graphviz_still_work(system_dot: Path) -> None:
    data = ag.draw(domke()).pipe(format="svg", renderer="svg", formatter="core", encoding="utf-8")
    assert "<svg" in data


def test_graphviz_options_need_graphviz(nothing: None) -> None:
    with pytest.raises(RenderError, match="install Graphviz"):
        ag.draw(domke()).pipe(format="svg", neato_no_op=True)


# --- pictures of other people -----------------------------------------------------------------------------------------


def test_a_changed_drawing_needs_a_program(tier: str) -> None:
    drawing = ag.draw(domke())
    drawing.node("mine", label="added by hand")
    if tier == "nothing":
        with pytest.raises(RenderError, match="changed by hand"):
            drawing.pipe(format="svg")
    else:
        assert "added by hand" in drawing.pipe(format="svg", encoding="utf-8")


def test_render_svg_takes_pictures_digraphs_and_sources(tier: str) -> None:
    picture = Picture([box("f", mathematical("f0"))])
    assert "<svg" in render_svg(picture)
    assert "<svg" in render_svg(Drawing(picture))
    foreign = graphviz.Digraph()
    foreign.edge("a", "b")
    for other in (foreign, foreign.source):
        if tier == "nothing":
            with pytest.raises(RenderError):
                render_svg(other)
        else:
            assert "<svg" in render_svg(other)


def test_subgraphs_of_a_drawing(pure: None) -> None:
    drawing = ag.draw(domke())
    with drawing.subgraph(name="cluster_x") as part:
        part.node("inside")
    assert "inside" in drawing.pipe(format="svg", encoding="utf-8")


# --- notebooks --------------------------------------------------------------------------------------------------------


def test_a_drawing_in_a_notebook(tier: str) -> None:
    bundle = ag.draw(domke())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml"}
    assert bundle["text/html"].startswith('<svg style="max-width:100%')
    assert set(ag.draw(domke())._repr_mimebundle_(include=["image/svg+xml"])) == {"image/svg+xml"}
    assert set(ag.draw(domke())._repr_mimebundle_(exclude=["image/svg+xml"])) == {"text/html"}


def test_two_graphs_on_one_page_share_no_id(tier: str) -> None:
    drawing = ag.draw(domke())
    page = ET.fromstring(f"<div>{drawing.to_html()}{drawing.to_html()}</div>")
    ids = [e.attrib["id"] for e in page.iter() if "id" in e.attrib]
    assert len(ids) > 20
    assert len(set(ids)) == len(ids)
    assert inline_html("<svg></svg>").startswith("<svg style=")


def test_a_value_in_a_notebook_shows_its_graph_when_small(tier: str) -> None:
    bundle = domke()._repr_mimebundle_()
    assert "<svg" in bundle["text/html"]
    assert bundle["text/plain"].startswith("Value(data=10.97")
    assert set(mimebundle(Value(1.0))) == {"text/plain"}
    x = Value(1.0)
    for _ in range(100):
        x = ag.sin(x)
    assert set(mimebundle(x)) == {"text/plain"}


def test_a_broken_renderer_does_not_break_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/there/is/none")
    assert set(mimebundle(domke())) == {"text/plain"}


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["cards", "ops", "book"])
def test_too_many_cards_are_refused_with_a_hint(style: str) -> None:
    x = Value(1.0, label="x")
    for i in range(300):
        x = (x * 1.01).named(f"h{i}")
    with pytest.raises(RenderError, match="max_nodes=None"):
        ag.draw(x, style=style)
    assert len(ag.draw(x, style=style, max_nodes=None).picture.boxes) == (301 if style == "cards" else 601)


def test_deep_and_wide_graphs_are_refused_politely() -> None:
    deep = Value(1.0, label="x")
    for _ in range(100_000):
        deep = deep + 1.0
    wide = ag.sum([Value(1.0) * 2.0 for _ in range(20_000)])
    leaves = ag.sum([Value(1.0) for _ in range(20_000)])
    fan = Value(1.0)
    fan_out = ag.sum([fan] * 20_000)
    for y in (deep, wide, leaves):
        for style in ("cards", "ops", "book"):
            with pytest.raises(RenderError, match="max_nodes=None"):
                ag.draw(y, style=style)
        assert set(y._repr_mimebundle_()) == {"text/plain"}
    assert set(fan_out._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(RenderError, match="edges"):
        ag.draw(fan_out)


def test_a_deep_graph_can_be_drawn_on_request(nothing: None) -> None:
    """Far beyond the recursion limit: nothing recurses."""
    x = Value(1.0, label="x")
    count = 3 * sys.getrecursionlimit()
    for i in range(count):
        x = (x + 1.0).named(f"h{i}")
    svg = ag.draw(x, max_nodes=None).pipe(format="svg")
    assert len(ET.fromstring(svg).findall(".//*[@class='node']")) == count + 1


def test_importing_the_package_loads_no_graphviz() -> None:
    code = "import sys, autograd_lite; sys.exit(any(m.split('.')[0] in ('graphviz', 'numpy') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_graphviz_package_is_left_as_it_was(system_dot: Path) -> None:
    from graphviz.backend import dot_command

    before: Any = dot_command.DOT_BINARY
    ag.draw(domke()).pipe(format="svg", renderer="svg", formatter="core")
    assert before == dot_command.DOT_BINARY
    assert figure_module.renderer is renderer_module


def test_a_picture_follows_the_page_it_stands_on() -> None:
    html = ag.draw(domke()).to_html()
    used = set(re.findall(r"var\(--agl-([a-z-]+),(#\w+)\)", html))
    assert {role for role, _ in used} >= {
        "page",
        "card",
        "card-line",
        "ink",
        "muted",
        "value",
        "grad",
        "partial",
        "edge",
    }
    sheet = re.search(r"<style>(.*?)</style>", html)[1]
    for role, light in used:
        role = role.replace("-", "_")
        assert PALETTES["light"][role].lower() == light.lower()
        assert f"--agl-{role.replace('_', '-')}:{PALETTES['dark'][role]};" in sheet
    for theme in PALETTES:
        assert "var(" not in ag.draw(domke(), theme=theme).to_html()
    assert "var(" not in ag.draw(domke()).pipe(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="a shell script plays the renderer")
@pytest.mark.parametrize("name", ["dot", "graphviz-pure"])
def test_a_slow_renderer_gives_way(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / name
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(program))
    assert renderer_module.PATIENCE <= 6.0
    monkeypatch.setattr(renderer_module, "PATIENCE", 0.2)
    start = time.monotonic()
    assert "<svg" in ag.draw(domke()).pipe(encoding="utf-8")
    assert "<svg" in render_svg(ag.draw(domke()).picture)
    assert time.monotonic() - start < 10.0
    monkeypatch.setattr(renderer_module, "_TIMEOUT", 0.2)
    for make in (lambda: ag.draw(domke()).pipe(format="png"), lambda: render_svg("digraph { a -> b }")):
        with pytest.raises(RenderError, match=r"not drawn this graph in 0\.2 seconds.*AUTOGRAD_LITE_DOT"):
            make()


def test_large_graphs_limit_the_searches_of_graphviz() -> None:
    xs = [Value(1.0, f"x{i}") for i in range(20)]
    rows = [ag.sum(xs).named(f"s{i}") for i in range(12)]
    assert "nslimit" in ag.draw(ag.sum(rows)).source
    assert "nslimit" not in ag.draw(domke()).source


def test_marimo_shows_what_jupyter_shows() -> None:
    y = domke()
    for shown in (y, ag.draw(y), ag.explore(y), ag.explain(y)):
        kind, text = shown._mime_()
        assert kind == "text/html"
        assert re.match(r"<(svg|iframe|div)", text)
    assert Value(1.0)._mime_() == ("text/plain", "Value(data=1.0, grad=0.0)")


@pytest.mark.parametrize("name", ["graph.svg", "graph.SVG", "a.b.svg"])
def test_a_filename_that_is_a_pictures_is_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ag.draw(domke()).render(name) == name
    assert ET.parse(name).getroot().tag.endswith("svg")
    assert ag.draw(domke()).render("graph") == "graph.svg"
    assert ag.draw(domke()).render("other.svg", format="svg") == "other.svg.svg"  # as graphviz does when it is asked to
