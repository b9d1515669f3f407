"""``compile``: a function recorded once, turned into array statements, and run as those from then on."""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ...engine.observers import current_tracer, observers
from ...engine.sweeps import STATE, Node
from ...engine.user_frame import is_users
from ...functional.transforms import Jacobian
from ..emit.drjit import lanes_source
from ..emit.python import definitions
from ..emit.source import source as array_source
from ..equations.equations import Equations, called, equations
from ..ir.array_program import ArrayProgram
from ..ir.naming import identifier
from ..ir.scalar_program import CompileError, CompileWarning, Program
from ..record.arguments import CONSTANT, block_names, differentiated, integers_fixed
from ..record.environment import Watch, random_states
from ..record.structure import Parts, assemble, flatten, has_integers, is_numeric, rebuild
from ..record.trace import record_call
from ..run.lanes import Lanes
from .direct import array_call
from .fast import straight_line
from .plans import Compilation, Path, Plan, guards_hold
from .replay import cells_call
from .results import Gradients, Pullback, call_primitive, scalar_result
from .sparse import Sweeps, recordable

__all__ = ["Compiled", "compile"]

MAX_PATHS = 32
MAX_STATES = 8
MAX_KEYS = 64
MAX_OBJECTS = 64
#: straight lines that may call each other before the general way is taken
MAX_CHAIN = 6
#: recordings forgotten before a warning says so
MANY = 4 * MAX_KEYS


def compile(f: Callable[..., Any]) -> Compiled:
    """A function that computes what ``f`` does, by the arrays that were hiding in its scalars.

    The first call with arguments of new shapes records ``f`` on Values, finds the array statements (a layer of neurons
    is a matrix product) and writes a program; later calls run that. Python control flow on numbers, and numbers read
    with ``.data``, are checked at each call, and another way through ``f`` is another recording. What the function
    closes over may change: parameters and Values are read at each call, and a changed constant is recorded anew.
    Integers are numbers too, and the labels of a loss or the indices of an Embedding are inputs like any other; those
    by which ``f`` itself counts or indexes are constants, and each of them is a recording of its own.

    Args:
        f: a function of numbers, nested lists, dicts or arrays of them; or ``ag.grad(f)``, ``ag.value_and_grad(f)``,
            ``ag.vmap(f)`` of one, whose derivatives are then taken on the array program; or ``ag.jacobian(f)``,
            ``ag.hessian(f)``, which take as few sweeps as a colouring of their sparsity pattern has colours.

    Returns:
        A ``Compiled``: call it like ``f``. Where ``f`` would return a Value, because it closes over Values or
        parameters, so does it: ``loss.backward()`` adds to their gradients.

    Raises:
        CompileError: from a call, if ``f`` draws random numbers or takes items from an iterator, reads or changes
            gradients, steps an optimiser, uses numbers as keys, or takes another way at too many calls. What ``f``
            raises itself is raised by the call.

    Not detected: printing and other side effects, which happen when recording only; numbers from the clock, from the
    system's entropy or from a generator that ``f`` makes itself; functions put in the place of those of a library;
    changes beyond the first 20,000 objects that ``f`` can reach.

    >>> import autograd_lite as ag
    >>> g = ag.compile(ag.grad(lambda x: x * ag.sin(x)))
    >>> g(0.0), round(g(1.0), 6)
    (0.0, 1.381773)
    """
    return Compiled(f)


class _State:
    """The recordings that belong to one state of the function's surroundings."""

    __slots__ = ("entries", "level", "objects", "watch")

    def __init__(self, f: Callable[..., Any]) -> None:
        self.watch = Watch(f)
        self.entries: dict[Any, list[Path]] = {}
        self.objects: dict[int, Watch] = {}
        self.level = 0


