"""The chapter's graphs and the page that shows them."""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import chapter7
from autograd_lite.chapter7 import Figure, domke, figures, layered_network, toy_chain

SVG = "{http://www.w3.org/2000/svg}"


def text_of(svg):
    """All text of a picture, its parts joined as they stand."""
    return re.sub(r"\s+", "", "".join(ET.fromstring(svg.encode()).itertext()))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("figures")
    return out, chapter7.write(out)


def test_the_graphs_have_the_chapter_numbers():
    nodes = toy_chain()
    nodes["loss"].backward()
    assert nodes["loss"].data == 0.13858056641470326
    assert round(nodes["omega0"].grad, 3) == 5.246
    assert [round(nodes[f"beta{k}"].grad, 3) for k in range(4)] == [2.281, -17.060, -1.683, 0.745]
    assert "y" not in nodes
    y = domke()["y"]
    y.backward()
    assert y.data == 10.970524853260402


def test_every_figure_is_a_picture(written):
    out, report = written
    assert [path.name for path in report.files] == [f.file for f in chapter7.FIGURES] + ["index.html"]
    assert report.notes == []
    for figure in chapter7.FIGURES:
        root = ET.parse(out / figure.file).getroot()
        assert root.tag == f"{SVG}svg"
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), figure.file
    assert [f.number for f in chapter7.FIGURES if f.number] == [f"7.{i}" for i in range(1, 10)]
    assert {"toy_chain_cards.svg", "domke_cards.svg"} <= {figure.file for figure in chapter7.FIGURES}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figure_7_3_has_the_forward_pass(theme):
    shown = text_of(figures.chain(theme))
    for value in ("1.23", "0.9425", "1.623", "5.068", "7.137", "0.6574", "2.372", "0.1386"):
        assert value in shown


def test_figure_7_4_has_pass_1_and_the_local_derivatives():
    shown = text_of(figures.backward_1())
    for value in ("0.7445", "2.234", "-1.683", "-3.366", "-17.06", "6.824", "2.281"):
        assert value in shown
    for local in ("h1/∂f0=0.334", "f1/∂h1=-0.4", "h2/∂f1=5.07", "f2/∂h2=2", "h3/∂f2=-0.754", "f3/∂h3=3"):
        assert local in shown


def test_figure_7_5_has_pass_2():
    shown = text_of(figures.backward_2())
    for value in ("0.4895", "-8.53", "-16.08", "5.246", "2.281", "-17.06", "-1.683", "0.7445"):
        assert value in shown
    for local in ("f0/∂ω0=2.3", "f1/∂ω1=0.942", "f2/∂ω2=5.07", "f3/∂ω3=0.657", "f3/∂β3=1"):
        assert local in shown


def test_every_number_of_7_4_and_7_5_is_on_the_cards():
    shown = text_of(figures.toy_cards())
    nodes = toy_chain()
    nodes["loss"].backward()
    for node in nodes.values():
        assert f"{node.data:.4g}" in shown
        assert f"{node.grad:.4g}" in shown
    width = float(re.search(r'<svg[^>]*width="([\d.]+)pt"', figures.toy_cards())[1])
    assert width <= 1100


def test_the_network_of_7_1_is_fully_connected_and_live():
    net = layered_network()
    assert [len(layer) for layer in net.layers] == [3, 4, 2, 3, 2]
    net.loss.backward()
    picture = figures.network_picture(net, net.weights[1][1][1], "light", orange=False)
    assert len(picture.edges) == 3 * 4 + 4 * 2 + 2 * 3 + 3 * 2 + 2
    blue = [edge for edge in picture.edges if edge.colour == "blue"]
    assert [(edge.tail, edge.head) for edge in blue] == [("u1_1", "u2_1")]
    assert not [edge for edge in picture.edges if edge.colour == "orange"]
    assert all(weight.grad != 0.0 for rows in net.weights for row in rows for weight in row)


@pytest.mark.parametrize(("k", "units", "edges"), [(2, 4, 4), (1, 7, 11), (0, 9, 16)])
def test_figure_7_2_is_orange_downstream_of_the_weight(k, units, edges):
    net = layered_network()
    picture = figures.network_picture(net, net.weights[k][1][1], "light")
    assert sum(box.stroke == "orange" for box in picture.boxes) == units
    assert sum(edge.colour == "orange" for edge in picture.edges) == edges
    assert sum(edge.colour == "blue" for edge in picture.edges) == 1
    assert any(node is net.weights[k][1][1] for node in ag.topological_order(net.loss))


def test_a_picture_without_a_graphviz_program(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    for figure in figures.FIGURES:
        root = ET.fromstring(figure.draw("light").encode())
        assert root.tag.endswith("}svg")
        assert any(element.tag.endswith("}text") for element in root.iter())


class Page(html.parser.HTMLParser):
    """Collects what a page would load, and checks that its tags nest."""

    void = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self):
        super().__init__()
        self.loads, self.links, self.ids, self.stack = [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loads += [
            v for k, v in attrs if k in ("src", "srcset", "data", "action") or (k == "href" and tag == "link")
        ]
        self.links += [v for k, v in attrs if k in ("href", "xlink:href") and tag == "a"]
        self.ids += [found["id"]] if "id" in found else []
        if tag not in self.void:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def test_the_page_is_whole_and_asks_for_nothing(written):
    out, _ = written
    source = (out / "index.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(source)
    assert page.stack == []
    assert page.loads == []
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith("#") or (out / link).exists(), link
        assert not link.startswith("#") or link[1:] in page.ids, link
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(|<link|<base|<iframe(?! srcdoc=)", source)
    names_of_formats = r"""xmlns(:\w+)?="https?://[^"]*"|(rdf:resource|rdf:about)="https?://[^"]*\""""
    assert not re.search(r"https?://", re.sub(names_of_formats, "", source))
    for theme in ("light", "dark"):
        least = re.findall(rf'<div class="{theme}" style="min-width:([\d.]+)pt"><svg[^>]*\bwidth="([\d.]+)', source)
        assert len(least) == len(chapter7.FIGURES)
        assert all(11 * 96 / 72 * float(kept) / float(width) > 12 for kept, width in least)  # pixels of a card's text
    for text in ("Backward pass #1", "Problem 7.12", "Problem 7.13", "Forward mode", "33.9078"):
        assert text in source


def test_a_figure_without_its_library_is_left_out_with_a_note(tmp_path, monkeypatch):
    def needs(theme):
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    monkeypatch.setattr(
        "autograd_lite.chapter7.page.FIGURES",
        [figures.FIGURES[2], Figure("7.7", "figure_7_7.svg", "Initialisation", "How variance <grows>.", needs)],
    )
    report = chapter7.write(tmp_path)
    assert [path.name for path in report.files] == ["figure_7_3.svg", "index.html"]
    assert report.notes == ["figure 7.7 is left out: No module named 'matplotlib' (pip install 'autograd-lite[plots]')"]
    source = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "figure 7.7 is left out" in source
    assert "How variance &lt;grows&gt;." in source


def test_writing_twice_gives_the_same_pictures(tmp_path):
    first = {f.file: f.draw("light") for f in figures.FIGURES[2:5]}
    assert {f.file: f.draw("light") for f in figures.FIGURES[2:5]} == first


def test_the_room_loads_no_matplotlib():
    code = "import sys, autograd_lite.chapter7; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
