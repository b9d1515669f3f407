"""The evaluation trace against the engine's own numbers, and in every format."""

from __future__ import annotations

import html.parser
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.chapter7 import domke, toy_chain
from autograd_lite.notation import (
    clean,
    explain,
    outline,
    symbol,
)

from .readers import balanced_latex, derivatives

HOSTILE = [
    "</svg><script>alert(1)</script>", 'a"b', "back\\slash", "a & b < c", "two\nlines", "]]>", "x" * 100_000, "\ud800",
    "a|b|c", "`code`", "[link](javascript:alert(1))", "$x$", "}{", r"\href{javascript:alert(1)}{x}",
    "<img src=x onerror=alert(1)>",
    "%", "#", "^", "~", "_", "*a*", "\x00\x1b", "\u202ertl", "",
]  # fmt: skip


# --- the trace --------------------------------------------------------------------------------------------------------

DOMKE = """\
Forward pass
  x  = 0.1
  f₁ = exp x   = 1.1051709180756477
  f₂ = f₁²     = 1.22140275816017
  f₃ = f₁ + f₂ = 2.326573676235818
  f₄ = exp f₃  = 10.24278623882461
  f₅ = sin f₃  = 0.7277386144357914
  y  = f₄ + f₅ = 10.970524853260402

Backward pass
  ∂y/∂y  = 1
  ∂y/∂f₅ = 1 × 1                                                                 = 1
  ∂y/∂f₄ = 1 × 1                                                                 = 1
  ∂y/∂f₃ = ∂f₄/∂f₃ · ∂y/∂f₄ + ∂f₅/∂f₃ · ∂y/∂f₅ = 10.2428 × 1 + (-0.685855) × 1   = 9.556931655797658
  ∂y/∂f₂ = ∂f₃/∂f₂ · ∂y/∂f₃ = 1 × 9.55693                                        = 9.556931655797658
  ∂y/∂f₁ = ∂f₂/∂f₁ · ∂y/∂f₂ + ∂f₃/∂f₁ · ∂y/∂f₃ = 2.21034 × 9.55693 + 1 × 9.55693 = 30.681017519845895
  ∂y/∂x  = ∂f₁/∂x · ∂y/∂f₁ = 1.10517 × 30.681                                    = 33.90776829990312"""


DOMKE_TANGENTS = """\
Forward mode: the derivatives with respect to x
  ∂x/∂x  = 1
  ∂f₁/∂x = 1.10517 × 1                                                     = 1.10517
  ∂f₂/∂x = ∂f₂/∂f₁ · ∂f₁/∂x = 2.21034 × 1.10517                            = 2.44281
  ∂f₃/∂x = ∂f₃/∂f₁ · ∂f₁/∂x + ∂f₃/∂f₂ · ∂f₂/∂x = 1 × 1.10517 + 1 × 2.44281 = 3.54798
  ∂f₄/∂x = ∂f₄/∂f₃ · ∂f₃/∂x = 10.2428 × 3.54798                            = 36.3412
  ∂f₅/∂x = ∂f₅/∂f₃ · ∂f₃/∂x = -0.685855 × 3.54798                          = -2.4334
  ∂y/∂x  = ∂y/∂f₄ · ∂f₄/∂x + ∂y/∂f₅ · ∂f₅/∂x = 1 × 36.3412 + 1 × (-2.4334) = 33.9078"""


def test_the_domke_trace_to_the_letter():
    y = domke()["y"]
    assert str(explain(y)) == DOMKE
    assert str(explain(y, mode="forward", wrt="x", digits=6)).endswith(DOMKE_TANGENTS)
    assert all(node.grad == 0.0 for node in ag.topological_order(y))


