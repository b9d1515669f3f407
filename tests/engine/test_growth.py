"""How cost grows: counts of nodes, edges and bytes, never seconds. Linear where it must be."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

#: bytes a node: object, numbers and gradient; a native node keeps its numbers unboxed
LIMIT = {"pure": 250, "compiled": 130}


def chain(n):
    v = Value(0.5)
    for _ in range(n // 2):
        v = v * 1.0001 + 0.0001
    return v


@pytest.mark.parametrize("n", [10, 100, 1000, 10_000])
def test_a_chain_is_linear(n):
    cost = ag.cost(chain(n))
    assert (cost.nodes, cost.edges, cost.depth) == (n + 1, n, n)


def test_bytes_a_node():
    n = 20_000
    chain(100).backward()
    taken = [Value(0.0) for _ in range(10_000)]  # the native build uses the memory of freed nodes again: none is left
    gc.collect()
    tracemalloc.start()
    try:
        y = chain(n)
        y.backward()
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert y.grad == 1.0
    assert len(taken) == 10_000
    assert used / n <= LIMIT[ag.build_info()["engine"]]


def test_freed_graphs_leave_little_behind():
    """Of what the native build keeps of freed nodes for the next ones, a whole collection leaves little."""
    gc.collect()
    taken = [Value(0.0) for _ in range(10_000)]
    tracemalloc.start()
    try:
        chain(100_000).backward()
        gc.collect()
        left = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert left < 2 * 2**20
    assert len(taken) == 10_000


def test_a_node_in_the_place_of_a_freed_one_is_as_new():
    for _ in range(3):
        y = Value(2.0, label="old") * Value(3.0)
        y.label = "old too"
        y.register_hook(lambda g: 2.0 * g)
        y.backward(create_graph=True)
        del y
        gc.collect()
        fresh = [Value(float(i)) for i in range(10)] + [ag.sin(Value(1.0)) for _ in range(10)]
        assert all(v.label == "" and v.grad == 0.0 and v._info is None and v._b is None for v in fresh)
        assert [v.data for v in fresh[:10]] == list(map(float, range(10)))
        assert [len(v.parents) for v in fresh] == [0] * 10 + [1] * 10
        (fresh[3] * fresh[4]).backward()
        assert fresh[3].grad == 4.0


@pytest.mark.skipif(ag.build_info()["engine"] == "pure", reason="CPython's own memory for instances")
def test_a_training_loop_leaves_the_collector_alone():
    """Steps that make and free the same nodes make no new ones, which is what the collector counts."""
    model, loss = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 5)), nn.MSELoss()

    def step():
        model.zero_grad()
        loss(model(np.ones((10, 10))), np.zeros((10, 5))).backward()

    step()
    before = gc.get_stats()[0]["collections"]
    for _ in range(50):
        step()
    assert gc.get_stats()[0]["collections"] - before <= 10


@pytest.mark.parametrize(("batch", "width"), [(1, 4), (3, 4), (3, 16), (10, 40)])
def test_a_layer_is_one_node_a_neuron(batch, width):
    model = nn.Sequential(nn.Linear(5, width), nn.ReLU(), nn.Linear(width, 2))
    out = model(np.ones((batch, 5)))
    inner = [v for v in ag.topological_order(*out.ravel()) if v.op is not None]
    assert len(inner) == batch * (width + width + 2), "a sum and a ReLU for each hidden unit, a sum for each output"


def test_a_sum_is_one_node():
    values = [Value(float(i)) for i in range(1000)]
    for y, edges in ((ag.sum(values), 1000), (ag.dot(values, values), 2000), (ag.logsumexp(values), 1000)):
        cost = ag.cost(y)
        assert (cost.nodes, cost.edges) == (1001, edges)


def test_one_reverse_sweep_for_all_inputs_one_forward_sweep_for_each():
    """Problem 7.13, in counts of multiplications."""
    for n in (10, 100, 1000):
        cost = ag.cost(ag.sum([v * v for v in ag.values(np.ones(n))]))
        assert cost.leaves == n
        assert cost.reverse == 3 * n, "two for each square, one for each term of the sum"
        assert cost.forward == n * cost.reverse
