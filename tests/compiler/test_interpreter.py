"""The interpreter of cells: the numbers and derivatives of eager code to the last bit, on both builds."""

from __future__ import annotations

import gc
import itertools
import math
import random
import sys
import timeit
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite.compiler import Program
from autograd_lite.compiler.ir.control_ops import COMPARISONS, pick, stop
from autograd_lite.compiler.ir.scalar_program import Leaf
from autograd_lite.compiler.rewrite import optimized
from autograd_lite.compiler.run import interpreter
from autograd_lite.compiler.run.cells import Cell
from autograd_lite.compiler.run.interpreter import Interpreter
from autograd_lite.compiler.run.opcodes import SUM
from autograd_lite.engine.value import Value, record
from autograd_lite.primitives import TABLE
from autograd_lite.primitives.fused_binary import FUSED_PAIRS, Maximum, Power, Square
from autograd_lite.primitives.sums import NATIVE

from .cells import bits, program_of, replay, same_bits
from .oracle import evaluate

SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.0, 5e-324, 1e200, -1e200, 1000.0, -1000.0, math.inf, -math.inf, math.nan)


CHOICES = {"where": TABLE["where"], "pick": pick, "stop": stop, **COMPARISONS}


PAIRED = ("dot", "dist")


GROUPED = {name for name, op in TABLE.items() if op.arity < 0}


def on_values(program, xs):
    """Value and gradient by eager code: a Value for every number, swept node by node."""
    numbers = [Value(x) for x in xs]
    given = list(numbers)
    numbers += [leaf.key for leaf in program.leaves if leaf.kind == "constant"]
    for prim, args in zip(program.prims, program.args):
        operands = [numbers[a] for a in args]
        plain = not any(isinstance(x, Value) for x in operands)
        numbers.append(prim.fn(*operands) if plain else record(prim, tuple(operands)))
    out = numbers[program.outputs[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out.backward()
    return out.data, [x.grad for x in given]


# --- single ops -------------------------------------------------------------------------------------------------------


def points_of(op):
    """Ordinary points of an op's domain and the edges: every pair of them for a function of two numbers."""
    rng = random.Random(op.name)
    count = op.arity if op.arity >= 0 else {"dot": 6, "dist": 6, "affine": 7}.get(op.name, 5)
    domain = (op.domain * count)[:count]
    points = [[rng.uniform(low, high) for low, high in domain] for _ in range(20)]
    points += [[x] * count for x in SPECIAL]
    if count == 2:
        points += [list(pair) for pair in itertools.product(SPECIAL, repeat=2)]
    else:
        points += [[rng.choice(SPECIAL) for _ in range(count)] for _ in range(40)]
    return points


def check_op(op, code=None):
    checked = 0
    for point in points_of(op):
        program = program_of([(op, range(len(point)))], len(point))
        try:
            expected = on_values(program, point)
        except (ValueError, TypeError, OverflowError) as error:
            with pytest.raises(type(error)):
                replay(program, point)
            continue
        value, slopes = replay(program, point)
        same_bits([value, *slopes], [expected[0], *expected[1]], f"{op.name} at {point}")
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("name", sorted(set(TABLE) - {"where"}))
def test_every_op_to_the_bit(name):
    check_op(TABLE[name])


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_comparisons(name):
    for x, y in itertools.product(SPECIAL, repeat=2):
        program = program_of([(COMPARISONS[name], (0, 1))], 2)
        assert replay(program, [x, y]) == (COMPARISONS[name].fn(x, y), [0.0, 0.0])


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -2.0, 1 / 3, 400.0, math.inf, math.nan])
def test_powers_with_a_constant_exponent(exponent):
    for x in (*SPECIAL, 3.3, -0.7, 1.7e-3):
        program = program_of([(TABLE["pow"], (0, 1))], 1, constants=[exponent])
        value, (slope,) = replay(program, [x])
        assert bits(value) == bits(TABLE["pow"].fn(x, exponent)), x
        expected = TABLE["pow"].float_partials(value, x, exponent)[0]
        assert bits(slope) == bits(expected + 0.0 if expected == 0.0 else expected), x  # 0.0 + −0.0 is 0.0


@pytest.mark.parametrize("name", sorted(FUSED_PAIRS))
def test_pairs_are_the_entries(name):
    entry = TABLE[name]
    rng = random.Random(name)
    points = [*itertools.product(SPECIAL, repeat=2), *[(rng.uniform(-3, 3), rng.uniform(-3, 3)) for _ in range(2000)]]
    points += [(rng.uniform(-9, 9) * 10.0 ** rng.randint(-300, 300), rng.uniform(-9, 9)) for _ in range(1000)]
    for x, y in points:
        out = entry.fn(x, y)
        same_bits(FUSED_PAIRS[name].parts(x, y), [out, *entry.float_partials(out, x, y)], (name, x, y))
        if name == "pow":
            assert bits(Power().parts(x, y)[0]) == bits(out)
            same_bits(Square().parts(x, 2.0)[:2], Power().parts(x, 2.0)[:2], x)


