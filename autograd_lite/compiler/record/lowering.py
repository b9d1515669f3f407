"""Branches on numbers of a recording as choices: functions are run from code that asks for both sides first.

While a function is recorded, the functions that decide by an ``if`` have another code, made from their source: each
``if`` asks ``Sites`` for what both of its sides give, and only where that is not known goes the way that it is written.
In other threads, and when nothing is recorded, it goes that way at once.
"""

from __future__ import annotations
import __future__

import ast
import copy
import functools
import inspect
import linecache
import threading
from collections import Counter
from collections.abc import Sequence
from types import CodeType, FunctionType
from typing import Any, NamedTuple, cast

from ...engine.observers import current_tracer
from ...engine.user_frame import locals_of, user_frame
from ..ir.scalar_program import CompileError
from .both_sides import NEXT, Branch, Names

__all__ = ["Begun", "Lowering", "code_of"]

#: what stands for the sites in the source, which can't name them
_PLACE = "the sites of autograd_lite"

#: what reads or changes variables by name
_BY_NAME = {"locals", "vars", "eval", "exec", "dir", "globals"}

#: of codes, the bits that say which features of ``__future__`` they were compiled with
_FLAGS = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


class Begun(CompileError):  # never seen by users
    """A recording that has to be begun anew, with a function's branches as choices."""


class Sites:
    """The branches of a piece of source; what its rewritten code calls."""

    def __init__(self) -> None:
        self.found: list[tuple[Sequence[ast.stmt] | ast.IfExp, list[str], set[str]]] = []

    def add(self, branch: Sequence[ast.stmt] | ast.IfExp, names: list[str], private: set[str]) -> int:
        self.found.append((branch, names, private))
        return len(self.found) - 1

    def merged(self, k: int) -> bool:
        """Whether branch k depends on a number of the recording, and both sides are known; ``taken`` is the result."""
        tracer: Any = current_tracer()
        lowering: Lowering | None = getattr(tracer, "lowering", None)
        if lowering is None:
            return False
        frame = user_frame()
        branch, targets, private = self.found[k]
        guards, astray = len(tracer.guards), tracer.astray
        try:
            names = Names(locals_of(frame), frame.f_code, frame.f_globals)
            side = Branch(tracer, lowering.strict, written)
            fork: Any = branch if isinstance(branch, ast.IfExp) else branch[0]
            test = side.truth(fork.test, names)
            if isinstance(test, bool) or not private.isdisjoint(names):
                return False
            if isinstance(branch, ast.IfExp):
                found = side.either(test, side.value(branch.body, names), side.value(branch.orelse, names))
            else:
                found = side.forked(test, fork, branch[1:], names)
                found = tuple([side.read(name, names) for name in targets]) if found is NEXT else found
            if len(tracer.guards) > guards or tracer.astray is not astray:
                return False
        except Exception:  # also what the side raises that is not taken
            return False
        finally:
            if len(tracer.guards) > guards or tracer.astray is not astray:
                del tracer.guards[guards:]
                tracer.astray = astray
        lowering.taken = found
        return True

    def taken(self) -> Any:
        """What the branch that was asked for last gives."""
        tracer: Any = current_tracer()
        found, tracer.lowering.taken = tracer.lowering.taken, None
        return found


# --- the source -----------------------------------------------------------------------------------------------------


class _Function:
    """What is known of the names in a function."""

    def __init__(self, node: Any) -> None:
        inside = list(ast.walk(node))
        self.loads = _loads(inside)
        shared = (ast.Global, ast.Nonlocal)
        self.shared = {name for part in inside if isinstance(part, shared) for name in part.names}
        self.by_name = not _BY_NAME.isdisjoint(self.loads)
        self.generates = any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in inside)


