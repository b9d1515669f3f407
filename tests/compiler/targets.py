"""Running a target's programs: how each library takes a point and gives its numbers."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from autograd_lite.compiler.emit.registry import TARGETS
from autograd_lite.compiler.emit.scalars import ScalarTarget
from autograd_lite.compiler.emit.target import SourceTarget

#: the targets whose sources Python runs
SOURCES = sorted(name for name, found in TARGETS.items() if isinstance(found, SourceTarget) and name != "python")
#: those of single numbers
SCALARS = sorted(name for name, found in TARGETS.items() if isinstance(found, ScalarTarget))
PROBE = "import drjit; from drjit.llvm import Float64; print(float((Float64([1.0]) + 1.0)[0]))"


@functools.cache
def library(name):
    """The library that a target's sources import, or a skipped test where it isn't installed."""
    if name == "drjit":  # which ends the process where LLVM is missing
        pytest.importorskip("drjit")
        probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
        if probe.stdout.strip() != "2.0":
            pytest.skip("drjit finds no LLVM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(re.search(r"^import (\w+)", header(name), re.MULTILINE)[1])


def header(name):
    return TARGETS[name].header


def program(compiled, name):
    """The function of a compiled function's source: of a list of floats, giving what ``numbers`` flattens."""
    module = library(name)
    scope = {}
    exec(compiled.source(name), scope)
    run = scope[compiled.name] if compiled.name in scope else scope["program"]
    if name == "torch":
        return lambda point: numbers(run(module.tensor(point, dtype=module.float64)))
    if TARGETS[name].scalar:
        return lambda point: numbers(run(list(point)))
    return lambda point: numbers(run(np.array(point)))


def numbers(result):
    """Results as a flat list of floats."""
    if isinstance(result, (tuple, list)):
        return [x for item in result for x in numbers(item)]
    found = np.asarray(result, dtype=float) if not hasattr(result, "_mpf_") else np.array(float(result))
    return found.ravel().tolist()
