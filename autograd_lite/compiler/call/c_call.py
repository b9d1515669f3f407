"""The call itself for programs in C: they take arguments as they come, and make the result; Python looks around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.sweeps import STATE
from ..record.environment import Watch
from .fast import ERRORS, MAX_CONDITIONS, conditions, globals_of, made, parameters_of, variadic
from .plans import Path
from .running import Running

__all__ = ["c_call"]


def c_call(
    owner: Running, path: Path, args: tuple[Any, ...], named: dict[str, Any], watch: Watch
) -> Callable[..., Any] | None:
    """A function that calls a program in C, or hands the call to the general way.

    It does so for arguments that are not like ``args``, on another way through the function, while something watches
    recording, and when the surroundings have changed. None if there is no such program, or it reads live numbers.
    """
    compilation = owner.last
    run = None if compilation is None or compilation.native is None else compilation.native.call
    if compilation is None or run is None or path.kinds or named:
        return None
    if owner.kind == "call" and compilation.plan.wrt:
        return None
    names = parameters_of(owner.inner, len(args))
    if names is None and not variadic(owner.inner):
        return None
    if names is not None and any(name.startswith("_") for name in names):
        return None
    given = ", ".join(names) if names is not None else "*_given"
    home = globals_of(owner.inner)
    tests = ["not _holds()"]
    scope: dict[str, Any] = {"_holds": watch.test}
    if _simple(watch):
        tests, scope = conditions(watch, home, set(names or ()))
    slow = f"_slow({given})"
    result = "_found"
    if owner.kind != "call" and not isinstance(owner.argnums, int):
        if owner.kind == "value_and_grad":
            result = "(_found[0], _found[1:])"
        elif len(owner.argnums) == 1:
            result = "(_found,)"
    body = [
        f"if {' or '.join(['_state.observers', *tests])}: return {slow}",
        f"_found = _run({given})",
        f"return {slow} if _found is None else {result}",
    ]
    scope |= {"_slow": owner.previous or owner.general, "_state": STATE, "_run": run, "_errors": ERRORS}
    return made([given] if given else [], body, slow, scope, home)


def _simple(watch: Watch) -> bool:
    """Whether a few looks by identity say that nothing has changed."""
    if watch.arrays or watch.sequences or watch.trees or any(named is not None for _, _, _, named in watch.functions):
        return False
    return len(watch) + len(watch.lengths) + len(watch.orders) <= MAX_CONDITIONS
