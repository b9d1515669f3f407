"""XAD: operator overloading in C++ with a tape, which is kept from step to step, as its manual does."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace
from typing import Any

import xad.adj_1st as adj
import xad.math as xm

from ..scalar import Engine, work


class Xad(Engine):
    m = SimpleNamespace(sin=xm.sin, cos=xm.cos, exp=xm.exp, tanh=xm.tanh, relu=lambda x: xm.max(x, 0.0))

    def __init__(self) -> None:
        self.tape: Any = None

    def begin(self) -> None:
        if self.tape is None:
            self.tape = adj.Tape()
            self.tape.activate()
        else:
            self.tape.clearAll()

    def var(self, x: float) -> Any:
        v = adj.Real(x)
        self.tape.registerInput(v)
        return v

    def ready(self) -> None:
        self.tape.newRecording()

    def backward(self, y: Any) -> None:
        self.tape.registerOutput(y)
        y.derivative = 1.0
        self.tape.computeAdjoints()

    def grad(self, v: Any) -> float:
        return float(v.derivative)


WORK = work(Xad())


def version() -> str:
    return importlib.metadata.version("xad")
