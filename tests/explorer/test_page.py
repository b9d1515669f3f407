"""The stepping page seen from Python: what is in it, how large it is, and that no label can break out of it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.cli import main
from autograd_lite.errors import GraphChangedError, RenderError
from autograd_lite.explorer import explore, snapshot
from autograd_lite.explorer.javascript_rules import javascript, partials_source, supported, words
from autograd_lite.notation import outline
from autograd_lite.primitives import TABLE

from .pages import cube, data_of, domke_graph, network, script_of, toy


class Document(HTMLParser):
    """The elements of a document, and the text of scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


# --- the interface ----------------------------------------------------------------------------------------------------


def test_explore_is_a_public_name_and_saves_one_file(tmp_path):
    page = ag.explore(toy())
    path = page.save(tmp_path / "toy.html")
    assert path.read_text(encoding="utf-8") == page.html == str(page)
    assert [p.name for p in tmp_path.iterdir()] == ["toy.html"]
    assert page.html.startswith("<!doctype html>")


def test_a_notebook_gets_a_sandboxed_frame():
    page = explore(domke_graph())
    for shown in (page._repr_html_(), page._repr_mimebundle_()["text/html"]):
        [(tag, attributes)] = Document(shown).elements
        assert (tag, attributes["sandbox"], attributes["srcdoc"]) == ("iframe", "allow-scripts", page.html)
    assert len(repr(page)) < 100


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="explore takes one Value, not float"):
        explore(2.0)
    with pytest.raises(TypeError, match="not NoneType"):
        explore()
    with pytest.raises(ValueError, match="theme is"):
        explore(toy(), theme="pink")
    with pytest.raises(ValueError, match="mode is"):
        explore(toy(), mode="sideways")
    with pytest.raises(ValueError, match="'q' is no leaf"):
        explore(toy(), wrt="q")


def test_exploring_changes_nothing():
    loss = toy()
    loss.backward()
    before = [(node.data, node.grad) for node in ag.topological_order(loss)]
    explore(loss)
    assert [(node.data, node.grad) for node in ag.topological_order(loss)] == before


def test_the_command_writes_a_page(tmp_path, capsys):
    target = tmp_path / "toy.html"
    assert main(["explore", "-x**2 + sin(y)", "x=0.1", "y=2", "-o", str(target), "--forward", "y"]) == 0
    data = data_of(target.read_text(encoding="utf-8"))
    assert data["mode"] == "forward"
    assert "toy.html" in capsys.readouterr().out
    assert main(["explore", "x +", "x=1", "-o", str(target)]) == 2
    assert main(["explore", "x * 2", "x=1", "--forward", "z", "-o", str(target)]) == 2
    assert main(["explore", "x * 2", "x=1", "y=1", "--forward", "y", "-o", str(target)]) == 2
    assert main(["explore", "x * 2", "x=1", "-o", str(tmp_path / "no" / "where.html")]) == 1


