"""The call itself for small scalar programs: one generated function with f's own signature, and nothing around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, cast

import numpy as np

from ...engine.sweeps import STATE
from ..emit.python import Lines, scalar_lines
from ..ir.naming import leaf_names
from ..record.environment import Watch
from ..record.places import MISSING
from .plans import WRITTEN, Compilation, Path
from .running import Running

__all__ = ["parameters_of", "straight_line"]

MAX_CONDITIONS = 60
#: what an operation, or a look at surroundings that have changed, may raise: the general way then says what is wrong
_ERRORS = (ValueError, OverflowError, ZeroDivisionError, TypeError, KeyError, AttributeError, NameError)


def straight_line(
    owner: Running, compilation: Compilation, args: tuple[Any, ...], named: dict[str, Any], watch: Watch
) -> Callable[..., Any] | None:
    """A function that computes one call in straight-line Python, or hands it to the general way.

    It does so for arguments that are no floats, where ``math`` raises, on another way through the function, while
    something watches recording, and when the surroundings have changed. None if the program is not of that kind.
    """
    path = compilation.path
    if named or not _suits(compilation, path, watch):
        return None
    many = _variadic(owner.inner)
    parameters = None if many else parameters_of(owner.inner, len(args))
    if parameters is None and not many:
        return None
    names = leaf_names(compilation.leaves)
    if parameters is None:
        parameters = [name for name, leaf in zip(names, compilation.leaves) if leaf.kind == "argument"]
    lines = scalar_lines(compilation.program, names, safe=False)
    unpacked = _unpack(compilation.leaves, names, parameters, args)
    if unpacked is None:
        return None
    checks, numbers = unpacked
    result = _result(owner, path, lines, args, len(compilation.guards))
    if result is None:
        return None
    signature, slow = _signature(parameters, many)
    home = _globals_of(owner.inner)
    changes, scope = _conditions(watch, home, {*parameters, *lines.names})
    body = []
    if many:
        body.append(f"if _more: return {slow}")
    body.append(f"if {' or '.join(['_state.observers', *changes])}: return {slow}")
    body += [f"if {check}: return {slow}" if not check.startswith("=") else check[1:] for check in checks]
    body += [f"if {test}: return {slow}" for test in _not_floats(numbers)]
    body += lines.lines
    body += [f"if {test}: return {slow}" for test in _departures(lines, compilation.guards)]
    body.append(f"return {result}")
    scope.update(lines.scope)
    scope.update(
        _slow=owner.previous or owner.general,
        _state=STATE,
        _float=float,
        _list=list,
        _tuple=tuple,
        _type=type,
        _missing=_MISSING,
        _given=_given,
        _errors=_ERRORS,
    )
    return _made(signature, body, slow, scope, home)


def _suits(compilation: Compilation, path: Path, watch: Watch) -> bool:
    """Whether a program is of the kind: of single numbers, short, and with few surroundings to look at."""
    if not path.scalar or path.live or path.kinds or len(path.program) > WRITTEN or compilation.native is not None:
        return False
    if watch.arrays or watch.sequences or watch.trees:
        return False
    if len(watch) + len(watch.lengths) + len(watch.orders) > MAX_CONDITIONS:
        return False
    return all(named is None for _, _, _, named in watch.functions)


def _signature(parameters: list[str], many: bool) -> tuple[list[str], str]:
    """The parameters as the function has them, and the call of the general way with them."""
    if not many:
        return parameters, f"_slow({', '.join(parameters)})"
    # named all the same: a tuple need not be made and taken apart
    signature = [*[f"{name}=_missing" for name in parameters], *["/"][: len(parameters)], "*_more"]
    return signature, f"_slow(*_given({', '.join(parameters)}), *_more)"


_MISSING = object()


def _not_floats(numbers: Sequence[str]) -> list[str]:
    """Tests that hold where one of the numbers is no float: a bool or an integer is none."""
    return [f"_type({name}) is not _float" for name in numbers]


def _given(*args: Any) -> list[Any]:
    """The arguments that there are, in front of those that are missing."""
    return [arg for arg in args if arg is not _MISSING]


def _departures(lines: Lines, guards: Sequence[tuple[Any, bool]]) -> list[str]:
    """Tests that hold where the call leaves the recorded path; the guards are the last results of the program."""
    tests = []
    for text, (wanted, exact) in zip(lines.results[len(lines.results) - len(guards) :], guards):
        number = float(np.ravel(wanted)[0])
        tests.append(f"{text} != {number!r}" if exact else f"not ({text})" if number else text)
    return tests


def _made(
    parameters: Sequence[str], body: Sequence[str], slow: str, scope: dict[str, Any], home: dict[str, Any] | None
) -> Callable[..., Any]:
    """The function, its constants in closure cells and its globals those of the user's function.

    A global that must not have changed is then looked up as quickly as the user's function itself would.
    """
    inner = [
        f"def fast({', '.join(parameters)}):",
        "    try:",
        *[f"        {line}" for line in body],
        "    except _errors:",
        f"        return {slow}",
        "return fast",
    ]
    listing = f"def make({', '.join(scope)}):\n" + "".join(f"    {line}\n" for line in inner)
    space: dict[str, Any] = {}
    exec(compile(listing, "<autograd_lite straight line>", "exec"), space)
    fast: Any = space["make"](**scope)
    if home is None:
        return cast("Callable[..., Any]", fast)
    return FunctionType(fast.__code__, home, "fast", fast.__defaults__, fast.__closure__)


def _globals_of(f: Callable[..., Any]) -> dict[str, Any] | None:
    return f.__globals__ if isinstance(f, FunctionType) else None


def _variadic(f: Callable[..., Any]) -> bool:
    """Whether the function is of the form ``f(*p)``."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return False
    return len(found) == 1 and found[0].kind is inspect.Parameter.VAR_POSITIONAL


