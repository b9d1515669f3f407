"""The pages of docs/ run as they stand, link only to what is there, and are all linked from the first."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from . import pages

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_code_of_a_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    for block in pages.blocks(page.read_text(encoding="utf-8")):
        pages.run(block, scope)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links(page):
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_linked_from_the_first():
    first = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [p.name for p in PAGES if p.name != "index.md" and f"({p.name})" not in first] == []


def test_the_runner_sees_a_wrong_number():
    with pytest.raises(AssertionError):
        pages.run("1 + 1  # 3", {})
    with pytest.raises(AssertionError):
        pages.run(">>> 1 + 1\n3\n", {})


def test_the_module_map_is_the_package_s():
    made = runpy.run_path(str(DOCS / "module_map.py"))
    page = (DOCS / "modules.md").read_text(encoding="utf-8")
    assert page == made["module_map"](), "run: python docs/module_map.py"
