"""The README's Python runs as it stands, and says what comes out."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from . import pages

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = pages.blocks(README)


def test_the_code_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "readme"}
    for block in BLOCKS:
        pages.run(block, scope)
    ET.parse(tmp_path / "domke.svg")
    assert scope["x"].grad == 33.90776829990312


def test_the_tour_is_twenty_lines():
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 20
    assert len(re.findall(r"# (-?\d|'|\[)", BLOCKS[0])) >= 5


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_two_commands_can_be_found(name):
    found = re.search(rf"<!-- ci:{name} -->\n```sh\n([^`]+)```", README)
    assert found is not None
    assert ".venv/bin/" in found[1]


@pytest.mark.parametrize("line", re.findall(r"^autograd-lite (.*)$", README, re.MULTILINE))
def test_the_commands_of_the_readme(line, tmp_path, monkeypatch, capsys):
    import shlex

    from autograd_lite.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)) == 0
    assert capsys.readouterr().err == ""


def test_what_the_readme_shows_is_there():
    for name in re.findall(r'(?:src|srcset)="([^"]+)"', README):
        if name.endswith(".png"):
            assert (ROOT / name).read_bytes().startswith(b"\x89PNG")
            continue
        picture = (ROOT / name).read_text(encoding="utf-8")
        shown = "".join(ET.fromstring(picture.encode()).itertext())
        for number in ("33.91", "30.68", "9.557", "10.24", "-0.6859"):
            assert number in shown


def test_a_line_of_code_and_the_command_come_first():
    head = README[: README.index("<picture>")]
    assert len(head.splitlines()) < 25
    assert "pip install autograd-lite" in head
    examples = doctest.DocTestParser().get_examples(re.search(r"```pycon\n(.*?)```", head, re.DOTALL)[1])
    assert len(examples) == 3
    scope = {}
    for example in examples:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(example.source, "<readme>", "single"), scope)
        assert shown.getvalue() == example.want


def test_the_page_of_an_index_has_no_picture_that_it_lacks():
    page = runpy.run_path(str(ROOT / "setup.py"), run_name="setup_without_running")["description"]()
    assert "pip install autograd-lite" in page
    for address in re.findall(r'(?:src|srcset)="([^"]+)"|\]\(([^)]+)\)', page):
        assert "".join(address).startswith(("https:", "#")), address
