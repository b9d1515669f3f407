"""A compiled function: recorded once, turned into array statements, and run as those from then on."""

from __future__ import annotations

import functools
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any, ClassVar

from ...engine.observers import current_tracer, observers, recording_is_off
from ...engine.sweeps import STATE
from ...engine.user_frame import warn_at_user
from ..equations.equations import Equations, equations
from ..ir.array_program import ArrayProgram
from ..ir.naming import identifier
from ..ir.scalar_program import CompileError, CompileWarning, Program
from ..record.arguments import CONSTANT, Arguments
from ..record.environment import Watch
from ..record.restore import TAKEN
from ..record.structure import alike, has_integers, is_finite, nudged
from .c_engine import c_source
from .c_library import target_of
from .deferred import deferred
from .entry import generated
from .guards import scattered
from .plans import Compilation, Path, Plan
from .recording import Changed, Drawn, Final, Unrecorded, indexed_at, reason, recorded
from .running import Running, transform_of
from .signature import without_missing
from .sources import source_of
from .state import State

__all__ = ["Compiled"]

#: ways through a function that are kept for arguments of one kind; a function that takes more runs eagerly
MAX_PATHS = 8
#: and where plain code does the same with plain numbers, which takes a few times as long as a program
FEW_PATHS = 4
#: states of the surroundings, and kinds of arguments in one of them
MAX_STATES = MAX_KEYS = 64
#: straight lines that may call each other before the general way is taken
MAX_CHAIN = 6
#: of so many recordings in a row one in so many has to be used again, or the function runs eagerly
MANY, USEFUL = 32, 8
#: calls in a row that change what the function closes over, before it runs eagerly: the first may only fill a cache
MAX_CHANGES = 2


