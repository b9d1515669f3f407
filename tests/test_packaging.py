"""What an install leaves behind: a whole native build or a whole plain one, named for what it is."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NATIVE_SUFFIXES = tuple(EXTENSION_SUFFIXES)
needs_sources = pytest.mark.skipif(not (ROOT / "setup.py").is_file(), reason="an installed copy")
needs_cython = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import Cython, setuptools"], capture_output=True).returncode != 0,
    reason="no Cython here",
)

#: a compiler that says yes and writes an object that nothing can load: it shows what is asked for, and takes no time
PRETENDING = """#!{python}
import pathlib, sys
args = sys.argv[1:]
if any({failing!r} in arg for arg in args):
    sys.exit("cc: out of memory")
for i, arg in enumerate(args):
    if arg == "-o":
        pathlib.Path(args[i + 1]).write_bytes(b"")
"""

#: declarations of C headers, which are compiled into the modules that use them
FACES = {
    *("autograd_lite/primitives/libm", "autograd_lite/primitives/lists"),
    *(f"autograd_lite/engine/{name}" for name in ("calls", "doubles", "memory", "turns")),
}


@pytest.fixture
def project(tmp_path):
    """A copy of the project, as a checkout would be."""
    others = "tests", "docs", "notebooks", ".git", "build", "dist", "generated", "*.egg-info"
    left = shutil.ignore_patterns(*others, *[f"*{suffix}" for suffix in NATIVE_SUFFIXES])
    return Path(shutil.copytree(ROOT, tmp_path / "project", ignore=left))


def ran(project, *command, failing="?", **environment):
    """Run ``setup.py`` with a compiler that fails on the file of that name."""
    cc = project.parent / "cc"
    cc.write_text(PRETENDING.format(python=sys.executable, failing=failing))
    cc.chmod(cc.stat().st_mode | stat.S_IXUSR)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AUTOGRAD_LITE")}
    linked = {"CC": str(cc), "LDSHARED": str(cc), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "setup.py", "-q", *command],
        cwd=project, env={**kept, **linked, **environment}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def compiled(place):
    return sorted(path.name.split(".")[0] for path in place.rglob("*") if path.name.endswith(NATIVE_SUFFIXES))


def leave_old_modules(place):
    """What an older build would have left in ``place``."""
    suffix = NATIVE_SUFFIXES[0]
    for name in (f"0a1b__mypyc{suffix}", f"autograd_lite/life{suffix}", f"autograd_lite/engine/value{suffix}"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"")


@needs_sources
@needs_cython
@pytest.mark.parametrize("failing", ["value.c", "nodes.c", "fused_unary.o", ""])
def test_a_compiler_that_fails_leaves_a_whole_plain_wheel(project, failing):
    lib = next(iter((project / "build").glob("lib*")), project / "build" / "lib.x")
    leave_old_modules(lib)
    done = ran(project, "bdist_wheel", "-d", "dist", failing=failing)
    assert done.returncode == 0, done.stderr
    (wheel,) = (project / "dist").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "autograd_lite/engine/value.py" in names
    assert not [name for name in names if name.endswith(NATIVE_SUFFIXES)]
    assert "no native build here" in done.stderr


@needs_sources
@needs_cython
def test_in_place_a_compiler_that_fails_leaves_none_of_an_older_build(project):
    leave_old_modules(project)
    done = ran(project, "build_ext", "--inplace", failing="sweeps")
    assert done.returncode == 0, done.stderr
    assert compiled(project / "autograd_lite") == []
    assert not list(project.glob("*__mypyc*"))


@needs_sources
@needs_cython
def test_a_native_build_that_was_asked_for_must_succeed(project):
    done = ran(project, "build_ext", "--inplace", failing="sweeps", AUTOGRAD_LITE_NATIVE="1")
    assert done.returncode != 0
    assert "sweeps" in done.stderr


@needs_sources
@needs_cython
def test_a_native_wheel_has_every_module_and_none_of_an_older_build(project):
    done = ran(project, "bdist_wheel", "-d", "dist", AUTOGRAD_LITE_NATIVE="1")
    assert done.returncode == 0, done.stderr
    (wheel,) = (project / "dist").glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl")
    found = {name.split(".")[0] for name in zipfile.ZipFile(wheel).namelist() if name.endswith(NATIVE_SUFFIXES)}
    declared = {str(path.relative_to(project).with_suffix("")) for path in (project / "autograd_lite").rglob("*.pxd")}
    assert declared >= FACES
    assert found == declared - FACES


@needs_sources
@needs_cython
def test_the_plain_source_when_asked_for(project):
    leave_old_modules(project / "build" / "lib")
    done = ran(project, "bdist_wheel", "-d", "dist", AUTOGRAD_LITE_PURE="1")
    assert done.returncode == 0, done.stderr
    (wheel,) = (project / "dist").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert not [name for name in names if name.endswith(NATIVE_SUFFIXES)]
    read = [path for kind in ("html", "css", "js", "pyi", "c") for path in (ROOT / "autograd_lite").rglob(f"*.{kind}")]
    assert {path.relative_to(ROOT).as_posix() for path in read} <= names  # what the package reads when it runs


@needs_sources
@needs_cython
def test_a_source_distribution_needs_only_a_compiler(project):
    assert ran(project, "sdist", "-d", "dist").returncode == 0
    (archive,) = (project / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(project.parent / "unpacked", filter="data")
    (unpacked,) = (project.parent / "unpacked").iterdir()
    hidden = unpacked / "Cython"  # found before the one that is installed
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError('no Cython here')")
    done = ran(unpacked, "build_ext", "--inplace", AUTOGRAD_LITE_NATIVE="1")
    assert done.returncode == 0, done.stderr
    assert len(compiled(unpacked / "autograd_lite")) == len(list(unpacked.rglob("autograd_lite/**/*.pxd"))) - len(FACES)


@needs_sources
def test_the_version_stands_everywhere():
    import autograd_lite as ag

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ag.__version__
    assert f"\nversion: {ag.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    dated = re.search(
        rf"^## {re.escape(ag.__version__)} \((\d{{4}}-\d\d-\d\d)\)$",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert dated is not None
    assert f'date-released: "{dated[1]}"' in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
