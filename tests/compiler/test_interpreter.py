"""The interpreter of cells: the numbers and derivatives of eager code to the last bit, on both builds."""

from __future__ import annotations

import gc
import itertools
import math
import random
import struct
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import Program
from autograd_lite.compiler.call import plans as paths
from autograd_lite.compiler.call.plans import Path
from autograd_lite.compiler.ir.control_ops import COMPARISONS, pick, stop
from autograd_lite.compiler.ir.scalar_program import Leaf
from autograd_lite.compiler.record.recording import record_call
from autograd_lite.compiler.record.structure import Parts, flatten
from autograd_lite.compiler.rewrite import optimized
from autograd_lite.compiler.run import interpreter
from autograd_lite.compiler.run.cells import Cell
from autograd_lite.compiler.run.interpreter import Interpreter
from autograd_lite.compiler.run.opcodes import SUM
from autograd_lite.engine.value import Value, record
from autograd_lite.errors import PartialsError
from autograd_lite.primitives import TABLE
from autograd_lite.primitives.fused_binary import FUSED_PAIRS, Maximum, Power, Square
from autograd_lite.primitives.sums import NATIVE

SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.0, 5e-324, 1e200, -1e200, 1000.0, -1000.0, math.inf, -math.inf, math.nan)
CHOICES = {"where": TABLE["where"], "pick": pick, "stop": stop, **COMPARISONS}
PAIRED = ("dot", "dist")
GROUPED = {name for name, op in TABLE.items() if op.arity < 0}


def bits(x):
    return b"nan" if x != x else struct.pack("d", x)


def same_bits(found, expected, where):
    assert [bits(x) for x in found] == [bits(x) for x in expected], f"{where}: {found} for {expected}"


def program_of(instructions, count, outputs=None, constants=()):
    """A program of ``count`` numbers in one leaf and some constants; every instruction a primitive and ids."""
    leaves = [Leaf("argument", "x", (count,), 0, 0)]
    leaves += [Leaf("constant", repr(c), (), c, count + i) for i, c in enumerate(constants)]
    first = count + len(constants)
    return Program(
        leaves,
        [prim for prim, _ in instructions],
        [tuple(args) for _, args in instructions],
        [first + len(instructions) - 1] if outputs is None else outputs,
    )


def replay(program, xs):
    """Value and gradient by the interpreter; the second call, on the cells of the first."""
    engine = Interpreter(program, True, (0,), False)
    engine.run([0.25 for _ in xs])
    return engine.run(list(xs))


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
        (expected,), _ = program.evaluate([xs])
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


# --- compiled functions on it -----------------------------------------------------------------------------------------


