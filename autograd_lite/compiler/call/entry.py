"""The call itself: one generated function that checks its arguments and surroundings, runs a program, and returns.

It hands every other call to the general way: with arguments of other types or shapes, on another way through the
function, while something watches recording, and when the surroundings have changed.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from types import CellType, FunctionType
from typing import Any

from ...engine.sweeps import STATE
from ..emit.python import Lines
from ..record.arguments import Arguments
from ..record.environment import Watch
from ..record.places import conditions
from .c_auto import turning
from .c_engine import CEngine, Given
from .c_forms import TESTS
from .choice import straight
from .forms import Unlike, form_of
from .guards import guards_hold
from .kinds import NAMES, Numbers, array, checks, display, flat, listed
from .plans import OFTEN, Compilation
from .running import Running
from .signature import MISSING, Signature

__all__ = ["function", "generated"]

#: so many looks at the surroundings are written out; more are one call
MANY = 60
#: a program of fewer instructions may be straight-line Python in its call at once, and when that is made often
WRITTEN, LATER = 300, 2000
#: what an operation, or a look at surroundings that have changed, may raise: the general way then says what is wrong
_ERRORS = (ValueError, OverflowError, ZeroDivisionError, TypeError, KeyError, AttributeError, NameError)


def generated(owner: Running, compilation: Compilation, given: Arguments, watch: Watch) -> Callable[..., Any] | None:
    """A function for calls like one, with nothing around it; None if the program is not of that kind.

    Args:
        owner: the compiled function.
        compilation: what the call ran.
        given: its arguments.
        watch: the surroundings.
    """
    try:
        engine = compilation.native
        if engine is not None and engine.call is not None:
            return _in_c(owner, compilation, engine, tuple(given.named), watch, owner.previous or owner.general)
        made = _Call(owner, compilation, given)
        fast = made.function(watch)
        if made.later:
            return _lines_later(owner, fast, functools.partial(_Call(owner, compilation, given, True).function, watch))
        if owner.backend != "auto" or not made.written:
            return fast
        path, plan = compilation.path, compilation.plan
        path.given = Given.of(given)
        return turning(owner, fast, path, plan, lambda e: _in_c(owner, compilation, e, tuple(given.named), watch, fast))
    except (Unlike, ValueError):
        return None


def _lines_later(owner: Any, fast: Callable[..., Any], lines: Callable[[], Any]) -> Callable[..., Any]:
    """A call that is straight-line Python once it has been made often: what ``lines`` makes."""
    calls = itertools.count(1)

    def call(*args: Any, **named: Any) -> Any:
        nonlocal fast
        if next(calls) == OFTEN // 2:  # before the program itself is written out, more carefully
            with contextlib.suppress(Unlike, ValueError):
                fast = lines()
            owner.exchange(call, fast)
        return fast(*args, **named)

    return call


def function(
    f: Callable[..., Any], signature: Signature, slow: Callable[..., Any] | None, watch: Watch,
    checks: Sequence[str], inside: Sequence[str], after: Sequence[str], scope: dict[str, Any],
    taken: Collection[str] = (),
) -> Callable[..., Any]:  # fmt: skip
    """Any generated call. Its constants are closure cells and its globals those of the user's function.

    A global that must not have changed is then looked up as quickly as the user's function itself would.

    Args:
        f: the user's function.
        signature: how arguments are given.
        slow: generated code that calls are handed to, which ends in the general way.
        watch: the surroundings.
        checks: expressions that hold where the arguments are like those recorded.
        inside: lines that then run, where errors hand the call on; and ``after`` where they are raised.
        scope: what the lines name, and ``taken`` the names that they use besides.
    """
    home = f.__globals__ if isinstance(f, FunctionType) else {}
    tests = list(watch.tests(True))
    looks, named = (
        conditions(tests, home, {*signature.names, *signature.left, *taken})
        if len(tests) <= MANY
        else (["_holds()"], {"_holds": watch.holds})
    )
    holds = " and ".join([*looks, *checks, *(f"{name} is _missing" for name in signature.left)]) or "True"
    inner = [
        f"def call({signature.text}):",
        "    try:",
        f"        if {' or '.join(['_watched', *signature.empty])} or not ({holds}): {signature.hand}",
        *(f"        {line}" for line in inside),
        "    except _errors:",
        f"        {signature.hand}",
        *(f"    {line}" for line in after),
        "return call",
    ]
    scope = {**NAMES, **scope, **named}
    scope |= {"_slow": slow, "_watched": STATE.observers, "_errors": _ERRORS, "_missing": MISSING}
    used = "\n".join(inner)
    text = f"def make({', '.join(name for name in scope if name in used)}):\n" + "".join(f"    {x}\n" for x in inner)
    space: dict[str, Any] = {}
    exec(compile(text, "<autograd_lite call>", "exec"), space)
    made: Any = space["make"](**{name: thing for name, thing in scope.items() if name in used})
    found = FunctionType(made.__code__, home, "call", made.__defaults__, made.__closure__)
    found.__kwdefaults__ = made.__kwdefaults__
    found.__qualname__ = getattr(f, "__qualname__", "call")  # errors name it
    return found


class _Call:
    """What is known of one call, and how its program is run.

    Attributes:
        given: for each block of the program's arguments its form, and the parameter that it is.
        outputs: what the program found.
    """

    def __init__(self, owner: Running, compilation: Compilation, call: Arguments, written: bool = False) -> None:
        path = compilation.path
        if any(path.tainted) and (owner.kind != "call" or not compilation.plan.wrt):
            raise Unlike  # Values come out
        self.owner, self.compilation, self.args, self.named = owner, compilation, call.args, call.named
        leaves = zip(compilation.leaves, compilation.names)
        called = {leaf.key: name for leaf, name in leaves if leaf.kind == "argument"}
        labels = {block for (what, block), integer in path.kinds if what == "integer" and integer}
        self.forms = [form_of(x, True) for x in (*call.args, *call.named.values())]
        blocks = list(itertools.pairwise(call.starts))  # of each argument
        for form, (block, end) in zip(self.forms, blocks):
            if end - block > 1 or (form.char != "d") != (block in labels) or (block < end and not form.size):
                raise Unlike
        wanted = [called[block] if block < end else f"static{block}" for block, end in blocks]
        asked = () if owner.kind == "call" else (owner.argnums,) if isinstance(owner.argnums, int) else owner.argnums
        exact = min(asked, default=0) < 0
        self.signature = Signature(
            owner.inner, wanted[: len(call.args)], tuple(call.named), exact, max(asked, default=-1) + 1
        )
        names = self.signature.names
        if len(call) != len(called) or any(name.startswith("_") for name in names):
            raise Unlike
        self.checks = [check for form, name in zip(self.forms, names) for check in checks(form, name)]
        self.given = [(form, name) for form, name, (block, end) in zip(self.forms, names, blocks) if block < end]
        self.called = called  # what the program calls each
        self.slow = owner.previous or owner.general
        size, derivatives = len(path.program), bool(compilation.plan.wrt)
        numbers = path.scalar and compilation.native is None and not path.live
        #: whether it is straight-line Python, or will be when it has been made often
        self.written = numbers and (
            written or (size <= WRITTEN and (owner.backend == "auto" or straight(path.program, derivatives)))
        )
        most = LATER if path.way == "lines" else 0 if derivatives else WRITTEN
        self.later = numbers and not self.written and size <= most
        self.scope: dict[str, Any] = {}
        self.inside: list[str] = []
        self.after: list[str] = []
        self.taken: set[str] = set()

    def function(self, watch: Watch) -> Callable[..., Any]:
        """The generated function."""
        if self.written:
            self._lines()
        else:
            self._run()
        texts = (self.checks, self.inside, self.after)
        return function(self.owner.inner, self.signature, self.slow, watch, *texts, self.scope, self.taken)

    def _lines(self) -> None:
        """Straight-line Python, as a student would write it out; where it raises, the general way gives inf or nan."""
        compilation, names = self.compilation, {*self.signature.names, *self.signature.left}
        program, guards = compilation.statements
        tests: dict[int, list[Callable[[str], str]]] = {}
        for i, (wanted, exact) in zip(program.outputs[len(program.outputs) - len(guards) :], guards):
            tests.setdefault(i, []).append(functools.partial(self._unless, float(wanted), exact))
        lines = Lines(program, compilation.names, False, names, tests=tests)
        self.taken |= lines.names
        floats = []
        for block, (form, name) in enumerate(self.given):
            local = self.called[block]
            if form.kind != "float":
                elements = [f"{local}_{k}" for k in range(form.size)]
                self.inside.append(f"{', '.join(elements)}, = {name if form.flat else listed(form, name)}")
                self.taken.update(elements)
                floats += [f"{element}.__class__ is _float" for element in elements if form.flat]
            elif local != name:
                self.inside.append(f"{local} = {name}")
                self.taken.add(local)
        if self.taken & names or any(name.startswith("_") for name in self.taken):
            raise Unlike
        if floats:
            self.inside.append(f"if not ({' and '.join(floats)}): {self.signature.hand}")
        self.inside += lines.lines
        self.scope |= lines.scope
        self.inside.append(f"return {self._result(Numbers([(x, _shape_of(x)) for x in lines.results]))}")

    def _unless(self, wanted: float, exact: bool, text: str) -> str:
        """That a call goes on elsewhere where a guard's number is not what it has to be."""
        other = f"{text} != {wanted!r}" if exact else f"not {text}" if wanted else text
        return f"if {other}: {self.signature.hand}"

    def _run(self) -> None:
        """A function of floats and lists (the interpreter's, C's, or lines of Python); or an array program's runner."""
        compilation = self.compilation
        scalar, guards = compilation.scalar, compilation.guards
        self.checks += [f"_floats({name})" for form, name in self.given if form.flat]
        given = self._sources()
        if scalar:
            self.scope |= {"_run": compilation.run, "_flat": flat}
            run, back = "_run", []
        else:
            self.scope |= {"_runners": compilation.pool, "_fresh": compilation.fresh, "_back": compilation.pool.append}
            self.after += ["try: _runner = _runners.pop()", "except IndexError: _runner = _fresh()"]
            run, back = "_runner", ["_back(_runner)"]
        self.after.append(f"_found = {run}({', '.join(given)})")
        if guards:
            self.scope |= {"_hold": guards_hold, "_guards": guards}
            self.after.append(f"if not _hold(_found[{-len(guards)}:], _guards):")
            self.after += [f"    {line}" for line in (*back, self.signature.hand)]
        if self.owner.kind == "call" and compilation.plan.wrt:
            self.scope["_live"] = functools.partial(self.owner.live_result, compilation)
            names = self.signature.names
            args = "".join(f"{name}, " for name in names[: len(self.args)])
            named = ", ".join(f"{name!r}: {name}" for name in names[len(self.args) :])
            self.after.append(f"return _live(_found, {None if scalar else '_runner'}, (({args}), {{{named}}}))")
            return
        found = [(f"_found[{k}]", shape) for k, shape in enumerate(compilation.shapes)]
        outputs = Numbers(found, not scalar)
        text = self._result(outputs)
        self.after += [*outputs.before, f"_result = {text}", *back, "return _result"]

    def _sources(self) -> list[str]:
        """Expressions of what the program is called with."""
        compilation, given = self.compilation, []
        if compilation.loose is not None and any(kind == "loose" for kind, _ in compilation.sources):
            self.scope["_numbers"] = compilation.loose.numbers
            self.after.append("_loose = _numbers()")
        for k, (kind, key) in enumerate(compilation.sources):
            if kind == "argument":
                given.append((listed if compilation.scalar else array)(*self.given[key]))
                continue
            self.scope[f"_source{k}"] = key
            text = {"loose": f"_loose[{key}]", "parameter": f"_source{k}.data"}.get(kind, f"_source{k}._number()")
            given.append(f"_flat({text})" if compilation.scalar else text)
        return given

    def _result(self, outputs: Numbers) -> str:
        """The expression of what the call returns."""
        owner, recording = self.owner, self.compilation.path.recording
        if owner.kind == "call":
            if not recording.floats:
                raise Unlike
            return display(form_of(recording.result), outputs)
        single = isinstance(owner.argnums, int)
        head = f"{outputs.one()}, " if self.compilation.plan.value else ""
        parts = [display(self.forms[n], outputs) for n in ((owner.argnums,) if single else owner.argnums)]
        text = parts[0] if single else f"({', '.join(parts)},)"
        return f"({head}{text})" if head else text


