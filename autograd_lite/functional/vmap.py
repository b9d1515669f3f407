"""``vmap``: a function of one example as a function of a batch; in eager code, a loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from ..engine.sweeps import Node
from .pytree import as_array, children, like
from .transform import transformed

if TYPE_CHECKING:
    from ..engine.value import Value
    from .typed import Batched, Gradient, Unknown

__all__ = ["lane_of", "transformed", "vmap"]

Axes = int | None | Sequence[Any]


@overload
def vmap(  # type: ignore[overload-overlap]
    f: Gradient, in_axes: Axes = 0, out_axes: int = 0
) -> Batched[list[list[float]]]: ...
@overload
def vmap(f: Callable[..., Unknown], in_axes: Axes = 0, out_axes: int = 0) -> Callable[..., Any]: ...
@overload
def vmap(f: Callable[..., Value | float], in_axes: Axes = 0, out_axes: int = 0) -> Batched[list[float]]: ...
@overload
def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: int = 0) -> Callable[..., Any]: ...
def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: int = 0) -> Callable[..., Any]:
    """The function that applies ``f`` to each example of a batch and stacks the results.

    Args:
        f: a function of one example.
        in_axes: along which axis the examples of each positional argument lie; one int for all of them, or a tuple
            with an entry per argument; None for an argument that is the same for every example. The axes of nested
            lists are counted like those of arrays; tuples and dicts are looked into.
        out_axes: the axis of a resulting array along which the results are stacked.

    Returns:
        A function with f's signature; keyword arguments go to every call as they are. If any batch is an array,
        results are arrays, inside the lists, tuples and dicts that f returns. If all batches are lists, the result is
        the list of f's results (a tuple or dict of lists for a tuple or dict).

    Raises:
        ValueError: for batches of different sizes, or none at all.

    >>> import autograd_lite as ag, numpy as np
    >>> ag.vmap(lambda x, y: x * y, in_axes=(0, None))(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    >>> ag.vmap(ag.grad(lambda v: v[0] ** 2 * v[1]))([[1.0, 2.0], [3.0, 4.0]])
    [[4.0, 1.0], [24.0, 9.0]]
    """

    @functools.wraps(f, updated=())
    def batched(*args: Any, **kwargs: Any) -> Any:
        axes = _axes(in_axes, args)
        sizes: dict[int, str] = {}
        kinds: set[str] = set()
        for i, (arg, axis) in enumerate(zip(args, axes)):
            if axis is not None:
                _measure(arg, axis, f"argument {i}", sizes, kinds)
        if not sizes:
            raise ValueError("vmap: no argument has a batch axis; give in_axes an axis for at least one")
        if len(sizes) > 1:
            found = ", ".join(f"{size} in {where}" for size, where in sizes.items())
            raise ValueError(f"vmap: the batches differ in size: {found}")
        (size,) = sizes
        lanes = [
            f(*[arg if axis is None else lane_of(arg, axis, k) for arg, axis in zip(args, axes)], **kwargs)
            for k in range(size)
        ]
        return _stack(lanes, out_axes) if "array" in kinds else _listed(lanes)

    return transformed(batched, "vmap", f, {"in_axes": in_axes, "out_axes": out_axes})


def _axes(in_axes: Axes, args: tuple[Any, ...]) -> list[Any]:
    """One axis (or None) for each argument."""
    axes = [in_axes] * len(args) if in_axes is None or isinstance(in_axes, int) else list(in_axes)
    if len(axes) != len(args):
        raise ValueError(f"vmap: in_axes has {len(axes)} entries for {len(args)} argument(s)")
    for axis in axes:
        if axis is not None and (not isinstance(axis, int) or isinstance(axis, bool)):
            raise TypeError(f"vmap: an axis is an int or None, not {type(axis).__name__}")
    return axes


def _parts(x: Any) -> Iterator[Any] | None:
    """The entries of a tuple or dict; None for a batch itself."""
    return None if isinstance(x, list) else iter(parts) if (parts := children(x)) is not None else None


def _measure(x: Any, axis: int, where: str, sizes: dict[int, str], kinds: set[str]) -> None:
    """Note how many examples ``x`` has along the axis."""
    parts = _parts(x)
    if parts is not None:
        for part in parts:
            _measure(part, axis, where, sizes, kinds)
    elif isinstance(x, list):
        kinds.add("list")
        level: Any = x
        for _ in range(axis):
            if not isinstance(level, list) or not level:
                raise ValueError(f"vmap: {where} has no axis {axis}")
            level = level[0]
        if axis < 0 or not hasattr(level, "__len__"):
            raise ValueError(f"vmap: {where} has no axis {axis}")
        sizes.setdefault(len(level), where)
    else:
        shape = getattr(x, "shape", ())
        if isinstance(x, Node) or not -len(shape) <= axis < len(shape):
            what = f"has shape {shape}" if shape else f"is one {type(x).__name__}"
            raise ValueError(f"vmap: {where} {what}: it has no axis {axis}; use None for what every example shares")
        kinds.add("array")
        sizes.setdefault(shape[axis], where)


def lane_of(x: Any, axis: int, k: int) -> Any:
    """Example ``k`` of a batch."""
    if isinstance(x, (Mapping, tuple)):
        return like(x, [lane_of(item, axis, k) for item in children(x)])
    if isinstance(x, list):
        return x[k] if axis == 0 else [lane_of(item, axis - 1, k) for item in x]
    picked = x[(slice(None),) * (axis % len(x.shape)) + (k,)]
    return picked.item() if getattr(picked, "shape", None) == () and not isinstance(picked, Node) else picked


def _stack(lanes: list[Any], axis: int) -> Any:
    """The results of all examples as arrays, inside the containers that the function returned."""
    first = lanes[0] if lanes else 0.0
    if isinstance(first, Mapping):
        return like(first, [_stack([lane[key] for lane in lanes], axis) for key in first])
    if isinstance(first, (list, tuple)):
        return like(first, [_stack(list(column), axis) for column in zip(*lanes, strict=True)])
    if lanes and all(type(lane) is bool for lane in lanes):  # comparisons
        import numpy as np

        return np.array(lanes)
    if getattr(first, "shape", ()) == ():
        return as_array([float(lane) if isinstance(lane, (int, float)) else lane for lane in lanes], (len(lanes),))
    import numpy as np

    return np.stack(lanes, axis=axis)


def _listed(lanes: list[Any]) -> Any:
    """The results of all examples as a list; a tuple or dict of lists if the function returned tuples or dicts."""
    first = lanes[0] if lanes else 0.0
    if isinstance(first, Mapping):
        return like(first, [_listed([lane[key] for lane in lanes]) for key in first])
    if isinstance(first, tuple):
        return like(first, [_listed(list(column)) for column in zip(*lanes, strict=True)])
    return lanes
