"""Graphs give their memory back: at once where nothing refers back, by the collector whatever closes a cycle."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from itertools import pairwise

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.primitives.sums import NATIVE


class Own(Value):
    """A class of a user's, with attributes."""


def graph(x):
    """A few nodes of several kinds on top of ``x``."""
    y = ag.exp(x * 0.5) + 2.0
    return ag.sum([y, x * y, 1.0 - y]) * ag.dot([x, y], [y, x])


def by_hand():
    x = Value(2.0)
    x.grad = graph(x)
    return x


def by_an_inner_node():
    x = Value(2.0)
    y = x * 3.0
    y.grad = graph(y)
    return x


def by_create_graph():
    x = Value(2.0)
    graph(x).backward(create_graph=True)
    return x


def by_create_graph_of_a_class():
    x = Own(2.0)
    graph(x).backward(create_graph=True)
    return x


def by_an_attribute():
    x = Own(2.0)
    x.friend = graph(x)
    return x


def by_an_attribute_filled_later():
    x = Own(2.0)
    x.friends = []
    y = graph(x)
    x.friends.append(y)
    return x


def by_a_hook():
    x = Value(2.0)
    y = graph(x)
    x.register_hook(lambda g: y.data * g)
    return x


def by_a_hook_that_learns_later():
    x = Value(2.0)
    before = graph(x)
    seen = []
    x.register_hook(lambda g: seen and None)
    seen.extend([before, graph(x)])
    return x


def by_a_hook_on_an_inner_node():
    x = Value(2.0)
    y = x * x
    z = graph(y)
    y.register_hook(lambda g: z and None)
    return x


def by_a_checkpoint():
    x = Value(2.0)
    kept = []
    y = ag.checkpoint(lambda v: (len(kept), graph(v))[1], x)
    kept.append(y)
    return x


def by_a_primitive():
    held = []

    @ag.primitive(partials=lambda out, v: (float(len(held) > 0),))
    def own(v):
        return v + len(held)

    x = Value(2.0)
    held.append(graph(own(x)))
    return x


def by_a_layer():
    layer = nn.Linear(1, 1)
    x = Value(2.0)
    layer.last = graph(layer([x])[0])
    layer.weight[0, 0].register_hook(lambda g: layer and None)
    return x


def by_an_info():
    x = Value(2.0)
    y = graph(x).named("y")
    x.register_hook(lambda g: None).remove()
    x._info.source = y
    return x


def by_a_label():
    class Label(str):
        pass

    x = Value(2.0)
    name = Label("x")
    x.label = name
    name.friend = graph(x)
    return x


def by_the_newest_node():
    x = Own(2.0)
    x.friend = x * 2.0
    return x


def by_assigning_an_operand():
    x = Value(2.0)
    y = x * 3.0
    z = graph(y)
    y._b = z  # no graph, but anybody can
    return x


