"""PyTorch on 0-dimensional float64 tensors: the same scalar code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from ..scalar import Engine, work

torch.set_num_threads(1)


class TorchScalars(Engine):
    m = SimpleNamespace(sin=torch.sin, cos=torch.cos, exp=torch.exp, tanh=torch.tanh, relu=torch.relu)

    def var(self, x: float) -> Any:
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)


WORK = {name: make for name, make in work(TorchScalars()).items() if name != "fig77_sample"}


def version() -> str:
    return str(torch.__version__)