def test_threads_and_calls_within_calls(run_as):
    run_as("cells")

    def f(xs):
        total = 0.0
        for x in xs:
            total = ag.sin(total + x * x) + total
        return total

    g = ag.compile(ag.value_and_grad(f))
    points = np.random.default_rng(0).normal(size=(40, 50))
    expected = [ag.value_and_grad(f)(x) for x in points]
    g(points[0])
    failures = []

    def work(start):
        for k in range(120):
            i = (start + k) % 40
            value, slope = g(points[i])
            if not math.isclose(value, expected[i][0]) or not np.allclose(slope, expected[i][1], rtol=1e-12):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(7 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_primitive_that_calls_the_compiled_function(run_as):
    run_as("cells")
    depth = []

    @ag.primitive(partials=lambda out, x: (1.0,))
    def outer(x):
        if len(depth) < 3:
            depth.append(x)
            return g([x, 2.0])[0] * 0.0 + x
        return x

    g = ag.compile(ag.grad(lambda xs: outer(xs[0]) * xs[1] * xs[1]))
    assert g([5.0, 3.0]) == [9.0, 30.0]
    depth.clear()
    assert g([5.0, 3.0]) == [9.0, 30.0]


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_faulty_rules_say_what_eager_code_says(arity, run_as):
    run_as("cells")
    faults = {1.0: None, 2.0: (), 3.0: ("a",) * arity, 4.0: 7, 5.0: ZeroDivisionError("in the rule"), 6.0: None}

    def rule(out, *xs):
        fault = faults.get(xs[0], (1.0,) * arity)
        if isinstance(fault, Exception):
            raise fault
        return fault

    def fn(*xs):
        return "text" if xs[0] == 6.0 else sum(xs)

    odd = ag.primitive(partials=rule, arity=arity, name="odd")(fn)
    eager = ag.value_and_grad(lambda xs: odd(*xs))
    compiled = ag.compile(eager)
    assert compiled([0.5] * arity) == (0.5 * arity, [1.0] * arity)
    for x in faults:
        with pytest.raises((PartialsError, TypeError, ZeroDivisionError)) as expected:
            eager([x] * arity)
        with pytest.raises(expected.type) as found:
            compiled([x] * arity)
        assert str(found.value) == str(expected.value)
        assert compiled([0.5] * arity) == (0.5 * arity, [1.0] * arity)


def test_a_primitive_with_the_name_of_another(run_as):
    run_as("cells")

    @ag.primitive(partials=lambda out, x: (7.0,), name="exp")
    def mine(x):
        return 7.0 * x

    g = ag.compile(ag.value_and_grad(lambda xs: mine(xs[0]) * xs[1]))
    for x in (2.0, 3.0):
        assert g([x, 1.5]) == (10.5 * x, [10.5, 7.0 * x])


def test_branches_and_guards(run_as):
    run_as("cells")

    def f(xs):
        a, b = xs
        total = ag.where(a > 0.0, ag.sqrt(a), ag.log(-a) * b) + ag.where(b > a, lambda: ag.sqrt(b - a), 0.0)
        return total * 2.0 if b > 0.0 else total

    g = ag.compile(ag.value_and_grad(f))
    for point in ([4.0, 1.0], [-1.0, 2.0], [-1.0, -2.0], [4.0, 9.0], [1.0, 1.0], [-3.0, 0.0]):
        value, slope = g(point)
        expected, slopes = ag.value_and_grad(f)(point)
        assert math.isclose(value, expected)
        np.testing.assert_allclose(slope, slopes, rtol=1e-12)


def test_parameters_and_live_values(run_as):
    run_as("cells")
    ag.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    scale = Value(1.5)
    x = [0.3, -0.2, 0.9]

    def loss(x):
        out = model(x)
        return (out[0] - out[1]) * scale

    def gradients(y):
        model.zero_grad()
        scale.grad = 0.0
        y.backward()
        return [y.data, scale.grad, *[np.array(p.grad) for p in model.parameters()]]

    compiled = ag.compile(loss)
    for number in (1.5, -2.0):
        scale.data = number
        for found, expected in zip(gradients(compiled(x)), gradients(loss(x))):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
        model[0].weight.data[...] *= 0.5


def unstructured(n, seed):
    rng = random.Random(seed)
    steps = [(rng.choice("+-*sct"), rng.random(), rng.random()) for _ in range(n)]

    def f(xs):
        v = list(xs)
        for kind, i, j in steps:
            recent = v[-60:]
            a, b = recent[int(i * len(recent))], recent[int(j * len(recent))]
            if kind in "+-*":
                v.append((a + b) * 0.5 if kind == "+" else a - b if kind == "-" else a * b)
            else:
                v.append({"s": ag.sin, "c": ag.cos, "t": ag.tanh}[kind](a))
        return ag.sum(v[-20:])

    return f


def test_an_unstructured_graph_and_its_source():
    f, x = unstructured(6000, 1), np.linspace(-1.0, 1.0, 12)
    g = ag.compile(ag.value_and_grad(f))
    for point in (x, x[::-1].copy()):
        value, slope = g(point)
        expected, slopes = ag.value_and_grad(f)(point)
        assert math.isclose(value, expected, rel_tol=1e-9)
        np.testing.assert_allclose(slope, slopes, rtol=1e-6, atol=1e-9)
    path = g._recorded().path
    assert path.way == ("cells" if NATIVE else "lines")
    compile(g.source("python"), "source", "exec")


def parts_of(*args):
    blocks = Parts()
    for arg in args:
        flatten(arg, blocks)
    return blocks


def test_which_way(monkeypatch):
    def path_of(f, *args):
        blocks = parts_of(*args)
        return Path(record_call(f, args, {}, blocks, [f"x{k}" for k in range(len(blocks))]))

    def recurrence(x):
        for _ in range(1500):
            x = ag.tanh(x * 1.1 + 0.1)
        return x

    x = [0.1, 0.2, 0.3]
    for native in (True, False):
        monkeypatch.setattr(paths, "NATIVE", native)
        ways = [path_of(f, x).way for f in (lambda v: v[0] * v[1], unstructured(4500, 2), lambda v: recurrence(v[0]))]
        assert ways == ["cells" if native else "lines"] * 3
        assert path_of(lambda m: ag.sum(ag.sin(v * 2.0) for v in m), np.ones(2000)).way == "arrays"
    monkeypatch.setattr(paths, "LONGEST", 600)
    assert path_of(unstructured(4500, 2), x).way == "cells"
    assert path_of(lambda v: ag.where(v[1] > 0.0, ag.sqrt(v[1]), recurrence(v[0])), x).way == "cells"


def test_optimized_programs_keep_their_numbers():
    f, x = unstructured(400, 3), [0.3, -0.8, 0.5]
    program = record_call(f, (x,), {}, parts_of(x), ["x"]).program
    expected, slopes = ag.value_and_grad(f)(x)
    for made in (program, optimized(program)):
        value, found = replay(made, x)
        np.testing.assert_allclose([value, *found], [expected, *slopes], rtol=1e-9)


@example(0.0)
@given(st.floats(allow_nan=True))
@settings(max_examples=50)
def test_nan_and_infinite_seeds_go_through(seed):
    program = program_of([(TABLE["mul"], (0, 1))], 2)
    slopes = Interpreter(program, False, (0,), True).run([3.0, 0.0], [seed])[0]
    same_bits(slopes, [0.0 + seed * 0.0, 0.0 + seed * 3.0], seed)


# --- the call with nothing around it ----------------------------------------------------------------------------------


def is_direct(compiled):
    return "__call__" in vars(type(compiled))


def scale(a, xs, m):
    return ag.sum([ag.sin(a * x) * x for x in xs]) + m[0][1] * m[1][0] * a


def test_direct_calls_of_every_kind_of_argument(run_as):
    run_as("cells")
    m = np.array([[1.0, 2.0], [3.0, 4.0]])
    for kind in (list, tuple, np.array):
        for transform in (lambda f: ag.grad(f, argnums=(2, 0, 1)), lambda f: ag.value_and_grad(f, argnums=1)):
            eager = transform(scale)
            g = ag.compile(eager)
            g(0.5, kind([1.0, 2.0, 3.0]), m)
            assert is_direct(g)
            for args in (
                (0.25, kind([0.5, -2.0, 7.0]), 2.0 * m),
                (0.25, kind([0.5, -2.0, 7.0]), m.T),
                (1, kind([0.5, -2.0, 7.0]), m),
                (0.25, kind([0.5, -2.0, 7.0, 9.0]), m),
                (0.25, [1, 2.0, 3.0], m),
                (np.float64(0.5), kind([0.5, -2.0, 7.0]), m.tolist()),
                (0.25, kind([0.5, -2.0, 7.0]), m.astype(np.float32)),
                (0.25, kind([math.nan, -2.0, 7.0]), m),
            ):
                assert same_shape_and_numbers(g(*args), eager(*args)), args
            for args in ((0.25, kind([1.0, 2.0, 3.0])), ("text", kind([1.0, 2.0, 3.0]), m)):
                with pytest.raises((TypeError, ValueError)) as expected:
                    eager(*args)
                with pytest.raises(expected.type):
                    g(*args)


def same_shape_and_numbers(a, b):
    if isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same_shape_and_numbers, a, b))
    if isinstance(b, np.ndarray):
        return type(a) is np.ndarray and a.shape == b.shape and np.allclose(a, b, rtol=1e-12, equal_nan=True)
    return type(a) is float and (math.isclose(a, b, rel_tol=1e-12) or (a != a and b != b))


