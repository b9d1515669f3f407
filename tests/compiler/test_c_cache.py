"""Programs kept from process to process: found again by source, options and compiler, and from a safe folder only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import warnings

import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import c_cache, c_library

pytestmark = [
    pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH"),
    pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for above in (tmp_path, *tmp_path.parents):  # a runner's own folders
        if above.stat().st_uid == os.geteuid() and str(above).startswith(str(tmp_path.parent.parent)):
            above.chmod(0o700)
    c_library._entries()  # is a library too
    found = tmp_path / "cache"
    monkeypatch.setenv("AUTOGRAD_LITE_C_CACHE", str(found))
    monkeypatch.setattr(c_cache, "_told", set())
    return found


@pytest.fixture
def built(monkeypatch):
    """The commands of the compiler."""
    commands = []
    compile = c_library._compile
    monkeypatch.setattr(
        c_library, "_compile", lambda command, timeout: commands.append(command) or compile(command, timeout)
    )
    return commands


def call(scale=2.0):
    compiled = ag.compile(ag.grad(lambda x: ag.sin(x) * x * scale), backend="c", strict=True)
    return [compiled(0.5) for _ in range(3)]


def libraries(folder):
    return sorted(folder.glob("*.so"))


def test_a_program_is_built_once(folder, built):
    expected = call()
    assert len(built) == 1
    assert call() == expected
    assert len(built) == 1
    assert len(libraries(folder)) == 1
    assert list(folder.iterdir()) == libraries(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(libraries(folder)[0].stat().st_mode) == 0o600


def test_another_process_finds_it(folder):
    code = (
        "import autograd_lite as ag; from autograd_lite.compiler.call import c_library as c\n"
        "built = []; old = c._compile; c._compile = lambda *given: built.append(old(*given))\n"
        "f = ag.compile(ag.grad(lambda x: ag.sin(x) * x), backend='c', strict=True); print(f(0.5), len(built))"
    )
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    ]
    first, again = (line.split() for line in said)
    assert first[0] == again[0] == repr(ag.grad(lambda x: ag.sin(x) * x)(0.5))
    assert (int(first[1]), int(again[1])) == (2, 0)  # what closes a library is one too


@pytest.mark.parametrize("what", ["source", "options", "compiler"])
def test_what_tells_programs_apart(what, folder, built, monkeypatch):
    call()
    if what == "options":
        monkeypatch.setenv("AUTOGRAD_LITE_CFLAGS", "-DNOTHING")
    if what == "compiler":
        monkeypatch.setattr(c_cache, "_identity", lambda compiler: "another one at the same place")
    call(3.0 if what == "source" else 2.0)
    assert len(built) == len(libraries(folder)) == 2


def test_without_a_folder_nothing_is_kept(folder, built, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_C_CACHE", "")
    call()
    call()
    assert len(built) == 2
    assert not folder.exists()


@pytest.mark.parametrize("spoilt", ["a text", "a link", "a writable one"])
def test_libraries_that_are_not_taken(spoilt, folder, built, tmp_path):
    expected = call()
    (library,) = libraries(folder)
    if spoilt == "a text":
        library.write_text("no library")
    elif spoilt == "a writable one":
        library.chmod(0o666)
    else:
        library.rename(tmp_path / "elsewhere.so")
        library.symlink_to(tmp_path / "elsewhere.so")
    assert call() == expected
    assert len(built) == 2
    assert call() == expected
    assert len(built) == 2  # it was put there again


@pytest.mark.parametrize("how", ["writable", "a file", "above", "another's"])
def test_folders_that_are_not_safe(how, folder, built, monkeypatch):
    if how == "a file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777 if how == "writable" else 0o700)
    if how == "above":
        folder.parent.chmod(0o777)
    if how == "another's":
        monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(CompileWarning, match="AUTOGRAD_LITE_C_CACHE is not used: "):
        expected = call()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it says so once
        assert call() == expected
    assert len(built) == 2
    assert how == "a file" or not libraries(folder)


def test_a_sticky_folder_may_be_above(folder, built):
    folder.parent.chmod(0o1777)
    call()
    call()
    assert len(built) == 1


def test_a_disk_that_is_full(folder, built, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(c_cache.shutil, "copyfileobj", full)
    expected = call()
    assert call() == expected
    assert len(built) == 2
    assert list(folder.iterdir()) == []


def test_the_oldest_go(folder, monkeypatch):
    monkeypatch.setattr(c_cache, "MOST", 2)
    for k in range(2):
        call(float(k + 2))
    first, second = sorted(libraries(folder), key=lambda path: path.stat().st_mtime)
    os.utime(second, (1.0, 1.0))
    call(4.0)
    assert len(libraries(folder)) == 2
    assert first.exists()
    assert not second.exists()


def test_several_threads_build_the_same(folder):
    found = []
    threads = [threading.Thread(target=lambda: found.append(call())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(result == found[0] for result in found)
    assert len(libraries(folder)) == 1
