"""What a reader of the stepping page sees, for the tests."""

from __future__ import annotations

import re


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
