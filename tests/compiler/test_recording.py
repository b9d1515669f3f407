"""What a recording writes down, and what of it is left when it has become a program."""

from __future__ import annotations

import copy
import gc
import pickle
import tracemalloc
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler.ir.scalar_program import PACKED, Program
from autograd_lite.compiler.record import builder, trace
from autograd_lite.compiler.record.numbering import Numbering


def loose():
    rows = [[Value(0.01 * i * j - 0.3) for i in range(12)] for j in range(12)]

    def f(x):
        for _ in range(3):
            x = [ag.tanh(sum(w * xi for w, xi in zip(row, x))) for row in rows]
        return sum(x)

    return f, ([0.1 * i for i in range(12)],)


def layers():
    model, loss = nn.MLP(12, [20, 5]), nn.CrossEntropyLoss()
    return (lambda x, t: loss(model(x), t)), (np.linspace(-1, 1, 48).reshape(4, 12), np.array([0, 3, 1, 4]))


def decisions():
    return (lambda x: sum(a * a if a > 0.3 else ag.sin(a) for a in x) + max(x)), ([0.1 * i for i in range(12)],)


def in_no_grad():
    def f(x):
        with ag.no_grad():
            c = ag.exp(x)
        return x * c + x.detach()

    return f, (0.3,)


PROGRAMS = [loose, layers, decisions, in_no_grad]


@pytest.mark.parametrize("make", PROGRAMS)
def test_nothing_that_was_recorded_is_left(make, monkeypatch):
    f, args = make()
    nodes = []
    write = builder.Builder.program

    def noting(self, recorder, *rest):
        made = write(self, recorder, *rest)
        nodes.extend(weakref.ref(node) for node in [*recorder.nodes, *recorder.fresh, *self.given])
        return made

    monkeypatch.setattr(builder.Builder, "program", noting)
    compiled = ag.compile(f)
    gc.collect()
    gc.disable()  # nothing has to wait for it
    try:
        compiled(*args)
        assert nodes
        assert not [node for node in nodes if node() is not None]
        tools = (trace.Recorder, builder.Builder, Numbering)
        assert not [thing for thing in gc.get_objects() if issubclass(type(thing), tools)]
    finally:
        gc.enable()
    path = compiled.last.path
    assert path.recording.program is None
    assert path.recording.alive == []


def test_a_large_program_is_kept_in_four_bytes_an_operand():
    model = nn.Linear(300, 200)
    x = np.linspace(-1, 1, 300)
    compiled = ag.compile(lambda x: ag.sum(model(x)) ** 2)
    model.weight.grad  # noqa: B018, made before the count
    tracemalloc.start()
    try:
        compiled(x).backward()
        gc.collect()
        kept = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.Filter(True, f"*compiler/{part}*") for part in ("record", "ir", "rewrite", "lift")]
        )
    finally:
        tracemalloc.stop()
    operands = 200 * (2 * 300 + 1)
    assert sum(trace.size for trace in kept.traces) < 4 * operands + 60_000
    plain = ag.sum(model(x)) ** 2
    assert compiled(x).data == pytest.approx(plain.data, rel=1e-12)
    assert "return" in compiled.source()


def test_a_first_call_takes_few_bytes_an_operand():
    """No stage makes Python numbers, or several arrays as long, of all operands."""
    units, layers = 60, 12
    model = nn.MLP(units, *[units] * layers)
    for parameter in model.parameters():
        parameter.grad  # noqa: B018, made before the count
    x = np.linspace(-1, 1, units)
    compiled = ag.compile(lambda: ag.sum(model(x)) ** 2)
    gc.collect()
    tracemalloc.start()
    try:
        compiled().backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 62 * layers * units * (2 * units + 1)


def test_a_packed_program_is_the_program():
    x = list(range(80))
    compiled = ag.compile(lambda x: sum(a * b for a in x for b in x))
    compiled([float(i) for i in x])
    found = compiled.program
    many = Program(found.leaves, found.prims, found.args, found.outputs)
    before, text = [tuple(row) for row in many.args], str(many)
    many.pack()
    assert len(many.operands()[0]) >= PACKED
    assert many._args is None
    assert [tuple(row) for row in many.args] == before
    assert str(many) == text
    many.pack()
    many.pack()
    assert [tuple(row) for row in many.args] == before


