"""The call itself for array programs: a generated function that checks its arguments, runs, and wraps the result."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ...engine.sweeps import STATE, NaryOperands
from ...engine.value import node
from ..record.environment import Watch
from .fast import parameters_of
from .guards import guards_hold
from .plans import Compilation, Path
from .results import Gradients, call_primitive
from .running import Running

__all__ = ["array_call"]


def array_call(
    owner: Running, compilation: Compilation, args: tuple[Any, ...], named: dict[str, Any], watch: Watch
) -> Callable[..., Any] | None:
    """A function that runs an array program on float arrays and floats (and arrays of labels), or hands the call on.

    It hands arguments of other types or shapes to the general way, and every call on another way through the function,
    while something watches recording, or when the surroundings have changed. None if the program or its result is not
    of that kind.
    """
    path = compilation.path
    if path.scalar or named or (owner.kind != "call" and any(path.tainted)):
        return None
    names = parameters_of(owner.inner, len(args))
    leaves = [leaf for leaf in path.leaves if leaf.kind == "argument"]
    if names is None or len(leaves) != len(args) or any("_" in name[:1] for name in names):
        return None
    labels = {block for (what, block), integer in path.kinds if what == "integer" and integer}
    checks = [_check(name, arg, k in labels) for k, (name, arg) in enumerate(zip(names, args))]
    result = _result(owner, path, compilation, names, args)
    if result is None or not all(checks):
        return None
    slow = f"return _slow({', '.join(names)})"
    texts = [f"{name}.astype(_float)" if k in labels else name for k, name in enumerate(names)]
    given = [
        texts[key] if kind == "argument" else f"_loose[{key}]" if kind == "loose" else f"_v{k}._number()"
        for k, (kind, key) in enumerate(compilation.sources)
    ]
    body = [
        f"if {' or '.join(['_state.observers', *checks])}: {slow}",
        "try:",
        f"    if not _holds(): {slow}",
        f"except (KeyError, AttributeError, ValueError): {slow}",
        "try: _runner = _runners.pop()",
        "except IndexError: _runner = _fresh()",
        *(["_loose = _numbers()"] if any(kind == "loose" for kind, _ in compilation.sources) else []),
        f"_found = _runner({', '.join(given)})",
    ]
    if compilation.guards:
        body += [f"if not _hold(_found[{-len(compilation.guards)}:], _guards):", "    _back(_runner)", f"    {slow}"]
    text = f"def call({', '.join(names)}):\n" + "".join(f"    {line}\n" for line in [*body, *result])
    scope: dict[str, Any] = {f"_v{k}": key for k, (_, key) in enumerate(compilation.sources)}
    scope |= {
        "_state": STATE, "_array": np.ndarray, "_float": float, "_float64": np.dtype(np.float64), "_type": type,
        "_holds": watch.test, "_slow": owner.previous or owner.general, "_runners": compilation.pool,
        "_fresh": compilation.fresh, "_back": compilation.pool.append, "_guards": compilation.guards,
        "_hold": guards_hold, "_shaped": path.shaped, "_numbers": compilation.loose and compilation.loose.numbers,
        "_loss": _loss(owner, compilation) if "_loss(" in result[0] else None,
    }  # fmt: skip
    exec(compile(text, "<autograd_lite call>", "exec"), scope)
    return cast("Callable[..., Any]", scope["call"])


def _check(name: str, arg: Any, labels: bool) -> str:
    """A test that holds where an argument is not like ``arg``; empty if it is no float array, float or array of labels.

    Other questions of the function than whether a label is an integer have one answer for all such arguments.
    """
    if labels and type(arg) is np.ndarray:
        return f"_type({name}) is not _array or {name}.shape != {arg.shape!r} or {name}.dtype.kind not in 'iu'"
    if type(arg) is float:
        return f"_type({name}) is not _float"
    if type(arg) is not np.ndarray or arg.dtype != np.float64:
        return ""
    dtype = f"({name}.dtype is not _float64 and {name}.dtype != _float64)"
    return f"_type({name}) is not _array or {name}.shape != {arg.shape!r} or {dtype}"


def _result(owner: Running, path: Path, compilation: Compilation, names: list[str], args: Any) -> list[str] | None:
    """Lines that make the result of what was found, and give the buffers back; None for a result of another kind."""
    if owner.kind == "call":
        single = type(path.recording.result) is float and path.recording.plain == [None]
        if single and compilation.plan.wrt:
            given = f"({', '.join(names)}{',' * bool(names)})"
            return [f"return _loss(_found, _runner{'' if compilation.runs else f', {given}'})"]
        if len(path.program.outputs) == 1 or path.live or compilation.plan.wrt or path.shaped is None:
            return None
        return ["_result = _shaped(_found[0])", "_back(_runner)", "return _result"]
    single = isinstance(owner.argnums, int)
    chosen = [n % len(args) for n in ((owner.argnums,) if single else owner.argnums)]
    first = 1 if compilation.plan.value else 0
    parts = [
        f"_found[{first + k}].copy()"
        if isinstance(args[n], np.ndarray) and args[n].shape
        else f"_float(_found[{first + k}])"
        for k, n in enumerate(chosen)
    ]
    if any(isinstance(args[n], np.ndarray) and not args[n].shape for n in chosen):
        return None
    text = parts[0] if single else f"({', '.join(parts)},)"
    if first:
        text = f"(_float(_found[0]), {text})"
    return [f"_result = {text}", "_back(_runner)", "return _result"]


def _loss(owner: Running, compilation: Compilation) -> Callable[..., Any]:
    """What makes a Value of the outputs: its operands are the live Values, and the parameters behind a sink."""
    prim, runs, back = owner.primitive, compilation.runs, compilation.pool.append
    places = slice(compilation.places[0], compilation.places[-1] + 1) if compilation.places else slice(0)
    nodes: list[Any] = []
    for _, leaf in compilation.others:  # live ones: arguments that are Values are not called directly
        nodes += leaf.key.nodes if leaf.shape else [leaf.key]
    others = [(i, bool(leaf.shape)) for i, leaf in compilation.others]

    loose = compilation.loose if compilation.shared else None

    def operands() -> list[Any]:
        return [*nodes, *(loose.nodes if loose else ())]

    def loss(found: Any, runner: Any, args: tuple[Any, ...] = ()) -> Any:
        partials: list[float] = []
        for i, many in others:
            if many:
                partials += found[i].ravel().tolist()
            else:
                partials.append(float(found[i]))
        number = float(found[0])
        share = None if loose is None else compilation.share(found)
        if runs:
            given_back = functools.partial(back, runner)
            sink: Gradients | None = Gradients(runs, found[places], given_back, loose, share)
            return node(number, prim, None, None, 0.0, 0.0, NaryOperands(nodes, nodes, partials, sink))
        back(runner)
        own = call_primitive(owner.name, (owner._f, args, {}), operands, number)
        sink = Gradients((), (), None, loose, share) if loose else None
        return node(number, own, None, None, 0.0, 0.0, NaryOperands(nodes, nodes, partials, sink))

    return loss