def test_a_planted_wrong_rule_is_caught(monkeypatch):
    class Largest(Maximum):
        def parts(self, x, y):
            out, dx, dy = super().parts(x, y)
            return (out, 1.0, 0.0) if x == y else (out, dx, dy)

    swapped = {id(TABLE["add"]): interpreter.CODES[id(TABLE["sub"])], id(TABLE["dot"]): SUM}
    for name, code in (("add", swapped[id(TABLE["add"])]), ("dot", swapped[id(TABLE["dot"])])):
        with monkeypatch.context() as patch:
            patch.setitem(interpreter.CODES, id(TABLE[name]), code)
            with pytest.raises(AssertionError):
                check_op(TABLE[name])
    if not NATIVE:  # a compiled class can't be subclassed from here
        monkeypatch.setitem(interpreter._PAIRS, id(TABLE["maximum"]), Largest())
        with pytest.raises(AssertionError):
            check_op(TABLE["maximum"])


# --- choices ----------------------------------------------------------------------------------------------------------


def test_the_adjoint_goes_to_the_branch_taken():
    """where hands nothing to the other branch, not even 0 · inf."""
    program = program_of([(TABLE["where"], (0, 1, 2)), (TABLE["mul"], (4, 3))], 4)
    for condition in (1.0, math.nan, -3.0):
        assert replay(program, [condition, 2.0, 5.0, math.inf]) == (math.inf, [0.0, math.inf, 0.0, 2.0])
    assert replay(program, [0.0, 2.0, 5.0, -math.inf]) == (-math.inf, [0.0, 0.0, -math.inf, 5.0])


def test_what_only_the_other_branch_computes_is_not_reached():
    program = optimized(program_of([(TABLE["log"], (1,)), (TABLE["where"], (0, 1, 3)), (TABLE["mul"], (4, 2))], 3))
    assert replay(program, [1.0, 0.0, 3.0]) == (0.0, [0.0, 3.0, 0.0])
    assert replay(program, [0.0, 0.5, 2.0]) == (2.0 * math.log(0.5), [0.0, 4.0, math.log(0.5)])


def test_stop_and_pick():
    assert replay(program_of([(stop, (0,)), (TABLE["mul"], (1, 0))], 1), [3.0]) == (9.0, [3.0])
    program = program_of([(pick, (0, 1, 2, 3))], 4)
    assert replay(program, [2.0, 5.0, 6.0, 7.0]) == (7.0, [0.0, 0.0, 0.0, 1.0])
    assert replay(program, [0.0, 5.0, 6.0, 7.0]) == (5.0, [0.0, 1.0, 0.0, 0.0])
    for outside in (3.0, -1.0, math.nan, math.inf):
        value, slopes = replay(program, [outside, 5.0, 6.0, 7.0])
        assert math.isnan(value)
        assert slopes == [0.0] * 4


# --- whole programs ---------------------------------------------------------------------------------------------------

OPS = [op for name, op in sorted(TABLE.items()) if name != "where"]


NUMBERS = st.one_of(st.floats(-3.0, 3.0), st.sampled_from(SPECIAL))


@st.composite
def programs(draw):
    """Any primitive on any numbers before it; a constant or two among them."""
    count, constants = draw(st.integers(1, 4)), draw(st.lists(NUMBERS, max_size=2))
    instructions = []
    for _ in range(draw(st.integers(1, 25))):
        here = count + len(constants) + len(instructions)
        op = draw(st.sampled_from(OPS))
        size = op.arity if op.arity >= 0 else draw(st.integers(1, 3)) * 2 + (op.name == "affine")
        instructions.append((op, [draw(st.integers(0, here - 1)) for _ in range(size)]))
    return program_of(instructions, count, constants=constants)


@given(programs(), st.data())
@settings(max_examples=300)
def test_random_programs(program, data):
    xs = data.draw(st.lists(NUMBERS, min_size=program.leaves[0].size, max_size=program.leaves[0].size))
    try:
        (expected,), _ = evaluate(program, [xs])
    except (ValueError, TypeError, OverflowError):
        return
    engine = Interpreter(program, True, (0,), False)
    value, slopes = engine.run(xs)
    assert bits(value) == bits(expected)
    assert repr(engine.run(xs)) == repr((value, slopes))  # nothing is left over from the call before
    assert bits(Interpreter(program, True, (), False).run(xs)[0]) == bits(expected)
    if depends(program):
        np.testing.assert_allclose(slopes, on_values(program, xs)[1], rtol=1e-9, atol=1e-300)
    else:
        assert slopes == [0.0] * len(xs)


def depends(program):
    reached = {program.outputs[0]}
    for k in range(len(program) - 1, -1, -1):
        if program.first + k in reached:
            reached.update(program.args[k])
    return any(i < program.leaves[0].size for i in reached)