WAYS = [
    by_hand, by_an_inner_node, by_create_graph, by_create_graph_of_a_class, by_an_attribute,
    by_an_attribute_filled_later, by_a_hook, by_a_hook_that_learns_later, by_a_hook_on_an_inner_node, by_a_checkpoint,
    by_a_primitive, by_a_layer, by_an_info, by_a_label, by_the_newest_node, by_assigning_an_operand,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_cycle_is_freed(way):
    gc.collect()
    seen = weakref.ref(way())
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_cycle_in_use_stays(way):
    x = way()
    gc.collect()
    assert x.data == 2.0
    assert graph(x).data == graph(Value(2.0)).data


def test_nodes_in_memory_that_others_have_used_can_be_freed():
    """Where a reference count will be there may be any number, and from 3.12 on some say that an object is immortal."""
    for byte in (0x7F, 0x80, 0xC0, 0xFF):
        used = [bytes([byte]) * 50_000 for _ in range(64)]
        del used
        x = Value(2.0)
        kept = [x * float(i) for i in range(20_000)]
        assert max(map(sys.getrefcount, kept)) < 10
        ref = weakref.ref(kept[-1])
        del kept
        assert ref() is None


def test_a_graph_without_a_cycle_needs_no_collector():
    gc.disable()
    try:
        x = Value(2.0)
        nodes = [weakref.ref(node) for node in ag.topological_order(graph(x))]
        assert [ref() for ref in nodes if ref() is not None] == [x]
    finally:
        gc.enable()


def test_a_long_chain_with_sums_in_it_is_freed_without_recursion():
    x = y = Value(0.5)
    for _ in range(100_000):
        y = ag.sum([y * 0.5, 0.25, x])
    first = weakref.ref(y)
    del y
    assert first() is None


def test_a_weak_reference_is_told_once_and_may_record():
    told = []
    x = Value(2.0)
    y = x * x
    ref = weakref.ref(y, lambda gone: told.append((gone() is None, graph(x).data)))
    z = y * 2.0
    del y
    assert ref() is not None
    del z
    assert told == [(True, graph(Value(2.0)).data)]


RESIDENT = """
import autograd_lite as ag
from autograd_lite import Value

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

ws = [Value(0.1 * k) for k in range(4)]
def step():
    y = ag.tanh(ws[0] * 0.5 + ws[1]) * ws[2] + ag.sum(ws)
    y.backward()
    for w in ws:
        w.data -= 0.001 * w.grad
        w.grad = 0.0

for _ in range(2000):
    step()
before = resident()
for _ in range({steps}):
    step()
print(resident() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks Linux")
def test_steps_leave_the_memory_as_it_was():
    steps = 100_000 if ag.build_info()["engine"] == "compiled" else 10_000
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT.replace("{steps}", str(steps))], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000_000


GIVEN_BACK = """
import gc
import autograd_lite as ag
from autograd_lite import Value

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def large():
    v = x = Value(0.5)
    for _ in range(300_000):
        v = v * 1.01 + 0.01
    v.backward()

before = resident()
for _ in range(3):
    large()
print(resident() - before)
gc.collect()
print(resident() - before)
"""


@pytest.mark.skipif(not NATIVE or not os.path.exists("/proc/self/statm"), reason="asks Linux, of our own memory")
def test_a_large_graph_s_memory_is_given_back_but_for_what_a_step_may_use():
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    kept, left = map(int, done.stdout.split())
    assert kept < 40_000_000, "of 75 million bytes"
    assert left < 8_000_000


@pytest.mark.skipif(not NATIVE, reason="the plain source leaves memory to Python")
def test_neighbours_of_a_graph_are_neighbours_in_memory_whatever_was_there_before():
    """A step that jumps about in memory takes three times as long."""
    for order in (list, lambda nodes: nodes[::-1], lambda nodes: nodes[::3] + nodes[1::3] + nodes[2::3]):
        x = Value(0.5)
        nodes = [x * float(i) for i in range(50_000)]
        kept = order(nodes)
        del nodes
        while kept:
            kept.pop()
        chain = [x]
        for _ in range(20_000):
            chain.append(chain[-1] * 1.01)
        steps = [abs(id(b) - id(a)) for a, b in pairwise(chain)]
        assert sum(step <= 256 for step in steps) > 18_000


CHECKED = """
import gc, random, weakref
import autograd_lite as ag
from autograd_lite import Value

rng = random.Random(0)
nodes = [Value(0.5)]
for k in range(20000):
    a, b = rng.choice(nodes), rng.choice(nodes)
    c = rng.choice([a + b, a * 0.5, 1.0 - b, ag.tanh(a), ag.sum([a, b, 1.0]), ag.dot([a], [b])])
    c.data = 0.1
    nodes.append(c)
    if k % 50 == 0:
        c.register_hook(lambda g, c=c: None)
    if k % 70 == 0:
        c.backward()
    if k % 500 == 0:
        a.grad = c
    if len(nodes) > 300:
        del nodes[rng.randrange(len(nodes)):]
        nodes = nodes or [Value(0.5)]
    if k % 1000 == 0:
        gc.collect()
del nodes, a, b, c
gc.collect()
print("ok")
"""


def test_nothing_is_written_where_it_should_not_be():
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", CHECKED],
        capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONMALLOC": "debug"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr


@pytest.mark.skipif(not NATIVE, reason="the plain source leaves the collector alone")
@pytest.mark.parametrize("op", [lambda x: ag.sum([x, 1.0, x]), lambda x: ag.dot([x, 2.0, x], [x, x, 3.0])])
def test_sums_are_shown_to_the_collector_once_they_can_be_in_a_cycle(op):
    x = Value(2.0)
    y = op(x)
    z = y * 1.0
    many = y._info
    parts = [y, z, many, many.operands, many.nodes]
    assert not any(map(gc.is_tracked, parts))
    x.grad = z
    assert all(map(gc.is_tracked, parts))
    later = op(z)
    later * 1.0
    assert all(map(gc.is_tracked, [later, later._info, later._info.nodes]))
