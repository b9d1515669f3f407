"""How the stepping page looks in a browser: themes, narrow screens, the window of the picture, frames, and safety."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.explorer import explore

from .pages import domke_graph, network, toy
from .reading import numbers, shown, steps, text, where

GOLDEN = Path(__file__).parent / "golden"


# --- safety and appearance --------------------------------------------------------------------------------------------


def test_the_saved_file_asks_for_nothing(watched, tmp_path):
    path = explore(network()).save(tmp_path / "net.html")
    watched.page.goto(path.as_uri())
    watched.page.keyboard.press("End")
    assert watched.requests == [path.as_uri()]


def test_it_works_in_the_frame_of_a_notebook(watched):
    page = watched.show(explore(domke_graph())._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("nav #ArrowRight").click()
    assert frame.locator("#where").text_content() == "1 of 16"


NASTY = [
    "</script><script>window.harm = 1</script>", "<img src=//x.test/a onerror='window.harm = 1'>", "<!--<script>",
    '"><svg onload="window.harm = 1">', "]]></svg><script>window.harm = 1</script>", "\u2028", "__proto__", "\ud800",
]  # fmt: skip


def test_hostile_labels_do_nothing(watched):
    leaves = [Value(float(k), label=label) for k, label in enumerate(NASTY)]
    y = ag.exp(ag.sum(leaves) * 0.01).named("<script>window.harm = 1</script>")
    page = watched.show(explore(y, title="<script>window.harm = 1</script>").html)
    seen = steps(page)
    for card in page.locator("g.node").all()[:4]:
        card.focus()
    page.select_option("#mode", "forward")
    page.locator("#phase").click()
    seen += steps(page)
    assert page.evaluate("window.harm === undefined")
    assert page.locator("img").count() == 0
    assert any("<img src=//x.test/a" in sentence for _, sentence in seen)


@pytest.mark.parametrize("system", ["light", "dark"])
def test_themes(watched, system):
    page = watched.page
    page.emulate_media(color_scheme=system)
    watched.show(explore(domke_graph()).html)
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(30, 30, 30)"}

    def background():
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert background() == colours[system]
    for theme in ("light", "dark"):
        page.select_option("#theme", theme)
        assert background() == colours[theme]
        ink = page.evaluate("getComputedStyle(document.querySelector('g.node text tspan')).fill")
        assert ink == {"light": "rgb(27, 42, 49)", "dark": "rgb(230, 234, 236)"}[theme]
    page.select_option("#theme", "auto")
    assert background() == colours[system]
    watched.show(explore(domke_graph(), theme="dark").html)
    assert background() == colours["dark"]


@pytest.mark.parametrize("graph", [toy, domke_graph, network])
def test_a_narrow_screen_does_not_scroll_sideways(watched, graph):
    page = watched.page
    page.set_viewport_size({"width": 320, "height": 640})
    watched.show(explore(graph()).html)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("g.node").first.focus()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("parseFloat(getComputedStyle(document.getElementById('sum')).fontSize)") >= 16


def test_every_tier_steps(watched, tier):
    for graph in (toy, network):
        y = graph()
        page = watched.show(explore(y).html)
        page.keyboard.press("End")
        y.backward()
        shown_gradients = sorted(page.locator("g.node [data-s=g]").all_text_contents())
        leaves = [node for node in ag.topological_order(y) if node.op is None]
        for leaf in leaves:
            assert any(text.startswith(shown(leaf.grad)[:4]) for text in shown_gradients)
        assert page.locator("g.edge").count() == page.locator("g.edge path").count()


def test_three_hundred_cards_step(watched):
    y = Value(0.5, label="x")
    for k in range(299):
        y = ag.sin(y).named(f"f{k}")
    page = watched.show(explore(y).html)
    page.keyboard.press("End")
    assert where(page) == "600 of 600"
    y.backward()
    assert numbers(page)["x"][0] == pytest.approx(ag.topological_order(y)[0].grad, rel=1e-12)


FONT = """() => {
  const context = document.createElement("canvas").getContext("2d");
  const width = font => { context.font = `40px ${font}`; return context.measureText("Backpropagation").width; };
  return Math.abs(width("Arial, monospace") - width("'Liberation Sans', monospace")) < 1
    && width("Arial, monospace") !== width("monospace");
}"""


COMPARE = """async ([one, two]) => {
  const read = async data => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width / 4, image.height / 4];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return [image.width, image.height, context.getImageData(0, 0, canvas.width, canvas.height).data];
  };
  const [[w, h, a], [u, v, b]] = [await read(one), await read(two)];
  let sum = 0, far = 0;
  if (w === u && h === v) a.forEach((x, i) => { const d = Math.abs(x - b[i]); sum += d; far += d > 60; });
  return { same: w === u && h === v, mean: sum / a.length, far: far / a.length };
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_as_it_did(watched, browser, theme):
    """At a quarter of the size, so that another version's letters don't count, but a card, a colour, a number does.

    To accept a new look, delete the picture and run this test twice.
    """
    page = watched.show(explore(domke_graph(), theme=theme).html)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    taken = page.screenshot(clip={"x": 0, "y": 0, "width": 1280, "height": 480})
    golden = GOLDEN / f"domke-{theme}.png"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(taken)
        pytest.fail(f"{golden.name} was not there and is now: look at it")
    if not page.evaluate(FONT):
        pytest.skip("neither Arial nor Liberation Sans is installed: letters have other widths than in the picture")
    blank = browser.new_page()
    pictures = [base64.b64encode(data).decode() for data in (taken, golden.read_bytes())]
    difference = blank.evaluate(COMPARE, pictures)
    blank.close()
    assert difference["same"], "another size"
    assert difference["mean"] < 2.0
    assert difference["far"] < 0.01


