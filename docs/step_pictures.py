"""The README's pictures of the stepping page, made anew with the Chromium and the renderer that are here:
``python docs/step_pictures.py``."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from autograd_lite.chapter7 import domke
from autograd_lite.explorer import explore

HERE = Path(__file__).parent
PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
STEP = 14  # the second term of a sum


def main() -> None:
    """Write both."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--headless", "--no-sandbox"])
        for theme, name in (("light", "steps.png"), ("dark", "steps-dark.png")):
            page = browser.new_page(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
            page.set_content(explore(domke()["y"], title="Domke’s graph, step by step", theme=theme).html)
            page.keyboard.press("Home")
            for _ in range(STEP):
                page.keyboard.press("ArrowRight")
            page.mouse.move(0, 0)
            bar = page.locator("#scrub").evaluate("e => e.parentElement.getBoundingClientRect().bottom")
            page.screenshot(path=HERE / name, full_page=True, clip={"x": 0, "y": 0, "width": 1000, "height": bar + 11})
        browser.close()


if __name__ == "__main__":
    main()
