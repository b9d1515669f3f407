"""Graphs that the tests of the stepping page share."""

from __future__ import annotations

import json
import re
from typing import Any

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.chapter7 import domke, toy_chain


def toy() -> Any:
    return toy_chain()["loss"]


def domke_graph() -> Any:
    return domke()["y"]


def network() -> Any:
    """The loss of an MLP(2, 3, 1)."""
    ag.manual_seed(3)
    model = nn.MLP(2, [3, 1])
    out = model([Value(0.5, label="x1"), Value(-0.8, label="x2")])
    return ((out - 1.0) ** 2).named("ell")


@ag.primitive(partials=lambda out, v: (3.0 * v * v,))
def cube(v: float) -> float:
    return v * v * v


def data_of(html: str) -> dict[str, Any]:
    """The JSON of a page."""
    data: dict[str, Any] = json.loads(
        re.search(r'<script type="application/json" id="tape">(.*?)</script>', html, re.DOTALL)[1]
    )
    return data


def script_of(html: str) -> str:
    """Our own script."""
    return re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
