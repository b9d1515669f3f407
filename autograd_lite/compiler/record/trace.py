"""Recording: a function is called once on fresh Values, and every node that it makes is written down in order."""

from __future__ import annotations

import inspect
import itertools
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from ...engine.observers import tracing
from ...engine.recordings import Running
from ...engine.sweeps import LayerInputs, NaryOperands, Node, operands_of
from ...engine.user_frame import locals_of, user_frame, user_line
from ...engine.value import Value, record
from ...primitives.arithmetic import where
from ...primitives.primitive import Primitive
from ..ir.control_ops import COMPARISONS, pick, stop
from ..ir.scalar_program import CompileError, Guard, Leaf, Program, built_in
from .arguments import check_unchanged
from .choosing import Choosing
from .code import defined
from .containers import packed
from .structure import Parts, is_deep, leaves_of, number_of, opaque, rebuild
from .taking import recorded_take
from .truth import Truth, Typed, Whole, kind_of

__all__ = ["Recording", "record_call"]


Kinds = dict[tuple[str, int], bool]

#: so many numbers get the names of the variables that they are in: all of a short program, of a loop a few steps
NAMED = 64


#: tells recordings apart; beyond the marks of checkpoints
_serial = itertools.count(1)


class Recorder(Typed):
    """The tape of one call: nodes in the order in which they were made, and what Python decided on the way."""

    def __init__(self, given: Parts, blocks: dict[int, int], decides: bool = False) -> None:
        super().__init__()
        self.decides = decides
        self.mark = -(2**30) - 1 - next(_serial) % 2**29
        self.astray: CompileError | None = None
        self.apart: dict[int, Any] = {}  # copies of what is no number of the recording
        self.given = given
        self.guards: list[tuple[Any, float, bool, str]] = []
        self.blocks = blocks  # the block of each leaf that stands for an argument
        self.kinds: Kinds = {}
        self.called: dict[int, str] = {}  # the names of local variables, by the id of the number
        self.seen: Any = None  # where ``look`` looked last

    def saw(self, node: Any) -> None:
        node._mark = self.mark
        if len(self.tape) < NAMED:
            self.look()
        info, fan = node._info, node._b
        used = (
            (fan, node._pa) if isinstance(fan, LayerInputs) else info if isinstance(info, NaryOperands) else node.args
        )
        self.tape.append((node, node._prim, used))

    def look(self) -> None:
        """What the user's function calls its numbers by now: the first of them are labelled so."""
        frame = user_frame()
        if (id(frame), frame.f_lasti) != self.seen and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self.seen = (id(frame), frame.f_lasti)
            for name, found in locals_of(frame).items():
                if isinstance(found, Value) and found._prim is not None and name.isidentifier() and name[0] != "_":
                    self.called.setdefault(id(found), name)

    def made(self, leaf: Any) -> None:
        if getattr(leaf, "storage", None) is None:  # an element of a parameter is live, whenever it was first looked at
            leaf._mark = self.mark
            self.fresh.append(leaf)

    def copied(self, made: Any) -> None:
        self.apart[id(made)] = made

    def elsewhere(self) -> None:
        if self.astray is None:
            self.astray = CompileError(
                f"a compiled function uses its numbers on another thread, at {user_line()}, where a recording doesn't "
                f"follow them: start the thread outside, and compile what runs on it"
            )

    def compare(self, a: Any, other: Any, how: str) -> Any:
        if not isinstance(other, (Value, int, float)) and (
            not hasattr(other, "__float__") or getattr(other, "ndim", False)
        ):
            return NotImplemented
        return self.truth(record(COMPARISONS[how], (a, other)))

    def truth(self, made: Any) -> Any:
        """The comparison that was just recorded, as one that & and | combine like bools.

        Where the function may ask whether it is the very ``True``, that is decided on the spot.
        """
        if self.decides:
            self.decide(made)
            return made._data != 0.0
        return self.twin(made, Truth)

    def hashes(self, value: Any) -> None:
        if value._prim is not None or id(value) in self.blocks:
            raise CompileError(
                f"a compiled function uses a number as a key of a dict, or puts it into a set, at {user_line()}: in a "
                f"program it is not known yet; compare it, or pass an int or a text"
            )

    def decide(self, value: Any) -> None:
        self.guards.append((value, value._data if value._prim is not None else value._number(), False, user_line()))

    def read(self, value: Any) -> None:
        self.guards.append((value, value._number(), True, user_line()))

    def check(self, leaves: list[Any]) -> None:
        """CompileError if a sweep ran over the nodes of the tape, or is meant to be watched, or a thread used them."""
        if self.astray is not None:
            raise self.astray
        for node in [*[node for node, _, _ in self.tape], *leaves]:
            info, g = node._info, node._grad
            if (type(g) is not float or g != 0.0) or (info is not None and getattr(info, "hooks", None)):
                raise CompileError(
                    "a compiled function calls backward() or registers a hook, which a program can't hold: take "
                    "ag.grad of the inner function instead, or call backward() on the result"
                )

    def detach(self, value: Any, copy: Any) -> None:
        self.copies.append((copy, record(stop, (value,))))

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        if condition._prim is None or condition._prim.name not in COMPARISONS:
            condition = record(COMPARISONS["ne"], (condition, 0.0))
        taken = condition._data != 0.0
        branches = [a, b]
        for k in (0, 1) if taken else (1, 0):
            if callable(branches[k]) and not isinstance(branches[k], Node):
                try:
                    branches[k] = branches[k]()
                except Exception:
                    if (k == 0) == taken:
                        raise
                    return None  # the other branch can't be evaluated here: the choice becomes a guard
        if not all(isinstance(x, (Value, int, float)) for x in branches):
            return None
        made = record(where, (condition, *branches))
        if all(isinstance(x, (Whole, int)) for x in branches):
            return self.twin(made, Truth if all(isinstance(x, (Truth, bool)) for x in branches) else Whole)
        block = self.blocks.get(id(branches[0]))
        if block is not None and type(branches[1]) in (int, float) and branches[1] % 1.0 == 0.0:
            self.blocks[id(made)] = block  # an integer if the argument is one; the tape keeps it alive
        return made

    def changes(self, what: str) -> None:
        raise CompileError(
            f"a compiled function {what}, at {user_line()}, which a program can't hold: take ag.grad of the inner "
            f"function instead, or do it outside, with the result"
        )

    def integer(self, value: Any) -> bool:
        block = self.blocks.get(id(value))
        if block is None:
            return False
        found = self.kinds["integer", block] = self.given.says("integer", block)
        return found

    def passive(self, value: Any) -> bool:
        block = self.blocks.get(id(value))
        if block is None:
            return False
        found = self.kinds["passive", block] = self.given.says("passive", block)
        return found

    def pick(self, row: Any, index: Any) -> Any:
        return record(pick, (index, *row))

    def take(self, table: Any, indices: Any) -> Any:
        return recorded_take(table, indices, self.integer, self.pick)


