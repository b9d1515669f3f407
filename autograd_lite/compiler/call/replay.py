"""The call itself for programs that run on cells: a generated function that checks its arguments, runs and returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ...engine.sweeps import STATE
from ...primitives.sums import all_floats
from ..record.environment import Watch
from .fast import parameters_of
from .guards import guards_hold
from .plans import Compilation, Path
from .running import Running

__all__ = ["cells_call"]


def cells_call(
    owner: Running, compilation: Compilation, args: tuple[Any, ...], named: dict[str, Any], watch: Watch
) -> Callable[..., Any] | None:
    """A function that replays a program for floats, flat lists and tuples of floats and float arrays.

    It hands the call to the general way for arguments of other types or shapes, on another way through the function,
    while something watches recording, and when the surroundings have changed. None if the program does not run on
    cells, reads live numbers, or returns anything but such arguments and results.
    """
    path = compilation.path
    if not path.scalar or path.way != "cells" or path.live or path.kinds or named:
        return None
    names = parameters_of(owner.inner, len(args))
    leaves = [leaf for leaf in path.leaves if leaf.kind == "argument"]
    if names is None or len(leaves) != len(args) or any(name.startswith("_") for name in names):
        return None
    given = [_taken(name, arg) for name, arg in zip(names, args)]
    result = _result(owner, path, compilation, args)
    if result is None or not all(check for check, _ in given):
        return None
    slow = f"return _slow({', '.join(names)})"
    body = [
        f"if _state.observers or {' or '.join(check for check, _ in given)} or not _holds(): {slow}",
        f"_found = _run({', '.join(text for _, text in given)})",
    ]
    if compilation.guards:
        body.append(f"if not _hold(_found[{-len(compilation.guards)}:], _guards): {slow}")
    text = f"def call({', '.join(names)}):\n" + "".join(f"    {line}\n" for line in [*body, f"return {result}"])
    scope: dict[str, Any] = {
        "_state": STATE, "_array": np.ndarray, "_float": float, "_float64": np.dtype(np.float64), "_type": type,
        "_list": list, "_tuple": tuple, "_len": len, "_floats": all_floats, "_np": np.array, "_run": compilation.run,
        "_holds": watch.holds, "_hold": guards_hold, "_guards": compilation.guards,
        "_slow": owner.previous or owner.general,
    }  # fmt: skip
    exec(compile(text, "<autograd_lite replay>", "exec"), scope)
    return cast("Callable[..., Any]", scope["call"])


def _taken(name: str, arg: Any) -> tuple[str, str]:
    """A test that holds where an argument is not like ``arg``, and what the program gets; empty for another kind."""
    if type(arg) is float:
        return f"_type({name}) is not _float", name
    if type(arg) in (list, tuple) and arg and all(type(x) is float for x in arg):
        kind = type(arg).__name__
        check = f"_type({name}) is not _{kind} or _len({name}) != {len(arg)} or not _floats({name})"
        return check, name if kind == "list" else f"_list({name})"
    if type(arg) is np.ndarray and arg.dtype == np.float64 and arg.shape:
        check = f"_type({name}) is not _array or {name}.shape != {arg.shape!r} or {name}.dtype != _float64"
        return check, f"{name}.ravel().tolist()"
    return "", ""


def _like(x: Any, text: str) -> str | None:
    """An expression that makes of the numbers found, a float or a flat list, something like ``x``."""
    if type(x) is float:
        return text
    if type(x) is np.ndarray and x.dtype == np.float64 and x.shape:
        return f"_np({text}).reshape({x.shape!r})"
    if type(x) in (list, tuple) and len(x) > 1 and all(type(item) is float for item in x):
        return text if type(x) is list else f"_tuple({text})"
    return None


def _result(owner: Running, path: Path, compilation: Compilation, args: Any) -> str | None:
    """The expression of what the call returns; None for a result of another kind."""
    if owner.kind == "call":
        return _like(path.recording.result, "_found[0]") if path.recording.floats else None
    single = isinstance(owner.argnums, int)
    first = 1 if compilation.plan.value else 0
    parts = []
    for k, n in enumerate((owner.argnums,) if single else owner.argnums):
        arg = args[n]
        part = f"_found[{first + k}]"
        text = part if type(arg) is list else f"_tuple({part})" if type(arg) is tuple else _like(arg, part)
        if text is None:
            return None
        parts.append(text)
    result = parts[0] if single else f"({', '.join(parts)},)"
    return f"(_found[0], {result})" if first else result