def test_the_toy_chain_has_the_book_order_and_numbers():
    nodes = toy_chain()
    loss = nodes["loss"]
    parameters = [nodes[f"{kind}{k}"] for k in range(4) for kind in ("beta", "omega")]
    trace = explain(loss, wrt=parameters)
    first, second = trace.derivatives
    assert [row.wrt.text for row in first.rows] == ["ℓ", "f₃", "h₃", "f₂", "h₂", "f₁", "h₁", "f₀"]
    assert [row.wrt.text for row in second.rows] == ["β₃", "ω₃", "β₂", "ω₂", "β₁", "ω₁", "β₀", "ω₀"]
    book = {"f3": 0.745, "h3": 2.234, "f2": -1.683, "h2": -3.366, "f1": -17.060, "h1": 6.824, "f0": 2.281}
    book |= {"beta3": 0.745, "omega3": 0.489, "beta2": -1.683, "omega2": -8.530, "beta1": -17.060}
    book |= {"omega1": -16.079, "beta0": 2.281, "omega0": 5.246}
    found = derivatives(trace)
    assert {name: round(found[symbol(name).text], 3) for name in book} == book
    forward = {row.symbol.text: round(row.value, 3) for row in trace.forward.rows}
    passed = {"f₀": 1.230, "h₁": 0.942, "f₁": 1.623, "h₂": 5.068, "f₂": 7.137, "h₃": 0.657, "f₃": 2.372, "ℓ": 0.139}
    assert passed.items() <= forward.items()
    loss.backward()  # to all digits
    assert found == {symbol(n.label).text: n.grad for n in nodes.values() if n.label != "x"}


def test_every_leaf_is_listed_in_the_order_in_which_it_is_complete():
    first, second = explain(toy_chain()["loss"]).derivatives
    assert [row.wrt.text for row in second.rows][-3:] == ["β₀", "ω₀", "x"]
    assert first.title != second.title


def test_the_sum_of_the_terms_is_the_derivative():
    for mode, wrt in (("reverse", None), ("forward", "x")):
        for section in explain(toy_chain()["loss"], mode=mode, wrt=wrt).derivatives:
            for row in section.rows:
                if row.terms:
                    total = sum(sum(term.ways) * term.known for term in row.terms)
                    assert total == pytest.approx(row.value, rel=1e-14)


@given(st.integers(0, 10**6), st.booleans())
def test_a_trace_has_the_numbers_of_backward_bit_for_bit(seed, fold):
    rng = random.Random(seed)
    pool = [Value(rng.uniform(0.2, 1.5), f"x{i}") for i in range(3)]
    for i in range(rng.randint(2, 25)):
        a, b = rng.choice(pool[-5:]), rng.choice(pool)
        made = rng.choice(
            [a + b, a * b, ag.sin(a), a / (b + 3.0), ag.affine([a, b], [b, a], 1.0), a**2, ag.max([a, b, a])]
        )
        pool.append(made.named(f"h{i}") if rng.random() < 0.5 else made)
    y = (pool[-1] * 1.0).named("y")
    trace = explain(y, fold=fold, max_rows=None)
    seen = outline(y, fold=fold)
    assert all(node.grad == 0.0 for node in ag.topological_order(y))
    y.backward()
    assert derivatives(trace) == {seen.symbol(line.node).text: line.node.grad for line in seen.lines}
    x = next(node for node in ag.topological_order(y) if node.op is None)
    tangent = explain(y, mode="forward", wrt=x, fold=fold, max_rows=None).derivatives[0].rows[-1]
    assert tangent.value == pytest.approx(x.grad, rel=1e-9, abs=1e-12)


def test_one_op_reached_twice_and_directly():
    x = Value(3.0, "x")
    y = (x * x + x).named("y")
    text = str(explain(y, fold=False))
    assert "∂y/∂x  = ∂v₁/∂x · ∂y/∂v₁ + ∂⁺y/∂x = (3 + 3) × 1 + 1 × 1 = 7" in text
    assert "∂⁺ is the derivative through the operation itself" in text
    assert str(explain((x * x).named("q"))).endswith("∂q/∂x = (3 + 3) × 1 = 6")


def test_errors_name_the_cure():
    y = domke()["y"]
    with pytest.raises(TypeError, match="explain takes a Value, not float"):
        explain(1.0)
    with pytest.raises(ValueError, match="'reverse' or 'forward'"):
        explain(y, mode="backward")
    with pytest.raises(ValueError, match="'z' is not in this graph; it has 'x'"):
        explain(y, mode="forward", wrt="z")
    with pytest.raises(ValueError, match="a Value that is not in this graph"):
        explain(y, wrt=Value(1.0))
    with pytest.raises(ValueError, match="say which, wrt=…: x, y"):
        explain(Value(1.0, "x") * Value(2.0, "y"), mode="forward")
    with pytest.raises(ValueError, match="one input, and wrt names 2"):
        explain(a := Value(1.0, "a") * (b := Value(2.0, "b")), mode="forward", wrt=[a, b])
    with pytest.raises(ValueError, match="max_rows is at least 2"):
        explain(y, max_rows=1)