class Compiled(Running):
    """A compiled function; made by ``compile``.

    Attributes:
        program: the scalar program of the last recording.
        strict: whether it raises where it would run eagerly.
        eager: why it runs eagerly; None if it doesn't.
        mapped: of a ``vmap``, which leaves of its latest program have lanes.
    """

    _of_transforms: ClassVar[dict[str, type[Compiled]]] = {}
    mapped: list[bool] | None = None

    def __init__(
        self, f: Callable[..., Any], strict: bool = False, parent: Compiled | None = None, backend: str = "default"
    ) -> None:
        if not callable(f):
            raise TypeError(f"compile takes a function, not {type(f).__name__}")
        functools.update_wrapper(self, f, updated=())
        kind, inner, argnums = transform_of(f)
        name = getattr(f, "__name__", "program")
        if kind not in ("grad", "value_and_grad"):
            kind, inner, argnums = "call", f, None
        super().__init__(f, kind, inner, argnums, identifier(name) if name.isidentifier() else "program")
        self.strict = strict
        self.eager: str | None = None
        self._parent = parent
        self.backend, self._target = backend, target_of(backend)
        self._states: list[State] = []
        self._lock = threading.RLock()
        self._fast: Callable[..., Any] | None = None
        self._chain = self._changes = 0
        self._warned = self._tried = False
        self._recent: deque[Path] = deque(maxlen=MANY)
        self.general = without_missing(self.inner, self._call)

    def __init_subclass__(cls, transform: str = "") -> None:
        if transform:
            cls._of_transforms[transform] = cls

    def __new__(cls, f: Callable[..., Any], *_: Any, **__: Any) -> Compiled:
        """Every compiled function has a class of its own, so that calling it can be calling what was generated."""
        kind = cls._of_transforms.get(transform_of(f)[0], cls)
        return super().__new__(type("Compiled", (kind,), {"__doc__": cls.__doc__}))

    def _below(self, f: Callable[..., Any]) -> Compiled:
        """A function that this one calls, compiled alike; what it can't do is this one's."""
        return Compiled(f, self.strict, self, self.backend)

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        return self._call(*args, **named)

    def calls_go_to(self, fast: Callable[..., Any] | None) -> None:
        """From now on, calls go to generated code; None for the general way."""
        with self._lock:
            if self.eager is not None:
                return
            self._fast = fast
            if fast is not None:
                # a builtin is no descriptor: it is called as it is
                setattr(type(self), "__call__", fast if type(fast) is BuiltinFunctionType else staticmethod(fast))  # noqa: B010
            elif "__call__" in vars(type(self)):
                delattr(type(self), "__call__")

    def exchange(self, fast: Callable[..., Any], other: Callable[..., Any]) -> None:
        """Calls that go to one generated function go to another; nothing, if they go elsewhere by now."""
        with self._lock:
            if self._fast is fast:
                self.calls_go_to(other)

    def __reduce__(self) -> Any:
        """A decorated function is found again by its name; any other is compiled again."""
        found: Any = sys.modules.get(getattr(self._f, "__module__", None) or "")
        for name in getattr(self._f, "__qualname__", "").split("."):
            found = getattr(found, name, None)
        return self._f.__qualname__ if found is self else (Compiled, (self._f, self.strict, None, self.backend))

    def __repr__(self) -> str:
        return f"<compiled {getattr(self._f, '__qualname__', self._f)!s}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    # --- what it was turned into ----------------------------------------------------------------------------------

    @property
    def program(self) -> Program:
        """The scalar program of the last recording; under ``vmap`` that of one lane."""
        return self._recorded().path.program

    def source(self, backend: str = "numpy") -> str:
        """The program as source: "numpy", "jax", "torch", "drjit", or "python" if its numbers stay scalars.

        A recurrence of many equal steps is a loop in it, and its reverse sweep another: ``for`` in NumPy, PyTorch and
        Dr.Jit (a kernel a step), ``jax.lax.scan`` in JAX.

        What decided the way through the function is asserted (not in JAX, which traces a function before its numbers
        are known); integers by which the function counts are parameters with the recorded numbers as defaults. Plain
        numbers may go in, and results are IEEE's: 1/0 is inf. PyTorch's function takes tensors of float64.

        Dr.Jit's function takes and returns a ``drjit.llvm.Float64`` for every scalar, with a number for each of many
        points, and is what ``vmap`` of this function computes: one fused kernel. Arrays are lists of such (a NumPy
        array of points goes in with its points last); plain numbers that change from call to call go in as
        ``drjit.opaque(Float64, x)``. As in the other libraries, branches are those of the last recording. A Jacobian
        that is found by sweeps is shown as one of them, whose seed comes last; in C it is one function of its nonzeros.

        "c" is a function of C99 without globals or allocation; the comment on top says what its arguments are and
        under which conditions it is this function. Compile it with ``-ffp-contract=off`` and no ``-ffast-math``.

        Args:
            backend: the library or language.

        Raises:
            CompileError: before the first call, which decides the shapes.
            NotImplementedError: for a primitive of one's own without ``array=``; ``polygamma`` of a variable order.
            ValueError: for an unknown backend, and for "python" if the program is of arrays.
        """
        if backend == "c":
            return c_source(self._recorded(), self._f, self.name, self.mapped)
        return source_of(self._recorded(), backend, self.name)

    def equations(self) -> Equations:
        """The same as equations, forward and backward, in the chapter's letters; LaTeX in a notebook."""
        return equations(self._recorded())

    def statements(self) -> ArrayProgram:
        """The forward part as array statements."""
        return self._recorded().path.compilation(Plan(True)).results()

    @property
    def surroundings(self) -> Watch:
        """What the latest recording depends on besides its arguments."""
        return self._states[0].watch

    def _recorded(self) -> Compilation:
        if self.last is None and self.eager is not None:
            raise CompileError(f"there is no program: {self.name} runs eagerly, since {self.eager}")
        if self.last is None:
            raise CompileError("nothing is recorded yet: call the function once, its arguments decide the shapes")
        return self.last

    # --- calling --------------------------------------------------------------------------------------------------

    def _call(self, /, *args: Any, **named: Any) -> Any:
        if self.eager is not None or current_tracer() is not None:
            return self._f(*args, **named)
        if STATE.observers and any(not getattr(observer, "cuts", False) for observer in observers()):
            # detect_anomaly and the like have to see every node; no_grad need not
            return self._f(*args, **named)
        try:
            return self._found(args, named)
        except Unrecorded as unrecorded:
            return self._instead(unrecorded.args[0], args, named)

    def _found(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        result, call = self.run(args, named)
        return self._passing_on(result, call.last, args, named)

    def _passing_on(self, result: Any, used: Compilation | None, args: Any, named: Any) -> Any:
        """A transform's numbers; Values if they depend on what its function closes over, and something records."""
        if used is None or (self.kind == "call" and not self.numbers_only) or not any(used.path.tainted):
            return result
        return result if recording_is_off() else deferred(self._f, args, named, result, used.path)

    def run(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Arguments]:
        """A call's result, and its arguments taken apart: with the program that ran on them, if one did."""
        live = self.differentiated(len(args))
        try:
            call = Arguments(args, named, live)
        except RecursionError:
            return self._instead(Final("it was called with something that contains itself"), args, named), Arguments()
        state = None if self.eager is not None else self._state(call.objects)
        if state is None or state.eager:
            return self._f(*args, **named), call
        for level in range(state.level, CONSTANT + 1):
            call = Arguments(args, named, live, level) if level else call
            try:
                return self._at_level(state, call), call
            except Unrecorded as unrecorded:
                error = unrecorded.args[0]
            state.indexed = state.indexed or indexed_at(error)
            if isinstance(error, Final) or not any(map(has_integers, (*args, *named.values()))):
                break
        state.eager = isinstance(error, Drawn) and state.watch.toggled and not self.strict
        call.last = None
        return self._instead(error, args, named), call

    def _instead(self, error: Exception, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The plain call, where recording failed: what it raises itself says what is wrong."""
        if self._parent is not None:
            raise Unrecorded(error)
        if self.strict and isinstance(error, CompileError):
            raise CompileError(f"{self.name}: {error}") from error
        try:
            found = self._f(*args, **named)
        except Exception as failed:
            if isinstance(error, Final) or not isinstance(error, CompileError):
                raise
            if not isinstance(failed, (TypeError, AttributeError)):
                raise
            raise error from failed  # it takes Values alone: their cure, not the numbers'
        if any(state.eager for state in self._states):
            self._warn(f"while the model trains: {error}")
            return found
        self._changes = self._changes + 1 if isinstance(error, Changed) else MAX_CHANGES
        if self._changes >= MAX_CHANGES:
            self.run_eagerly(reason(error))
        return found

    def run_eagerly(self, why: str) -> None:
        """From now on the function is called as it is; a warning says why."""
        if self.strict:
            raise CompileError(f"{self.name}: {why}")
        if self._parent is not None:
            self._parent.run_eagerly(why)
        with self._lock:
            self.eager = why
            self._states, self._fast = [], None
            setattr(type(self), "__call__", staticmethod(self._f))  # noqa: B010
        if self._parent is None:
            self._warn(f"from here on: {why}")

    def _warn(self, why: str) -> None:
        """Say once that the function runs eagerly."""
        with self._lock:
            first, self._warned = not self._warned, True
        if first:
            warn_at_user(f"{self.name} runs eagerly {why}", CompileWarning)

    def _at_level(self, state: State, call: Arguments) -> Any:
        """One call's result; Unrecorded if ``f`` can't be recorded with its integers as inputs (0), constants (2)."""
        if call.level < CONSTANT and call.integers and call.rounds():
            raise Unrecorded(CompileError("an integer is beyond 2**53"))
        foreign = [call.foreign[k] for k in call.foreign.keys() - call.active]
        if foreign:
            raise Unrecorded(Final(f"it was called with a {foreign[0]}, and a program is of floats: pass one"))
        if call.values and state.watch.tells_apart(call):
            raise Unrecorded(Final("it was called with a Value whose label or own attributes it may ask for"))
        if call.values and self.kind != "call":
            return self._f(*call.args, **call.named)
        key = call.typed() if state.watch.typed else call.key
        paths = state.entries.get(key, [])
        for path in paths:
            if path.kinds and not call.fit(path.kinds):
                continue
            done, result = self.run_path(path, call)
            if done:
                if not path.used:
                    path.used, self._changes = True, 0
                    self._straight(path, call, state)
                return result
        with self._lock:
            if not self._tried and state.watch.iterators:
                return self._plain(state.watch, call)
            found = self._record(paths, call, state.watch)
        if isinstance(found, Exception):
            raise Unrecorded(found)
        if call.level > state.level:
            state.level, self.previous = call.level, None
            self.calls_go_to(None)
        done, result = self.run_path(found, call)
        if not done:
            raise Unrecorded(Final("it took another way when it was run than when it was recorded"))
        if found.once:
            self.run_eagerly(TAKEN)
            return result
        if state.watch.typed and not (true := self._true_to(found, call)):
            why = f"it asks for the type of a number (in {found.recording.where}), and a program has one way for all"
            raise Unrecorded(Changed(f"{why}; its nan don't say which") if true is None else Final(why))
        with self._lock:
            while not paths and len(state.entries) >= MAX_KEYS:  # the oldest shapes and integers go
                state.entries.pop(next(iter(state.entries), None), None)
            state.entries.setdefault(key, paths).insert(0, found)
        self._recent.append(found)
        state.say_anew(self.name, call.level)
        if len(self._recent) < 2:
            self._straight(found, call, state)
        if len(self._recent) == MANY and sum(path.used for path in self._recent) < MANY / USEFUL:
            self.run_eagerly(self._what_changes(call.level))
        return result

    def _plain(self, watch: Watch, call: Arguments) -> Any:
        """The plain call, which says whether the function takes items from the iterators that it reaches."""
        if self._parent is not None:  # which would call it once more
            raise Unrecorded(Drawn(TAKEN))
        self._tried, before = True, watch.positions()
        try:
            return self._f(*call.args, **call.named)
        finally:  # a call that fails takes its items, too
            if watch.positions() != before:
                self.run_eagerly(TAKEN)

    def _true_to(self, path: Path, call: Arguments) -> bool | None:
        """Whether a path gives what plain code gives, where plain code may ask for types: here and close by.

        Where plain numbers raise, as 1 / 0.0 does and a program's don't, nothing can be compared; where all is nan,
        that proves nothing (None).
        """
        proven: bool | None = False
        for args, named in ((call.args, call.named), (nudged(call.args), nudged(call.named))):
            moved = Arguments(args, named, self.differentiated(len(args)), call.level)
            if moved.typed() != call.typed():
                continue
            done, result = self.run_path(path, moved)
            try:
                if done and not alike(result, self._f(*args, **named)):
                    return False
                if done:
                    proven = proven or is_finite(result) or None
            except (ArithmeticError, ValueError):
                continue
            except Exception:  # it takes Values alone
                return False
        return proven

    def _what_changes(self, level: int) -> str:
        """Why recordings are not used again."""
        before = next((other for other in self._states if not other.watch.holds()), None)
        if before is not None:
            names = " and ".join(map(repr, before.watch.changed()[:3])) or "something"
            return (
                f"it was recorded {MANY} times for different surroundings, since {names} that it uses changes from "
                f"call to call: pass it as an argument, or make it an ag.Value"
            )
        cure = "look it up by ag.take(table, i)" if level else "call it with fewer kinds of arguments"
        return (
            f"it was recorded {MANY} times for different shapes, texts or integers, and anew for most calls: {cure}, "
            f"or call the plain function"
        )

    def _straight(self, path: Path, call: Arguments, state: State) -> None:
        """Let calls go to generated code that has nothing around it, if the program is of that kind."""
        if call.last is None or call.values or path.level or state.watch.asks(call.integers):
            return
        with self._lock:
            self._chain = 0 if self._fast is None or self._chain >= MAX_CHAIN else self._chain + 1
            self.previous = self._fast if self._chain else None
            fast = generated(self, call.last, call, state.watch)  # this call's: another thread has its own
            if fast is not None:
                self.calls_go_to(fast)

    def _state(self, objects: list[Any]) -> State:
        """The recordings for the function's surroundings, and for these arguments, as they are now."""
        states, ids = self._states, [*map(id, objects)]
        for k, state in enumerate(states):
            if state.objects == ids and state.watch.holds():
                if k:
                    self._states = [state, *states[:k], *states[k + 1 :]]
                return state
        made = State(self.inner, objects)
        if not objects:
            self.calls_go_to(None)
        self._states = [made, *states[: MAX_STATES - 1]]
        return made

    def _record(self, paths: list[Path], call: Arguments, watch: Watch) -> Path | Exception:
        """A new path; the error if ``f`` can't be recorded on these arguments."""
        floats = self.kind == "call" and not any(any(path.tainted) for path in paths)
        if len(paths) >= (FEW_PATHS if floats and not self.strict else MAX_PATHS) or scattered(paths, MAX_PATHS):
            lines = sorted({guard.line for path in paths for guard in path.program.guards})
            return Final(
                f"it took {len(paths)} different ways, decided by numbers at {', '.join(lines[:3])}: write "
                f"ag.where(condition, a, b) there (or ag.relu, ag.maximum, ag.sort), which keeps every branch in one "
                f"program, and no int(x.data), float(x.data) or weight.data"
            )
        found = recorded(self.inner, call, watch)
        if isinstance(found, Path):
            found.aim(self._target, None if call.level else call)
        return found

    def path_for(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Path | None, Plan, Any]:
        """The path that a call takes, its plan, and a result like the call's; None if it runs eagerly."""
        if current_tracer() is not None or self.eager is not None:
            return None, Plan(True), None
        result, call = self.run(args, named)
        used: Compilation | None = call.last
        if used is None or used.path.level or used.path.recording.deep:
            return None, Plan(True), None
        if any(used.path.tainted) and (self.kind == "call" or not recording_is_off()):
            return None, Plan(True), None
        return used.path, used.plan, used.path.recording.result if self.kind == "call" else result