def _shape_of(found: Any) -> tuple[int, ...]:
    return (len(found),) if isinstance(found, list) else ()


# --- C ------------------------------------------------------------------------------------------------------------


def _in_c(
    owner: Running, compilation: Compilation, engine: CEngine, named: tuple[str, ...], watch: Watch,
    slow: Callable[..., Any],
) -> Callable[..., Any]:  # fmt: skip
    """A function in C that is the whole call; ``slow`` gets what it is not for."""
    if compilation.path.integral or (owner.kind == "call" and compilation.plan.wrt):
        raise Unlike
    single = owner.kind == "call" or isinstance(owner.argnums, int)
    tests = list(watch.tests(True))
    known = len(tests) <= MANY and all(word in TESTS and _is_plain(word, a, b) for word, a, b, _ in tests)
    looks = tests if known else [("holds", watch.holds, None, None)]
    flat = [x for word, *what in looks for x in (TESTS.index(word), *what)]
    return engine.calling(flat, slow, single, named)


def _is_plain(word: str, a: Any, b: Any) -> bool:
    """Whether C may look at it: its own kinds of objects have no methods of the user's."""
    kinds = {"item": dict, "without": dict, "cell": CellType, "code": FunctionType, "class": b}
    return word not in kinds or type(a) is kinds[word]
