"""100,000 points of the toy chain's data, and its parameters, for the peers that take arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..problems import TOY_POINT


def toy_points(n: int = 100_000) -> tuple[Any, Any, Any, Any]:
    """β, ω, and the data x and y."""
    rng = np.random.default_rng(3)
    return np.array(TOY_POINT[:4]), np.array(TOY_POINT[4:]), rng.normal(1.0, 0.5, n), rng.normal(2.0, 0.5, n)
