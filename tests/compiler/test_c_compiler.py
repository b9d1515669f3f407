"""The C compiler and its libraries: what fails, what stays, threads and forks."""

from __future__ import annotations

import functools
import gc
import math
import os
import sys
import tempfile
import threading
import time
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import c_library

from .functions import close, product
from .standalone import COMPILERS

pytestmark = pytest.mark.skipif(c_library.c_compiler() is None, reason="no C compiler on PATH")


def in_c(f):
    return ag.compile(f, backend="c")


def test_without_a_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    plain = ag.grad(lambda x: ag.sin(x) * x)
    compiled = in_c(plain)
    with pytest.warns(CompileWarning, match="no C compiler"):
        assert compiled(0.5) == plain(0.5)
    assert compiled(0.7) == plain(0.7)  # without another warning
    lanes = in_c(ag.vmap(lambda x: ag.sin(x) * x))
    with pytest.warns(CompileWarning, match="no C compiler"):
        found = lanes(np.array([0.5]))
    close(found, [math.sin(0.5) * 0.5])
    assert ag.build_info()["c_compiler"] == "none"


@pytest.mark.parametrize(
    "said",
    [
        "exit 3",
        "echo 'x.c:1: error: no' >&2; exit 1",
        "exec sleep 100",
        "sleep 100",  # a part of the compiler hangs
        'while [ "$1" != -o ]; do shift; done; echo junk > "$2"',
        ":",  # says nothing, writes nothing
    ],
)
def test_a_compiler_that_fails(said, monkeypatch, tmp_path):
    script = tmp_path / "mycc"
    script.write_text(f"#!/bin/sh\n{said}\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setenv("AUTOGRAD_LITE_CC_TIMEOUT", "0.5")
    monkeypatch.setattr(c_library, "_entries", functools.cache(c_library._entries.__wrapped__))
    start = time.monotonic()
    with pytest.warns(CompileWarning, match=r"mycc (failed|took longer)|mycc: .*(program\.so)"):
        assert in_c(lambda x: x * x + 1.0)(3.0) == 10.0
    assert time.monotonic() - start < 60.0


def test_a_place_for_the_build_and_its_time(monkeypatch):
    """No folder to build in, and a time that is none: the default engine, with the reason."""
    with monkeypatch.context() as m:
        m.setattr(tempfile, "mkdtemp", lambda *args, **named: os.stat("/nowhere/at/all").st_ino)
        m.setattr(c_library, "_entries", functools.cache(c_library._entries.__wrapped__))
        with pytest.warns(CompileWarning, match="No such file"):
            assert in_c(lambda x: x * x + 1.0)(3.0) == 10.0
    for said in ("soon", "nan", "inf", "-1"):
        monkeypatch.setenv("AUTOGRAD_LITE_CC_TIMEOUT", said)
        with pytest.warns(CompileWarning, match=f"a number of seconds, not '{said}'"):
            assert in_c(lambda x: x * x + 2.0)(3.0) == 11.0


@pytest.mark.parametrize("name", ["CC", "AUTOGRAD_LITE_CFLAGS"])
def test_an_open_quote(name, monkeypatch):
    monkeypatch.setenv(name, "cc '-DX")
    with pytest.warns(CompileWarning, match=f"{name}=cc '-DX: No closing quotation"):
        assert in_c(lambda x: x * x + 3.0)(3.0) == 12.0
    assert ag.compile(lambda x: x * x, backend="auto")(3.0) == 9.0
    assert ag.build_info()["c_compiler"]


def test_the_compiler_is_in_build_info(monkeypatch):
    assert os.path.basename(c_library.c_compiler()[0]) in ag.build_info()["c_compiler"]
    if "clang" in COMPILERS:
        monkeypatch.setenv("CC", "clang -O1")
        assert "clang" in ag.build_info()["c_compiler"]
        assert in_c(lambda x: x * x + 1.0)(3.0) == 10.0


def test_an_unknown_backend():
    with pytest.raises(ValueError, match="'auto' or 'c'"):
        ag.compile(lambda x: x, backend="rust")


def loaded():
    with open("/proc/self/maps") as maps:
        return {line.split()[-2] for line in maps if "/program.so" in line}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_libraries_go_with_their_function():
    gc.collect()
    c_library._entries()
    before = loaded()
    for _ in range(5):
        compiled = in_c(ag.grad(lambda x: ag.sin(x) * x))
        compiled(0.5)
        compiled.itself = compiled  # a cycle: its parts are finalized in any order
        assert len(loaded()) > len(before)
        del compiled
        gc.collect()
    assert loaded() == before


def test_threads():
    compiled = in_c(ag.grad(product))
    points = [np.linspace(0.9, 1.1 + 0.01 * k, 5000) for k in range(4)]
    expected = [compiled(x).copy() for x in points]
    wrong = []

    def work(k):
        for _ in range(50):
            if not np.array_equal(compiled(points[k]), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_forks():
    compiled = in_c(lambda x: ag.sin(x) * x)
    expected = compiled(0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if compiled(0.5) == expected and compiled(0.7) == math.sin(0.7) * 0.7 else 1)
    assert os.waitpid(child, 0)[1] == 0
