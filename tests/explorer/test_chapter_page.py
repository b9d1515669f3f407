"""The page of the chapter's figures in a real browser: on a phone nothing but a wide picture's frame scrolls."""

from __future__ import annotations

import pytest

from autograd_lite import chapter7

PICTURES = """() => [...document.querySelectorAll('section .picture')].map(frame => {
  const svg = [...frame.querySelectorAll('svg')].find(svg => svg.getBoundingClientRect().width)
  const shown = svg.getBoundingClientRect().width / parseFloat(svg.getAttribute('width')) * 0.75
  return [frame.closest('section').id, frame.scrollWidth - frame.clientWidth, frame.classList.contains('wider'), shown]
})"""


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    pytest.importorskip("matplotlib")
    return chapter7.write(tmp_path_factory.mktemp("figures")).files[-1].as_uri()


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize("width", [360, 390, 430])
def test_on_a_phone(watched, index, width, night):
    page = watched.page
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if night else "light")
    page.goto(index)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = page.evaluate(PICTURES)
    assert len(found) == len(chapter7.FIGURES)
    for figure, over, said, scale in found:
        assert said == (over > 1), figure
        assert 0.85 <= scale <= 1.0 + 1e-6, "text of 11 points stays readable"
        assert scale < 0.88 or over <= 1, "it is as small as it may be before it scrolls"
    fits = {figure for figure, over, *_ in found if over <= 1}
    assert "figure-7-6" in fits or width < 390
