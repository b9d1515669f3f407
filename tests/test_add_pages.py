"""The pages on adding things, followed to the letter in a copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EDIT = re.compile(
    r"<!-- edit: (\S+) (append|new|(?:after|replace) (.+?)) -->\n```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE
)
RUN = re.compile(r"<!-- run -->\n```sh\n(.*?)\n```", re.DOTALL)
TESTS = re.compile(r"<!-- tests -->\n```sh\npython (.*?)\n```")


@pytest.fixture
def copy(tmp_path):
    for folder in ("autograd_lite", "tests", "docs"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__")  # the plain source: what is added isn't compiled
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def follow(page: str, project: Path) -> list[str]:
    """Make the edits of a page; the files touched."""
    touched = []
    for path, how, line, text in EDIT.findall(page):
        file = project / path
        source = file.read_text(encoding="utf-8") if how != "new" else ""
        if line:
            assert source.count(f"{line}\n") >= 1, f"{path} has no line {line!r}"
            source = source.replace(f"{line}\n", f"{line}\n{text}" if how.startswith("after") else text, 1)
        else:
            source += text
        file.write_text(source, encoding="utf-8")
        touched.append(path)
    for command in "\n".join(RUN.findall(page)).splitlines():
        _, *arguments = shlex.split(command)  # of python, which finds the copy as it would the installed checkout
        environment = {**os.environ, "PYTHONPATH": str(project)}
        subprocess.run([sys.executable, *arguments], cwd=project, check=True, env=environment)
    return touched


#: page → files of the package that it touches
PAGES = {"add-an-op": 1, "add-a-target": 1, "add-a-style": 1, "add-a-loss": 1, "add-an-optimiser": 1}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_to_the_letter(name, copy):
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    touched = follow(page, copy)
    assert len({path for path in touched if path.startswith("autograd_lite/")}) == PAGES[name]
    for path in touched:  # tests/test_structure.py's limit: what a page adds has to fit
        assert len((copy / path).read_text(encoding="utf-8").splitlines()) <= 500, path
    found = TESTS.search(page)
    assert found is not None
    command = [sys.executable, *shlex.split(found[1]), "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:]
    counted = re.search(r"(\d+) passed", run.stdout)
    assert counted is not None
    assert int(counted[1]) > 5
    said = subprocess.run(
        [sys.executable, "-m", "autograd_lite.primitives"], cwd=copy, capture_output=True, text=True, check=True
    )
    assert "missing" not in said.stdout


def test_without_its_truth_the_op_is_found_out(copy):
    """A planted omission: the same page without its third step."""
    page = (ROOT / "docs" / "add-an-op.md").read_text(encoding="utf-8")
    follow(re.sub(r"<!-- edit: tests/oracle.*?```\n", "", page, flags=re.DOTALL), copy)
    command = [sys.executable, "-m", "pytest", "-q", "-k", "log_cosh", "tests/oracle/test_ops.py", "tests/primitives"]
    run = subprocess.run([*command, "-p", "no:cacheprovider"], cwd=copy, capture_output=True, text=True)
    assert "log_cosh" in run.stdout
    assert run.returncode == 1