@given(programs(), st.data())
@settings(max_examples=150)
def test_tangents_are_the_gradient_times_a_direction(program, data):
    count = program.leaves[0].size
    xs, direction = (data.draw(st.lists(st.floats(-2.0, 2.0), min_size=count, max_size=count)) for _ in range(2))
    try:
        _, slopes = Interpreter(program, True, (0,)).run(xs)
    except (ValueError, TypeError, OverflowError):
        return
    engine = Interpreter(program, True, (0,), tangents=True)
    engine.run(xs, [9.0] * count)
    value, tangents = engine.run(xs, direction)
    if all(math.isfinite(x) and abs(x) < 1e100 for x in [value, *slopes, *tangents]):
        expected, scale = float(np.dot(slopes, direction)), sum(abs(s * d) for s, d in zip(slopes, direction))
        assert len(tangents) == 1
        assert math.isclose(tangents[0], expected, rel_tol=1e-9, abs_tol=1e-9 * scale + 1e-200)


def test_tangents_of_several_outputs_through_every_kind_of_cell():
    mul, where = TABLE["mul"], TABLE["where"]
    instructions = [
        (mul, (0, 1)),  # 4
        (TABLE["dot"], (0, 1, 1, 4)),  # 5
        (TABLE["affine"], (0, 1, 2)),  # 6
        (TABLE["mean"], (0, 4, 5)),  # 7
        (TABLE["norm"], (0, 1, 4)),  # 8
        (stop, (4,)),  # 9
        (where, (3, 4, 5)),  # 10
        (TABLE["sqrt"], (2,)),  # 11
        (where, (3, 11, 0)),  # 12
    ]
    program = optimized(program_of(instructions, 4, outputs=list(range(4, 13))))
    for open in (1.0, 0.0):
        xs = [0.5, -2.0, 0.25, open]
        rows = [Interpreter(program, False, (0,), True).run(xs, list(seed))[0] for seed in np.eye(9)]
        for k in range(3):
            moved = Interpreter(program, False, (0,), tangents=True).run(xs, [float(i == k) for i in range(4)])[0]
            np.testing.assert_allclose(moved, [row[k] for row in rows], rtol=1e-14)


def test_a_branch_not_taken_has_no_tangent():
    program = optimized(program_of([(TABLE["sqrt"], (0,)), (TABLE["where"], (1, 2, 0))], 2))
    engine = Interpreter(program, True, (0,), tangents=True)
    assert engine.run([0.0, 0.0], [1.0, 0.0]) == (0.0, [1.0])
    assert engine.run([0.25, 1.0], [3.0, 0.0]) == (0.5, [3.0])


def test_several_outputs_and_their_adjoints():
    program = program_of([(TABLE["mul"], (0, 1)), (TABLE["sin"], (0,))], 2, outputs=[2, 3, 2, 1])
    values, slopes = Interpreter(program, True, (0,), True).run([0.5, 3.0], [1.0, 2.0, 10.0, 100.0])
    assert values == [1.5, math.sin(0.5), 1.5, 3.0]
    np.testing.assert_allclose(slopes, [33.0 + 2.0 * math.cos(0.5), 5.5 + 100.0], rtol=1e-15)


@pytest.mark.parametrize("size", [1_000_000])
def test_a_long_chain(size):
    """Built, replayed and freed: nothing recurses."""
    prims = [TABLE["mul"], TABLE["add"]] * (size // 2)
    ids = [(0, 1), *[(2 + k, 1 + k % 2) for k in range(1, size)]]
    program = Program(
        [Leaf("argument", "x", (), 0, 0), Leaf("constant", "c", (), 0.5, 1), Leaf("constant", "d", (), 0.25, 2)],
        prims,
        ids,
        [size + 2],
    )
    engine = Interpreter(program, True, (0,), False)
    value, slope = engine.run(3.0)
    assert (value, slope) == (0.5, 0.0)
    last = engine.idle[0].cells[-1]
    del engine
    gc.collect()
    assert last.value == 0.5
    del last  # now the cells go, each holding the one before


def test_a_chain_that_only_its_end_holds():
    leaf = Cell(0, 1.0)
    before = sys.getrefcount(leaf)
    cell = leaf
    for _ in range(300_000):
        made = Cell(5, 0.0)
        made.a, made.b = cell, leaf
        cell = made
    assert sys.getrefcount(leaf) > before + 300_000
    del made, cell
    assert sys.getrefcount(leaf) == before  # every cell of the chain is gone, and no stack overflowed


@pytest.mark.skipif(not NATIVE, reason="interpreted, every cell costs what Python does")
def test_a_dot_costs_no_more_than_its_arithmetic():
    """Items of lists are looked at as C's structs: as Python's objects they made each term 50 times as slow."""
    few = [(TABLE["mul"], (k % 40, (k + 1) % 40)) for k in range(400)]
    many = [(TABLE[name], (*range(20), *range(20, 40))) for name in ("dot", "dot", "affine", "sum") for _ in range(5)]
    many = [(prim, (*args, 0) if prim.name == "affine" else args) for prim, args in many]

    def cost(instructions):
        engine = Interpreter(program_of(instructions, 40), True, (0,))
        xs = [0.5] * 40
        return min(timeit.repeat(lambda: engine.run(xs), number=20, repeat=15))

    assert cost(many) < 8.0 * cost(few)