def test_direct_results_are_the_callers_own(run_as):
    run_as("cells")
    f = ag.compile(lambda xs: [x * 2.0 for x in xs])
    first = f([1.0, 2.0])
    assert is_direct(f)
    second = f([3.0, 4.0])
    second[0] = 99.0
    assert (first, f([3.0, 4.0])) == ([2.0, 4.0], [6.0, 8.0])
    array = ag.compile(lambda xs: np.array([[x * x for x in xs]]))
    array(np.array([1.0, 2.0]))
    assert array(np.array([3.0, 4.0])).tolist() == [[9.0, 16.0]]


def test_direct_calls_notice_what_changes(run_as):
    run_as("cells")
    rates = [0.5, 2.0]

    def f(x, y):
        return x * rates[0] + y * rates[1] if x < y else x * y

    g = ag.compile(ag.grad(f, argnums=(0, 1)))
    assert g(1.0, 2.0) == (0.5, 2.0)
    assert is_direct(g)
    assert g(3.0, 2.0) == (2.0, 3.0)  # the other branch
    assert g(1.0, 2.0) == (0.5, 2.0)
    rates[1] = 7.0
    assert g(1.0, 2.0) == (0.5, 7.0)
    x = Value(1.0)
    h = ag.compile(lambda x, y: x * y + 1.0)
    assert h(2.0, 3.0) == 7.0
    y = h(x, 3.0)
    y.backward()
    assert (y.data, x.grad) == (4.0, 3.0)
    assert ag.grad(lambda x: h(x, 5.0))(2.0) == 5.0


def test_direct_calls_are_watched(run_as):
    run_as("cells")
    g = ag.compile(ag.grad(lambda x, y: ag.log(x) * y))
    assert g(2.0, 3.0) == 1.5
    assert is_direct(g)
    assert g(0.0, 3.0) == math.inf
    with ag.detect_anomaly(), pytest.raises((ArithmeticError, ValueError)):
        g(0.0, 3.0)