# --- the picture's window, and other pages around this one ------------------------------------------------------------


def sixty_nodes():
    draw = random.Random(1)
    values = [Value(0.1 * k, label=f"x{k}") for k in range(6)]
    for k in range(54):
        values.append((ag.sin(draw.choice(values[-9:])) + draw.choice(values[-9:])).named(f"q{k}"))
    return ag.sum(values[-5:]).named("y")


OVER = """() => {
  const s = document.getElementById("stage"), r = s.firstElementChild.getBoundingClientRect();
  return [r.width - s.clientWidth, r.height - s.clientHeight, r.bottom - innerHeight];
}"""


SEEN = """() => {
  const s = document.getElementById("stage").getBoundingClientRect();
  const r = document.querySelector("g.node.on").getBoundingClientRect();
  return r.left >= s.left - 1 && r.right <= s.right + 1 && r.top >= s.top - 1 && r.bottom <= s.bottom + 1;
}"""


def test_sixty_nodes_fit_the_window_and_zoom(watched):
    page = watched.show(explore(sixty_nodes()).html)
    assert max(page.evaluate(OVER)) <= 1
    for _ in range(5):
        page.locator("#closer").click()
    assert max(page.evaluate(OVER)[:2]) > 300
    page.locator("#phase").click()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        assert page.evaluate(SEEN)
    place = page.evaluate("document.getElementById('stage').scrollLeft")
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + 600, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 200, steps=4)
    page.mouse.up()
    assert page.evaluate("document.getElementById('stage').scrollLeft") == pytest.approx(place - 100, abs=2)
    assert page.locator("g.node.open").count() == 0, "a drag is no click"
    page.locator("#fit").click()
    assert max(page.evaluate(OVER)) <= 1


def folded():
    x, w = Value(0.5, label="x"), Value(1.2, label="w")
    f1 = (ag.exp(w * x) + ag.sin(x) ** 2).named("f1")
    return (f1 * f1 * 0.5 + ag.tanh(f1 - x)).named("y")


BOXES = """
  const boxes = [...document.querySelectorAll("#stage g.node")]
    .map(g => (g.querySelector("svg .frame") || g).getBoundingClientRect());
"""


APART = f"""() => {{ {BOXES}
  const past = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 1;
  return boxes.every((a, i) => boxes.every((b, k) => k <= i || past(a, b) || past(b, a)));
}}"""


ENDS = f"""() => {{ {BOXES}
  const off = (r, q) => Math.hypot(Math.max(r.left - q.x, 0, q.x - r.right), Math.max(r.top - q.y, 0, q.y - r.bottom));
  const lines = [...document.querySelectorAll("#stage>svg g.edge:not(.way) path")];
  return lines.flatMap(p => [0, p.getTotalLength()].map(at => {{
    const m = p.getScreenCTM(), q = p.getPointAtLength(at).matrixTransform(m);
    return Math.min(...boxes.map(r => off(r, q))) / m.a;
  }}));
}}"""


