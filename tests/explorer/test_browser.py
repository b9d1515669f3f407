"""The stepping page in a real browser: steps, keyboard, sliders, themes, safety, and how it looks."""

from __future__ import annotations

import base64
import random
import re
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.explorer import explore

from .pages import cube, domke_graph, network, toy

GOLDEN = Path(__file__).parent / "golden"


def text(page, selector):
    """What a reader sees there, in one line."""
    return re.sub(r"\s+", " ", page.locator(selector).text_content()).strip()


def where(page):
    return text(page, "#where")


def shown(x):
    """A number as the page writes it."""
    return f"{x + 0.0:.4g}".replace("-", "−")


def steps(page):
    """Phase and sentence of every step, by the right arrow key."""
    page.keyboard.press("Home")
    seen = []
    for _ in range(int(page.locator("#scrub").get_attribute("max")) + 1):
        seen.append((text(page, "#phase"), text(page, "#sum")))
        page.keyboard.press("ArrowRight")
    return seen


def numbers(page):
    """By leaf: gradient and tangent, in full."""
    rows = page.locator(".leaf").all()
    read = [[row.get_attribute(f"data-{what}") for what in ("label", "grad", "tangent")] for row in rows]
    return {label: (float(grad), float(tangent)) for label, grad, tangent in read}


# --- steps ------------------------------------------------------------------------------------------------------------


def test_the_toy_chain_in_the_order_of_the_chapter(watched):
    loss = toy()
    page = watched.show(explore(loss).html)
    seen = steps(page)
    loss.backward()
    nodes = {node.label: node for node in ag.topological_order(loss) if node.label}
    forward = [sentence for phase, sentence in seen if phase == "Forward pass"]
    assert [s[:2] for s in forward] == ["f0", "h1", "f1", "h2", "f2", "h3", "f3", "ℓ "]
    assert forward[0] == "f0 = β0 + ω0 · x = 1 + 0.1 · 2.3 = 1.23"
    first = [sentence for phase, sentence in seen if phase.startswith("Backward pass #1")]
    second = [sentence for phase, sentence in seen if phase.startswith("Backward pass #2")]
    targets = [re.match(r"∂ℓ/∂(\S+) \+=", s)[1] for s in first + second]
    assert targets == ["f3", "h3", "f2", "h2", "f1", "h1", "f0", "β3", "ω3", "β2", "ω2", "β1", "ω1", "β0", "ω0", "x"]
    spelled = {"β": "beta", "ω": "omega"}
    for target, sentence in zip(targets, first + second, strict=True):
        label = spelled.get(target[0], target[0]) + target[1:]
        assert sentence.endswith(f"sum so far: {shown(nodes[label].grad)}")
    assert first[1].startswith("∂ℓ/∂h3 += ∂f3/∂h3 · ∂ℓ/∂f3 = 3 × 0.7445 = 2.234")
    for name, (grad, _) in numbers(page).items():
        assert grad == pytest.approx(nodes[spelled.get(name[0], name[0]) + name[1:]].grad, rel=1e-13)


def test_sums_so_far_and_parallel_edges(watched):
    page = watched.show(explore(domke_graph()).html)
    seen = [sentence for phase, sentence in steps(page) if phase == "Backward pass"]
    assert seen[2] == "∂y/∂f3 += ∂f5/∂f3 · ∂y/∂f5 = (−0.6859) × 1 = −0.6859sum so far: −0.6859"
    assert seen[3] == "∂y/∂f3 += ∂f4/∂f3 · ∂y/∂f4 = 10.24 × 1 = 10.24sum so far: −0.6859 + 10.24 = 9.557"
    x = Value(3.0, label="x")
    page = watched.show(explore((x * x).named("y")).html)
    sentences = [sentence for _, sentence in steps(page)]
    assert sentences[-3].endswith("sum so far: 3 (way 1 of 2)")
    assert sentences[-2].endswith("sum so far: 3 + 3 = 6 (way 2 of 2)")


