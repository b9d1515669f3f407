"""The call of a compiled ``vmap`` on arguments like the last ones: few checks, the kernel, the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .batches import Batches
from .plans import Path, Plan

__all__ = ["quick_call"]


def quick_call(lanes: Any, path: Path, plan: Plan, like: Any, batches: Batches) -> Callable[..., Any] | None:
    """A call like the last one without looking at what it was made of; it returns None for one that is not like it.

    Args:
        lanes: the compiled ``vmap`` (``Lanes``).
        path, plan, like: the program that its lanes took, all of them, and a result of one.
        batches: the arguments: float arrays with lanes first, floats and float arrays that all lanes share.
    """
    args, function = batches.args, lanes.function
    leaves = {leaf.key: leaf for leaf in path.leaves if leaf.kind == "argument"}
    mapped = [axis is not None for axis in batches.axes]
    blocks = [k for k, leaf in enumerate(path.leaves) if leaf.kind not in ("constant", "argument")]
    if (
        any(path.tainted)
        or batches.lists
        or len(leaves) != len(args)
        or path.kinds
        or path.level
        or blocks
        or lanes.out_axes
    ):
        return None
    shapes = [leaves[k].shape for k in range(len(args))]
    for arg, axis, shape in zip(args, batches.axes, shapes):
        array = type(arg) is np.ndarray and arg.dtype == np.float64
        if not (type(arg) is float and axis is None) and not (array and axis in (None, 0)):
            return None
        if array and arg.shape[axis is not None :] != shape:
            return None
    watch = function.surroundings
    kinds = [type(arg) for arg in args]

    def quick(*given: Any) -> Any:
        if len(given) != len(kinds):
            return None
        count = -1
        for x, kind, lane, shape in zip(given, kinds, mapped, shapes):
            if type(x) is not kind:
                return None
            if kind is float:
                continue
            if x.dtype != np.float64 or x.shape[lane:] != shape:
                return None
            if lane:
                if count not in (-1, len(x)) or not len(x):
                    return None
                count = len(x)
        try:
            if function.surroundings is not watch or not watch.test():
                return None
        except (KeyError, AttributeError, ValueError):
            return None
        with np.errstate(all="ignore"):
            pairs = [(np.float64(x) if type(x) is float else x, lane) for x, lane in zip(given, mapped)]
            found, held = lanes._lanes(path, plan, pairs, count)
        if not held.all():
            return None
        if type(like) is float:
            return found[0]
        if type(like) is tuple and all(type(item) is float for item in like):
            return tuple(found)
        return lanes._stacked(like, iter(found), count)

    return quick