def test_a_card_that_is_clicked_opens_in_the_picture(watched, tier):
    page = watched.show(explore(folded()).html)
    cards = [card.get_attribute("id") for card in page.locator("#stage g.node").all()]
    assert page.locator("#stage .part").count() == 0
    steps_before = int(text(page, "#where").split(" of ")[1])
    for card in cards:
        page.locator(f"#{card}").focus()
        page.keyboard.press("Enter")
        assert page.evaluate(APART)
        assert max(page.evaluate(ENDS)) < 12
    assert page.locator("#stage g.part").count() == 6 + 5  # f1's operations and its parameter w, y's operations
    assert max(page.evaluate(OVER)) <= 1
    assert int(text(page, "#where").split(" of ")[1]) > steps_before
    page.keyboard.press("End")
    y = folded()
    y.backward()
    numbers = [float(t.replace("−", "-")) for t in page.locator("#stage .part [data-part=v]").all_text_contents()]
    inner = [node.data for node in ag.topological_order(y) if node.op is not None or node.label == "w"]
    assert sorted(numbers) == pytest.approx(sorted(inner), rel=1e-3)
    gradients = [float(t.replace("−", "-")) for t in page.locator("#stage .part [data-part=g]").all_text_contents()]
    assert sorted(gradients) == pytest.approx(
        sorted(n.grad for n in ag.topological_order(y) if n.op is not None or n.label == "w"), rel=1e-3
    )
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
        if "inside" in text(page, "#phase"):
            assert page.locator("#stage .part.on, #stage .node.on:not(.opened), #stage .way.on").count() >= 1
    before = page.locator("#stage svg").first.get_attribute("viewBox")
    for card in cards:
        page.locator(f"#{card}").focus()
        page.keyboard.press("Enter")
    assert page.locator("#stage .part").count() == 0
    assert page.locator("#stage svg").first.get_attribute("viewBox") != before
    assert page.evaluate(APART)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_tells_its_theme_and_gives_the_height(watched, theme):
    around = f'<div data-jp-theme-light="{str(theme == "light").lower()}">{explore(domke_graph())._repr_html_()}</div>'
    page = watched.page
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    watched.show(around)
    frame = page.frames[1]
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(30, 30, 30)"}[theme]
    page.wait_for_function("document.querySelector('iframe').style.height !== '860px'")
    # a sandboxed frame has a process of its own, which hears of its new size a while after
    frame.wait_for_function(f"getComputedStyle(document.documentElement).backgroundColor === '{paper}'")
    spare = "innerHeight - document.body.getBoundingClientRect().bottom"
    frame.wait_for_function(f"{spare} >= 0 && {spare} < 40")


def test_a_theme_that_changes_reaches_the_page(watched):
    page = watched.show(f'<body data-jp-theme-light="true">{explore(domke_graph())._repr_html_()}</body>')
    frame = page.frames[1]
    paper = "getComputedStyle(document.documentElement).backgroundColor === 'rgb({0}, {0}, {0})'"
    frame.wait_for_function(paper.format(255))
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    frame.wait_for_function(paper.format(30))
    frame.select_option("#theme", "light")  # the reader's own choice, which other changes of the body leave alone
    page.evaluate("document.body.classList.add('scrolled')")
    page.wait_for_timeout(200)
    assert frame.evaluate(paper.format(255))


def test_a_dark_part_of_the_page_elsewhere_is_not_its_theme(watched):
    page = watched.page
    page.emulate_media(color_scheme="light")
    framed = explore(domke_graph())._repr_html_()
    watched.show(f'<div class="dark"></div>{framed}<div data-theme="dark"><p id="in"></p></div>')
    page.wait_for_function("document.querySelector('iframe').style.height !== '860px'")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.frames[1].evaluate(paper) == "rgb(255, 255, 255)"
    page.evaluate(  # within a shadow tree the host's surroundings count
        "html => { const host = document.createElement('div'); document.querySelector('#in').append(host);"
        " host.attachShadow({mode: 'open'}).innerHTML = html }",
        framed,
    )
    inner = "document.querySelector('#in > div').shadowRoot.querySelector('iframe')"
    page.wait_for_function(f"{inner}.style.height !== '860px'")
    page.frames[2].wait_for_function(f"{paper} === 'rgb(30, 30, 30)'")


def test_pictures_are_dark_in_a_dark_notebook(watched):
    picture = ag.draw(domke_graph()).to_html()
    page = watched.show(f'<body>{picture}<div data-jp-theme-light="false">{picture}</div></body>')
    fill = "[...document.querySelectorAll('svg')].map(s => getComputedStyle(s.querySelector('rect')).fill)"
    assert page.evaluate(fill) == ["rgb(255, 255, 255)", "rgb(30, 30, 30)"]