def test_forward_mode_and_the_counts_side_by_side(watched):
    page = watched.show(explore(domke_graph()).html)
    page.keyboard.press("End")
    assert "reverse mode8 of 8" in text(page, "#counts")
    assert "forward mode from x0 of 8" in text(page, "#counts")
    page.select_option("#mode", "forward")
    assert where(page) == "0 of 8"
    page.keyboard.press("Escape")
    page.locator("#phase").click()
    seen = [sentence for _, sentence in steps(page)]
    assert seen[1].startswith("∂x/∂x = 1")
    assert seen[4].endswith("∂f3/∂x = ∂f3/∂f1 · ∂f1/∂x + ∂f3/∂f2 · ∂f2/∂x = 1 × 1.105 + 1 × 2.443 = 3.548")
    assert seen[-1].startswith("∂y/∂x = 33.91")
    assert text(page, "#counts").count("8 of 8") == 2
    assert text(page, "#legend-g") == "tangent"


def test_forward_mode_from_each_leaf(watched):
    loss = toy()
    page = watched.show(explore(loss, mode="forward", wrt="omega1").html)
    loss.backward()
    nodes = [node for node in ag.topological_order(loss) if node.op is None]
    index = {id(node): str(i) for i, node in enumerate(ag.topological_order(loss))}
    assert page.locator("#wrt").input_value() == next(index[id(n)] for n in nodes if n.label == "omega1")
    for node in nodes:
        page.select_option("#wrt", index[id(node)])
        page.locator("#phase").click()
        page.keyboard.press("End")
        assert text(page, "#sum b") == shown(node.grad)


def test_keys_buttons_and_the_scrubber(watched):
    page = watched.show(explore(domke_graph()).html)
    for move in ["ArrowRight 1", "ArrowRight 2", "ArrowLeft 1", "End 16", "ArrowRight 16", "Home 0", "ArrowLeft 0"]:
        key, place = move.split()
        page.keyboard.press(key)
        assert where(page) == f"{place} of 16"
    for button, place in [("ArrowRight", 1), ("End", 16), ("ArrowLeft", 15), ("Home", 0)]:
        page.locator(f"nav #{button}").click()
        assert where(page) == f"{place} of 16"
    page.locator("#scrub").fill("9")
    assert where(page) == "9 of 16"
    assert page.locator("#sum").get_attribute("aria-live") == "polite"
    page.select_option("#speed", "4")
    page.locator("#phase").click()
    page.keyboard.press("Space")
    assert "pause" in text(page, "#play")
    page.locator("#where", has_text=re.compile("1[1-6] of 16")).wait_for()
    page.keyboard.press("Space")
    assert "play" in text(page, "#play")


def test_the_picture_follows(watched):
    y = domke_graph()
    page = watched.show(explore(y).html)
    card = page.locator("g.node").filter(has_text="exp").first

    def number(mark):
        return card.locator(f"[data-s={mark}]").text_content()

    assert "off" in card.get_attribute("class")
    page.keyboard.press("ArrowRight")
    assert (number("v"), number("g")) == ("1.105", "")
    assert {"on", "f"} <= set(card.get_attribute("class").split())
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    assert {"on", "b"} <= set(card.get_attribute("class").split())
    assert page.locator("g.edge.on").count() == 1
    page.keyboard.press("End")
    y.backward()
    assert number("g") == shown(next(n for n in ag.topological_order(y) if n.label == "f1").grad)
    assert card.get_attribute("aria-label") == "f1, value 1.105, gradient 30.68"


def test_cards_show_their_whole_sum_and_their_paths(watched):
    page = watched.show(explore(domke_graph()).html)
    card = page.locator("g.node").filter(has_text="exp").first
    card.hover()
    told = text(page, "#detail")
    assert "f1 = exp x = 1.105" in told
    assert "= 2.21 × 9.557 + 1 × 9.557 = 30.68" in told
    assert "4 paths to y:" in told
    assert "f1 → f3 → f5 → y: 1 × (−0.6859) × 1 = −0.6859" in told
    page.mouse.move(2, 2)
    assert text(page, "#detail") == ""
    card.focus()
    assert "4 paths" in text(page, "#detail")