def _loads(nodes: Sequence[ast.AST]) -> Counter[str]:
    """How often each name is looked up, or deleted."""
    found = Counter(node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store))
    changed = [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    found.update(target.id for target in changed if isinstance(target, ast.Name))
    return found


class _Rewriting(ast.NodeTransformer):
    """Puts a question before each branch whose sides may be known."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.functions: list[_Function] = []

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        if not self.functions:
            return cast(ast.IfExp, self.generic_visit(node))
        k = self.sites.add(copy.deepcopy(node), [], set())
        plain = cast(ast.IfExp, self.generic_visit(node))
        return cast(ast.IfExp, _at(node, ast.IfExp(_ask("merged", k), _ask("taken"), plain)))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if function:
            self.functions.append(_Function(node))
        elif isinstance(node, ast.ClassDef):
            outer, self.functions = self.functions, []
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and self.functions and not self.functions[-1].by_name:
                loop = name == "body" and isinstance(node, (ast.For, ast.While))
                setattr(node, name, self._block(body, loop))
        super().generic_visit(node)
        if function:
            self.functions.pop()
        elif isinstance(node, ast.ClassDef):
            self.functions = outer
        return node

    def _block(self, body: list[Any], loop: bool) -> list[Any]:
        """A block, with questions."""
        made: list[Any] = []
        for i, statement in enumerate(body):
            if isinstance(statement, ast.If):
                made += self._question(statement, body[i:], loop)
            else:
                made.append(statement)
        return made

    def _question(self, fork: ast.If, rest: list[ast.stmt], loop: bool) -> list[ast.stmt]:
        """An ``if``, after a question if it has one; ``rest`` is the block from it on."""
        ends: ast.stmt | None = None
        branch: list[ast.stmt] = [fork]
        if any(isinstance(part, ast.Return) for part in ast.walk(fork)):
            branch, ends = rest, ast.Return(_ask("taken"))
        elif any(isinstance(part, ast.Continue) for part in ast.walk(fork)):
            branch, ends = rest, ast.Continue()
        inside = [part for statement in branch for part in ast.walk(statement)]
        function, loads = self.functions[-1], _loads(inside)
        names = {part.id for part in inside if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
        returns = any(isinstance(part, ast.Return) for part in inside)
        private = {name for name in names if function.loads[name] == loads[name]}
        targets = [] if returns else sorted(names - private)
        known = (
            all(map(_is_simple, branch))
            and names.isdisjoint(function.shared)
            and (loop or not isinstance(ends, ast.Continue))
            and (_returns(branch) and not function.generates if returns else targets)
        )
        if not known or hasattr(fork, "asked"):
            return [fork]
        fork.asked = True  # type: ignore[attr-defined]
        k = self.sites.add(copy.deepcopy(branch), targets, set() if returns else private)
        stored = ast.Tuple([ast.Name(name, ast.Store()) for name in targets], ast.Store())
        then = [ast.Assign([stored], _ask("taken"))] if targets else []
        question = ast.If(_ask("merged", k), [*then, *([ends] if ends else [])], [] if ends else [fork])
        return [_at(fork, question), *([fork] if ends else [])]


def _is_simple(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but to give values to local variables, or to end."""
    match statement:
        case ast.If(body=body, orelse=orelse):
            return all(map(_is_simple, [*body, *orelse]))
        case ast.Assign(targets=targets):
            return all(map(_is_variable, targets))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
            return isinstance(target, ast.Name)
        case ast.Return() | ast.Continue() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
    return False


def _is_variable(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (isinstance(target, ast.Tuple) and all(map(_is_variable, target.elts)))


def _returns(block: Sequence[ast.stmt]) -> bool:
    """Whether a block always comes to a ``return``."""
    last = block[-1] if block else None
    return isinstance(last, ast.Return) or (isinstance(last, ast.If) and _returns(last.body) and _returns(last.orelse))


def _ask(what: str, *k: int) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Constant(_PLACE), what, ast.Load()), [*map(ast.Constant, k)], [])


def _at(place: ast.AST, made: Any) -> Any:
    """What was made, on the line of ``place``."""
    return ast.fix_missing_locations(ast.copy_location(made, place))


class _Source(NamedTuple):
    """A statement of a module as it was compiled, and with questions.

    Attributes:
        codes: the code with questions, by the one that it stands for.
        bodies: what a function does, by its code.
    """

    codes: dict[CodeType, CodeType]
    bodies: dict[CodeType, list[ast.stmt]]


@functools.lru_cache(maxsize=256)
def _source(code: CodeType) -> _Source | None:
    """The statement of the module that a function's code is from; None if there is no such source, or another."""
    try:
        lines, line = linecache.getlines(code.co_filename), code.co_firstlineno
        module = _statements("".join(lines))
        first, last, whole = next(found for found in module if found[0] <= line <= found[1])
        own = "\n" * (first - 1) + "".join(lines[first - 1 : last])  # to be rewritten; another may come before it
        statement = copy.deepcopy(whole) if whole.col_offset else ast.parse(own).body[0]
        around = [statement if node is whole else node for _, _, node in module if node is whole or _imports(node)]
        plain = _codes(around, code)
        if code not in plain:
            return None
        bodies = _bodies(statement, plain)
        sites = Sites()
        _Rewriting(sites).visit(statement)
        rewritten = _codes(around, code)
    except (SyntaxError, ValueError, StopIteration, RecursionError):
        return None
    pairs = [(old, new) for old, new in zip(plain, rewritten, strict=True) if old != new]
    return _Source({old: _asking(new, sites) for old, new in pairs if old.co_freevars == new.co_freevars}, bodies)