class Recording:
    """A recorded call.

    Attributes:
        program: the scalar program.
        result: what the function returned, with plain numbers in the place of Values.
        plain: for each output the number, if the function returned a plain one; None for a Value; ``bool`` for a
            comparison, ``int`` for what integers and comparisons make.
        kinds: what the function asked of blocks of arguments, "integer" or "passive", and the answers.
        floats: whether every output is a Value or a float (and no int, say).
        deep: whether the result holds anything but numbers, bools, texts, None, lists, tuples, dicts and arrays.
        where: the function's file and line.
        alive: references to the leaves that stood for the arguments, dead unless something of the user's holds them.
    """

    __slots__ = ("alive", "deep", "floats", "kinds", "plain", "program", "result", "where")

    def __init__(
        self, program: Program, result: Any, plain: list[Any], kinds: Kinds, alive: list[Any], where: str
    ) -> None:
        self.alive = alive
        self.where = where
        self.deep = is_deep(result)
        self.program = program
        self.result = result
        self.plain = plain
        self.kinds = kinds
        self.floats = all(item is None or type(item) is float for item in plain)


def record_call(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    named: dict[str, Any],
    blocks: Parts,
    names: Sequence[str],
    known: Collection[int] = (),
    decides: bool = False,
) -> Recording:
    """Call ``f`` on fresh leaves made from the numbers in its arguments, and write the program that it ran.

    Args:
        f: the function.
        args, named: its arguments; they give structure and shapes.
        blocks: their numbers, as ``structure.flatten`` gives them.
        names: a name for each block.
        known: the ids of objects that were there before, which a result may hold as they are.
        decides: whether a comparison is True or False, and a guard, as soon as it is made.

    Raises:
        CompileError: where a program would not do what the function does; and whatever the function raises.
    """
    builder = _Builder()
    fresh: list[Any] = []
    owner: dict[int, int] = {}
    for k, (block, name) in enumerate(zip(blocks, names, strict=True)):
        block = number_of(block)
        flat = block.ravel().tolist() if hasattr(block, "ravel") else [block]
        values = [Value(number) for number in flat]
        builder.argument(k, name, getattr(block, "shape", ()), values)
        owner.update((id(value), k) for value in values)
        fresh.extend(values)
    take = iter(fresh)
    new_args = [rebuild(arg, take) for arg in args]
    new_named = {key: rebuild(arg, take) for key, arg in named.items()}
    before: list[Any] = []
    leaves_of((new_args, new_named), before)
    recorder = Recorder(blocks, owner, decides)
    for leaf in fresh:
        leaf._mark = recorder.mark
    running = Running([leaf for leaf in fresh if owner[id(leaf)] not in getattr(blocks, "values", ())])
    try:
        with tracing(recorder), np.errstate(all="ignore"), Choosing():
            result = f(*new_args, **new_named)
    finally:
        running.end()
    recorder.check(fresh)
    check_unchanged(f, before, (new_args, new_named))
    strange = opaque(result, known)
    if strange is not None:
        raise CompileError(
            f"it returns {strange} (in {defined(f)}), and a program can't look into it: return numbers, lists, "
            f"tuples, dicts, arrays or dataclasses"
        )
    found: list[Any] = []
    leaves_of(result, found, True)
    program = packed(builder.program(recorder, found), f, getattr(blocks, "objects", ()))
    plain = [kind_of(item) if isinstance(item, Node) else item for item in found]
    alive = [weakref.ref(leaf) for leaf in fresh]
    result = rebuild(result, iter([0.0] * len(found)), True)
    return Recording(program, result, plain, recorder.kinds, alive, defined(f))