@pytest.mark.parametrize("named", [False, True])
def test_a_graph_of_a_hundred_thousand_nodes(named):
    v = Value(1.0, "x")
    for i in range(100_000):
        v = v + 1.0
        if named and i == 50_000:
            v.label = "half"
    trace = explain(v, max_rows=6)
    text = str(trace)
    assert len(text.splitlines()) == 2 + 2 * (6 + 1) + 1
    assert "more (max_rows=None shows all)" in text
    assert trace.derivatives[0].rows[-1].value == 1.0
    for made in (trace.markdown(), trace.html(), trace.latex()):
        assert len(made) < 20_000
    assert explain(v, mode="forward", max_rows=6).derivatives[0].rows[-1].value == 1.0


def test_a_fan_out_of_a_hundred_thousand_shows_few_terms():
    x = Value(2.0, "x")
    y = ag.sum([x * 1.0 for _ in range(100_000)]).named("y")
    text = str(explain(y, max_rows=10, fold=False))
    assert "(99994 more)" in text
    assert max(map(len, text.splitlines())) < 400


def test_a_network_of_neurons_is_explained():
    ag.manual_seed(0)
    model = ag.nn.MLP(3, [4, 1])
    out = model([Value(1.0, "x0"), Value(2.0, "x1"), 3.0])
    out = out if isinstance(out, Value) else out[0]
    found = derivatives(explain(out, max_rows=None))
    out.backward()
    for node in ag.topological_order(out):
        if node.label in ("x0", "x1"):
            assert found[symbol(node.label).text] == node.grad
    assert len(found) >= 4 * 4 + 5


