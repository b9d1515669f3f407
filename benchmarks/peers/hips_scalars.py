"""HIPS autograd on the same scalar code, and its Hessian."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from types import SimpleNamespace

import autograd
import autograd.numpy as anp

from ..problems import SCALAR
from ..scalar import Step

m = SimpleNamespace(sin=anp.sin, cos=anp.cos, exp=anp.exp, tanh=anp.tanh, relu=lambda x: anp.maximum(x, 0.0))


def gradient(name: str) -> Callable[[], Step]:
    def make() -> Step:
        f, point = SCALAR[name]
        g = autograd.grad(lambda p: f(m, p))
        return lambda: float(sum(g(list(point))))

    return make


WORK: dict[str, Callable[[], Step]] = {name: gradient(name) for name in SCALAR if name != "chain_1e6"}


def version() -> str:
    return importlib.metadata.version("autograd")