class Compiled:
    """A compiled function; made by ``compile``.

    Attributes:
        program: the scalar program of the last recording.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        if not callable(f):
            raise TypeError(f"compile takes a function, not {type(f).__name__}")
        functools.update_wrapper(self, f, updated=())
        self._f = f
        kind, inner, options = cast("tuple[str, Any, Any]", getattr(f, "__transform__", ("call", f, None)))
        if getattr(f, "__wrapped__", None) is not inner:  # functools.wraps copies the note to a wrapper of a transform
            kind = "call"
        self._lanes: Lanes | None = None
        if kind == "vmap":
            self._lanes = Lanes(Compiled(inner), f, options)
        elif kind not in ("grad", "value_and_grad"):
            kind, inner = "call", f
        self.kind = kind
        self.inner = inner
        self.argnums: Any = options
        self._states: list[_State] = []
        self._lock = threading.RLock()
        self.last: Compilation | None = None
        self.primitive = call_primitive(self._name(), None)
        self._fast: Callable[..., Any] | None = None
        self.previous: Callable[..., Any] | None = None
        self._sweeps = Sweeps(Compiled(recordable(f)), f) if isinstance(f, Jacobian) else None
        self.numbers_only = isinstance(f, Jacobian)  # what it closes over counts as constant
        self._chain = 0
        self._forgotten = self._changes = 0
        self.general = self._call

    def __new__(cls, f: Callable[..., Any]) -> Compiled:
        """Every compiled function has a class of its own, so that calling it can be calling what was generated."""
        return super().__new__(type(cls.__name__, (cls,), {"__doc__": cls.__doc__}))

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._call(*args, **named)

    def _call_with(self, fast: Callable[..., Any] | None) -> None:
        """From now on, calls go to ``fast`` directly; None for the general way."""
        self._fast = fast
        if fast is not None:
            setattr(type(self), "__call__", staticmethod(fast))  # noqa: B010
        elif "__call__" in vars(type(self)):
            delattr(type(self), "__call__")

    def __reduce__(self) -> Any:
        """A decorated function is found again by its name; any other is compiled again."""
        found: Any = sys.modules.get(getattr(self._f, "__module__", None) or "")
        for name in getattr(self._f, "__qualname__", "").split("."):
            found = getattr(found, name, None)
        return self._f.__qualname__ if found is self else (compile, (self._f,))

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

        Dr.Jit's function takes and returns a ``drjit.llvm.Float64`` for every scalar, with a number for each of many
        points, and is what ``vmap`` of this function computes: one fused kernel. Arrays are lists of such (a NumPy
        array of points goes in with its points last), and plain numbers belong to all points; those that change from
        call to call go in as ``drjit.opaque(Float64, x)``, since others are part of the kernel, which is then
        compiled again. Its import line says on which device it runs. As in the other libraries, branches are those
        of the last recording. A Jacobian that is found by sweeps is shown as one of them, whose seed comes last.

        Args:
            backend: the library.

        Raises:
            CompileError: before the first call, which decides the shapes.
            NotImplementedError: for a primitive of one's own without ``array=``; ``polygamma`` of a variable order.
            ValueError: for an unknown backend, and for "python" if the program is of arrays.
        """
        compilation = self._recorded()
        if backend == "python":
            if not compilation.scalar:
                raise ValueError("the program is of arrays: backend='numpy'")
            return definitions(compilation.text) + compilation.text
        if backend == "drjit":
            return lanes_source(compilation.results(scalar=True), self._name())
        return array_source(compilation.results(), backend, self._name(), called(compilation))

    def equations(self) -> Equations:
        """The same as equations, forward and backward, in the chapter's letters; LaTeX in a notebook."""
        return equations(self._recorded())

    def statements(self) -> ArrayProgram:
        """The forward part as array statements."""
        return self._recorded().path.compilation(True).results()

    @property
    def surroundings(self) -> Watch:
        """What the latest recording depends on besides its arguments."""
        return self._states[0].watch

    def _name(self) -> str:
        name = getattr(self._f, "__name__", "program")
        return identifier(name) if name.isidentifier() else "program"

    def _recorded(self) -> Compilation:
        if self._lanes is not None:
            return self._lanes.function._recorded()
        if self.last is None:
            raise CompileError("nothing is recorded yet: call the function once, its arguments decide the shapes")
        return self.last

    # --- calling --------------------------------------------------------------------------------------------------

    def _call(self, *args: Any, **named: Any) -> Any:
        if self._lanes is not None:
            return self._lanes(args, named)
        if current_tracer() is not None:
            return self._f(*args, **named)
        if STATE.observers and any(not getattr(observer, "cuts", False) for observer in observers()):
            # detect_anomaly and the like have to see every node; no_grad need not
            return self._f(*args, **named)
        if self._sweeps is not None:
            found = self._sweeps(args, named)
            if found is not None:
                self.last = self._sweeps.last
                return found
        return self.run(args, named)[0]

    def run(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Parts]:
        """A call's result, and its arguments taken apart: with the program that ran on them, if one did."""
        state = self._state()
        for level in range(state.level, CONSTANT + 1):
            done, result, blocks = self._at_level(level, state, args, named)
            if done:
                return result, blocks
            if not any(map(has_integers, (*args, *named.values()))):
                break
        if not isinstance(result, CompileError):
            self._f(*args, **named)  # what it raises in plain code says what is wrong
        raise result

    def _at_level(self, level: int, state: _State, args: Any, named: Any) -> tuple[bool, Any, Parts]:
        """One call; False and an error if ``f`` can't be recorded with its integers as inputs (0), constants (2)."""
        given, keywords = integers_fixed(self, level, args, named) if level else (args, named)
        blocks = Parts()
        starts = blocks.starts
        key: list[Any] = []
        for arg in given:
            starts.append(len(blocks))
            key.append(flatten(arg, blocks))
        starts.append(len(blocks))
        for name, arg in keywords.items():
            key.append((name, flatten(arg, blocks)))
        values = [k for k, block in enumerate(blocks) if isinstance(block, Node)]
        if values and self.kind != "call":
            return True, self._f(*args, **named), blocks
        blocks.active.update(values)
        for n in differentiated(self, args):
            blocks.active.update(range(starts[n], starts[n + 1]))
        self._look_at(blocks.objects, state)
        paths = state.entries.get(tuple(key), [])
        for path in paths:
            if path.kinds and not blocks.fit(path.kinds):
                continue
            done, result = self._run(path, args, named, blocks, values)
            if done:
                return True, result, blocks
        with self._lock:
            found = self._record(state, paths, given, keywords, blocks, level)
            if isinstance(found, Exception):
                return False, found, blocks
            if not paths:
                self._forget(state)
            state.entries.setdefault(tuple(key), paths).insert(0, found)
        if level > state.level:
            state.level, self.previous = level, None
            self._call_with(None)
        done, result = self._run(found, args, named, blocks, values)
        if not done:
            raise CompileError(
                f"{self._name()} took another way when it was run than when it was recorded; does it depend on "
                f"something that changes from call to call?"
            )
        if not values and not level:
            self._straight(found, args, named, state)
        return True, result, blocks

    def _straight(self, path: Path, args: Any, named: Any, state: _State) -> None:
        """Let calls go to generated code that has nothing around it, if the program is of that kind."""
        self._chain = 0 if self._fast is None or self._chain >= MAX_CHAIN else self._chain + 1
        self.previous = self._fast if self._chain else None
        given = (self, path, args, named, state.watch)
        fast = straight_line(*given) or array_call(*given) or cells_call(*given)
        if fast is not None:
            self._call_with(fast)

    def _look_at(self, things: list[Any], state: _State) -> None:
        """Watch the arguments that a recording took as they were."""
        for thing in things:
            watch = state.objects.get(id(thing))
            if watch is None or not watch.holds():
                if watch is None and len(state.objects) >= MAX_OBJECTS:
                    state.objects.clear()
                    state.entries.clear()
                state.objects[id(thing)] = Watch(thing)
                if watch is not None:
                    state.entries.clear()

    def _forget(self, state: _State) -> None:
        """Make room for a recording: the oldest shapes and integers go."""
        while len(state.entries) >= MAX_KEYS:
            state.entries.pop(next(iter(state.entries), None), None)
            self._forgotten += 1
            if self._forgotten == MANY:
                self._warn(
                    f"was recorded for more than {MANY} different shapes, texts or integers, and records anew for most "
                    f"of them: call it with fewer kinds of arguments, or call the plain function"
                )

    def _warn(self, what: str) -> None:
        """A CompileWarning at the user's line."""
        level, frame = 1, sys._getframe()
        while frame.f_back is not None and not is_users(frame):
            level, frame = level + 1, frame.f_back
        warnings.warn(f"{self._name()} {what}", CompileWarning, stacklevel=level)

    def _state(self) -> _State:
        """The recordings for the function's surroundings as they are now."""
        states = self._states
        for k, state in enumerate(states):
            if state.watch.holds():
                if k:
                    self._states = [state, *states[:k], *states[k + 1 :]]
                return state
        made = _State(self.inner)
        self._call_with(None)
        self._changes += bool(states)
        if self._changes == MANY:
            changed = " and ".join(map(repr, states[0].watch.changed()[:3])) or "something"
            self._warn(
                f"was recorded for {MANY} different surroundings, since {changed} that it uses changes from call to "
                f"call: pass it as an argument, or make it an ag.Value"
            )
        self._states = [made, *states[: MAX_STATES - 1]]
        return made

    def _record(
        self, state: _State, paths: list[Path], args: Any, named: Any, blocks: Parts, level: int
    ) -> Path | Exception:
        """A new path; the error if ``f`` can't be recorded on these arguments."""
        if len(paths) >= MAX_PATHS:
            lines = sorted({guard.line for path in paths for guard in path.program.guards})
            return CompileError(
                f"{self._name()} took {len(paths)} different ways, decided by numbers at {', '.join(lines[:3])}: write "
                f"ag.where(condition, a, b) there, which keeps both branches in one program (and no .data or .item())"
            )
        names = block_names(self.inner, args, named)
        watches = [state.watch, *[state.objects[id(thing)] for thing in blocks.objects if id(thing) in state.objects]]
        before = (random_states(), [watch.generator_states() for watch in watches])
        positions = [watch.positions() for watch in watches]
        try:
            recording = record_call(self.inner, args, named, blocks, names)
        except Exception as error:
            return error
        if [watch.positions() for watch in watches] != positions:
            raise CompileError(
                f"{self._name()} takes items from an iterator, which a recording would do only once: pass the items as "
                f"an argument, or a list of them"
            )
        if (random_states(), [watch.generator_states() for watch in watches]) != before:
            raise CompileError(
                f"{self._name()} draws random numbers, which a recording would repeat: draw them outside and pass them "
                f"as an argument (or put a model with Dropout into eval mode)"
            )
        return Path(recording, level, args)

    def _run(self, path: Path, args: Any, named: Any, blocks: Parts, values: list[int]) -> tuple[bool, Any]:
        """Run one path: whether the call takes it, and the result."""
        if self.kind != "call":
            return self._run_gradient(path, args, named, blocks)
        if values and len(path.program.outputs) != 1:
            return True, self._f(*args, **named)
        wrt: tuple[int, ...] = ()
        many = len(path.program.outputs) != 1
        tainted = any(path.tainted) and (bool(values) or not self.numbers_only)
        if not many and path.recording.plain[0] is not bool and (values or tainted):
            given = tuple(path.arguments[k] for k in values)
            wrt = given + path.live if tainted else given if self.numbers_only else path.reaching(given)
        elif many and tainted and any(path.leaves[k].kind == "value" for k in path.live):
            return True, self._f(*args, **named)
        compilation = path.compilation(True, wrt)
        outputs, held = compilation.call(blocks)
        self.last = blocks.last = compilation
        count = len(compilation.guards)
        if count and not guards_hold(outputs[len(outputs) - count :], compilation.guards):
            compilation.give_back(held)
            return False, None
        if wrt:
            return True, self._live_result(path, compilation, outputs, held, (args, named), blocks, values)
        like = path.recording.result
        found: Any = outputs[0]
        if path.shaped is not None and (isinstance(found, np.ndarray) or isinstance(like, np.ndarray)):
            result = path.shaped(np.asarray(found, dtype=float).ravel())
            compilation.give_back(held)
            return True, result
        numbers: list[Any] = [float(found)] if not many else list(map(float, found))
        compilation.give_back(held)
        if tainted:
            numbers = self._live_results(path, blocks, numbers)
        if not path.recording.floats:
            plain = path.recording.plain
            numbers = [
                number if given is None else bool(number) if given is bool else given
                for number, given in zip(numbers, plain)
            ]
        return True, rebuild(like, iter(numbers))

    def path_for(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Path | None, Plan, Any]:
        """The path that a call takes, its plan, and a result like the call's; None if it runs eagerly."""
        if self._lanes is not None or current_tracer() is not None:
            return None, Plan(True), None
        result, blocks = self.run(args, named)
        used: Compilation | None = blocks.last
        if used is None or used.path.level or (any(used.path.tainted) and self.kind == "call"):
            return None, Plan(True), None
        return used.path, used.plan, used.path.recording.result if self.kind == "call" else result

    def _live_result(
        self, path: Path, compilation: Compilation, outputs: Any, held: Any, call: Any, blocks: list[Any], values: Any
    ) -> Any:
        """One number that derivatives flow through."""
        nodes: list[Any] = []
        partials: list[float] = []
        if compilation.scalar:
            outputs = [np.array(x).reshape(shape) for x, shape in zip(outputs, compilation.shapes)]
        arrays, rest = compilation.sorted(outputs)
        for leaf, g in rest:
            nodes += leaf.key.nodes if leaf.shape else [blocks[leaf.key] if leaf.kind == "argument" else leaf.key]
            partials += np.ravel(g).tolist()
        release = None if held is None else functools.partial(compilation.give_back, held)
        sink = Gradients(compilation.runs, arrays, release) if arrays else None
        number = float(outputs[0])
        if sink is None and release is not None:
            release()
        prim = self.primitive
        if sink is None and nodes:
            prim = call_primitive(self._name(), (self._f, *call), nodes[len(values) :], number)
        made = scalar_result(number, prim, nodes, partials, sink)
        like = path.recording.result
        return made if type(like) is float else rebuild(like, iter([made]))

    def _live_results(self, path: Path, blocks: list[Any], numbers: list[float]) -> list[Any]:
        """Several numbers, of which some depend on parameters."""
        parameters = tuple(k for k in path.live if path.leaves[k].kind == "parameter")
        kept = [np.array(block) if isinstance(block, np.ndarray) else block for block in blocks]
        recorded = {k: np.array(path.leaves[k].key.data) for k in parameters}  # the point of this call

        def pull(seed: Any) -> list[Any]:
            outputs = path.compilation(False, parameters, True).call_on_copies(kept, recorded, seed)
            return [np.array(g).reshape(path.leaves[k].shape) for k, g in zip(parameters, outputs)]

        sink = Pullback(path.apart, len(numbers), pull)
        return [
            scalar_result(number, self.primitive, [], [], sink, index) if tainted else number
            for index, (number, tainted) in enumerate(zip(numbers, path.tainted))
        ]

    def _run_gradient(self, path: Path, args: Any, named: Any, blocks: Parts) -> tuple[bool, Any]:
        """``grad`` and ``value_and_grad``: the derivatives, in the structure of the arguments."""
        single = isinstance(self.argnums, int)
        asked = (self.argnums,) if single else tuple(self.argnums)
        chosen = [n % len(args) for n in asked if type(n) is int and -len(args) <= n < len(args)]
        wrong = len(set(chosen)) != len(asked) or not all(is_numeric(args[n]) for n in chosen)
        if wrong or len(path.program.outputs) != 1 or not isinstance(path.recording.result, float):
            return True, self._f(*args, **named)  # raises, and says what to use instead
        wrt = tuple(path.arguments[k] for n in chosen for k in range(blocks.starts[n], blocks.starts[n + 1]))
        compilation = path.compilation(self.kind == "value_and_grad", wrt)
        outputs, held = compilation.call(blocks)
        self.last = blocks.last = compilation
        count = len(compilation.guards)
        if count and not guards_hold(outputs[len(outputs) - count :], compilation.guards):
            compilation.give_back(held)
            return False, None
        arrays = iter(outputs[1:] if compilation.plan.value else outputs)
        found = [assemble(args[n], arrays) for n in chosen]
        result = found[0] if single else tuple(found)
        if compilation.plan.value:
            result = (float(outputs[0]), result)
        compilation.give_back(held)
        return True, result