# --- formats ----------------------------------------------------------------------------------------------------------


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.depth = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.depth.append(tag)
        assert all(name in ("class", "scope", "colspan") for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.depth.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_harmless_everywhere(label):
    x = Value(2.0, label)
    y = (x * 3.0 + ag.sin(x)).named(label)
    for mode in ("reverse", "forward"):
        trace = explain(y, mode=mode, wrt=x if mode == "forward" else None, local=True)
        reader = Reader()
        reader.feed(trace.html())
        assert reader.depth == []
        assert reader.tags <= {
            "div",
            "style",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "i",
            "sub",
            "sup",
            "p",
        }
        rows = [line for line in trace.markdown().splitlines() if line.startswith("|")]
        assert all(line.count("|") in (4, 5) for line in rows)
        assert "<" not in trace.markdown()
        assert "](" not in trace.markdown()
        balanced_latex(trace.latex())
        for made in (str(trace), trace.html(), trace.markdown(), trace.latex()):
            made.encode("utf-8")
            assert len(made) < 10_000
            assert all(c.isprintable() or c == "\n" for c in made)


def test_the_formats_hold_the_same_numbers():
    trace = explain(domke()["y"])
    for made in (str(trace), trace.markdown(), trace.html(), trace.latex()):
        for value in ("33.90776829990312", "30.681017519845895", "9.556931655797658", "10.970524853260402"):
            assert value in made
    assert (
        r"\frac{\partial y}{\partial f_1} &= \frac{\partial f_2}{\partial f_1} \frac{\partial y}{\partial f_2} +"
        in trace.latex()
    )
    assert "∂<i>y</i>/∂<i>f</i><sub>1</sub>" in trace.html()
    assert "| f₂ | f₁² | 1.22140275816017 |" in trace.markdown()
    assert trace._repr_html_() == trace.html()
    assert trace._repr_markdown_() == trace.markdown()
    assert trace._repr_latex_().startswith("$$\n\\begin{aligned}")
    assert repr(trace) == str(trace)


def test_clean_leaves_one_line():
    assert clean("a\r\n\tb\x00") == "a   b "
    assert clean("\ud83d") == "�"


def test_several_results_are_explained_together():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    f, g = (a * b).named("f"), (ag.sin(a) * 2.0).named("g")
    text = str(ag.explain([f, g]))
    assert text.count("Forward pass") == 1
    for line in ("= a · b", "∂f/∂a", "∂f/∂b", "∂g/∂a", "Backward pass from f", "Backward pass from g"):
        assert line in text
    assert "∂g/∂b" not in text
    assert "∂f/∂g" not in text
    for many in ((f, g), np.array([f, g], dtype=object), [f, g, f]):
        assert str(ag.explain(many)) == text
    assert str(ag.explain([f])) == str(ag.explain(f))
    forward = str(ag.explain([f, g], mode="forward", wrt="a"))
    assert "∂f/∂a" in forward
    assert "∂g/∂a" in forward
    local = ag.explain([f, f * g], local=True, wrt=["a"])
    assert "Local derivatives" in local.markdown()
    for form in ("text", "markdown", "html", "latex"):
        assert getattr(local, form)()
    chain = (f * g).named("h")
    both = ag.explain([f, chain])
    chain.backward()
    last = [row.value for section in both.derivatives[-2:] for row in section.rows]
    assert {a.grad, b.grad, f.grad, g.grad} <= set(last)
    for wrong in ([], [f, 3.0], 3.0, {"f": f}):
        with pytest.raises(TypeError, match="explain takes a Value"):
            ag.explain(wrong)


def test_each_result_is_explained_by_its_own_graph():
    """What only another result is made from is no term of a derivative, not even with 0."""
    x, b = Value(2.0, "x"), Value(3.0, "b")
    y = (x * 3.0).named("y")
    z, w = (x * x).named("z"), ag.sin(y * b).named("w")
    trace = ag.explain([z, w])
    terms = {(d.of.text, d.wrt.text): len(d.terms) for section in trace.derivatives for d in section.rows}
    assert terms[("z", "x")] == 1
    assert terms[("w", "x")] == 1


def test_inputs_come_as_their_derivatives_become_complete():
    """On the way back a leaf is done with the first line that uses it, whatever else uses it later."""
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(5.0, "c")
    u = (a * b).named("u")
    w = ((u * c).named("v") * a).named("w")
    rows = [d.wrt.text for d in ag.explain(w).derivatives[-1].rows]
    assert rows == ["c", "a", "b"]


def test_forward_mode_has_the_lines_that_move():
    x, b = Value(2.0, "x"), Value(3.0, "b")
    y = ((x * 2.0).named("u") + (b * b).named("v")).named("y")
    (section,) = ag.explain(y, mode="forward", wrt="x").derivatives
    assert [d.of.text for d in section.rows] == ["x", "u", "y"]


def test_columns_of_text_line_up_whatever_the_letters():
    """As a terminal shows them: two columns for a Chinese letter or a picture, none for an accent."""
    a, b, c = (ag.Value(1.0, label=label) for label in ("a\N{COMBINING CIRCUMFLEX ACCENT}", "温度", "🙂"))
    text = str(ag.explain((a * b + c).named("Größe")))
    forward = text.split("\n\n")[0].splitlines()[1:]
    shown = [line.split(" = ")[0] for line in forward]
    extra = {"a\N{COMBINING CIRCUMFLEX ACCENT}": -1, "温度": 2, "🙂": 1}
    assert len({len(name) + extra.get(name.strip(), 0) for name in shown}) == 1


@pytest.mark.parametrize("label", [" ", "\n\t", "\u3000"])
def test_a_blank_label_is_no_name(label):
    x = ag.Value(2.0, label=label)
    assert "v₂ = v₁ · v₁ = 4" in str(ag.explain((x * x).named(label)))


@pytest.mark.parametrize("label", HOSTILE)
def test_a_trace_is_saved_in_the_format_of_the_ending(tmp_path, label):
    trace = explain(Value(3.0, label=label) ** 2)
    for ending, said in (
        (".txt", trace.text()),
        (".md", trace.markdown()),
        (".html", trace.html()),
        (".TEX", trace.latex()),
    ):
        path = trace.save(tmp_path / f"trace{ending}")
        assert path == tmp_path / f"trace{ending}"
        assert said.strip() in path.read_bytes().decode("utf-8")
    page = (tmp_path / "trace.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "charset" in page.partition("<body>")[0]
    for name in ("trace.pdf", "trace"):
        with pytest.raises(ValueError, match=rf"\.txt, \.md, \.html, \.tex.*{name}"):
            trace.save(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 4
