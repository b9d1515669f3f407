"""The chapter's graphs, recorded live."""

from __future__ import annotations

from typing import Any

import autograd_lite as ag
from autograd_lite import Value

BETA, OMEGA = (1.0, 2.0, -3.0, 0.4), (0.1, -0.4, 2.0, 3.0)


def toy_chain() -> Value:
    """Figures 7.3 to 7.5 at the numbers of the book's exercise."""
    beta = [Value(b, label=f"β{i}") for i, b in enumerate(BETA)]
    omega = [Value(w, label=f"ω{i}") for i, w in enumerate(OMEGA)]
    h: Any = Value(2.3, label="x")
    y = Value(2.0, label="y")
    for i, function in enumerate((ag.sin, ag.exp, ag.cos, None)):
        f = (beta[i] + omega[i] * h).named(f"f{i}")
        if function is not None:
            h = function(f).named(f"h{i + 1}")
    loss = ((f - y) ** 2).named("ℓ")
    loss.backward()
    return loss


def domke() -> Value:
    """Figure 7.9."""
    x = Value(0.1, label="x")
    f1 = ag.exp(x).named("f1")
    f2 = (f1**2).named("f2")
    f3 = (f1 + f2).named("f3")
    f4 = ag.exp(f3).named("f4")
    f5 = ag.sin(f3).named("f5")
    y = (f4 + f5).named("y")
    y.backward()
    return y


def by_label(root: Value) -> dict[str, Any]:
    return {node.label: node for node in ag.topological_order(root)}