def test_what_no_result_needs_is_no_part_of_the_program():
    weight, unused = Value(2.0), Value(3.0)

    def f(x):
        ag.exp(x * unused)
        return x * weight

    compiled = ag.compile(f)
    y = compiled(1.5)
    y.backward()
    assert (y.data, weight.grad, unused.grad) == (3.0, 1.5, 0.0)
    assert len(compiled.program) == 1


def test_numbers_are_cut_where_they_were_when_they_were_made():
    """Within no_grad, a node is made of its operands when it is recorded, and of nothing a moment later."""
    weight = Value(2.0)

    def f(x):
        with ag.no_grad():
            y = [x * weight, ag.sin(x), x + 1.0, ag.sum([x, weight, x]), x > 0.0]
        z = x * y[0] + y[1] * weight + y[2] * y[3]
        return ag.where(y[4], z, -z)

    for x in (0.7, -0.4, 1.1):
        compiled, live = ag.compile(ag.grad(f)), ag.compile(f)
        assert compiled(x) == compiled(x) == pytest.approx(ag.grad(f)(x), rel=1e-14)
        live(x)
        weight.grad = 0.0
        live(x).backward()
        got, weight.grad = weight.grad, 0.0
        f(Value(x)).backward()
        assert got == pytest.approx(weight.grad, rel=1e-14)


@pytest.mark.parametrize("number", [0.0, -0.0, float("nan"), float("inf"), 1e-320])
def test_constants_are_told_apart_by_their_signs_and_by_nan(number):
    f = lambda x: [ag.where(x > 1.0, c, x) for c in (0.0, -0.0, number, float("nan"), 2.0)]  # noqa: E731
    compiled = ag.compile(f)
    compiled(2.0)
    np.testing.assert_array_equal(
        np.array([float(v) for v in compiled(2.0)]).view(np.int64), np.array([float(v) for v in f(2.0)]).view(np.int64)
    )


def test_one_layer_for_several_samples_and_twice_for_one():
    model = nn.Linear(3, 2, bias=False)
    f = lambda a, b: ag.sum(model(a)) * ag.sum(model(b)) + ag.sum(model(a))  # noqa: E731
    compiled = ag.compile(f)
    for a, b in (([1.0, 2.0, 3.0], [0.5, -1.0, 2.0]), ([0.0, 1.0, 0.0], [1.0, 1.0, 1.0])):
        model.zero_grad()
        f(a, b).backward()
        wanted = model.weight.grad.copy()
        model.zero_grad()
        compiled(a, b).backward()
        np.testing.assert_allclose(model.weight.grad, wanted, rtol=1e-13)


COPIES = {
    "deepcopy": copy.deepcopy,
    "in a list": lambda y: copy.deepcopy([y, y])[1],
    "pickle": lambda y: pickle.loads(pickle.dumps(y)),
    "copy": copy.copy,
}
WEIGHT, LAYER = Value(1.7), nn.Linear(1, 1)
MADE = {
    "arguments": (lambda x: x * x + 1.0, True),
    "a constant": (lambda x: x * Value(2.0), True),
    "a Value": (lambda x: ag.sin(x * WEIGHT) * x, False),
    "a layer": (lambda x: x * LAYER([x])[0], False),
    "a detached Value": (lambda x: x * WEIGHT.detach(), False),
}


@pytest.mark.filterwarnings("ignore::autograd_lite.compiler.CompileWarning")
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("how", COPIES)
def test_copies_pass_on_what_they_do_in_plain_code(how, made):
    (make, alone), again = MADE[made], COPIES[how]

    def f(x):
        y = make(x)
        return again(y) * x + y * WEIGHT

    compiled = ag.compile(f)
    for x in (0.5, 0.25, -0.4, 0.5):
        slopes = []
        for g in (f, compiled):
            WEIGHT.grad = 0.0
            LAYER.zero_grad()
            y = g(x)
            y.backward()
            slopes.append([y.data, WEIGHT.grad, *LAYER.weight.grad.ravel()])
        np.testing.assert_allclose(slopes[1], slopes[0], rtol=1e-12)
    assert compiled.eager is None or not alone
