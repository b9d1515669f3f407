"""autograd_lite's compile, run by Dr.Jit: the gradient's source for many points, as one fused kernel."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import drjit as dr
from drjit.llvm import Float64

import autograd_lite as ag

from .. import problems
from ..scalar import Step
from . import ours
from .points import toy_points

__all__ = ["WORK", "version"]


def toy_100k() -> Step:
    b, w, x, y = toy_points()
    xs, ys = Float64(x), Float64(y)
    start = [float(v) for v in (*b, *w)]
    gradient = ag.grad(lambda *a: problems.toy(ag, a[:8], a[8], a[9]), argnums=tuple(range(8)))
    compiled = ag.compile(ag.vmap(gradient, in_axes=(*[None] * 8, 0, 0)))
    compiled(*start, x[:1], y[:1])
    scope: dict[str, Any] = {}
    exec(compiled.source(backend="drjit"), scope)
    program = scope["program"]

    def step() -> float:
        total = dr.sum(sum(dr.abs(d) for d in program(*start, xs, ys)))
        return float(total[0])

    return step


WORK = {"toy_100k": toy_100k}


def version() -> str:
    return f"{ours.version()}, Dr.Jit {importlib.metadata.version('drjit')}"
