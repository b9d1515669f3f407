"""The stepping page in a real browser: steps, keyboard, sliders."""

from __future__ import annotations

import re

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.explorer import explore

from .pages import cube, domke_graph, network, toy
from .reading import numbers, shown, steps, text, where

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