def _renamed(prim: Primitive, name: str) -> Primitive:
    """The same primitive with another name."""
    made = type(prim)(
        name, prim.fn, prim.partials, prim.arity, prim.text, prim.latex, prim.sympy, prim.array, prim.precedence,
        prim.domain, prim.kinks, prim.__doc__ or "",
    )  # fmt: skip
    made.float_partials = prim.float_partials
    made.expression, made.textbook, made.whole = prim.expression, prim.textbook, prim.whole
    made.choice, made.passive = prim.choice, prim.passive
    return made


class _Builder:
    """Turns nodes into ids: a leaf's are final; instruction k is -1 - k while the number of leaves is unknown."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.size = 0
        self.ids: dict[int, int] = {}
        self.constants: dict[str, int] = {}
        self.buffers: dict[int, int] = {}
        self.rows: dict[int, tuple[int, ...]] = {}
        self.units: dict[tuple[int, int], tuple[int, ...]] = {}
        self.kept: list[Any] = []
        self.known: dict[int, Primitive] = {}
        self.names: set[str] = set()
        self.mark = 0
        self.apart: dict[int, Any] = {}
        self.outside: set[int] = set()

    def leaf(self, kind: str, name: str, shape: tuple[int, ...], key: Any) -> int:
        """A new block; the id of its first number. Number i of the block is ``id + i``."""
        made = Leaf(kind, name, shape, key, self.size)
        self.leaves.append(made)
        self.size += made.size
        return made.base

    def argument(self, k: int, name: str, shape: tuple[int, ...], values: list[Any]) -> None:
        at = self.leaf("argument", name, tuple(shape), k)
        for i, value in enumerate(values):
            self.ids[id(value)] = at + i
        self.kept.append(values)

    def id_of(self, operand: Any) -> int:
        """The id of an operand: a node on the tape, an argument, a constant, or something live from outside."""
        found = self.ids.get(id(operand))  # only of objects that are kept
        if found is not None:
            return found
        if isinstance(operand, (int, float)) or not isinstance(operand, Node):
            key = repr(float(operand))
            at = self.constants.get(key)
            if at is None:
                at = self.constants[key] = self.leaf("constant", key, (), float(operand))
            return at
        storage = getattr(operand, "storage", None)
        if storage is not None:  # an element of a parameter: the whole buffer is the leaf
            at = self.buffer(storage) + operand.index  # type: ignore[attr-defined]
        else:
            self.from_outside(operand)
            at = self.leaf("value", getattr(operand, "label", "") or f"v{len(self.leaves)}", (), operand)
        self.ids[id(operand)] = at
        self.kept.append(operand)
        return at

    def from_outside(self, node: Any) -> None:
        """CompileError if a node that the recording has not seen being made was made of its numbers, all the same."""
        stack = [node]
        while stack:
            node = stack.pop()
            if id(node) in self.outside:
                continue
            if node._mark == self.mark or id(node) in self.apart:
                raise CompileError(
                    "it uses a number that a recording has not seen being made: a copy of a Value that it closes over, "
                    "or one out of a pickle; make the copy outside"
                )
            self.outside.add(id(node))
            stack.extend(operands_of(node))
        self.kept.append(node)

    def buffer(self, storage: Any) -> int:
        """The id of the first number of a parameter's buffer."""
        at = self.buffers.get(id(storage))
        if at is None:
            at = self.buffers[id(storage)] = self.leaf("parameter", storage.label, tuple(storage.data.shape), storage)
        return at

    def operands(self, used: Any) -> tuple[Any, ...]:
        """The ids of the operands of a node; a neuron's without making its weights' Values.

        A neuron's are two nested tuples: its inputs, which its whole layer shares, and its weights and bias, which it
        has for every sample.
        """
        if isinstance(used, NaryOperands):
            return tuple(map(self.id_of, used.args()))
        if not used or not isinstance(used[0], LayerInputs):
            return tuple(map(self.id_of, used))
        fan, place = used
        inputs = self.rows.get(id(fan))
        if inputs is None:
            inputs = self.rows[id(fan)] = tuple(map(self.id_of, fan.inputs))
            self.kept.append(fan)
        unit, weights = fan.unit(place), fan.sink
        row = self.units.get((id(weights), unit))
        if row is None:
            n = len(inputs)
            start = self.buffer(weights.weight.storage) + unit * n
            bias = self.id_of(0.0) if weights.bias is None else self.buffer(weights.bias.storage) + unit
            row = self.units[id(weights), unit] = (*range(start, start + n), bias)
        return inputs, row

    def distinct(self, prim: Primitive) -> Primitive:
        """The primitive, under a name that no other has: a program tells its primitives apart by their names."""
        made, name, count = prim, prim.name, 1
        if built_in(name) is not prim:
            while name in self.names or built_in(name) is not None:
                count += 1
                name = f"{prim.name}_{count}"
            if count > 1:
                made = _renamed(prim, name)
        self.known[id(prim)] = made
        self.names.add(name)
        self.kept.append(prim)
        return made

    def variables(self, recorder: Recorder) -> dict[int, str]:
        """Names of local variables, by the id of the number; in a short program those that stand for one number."""
        called = recorder.called
        if len(recorder.tape) > NAMED:
            return called
        taken = {leaf.name for leaf in self.leaves}
        counts = Counter(called.values())
        return {key: name for key, name in called.items() if counts[name] == 1 and name not in taken}

    def program(self, recorder: Recorder, results: list[Any]) -> Program:
        """The program of a tape."""
        self.mark, self.apart = recorder.mark, recorder.apart
        copies = {id(made): copy for copy, made in recorder.copies}
        for leaf in recorder.fresh:
            self.ids[id(leaf)] = self.id_of(leaf._data)
        prims: list[Primitive] = []
        args: list[tuple[Any, ...]] = []
        labels: dict[int, str] = {}
        all_ids, known_prims = self.ids, self.known
        called = self.variables(recorder)
        same: dict[Any, int] = {}  # what is computed twice is an instruction once
        count = 0  # of instructions, negative
        for node, prim, operands in recorder.tape:
            try:  # most are made of numbers that are known by now
                if type(operands) is tuple:
                    ids: Any = tuple([all_ids[id(x)] for x in operands])
                else:
                    ids = self.operands(operands)
            except KeyError:
                ids = self.operands(operands)
            made = known_prims.get(id(prim)) or self.distinct(prim)
            count -= 1
            here = same.setdefault((id(made), ids), count)
            if here != count:
                count += 1
            else:
                prims.append(made)
                args.append(ids)
            if node._prim is None:  # cut from its operands by no_grad after it was recorded: a number, no derivative
                prims.append(stop)
                args.append((here,))
                count -= 1
                here = count
            key = id(node)
            all_ids[key] = here
            if key in copies:
                all_ids[id(copies[key])] = here
            elif node._info is not None and node.label:
                labels.setdefault(here, node.label)
            elif key in called:
                labels.setdefault(here, called[key])
        outputs = [self.id_of(item) for item in results]
        guards = [(self.id_of(value), expected, exact, line) for value, expected, exact, line in recorder.guards]
        first = self.size

        def final(id: int) -> int:
            return id if id >= 0 else first - 1 - id

        return Program(
            self.leaves,
            prims,
            _final_args(args, first),
            list(map(final, outputs)),
            [Guard(final(i), expected, exact, line) for i, expected, exact, line in guards],
            {final(i): label for i, label in labels.items()},
        )


def _final_args(args: list[tuple[Any, ...]], first: int) -> list[tuple[int, ...]]:
    """The operands of each instruction, by the ids that instructions have behind ``first`` leaves.

    Those of a neuron are two tuples, of which its layer shares the first.
    """
    shared: dict[int, tuple[int, ...]] = {}
    found: list[tuple[int, ...]] = []
    for ids in args:
        head = ids[0] if ids else 0
        if type(head) is not tuple:
            found.append(tuple([i if i >= 0 else first - 1 - i for i in ids]))
            continue
        inputs = shared.get(id(head))
        if inputs is None:
            inputs = shared[id(head)] = tuple([i if i >= 0 else first - 1 - i for i in head])
        found.append(inputs + ids[1])
    return found