@functools.lru_cache(maxsize=8)
def _statements(text: str) -> list[tuple[int, int, ast.stmt]]:
    """The statements of a module, with their first and last lines; they are shared."""
    return [(_first_line(node), node.end_lineno or 0, node) for node in ast.parse(text).body]


def _first_line(node: Any) -> Any:
    return min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))


def _imports(node: ast.stmt) -> bool:
    """Whether a statement imports names into the module, whose methods are then called by other instructions."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return not isinstance(node, inner) and any(isinstance(x, (ast.Import, ast.ImportFrom)) for x in ast.walk(node))


def _codes(statements: list[ast.stmt], code: CodeType) -> list[CodeType]:
    """The codes in statements that are compiled as they were when ``code`` was; an outer one before those in it."""
    module = ast.Module(statements, [])
    found = [compile(module, code.co_filename, "exec", flags=code.co_flags & _FLAGS, dont_inherit=True)]
    for made in found:
        found += [constant for constant in made.co_consts if isinstance(constant, CodeType)]
    return found


def _asking(code: CodeType, sites: Sites) -> CodeType:
    """The code, which finds the sites where their place is."""
    found = [
        sites if constant == _PLACE else _asking(constant, sites) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    ]
    return code.replace(co_consts=tuple(found))


def _bodies(statement: ast.stmt, codes: list[CodeType]) -> dict[CodeType, list[ast.stmt]]:
    """The bodies of functions that can be told apart by name and line."""
    functions: dict[Any, list[Any]] = {}
    for node in ast.walk(copy.deepcopy(statement)):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            functions.setdefault((getattr(node, "name", "<lambda>"), _first_line(node)), []).append(node)
    bodies = {}
    for code in codes:
        found = functions.get((code.co_name, code.co_firstlineno), [])
        if len(found) == 1 and not code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
            body = found[0].body
            bodies[code] = body if isinstance(body, list) else [ast.copy_location(ast.Return(body), body)]
    return bodies


def written(f: FunctionType) -> list[ast.stmt] | None:
    """The body of a function; None if it isn't known."""
    source = _source(code_of(f))
    return None if source is None else source.bodies.get(code_of(f))


# --- functions with another code --------------------------------------------------------------------------------------

_lock = threading.Lock()
_open: dict[FunctionType, tuple[CodeType, int]] = {}


def code_of(f: FunctionType) -> CodeType:
    """A function's own code, while a recording runs it from another, too."""
    return _open[f][0] if f in _open else f.__code__


class Lowering:
    """Within the block, the functions whose code was asked for have questions before their branches.

    Args:
        functions: those that may be called.

    Attributes:
        strict: whether both sides have to be of one kind.
        taken: the result of the branch that was asked for last.
    """

    def __init__(self, functions: Sequence[FunctionType], strict: bool) -> None:
        self.functions = functions
        self.strict = strict
        self.taken: Any = None
        self.codes: dict[CodeType, CodeType] = {}
        self.asked: set[CodeType] = set()

    def stricter(self) -> Lowering | None:
        """What is tried when recording with this one failed."""
        if self.strict:
            return None
        found = Lowering(self.functions, True)
        found.codes, found.asked = self.codes, self.asked
        return found

    def begins(self, code: CodeType) -> bool:
        """Whether there is another code for one that has just decided, which was not known before."""
        if code in self.asked:
            return False
        self.asked.add(code)
        source = _source(code)
        self.codes |= source.codes if source else {}
        return bool(source and source.codes)

    def __enter__(self) -> None:
        with _lock:
            self.changed = [f for f in self.functions if code_of(f) in self.codes]
            for f in self.changed:
                code, count = _open.get(f, (f.__code__, 0))
                _open[f] = code, count + 1
                f.__code__ = self.codes[code]

    def __exit__(self, *exc: object) -> None:
        with _lock:
            for f in self.changed:
                code, count = _open.pop(f)
                if count > 1:
                    _open[f] = code, count - 1
                else:
                    f.__code__ = code