def test_cards_unfold(watched):
    page = watched.show(explore(toy()).html)
    card = page.locator("g.node").filter(has_text="ω0").first
    assert where(page) == "0 of 26"
    card.click()
    assert where(page) == "0 of 28"
    inside = [sentence for phase, sentence in steps(page) if "inside f0" in phase]
    assert inside[0] == "u1 = ω0 · x = 0.1 · 2.3 = 0.23"
    assert inside[1].startswith("∂ℓ/∂x += ∂u1/∂x") or inside[1].startswith("∂ℓ/∂ω0 += ∂u1/∂ω0 · ∂ℓ/∂u1 = 2.3 × 2.281")
    assert card.get_attribute("aria-label").endswith("unfolded")
    card.focus()
    page.keyboard.press("Enter")
    assert where(page).endswith("of 26")


def test_larger_steps(watched):
    page = watched.show(explore(network()).html)
    page.select_option("#stride", "layer")
    page.locator("#phase").click()
    seen = []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        seen.append(text(page, "#phase"))
    assert [phase.rpartition(" · ")[2] for phase in seen[:2]] == ["layer 1", "layer 2"]
    assert seen[-1] == "Done"
    page.keyboard.press("Home")
    page.select_option("#stride", "card")
    page.locator("#phase").click()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert "steps" not in where(page)


def test_the_drill(watched):
    page = watched.show(explore(domke_graph()).html)
    page.locator("#drill").check()
    page.locator("#phase").click()
    page.keyboard.press("ArrowRight")
    assert text(page, "#sum").endswith("= ?")
    page.locator("#guess").fill("1.105")
    page.keyboard.press("Enter")
    assert text(page, "#sum").endswith("= 1.105")
    assert text(page, "#score") == "1 of 1 right"
    page.locator("#phase").click()
    page.keyboard.press("ArrowRight")
    page.locator("#guess").fill("7")
    page.locator("#ask button").click()
    assert text(page, "#score") == "1 of 2 right"


# --- sliders ----------------------------------------------------------------------------------------------------------


def test_sliders_recompute_everything(watched):
    page = watched.show(explore(toy()).html)
    page.keyboard.press("End")
    page.locator(".leaf[data-label=ω0] input[type=text]").fill("-1.5")
    page.keyboard.press("Enter")
    from autograd_lite.chapter7 import toy_chain

    nodes = toy_chain(omega=(-1.5, -0.4, 2.0, 3.0))
    nodes["loss"].backward()
    found = numbers(page)
    for k in range(4):
        assert found[f"ω{k}"][0] == pytest.approx(nodes[f"omega{k}"].grad, rel=1e-12)
    assert float(page.locator("#leaves").get_attribute("data-output")) == pytest.approx(nodes["loss"].data, rel=1e-12)
    slider = page.locator(".leaf[data-label=x] input[type=range]")
    slider.focus()
    before = float(page.locator("#leaves").get_attribute("data-output"))
    page.keyboard.press("PageUp")
    assert float(page.locator("#leaves").get_attribute("data-output")) != before
    page.locator("#reset").click()
    assert numbers(page)["ω0"][0] == pytest.approx(5.2459, rel=1e-3)


def test_an_op_of_the_users_own_is_replayed(watched):
    y = ag.sin(cube(Value(1.2, label="x"))).named("y")
    page = watched.show(explore(y, fold=False).html)
    assert page.locator(".leaf input[type=range]").is_disabled()
    assert "can't compute cube" in text(page, "#note")
    page.keyboard.press("End")
    y.backward()
    assert numbers(page)["x"][0] == pytest.approx(y.parents[0].parents[0].grad, rel=1e-13)


def test_a_training_run(watched):
    w, frames, numbers_then = Value(3.0, label="w"), [], []
    for _ in range(5):
        loss = ((w - 1.0) ** 2).named("ell")
        w.grad = 0.0
        loss.backward()
        frames.append(loss)
        numbers_then.append((loss.data, w.grad))
        w.data -= 0.2 * w.grad
    page = watched.show(explore(history=frames).html)
    assert page.locator("#frames").is_visible()
    for k, (value, grad) in enumerate(numbers_then):
        page.locator("#frame").fill(str(k))
        assert text(page, "#frame-name") == f"frame {k}"
        assert float(page.locator("#leaves").get_attribute("data-output")) == pytest.approx(value, rel=1e-12)
        assert numbers(page)["w"][0] == pytest.approx(grad, rel=1e-12)
        assert text(page, ".leaf output") == shown(grad)


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
