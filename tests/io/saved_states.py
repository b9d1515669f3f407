"""What the tests of saved states share."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

SUFFIXES = [".json", ".safetensors"]


def same(a: Any, b: Any) -> bool:
    """Equal in type, structure and every bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(type(k) is type(j) and same(a[k], b[k]) for k, j in zip(a, b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and (a.dtype.kind == "f" or a.tobytes() == b.tobytes())
            and (a.dtype.kind != "f" or same(a.ravel().tolist(), b.ravel().tolist()))
        )
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    return bool(a == b)