# --- what is in it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", [toy, domke_graph, network])
def test_the_page_is_small_and_whole(graph):
    source = explore(graph()).html
    assert len(source.encode()) < 100_000
    script = script_of(source)
    assert len(script.encode()) < 20_000
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in source
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|innerHTML|eval\(|Function\(", source)
    names = [attributes["id"] for _, attributes in Document(source).elements if "id" in attributes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("graph", [toy, domke_graph, network])
def test_the_tape_is_the_graph(graph):
    y = graph()
    data = data_of(explore(y).html)
    nodes = ag.topological_order(y)
    assert [name for name, _ in data["nodes"]] == [node.op.name if node.op else "" for node in nodes]
    assert data["frames"][0]["v"] == [node.data for node in nodes]
    for node, (_, args), partials in zip(nodes, data["nodes"], data["frames"][0]["p"], strict=True):
        if node.op:
            assert [nodes[a] for a in args if a >= 0] == list(node.parents)
            assert [p for p, a in zip(partials, args, strict=True) if a >= 0] == list(node.local_partials)
            constants = [data["frames"][0]["c"][-1 - a] for a in args if a < 0]
            assert constants == [arg for arg in node.args if isinstance(arg, float)]
    for line in data["lines"]:
        for place, ways, *_ in line["links"]:
            for way in ways:  # from the line's node, through folded nodes, to the node of the operand's line
                assert way[0] == line["n"]
                ends = [data["nodes"][way[i]][1][way[i + 1]] for i in range(0, len(way), 2)]
                assert ends[:-1] == way[2::2]
                assert ends[-1] == data["lines"][place]["n"]


def test_ways_and_edges_are_those_of_the_picture():
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    f = (ag.exp(x * x + x * w) * x - w * w).named("f")
    y = (f * f + ag.sin(x)).named("y")
    data, read = data_of(explore(y).html), outline(y)
    picture = ag.draw(y).picture
    for line, known in zip(data["lines"], read.lines, strict=True):
        for (place, ways, edges, row), operand, partials in zip(
            line["links"], known.operands, known.partials, strict=True
        ):
            assert data["nodes"][data["lines"][place]["n"]][0] == (operand.op.name if operand.op else "")
            products = [
                math.prod(data["frames"][0]["p"][way[i]][way[i + 1]] for i in range(0, len(way), 2)) for way in ways
            ]
            assert products == pytest.approx(partials, rel=1e-15)
            assert row >= 0 or len(edges) == len(ways)
            for edge, partial in zip(edges, products, strict=False):
                [drawn] = [e for e in picture.edges if e.id == edge]
                assert "".join(run.text for run in drawn.label) == f"{partial:.4g}"


def test_counts_are_those_of_cost():
    for graph in (toy, domke_graph, network):
        y = graph()
        data, cost = data_of(explore(y).html), ag.cost(y)
        assert data["all"] == cost.edges == cost.reverse
        assert max(data["reach"].values()) <= data["all"]
    assert data_of(explore(domke_graph()).html)["reach"] == {"0": 8}


@pytest.mark.parametrize("graph", [toy, domke_graph, network])
def test_every_tier_gives_the_same_places_for_numbers(graph, tier):
    source = explore(graph()).html
    data, elements = data_of(source), Document(source).elements
    texts = [(a["data-s"], a.get("data-r")) for tag, a in elements if tag == "text" and "data-s" in a]
    cards = {a["id"] for tag, a in elements if tag == "g" and re.fullmatch(r"n\d+", a.get("id", ""))}
    edges = {a["id"] for tag, a in elements if tag == "g" and re.fullmatch(r"e\d+_\d+", a.get("id", ""))}
    links = [link for line in data["lines"] for link in line["links"]]
    assert edges == {edge for _, _, ids, _ in links for edge in ids}
    inside = {data["lines"][place]["id"] for place, _, _, row in links if row >= 0}
    assert cards == {line["id"] for line in data["lines"]} - inside
    rows = sum(link[3] >= 0 for link in links)
    assert texts.count(("v", None)) == texts.count(("g", None)) == len(cards)
    assert texts.count(("p", None)) == len(edges)
    assert sum(row is not None for _, row in texts) == 3 * rows
    drawn = re.search(r"<svg.*?</svg>", source, re.DOTALL)[0]
    assert not re.search(r"#[0-9a-fA-F]{6}", drawn), "a colour that does not follow the theme"


def test_numbers_that_json_lacks_are_text():
    x = Value(math.inf, label="x")
    data = data_of(explore((x - x).named("y")).html)
    assert data["frames"][0]["v"] == ["inf", "nan"]


def test_too_many_cards_are_refused_politely():
    y = Value(0.5, label="x")
    for k in range(301):
        y = ag.sin(y).named(f"f{k}")
    with pytest.raises(RenderError, match="302 cards"):
        explore(y)
    with pytest.raises(RenderError, match="cards"):
        explore(toy(), max_nodes=3)


def test_three_hundred_cards_are_fine(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "builtin")
    y = Value(0.5, label="x")
    for k in range(299):
        y = ag.sin(y).named(f"f{k}")
    source = explore(y).html
    assert len(source.encode()) < 600_000
    assert len(data_of(source)["lines"]) == 300


# --- the table in JavaScript ------------------------------------------------------------------------------------------


def test_the_whole_table_has_javascript():
    assert [name for name, entry in TABLE.items() if not supported(entry)] == []
    assert {name for name in words() if not name.startswith("$")} <= set(TABLE)


def test_only_what_is_used_is_shipped():
    source = javascript([TABLE["gelu"]])
    assert "$norm_cdf = " in source
    assert "$sinh" not in source
    assert partials_source(TABLE["mul"]) == "(o, a, b) => [b, a]"


def test_an_op_of_the_users_own_is_replayed():
    y = (cube(Value(2.0, label="x")) + 1.0).named("y")
    data = data_of(explore(y).html)
    assert not data["live"]
    assert "cube" in data["note"]
    assert data["frames"][0]["p"] == [[], [12.0], [1.0, 0.0]]


def test_a_checkpoint_is_replayed():
    y = (ag.checkpoint(lambda v: ag.sin(v) * v, Value(2.0, label="x")) + 1.0).named("y")
    data = data_of(explore(y).html)
    assert not data["live"]
    assert data["frames"][0]["v"] == [node.data for node in ag.topological_order(y)]


# --- training runs ----------------------------------------------------------------------------------------------------


def descent(steps, take):
    """Gradient descent on (w·x + b − 1)², keeping ``take(loss)`` of each epoch."""
    w, b, x = Value(0.3, label="w"), Value(-0.2, label="b"), Value(2.0, label="x")
    kept, numbers = [], []
    for _ in range(steps):
        loss = ((w * x + b - 1.0) ** 2).named("ell")
        w.grad = b.grad = x.grad = 0.0
        loss.backward()
        numbers.append((w.data, b.data, loss.data))
        kept.append(take(loss))
        w.data -= 0.05 * w.grad
        b.data -= 0.05 * b.grad
    return kept, numbers


@pytest.mark.parametrize("take", [lambda loss: loss, snapshot], ids=["values", "snapshots"])
def test_a_training_run_is_frames_of_one_graph(take):
    frames, numbers = descent(6, take)
    y = descent(1, lambda loss: loss)[0][0] if take is snapshot else None
    data = data_of(explore(y, history=frames).html)
    assert len(data["frames"]) == 6
    labels = ["".join(run[1] for run in line["name"]) for line in data["lines"]]
    places = [i for i, (op, _) in enumerate(data["nodes"]) if not op]
    order = {labels[k]: places.index(line["n"]) for k, line in enumerate(data["lines"]) if line["n"] in places}
    for frame, (w, b, _) in zip(data["frames"], numbers, strict=True):
        assert math.isclose(frame["l"][order["w"]], w, rel_tol=1e-12)
        assert math.isclose(frame["l"][order["b"]], b, rel_tol=1e-12)
        assert frame["l"][order["x"]] == 2.0


def test_frames_of_numbers():
    w = Value(3.0, label="w")
    y = (w * w).named("y")
    data = data_of(explore(y, history=[{w: 1.0}, {"w": 2.0}]).html)
    assert [frame["l"] for frame in data["frames"]] == [[1.0], [2.0]]
    assert data["frames"][0]["v"] == [1.0, 1.0]
    with pytest.raises(ValueError, match="'q' is no leaf"):
        explore(y, history=[{"q": 1.0}])


def test_a_network_in_training():
    ag.manual_seed(1)
    model = nn.MLP(2, [3, 1])
    optimizer = ag.optim.SGD(model.parameters(), lr=0.05)
    losses, weights = [], []
    for _ in range(4):
        loss = ((model([0.5, -0.8]) - 1.0) ** 2).named("ell")
        weights.append([node.data for node in ag.topological_order(loss) if node.op is None])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    data = data_of(explore(history=losses).html)
    for frame, numbers in zip(data["frames"], weights, strict=True):
        assert frame["l"] == pytest.approx(numbers, rel=1e-9, abs=1e-12)


def test_histories_that_make_no_sense():
    with pytest.raises(ValueError, match="history is empty"):
        explore(history=[])
    with pytest.raises(ValueError, match="frame 1 is of another graph"):
        explore(history=[Value(1.0) + Value(2.0), Value(1.0) * Value(2.0)])
    with pytest.raises(TypeError, match="needs the graph too"):
        explore(history=[{"x": 1.0}])
    with pytest.raises(TypeError, match="not str"):
        explore(toy(), history=["x"])


def test_a_leaf_that_was_changed_is_not_shown_wrong():
    x, u = Value(2.0, label="x"), Value(1.0, label="u")
    y = (x + u).named("y")
    x.data, u.data = 3.0, 0.5
    with pytest.raises(GraphChangedError, match="snapshot"):
        explore(y)
    w, b = Value(2.0, label="w"), Value(1.0, label="b")
    z = ag.affine([3.0], [w], b)  # 3 w + b: which of the two was changed?
    w.data, b.data = 1.0, 0.5
    with pytest.raises(GraphChangedError, match="affine no longer gives 7"):
        explore(z)


# --- hostile text -----------------------------------------------------------------------------------------------------

NASTY = [
    "</script><script>alert(1)</script>", "<!--<script>", "]]>", "</svg><img src=x onerror=alert(1)>", "\u2028\u2029",
    "\ud800lone", "\x00\x1b", '"><script>alert(1)</script>', "javascript:alert(1)", "&lt;b&gt;", "x" * 100_000,
    "\\u003c", "</title><script>alert(1)</script>", "<!-- data -->", "\ue000", "constructor", "__proto__", "n0", "tape",
    "$1 \\1 \\g<0>",
]  # fmt: skip
labels = st.text(st.characters(), max_size=40) | st.sampled_from(NASTY)


@settings(max_examples=60)
@given(labels, labels, labels)
def test_hostile_labels_stay_text(first, second, title):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRAD_LITE_DOT", "builtin")
        f = (Value(2.0, label=first) * Value(3.0, label="w" + second)).named(second)
        page = explore(ag.exp(f).named(first + second), title=title)
        plain = explore(ag.exp((Value(2.0, label="x") * Value(3.0, label="w")).named("f")).named("y"), title="t")
    page.html.encode("utf-8")
    document, expected = Document(page.html), Document(plain.html)
    harmless = {"text", "tspan", "g", "path", "rect", "polygon", "svg", "i", "sub", "sup"}  # other names, other widths
    assert [t for t in document.tags() if t not in harmless] == [t for t in expected.tags() if t not in harmless]
    assert not [key for _, attributes in document.elements for key in attributes if key.startswith("on")]
    raw = re.search(r'<script type="application/json" id="tape">(.*?)</script>', page.html, re.DOTALL)[1]
    assert not re.search("[<>&\u2028\u2029]", raw)
    assert json.loads(raw)["nodes"][-1][0] == "exp"
    assert script_of(page.html) == script_of(plain.html)
    [(_, frame)] = Document(page._repr_html_()).elements
    assert frame["srcdoc"] == page.html


def test_titles_are_escaped():
    page = explore(toy(), title="<b>&")
    assert page.html.count(html.escape("<b>&")) == 2
    assert "<b>&" not in page.html
