"""The pages of docs/ run as they stand, link only to what is there, and are all linked from the first."""

from __future__ import annotations

import re
import runpy
import sys
import types
from pathlib import Path

import pytest

from . import pages

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
API = runpy.run_path(str(DOCS / "api_pages.py"))


# a cluster's sockets and loops are its own concern
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_code_of_a_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main = types.ModuleType("__main__")  # what a page defines pickles as what a script defines
    monkeypatch.setitem(sys.modules, "__main__", main)
    found = pages.blocks(page.read_text(encoding="utf-8"))
    compared = sum([pages.run(block, main.__dict__) for block in found])
    assert bool(compared) == bool(found)


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


def test_the_api_pages_are_the_package_s():
    made = API["pages"]()
    assert set(made) == {path.name for path in (DOCS / "api").glob("*.md")}
    stale = [name for name, text in made.items() if (DOCS / "api" / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run: python docs/api_pages.py"


def test_every_public_name_has_a_place_in_the_api_and_a_sentence():
    assert API["missing"]() == [], "give its module a place in PAGES of docs/api_pages.py, and run that"
    index = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    assert [line for line in index.split("\n") if line.startswith("| [") and line.endswith("|  |")] == []