def parameters_of(f: Callable[..., Any], count: int) -> list[str] | None:
    """The names of the positional parameters, if the function has nothing else."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if len(found) != count or any(p.kind is not plain or p.default is not p.empty for p in found):
        return None
    return [p.name for p in found]


def _unpack(leaves: Any, names: list[str], parameters: list[str], args: Any) -> tuple[list[str], list[str]] | None:
    """Checks (and, behind "=", assignments) that take the arguments apart, and the names of the numbers."""
    checks: list[str] = []
    numbers: list[str] = []
    blocks = [(name, leaf) for name, leaf in zip(names, leaves) if leaf.kind == "argument"]
    if len(blocks) != len(args):
        return None
    for (name, leaf), parameter, arg in zip(blocks, parameters, args):
        if leaf.shape == ():
            if name != parameter or type(arg) not in (float, int):
                return None
            numbers.append(name)
        elif len(leaf.shape) == 1 and type(arg) in (list, tuple):
            elements = [f"{name}_{i}" for i in range(leaf.size)]
            if not set(parameters).isdisjoint(elements):
                return None
            checks.append(f"_type({parameter}) is not _{type(arg).__name__}")
            checks.append(f"={', '.join(elements)}, = {parameter}")
            numbers += elements
        else:
            return None
    return checks, numbers


def _conditions(watch: Watch, home: dict[str, Any] | None, taken: set[str]) -> tuple[list[str], dict[str, Any]]:
    """Whether the surroundings are different: tests by identity."""
    scope: dict[str, Any] = {}
    tests = []
    places: dict[int, str] = {}
    for k, (place, key, thing) in enumerate(watch.items):
        scope[f"_v{k}"] = thing
        if place is home and key not in taken and str(key).isidentifier() and thing is not MISSING:
            tests.append(f"{key} is not _v{k}")
            continue
        name = places.setdefault(id(place), f"_d{len(places)}")
        scope[name] = place
        scope[f"_n{k}"] = key
        read = repr(key) if type(key) is str else f"_n{k}"
        if thing is MISSING:
            tests.append(f"{read} in {name}")
            continue
        tests.append(
            f"{name}[{read}] is not _v{k}" if isinstance(place, dict) else f"{name}.get({read}, None) is not _v{k}"
        )
    for k, (cell, thing) in enumerate(watch.cells):
        scope[f"_c{k}"], scope[f"_w{k}"] = cell, thing
        tests.append(f"_c{k}.cell_contents is not _w{k}")
    for k, (place, length) in enumerate(watch.lengths):
        scope[f"_l{k}"] = place
        tests.append(f"len(_l{k}) != {length}" if length else f"_l{k}")
    for k, (place, keys) in enumerate(watch.orders):
        scope[f"_o{k}"], scope[f"_k{k}"] = place, keys
        tests.append(f"_tuple(_o{k}) != _k{k}")
    for k, (thing, kind) in enumerate(watch.classes):
        scope[f"_s{k}"], scope[f"_t{k}"] = thing, kind
        tests.append(f"_s{k}.__class__ is not _t{k}")
    for k, (f, code, defaults, _) in enumerate(watch.functions):
        scope[f"_f{k}"], scope[f"_g{k}"], scope[f"_h{k}"] = f, code, defaults
        tests.append(f"_f{k}.__code__ is not _g{k}")
        if defaults is not None:  # a call that gives every argument gives them all when there are defaults, too
            tests.append(f"_f{k}.__defaults__ is not _h{k}")
    return tests, scope


def _result(owner: Running, path: Path, lines: Lines, args: Any, guards: int) -> str | None:
    """The expression of what the call returns; None if it is not of floats, lists, tuples and dicts."""
    outputs = lines.results[: len(lines.results) - guards]
    if owner.kind == "call":
        flat = iter(outputs[0] if isinstance(outputs[0], list) else outputs) if outputs else iter(())
        if not path.recording.floats:
            return None
        return _literal(path.recording.result, flat)
    single = isinstance(owner.argnums, int)
    chosen = [n % len(args) for n in ((owner.argnums,) if single else owner.argnums)]
    parts = iter(outputs)
    head = next(parts) if owner.kind == "value_and_grad" else None
    found = []
    for n in chosen:
        part = next(parts)
        text = _literal(args[n], iter(part if isinstance(part, list) else [part]))
        if text is None:
            return None
        found.append(text)
    text = found[0] if single else f"({', '.join(found)},)"
    return text if head is None else f"({head}, {text})"


def _literal(x: Any, flat: Any) -> str | None:
    """A display of ``x``'s structure around expressions."""
    if type(x) in (float, int):
        return str(next(flat))
    if type(x) in (list, tuple):
        items = [_literal(item, flat) for item in x]
        if any(item is None for item in items):
            return None
        inside = ", ".join(str(item) for item in items)
        return f"[{inside}]" if type(x) is list else f"({inside},)" if items else "()"
    if type(x) is dict and all(isinstance(key, (str, int)) for key in x):
        pairs = [(key, _literal(item, flat)) for key, item in x.items()]
        if any(item is None for _, item in pairs):
            return None
        return "{" + ", ".join(f"{key!r}: {item}" for key, item in pairs) + "}"
    return None
