"""The short ways (value and partial in one call) give the bits of the table's entries."""

from __future__ import annotations

import math
import random
import struct

import pytest

from autograd_lite import Value
from autograd_lite.primitives import TABLE

EDGES = [0.0, -0.0, 1.0, -1.0, 0.2, -0.2, 20.0, -20.0, 36.8, 40.0, -40.0, 709.0, 710.0, -745.2, 800.0, -800.0,
         5e-324, -5e-324, 1e-320, 1e-300, 1e200, -1e200, math.inf, -math.inf, math.nan]  # fmt: skip


def bits(x: float) -> bytes:
    return b"nan" if x != x else struct.pack("d", x)


FUSED = {name: entry.fused for name, entry in TABLE.items() if entry.fused is not None}


def test_the_frequent_ops_have_short_ways():
    assert {"exp", "log", "tanh", "relu", "sigmoid", "sqrt", "sin", "cos", "abs"} <= set(FUSED)


@pytest.mark.parametrize("name", sorted(FUSED))
def test_fused_is_the_entry(name):
    entry = TABLE[name]
    rng = random.Random(name)
    points = EDGES + [rng.uniform(-3, 3) for _ in range(2000)] + [rng.uniform(-900, 900) for _ in range(2000)]
    points += [rng.uniform(-1, 1) * 10.0 ** rng.randint(-320, 300) for _ in range(1000)]
    for x in points:
        out, slope = FUSED[name].pair(x)
        assert bits(out) == bits(entry.fn(x)), x
        assert bits(slope) == bits(entry.float_partials(entry.fn(x), x)[0]), x


def test_a_node_made_the_short_way_is_the_node():
    x = Value(0.3)
    y = TABLE["tanh"](x)
    assert (y.op, y.parents, y.args, y.data) == ("tanh", (x,), (x,), math.tanh(0.3))
    assert y.local_partials == TABLE["tanh"].float_partials(y.data, 0.3)


def test_a_constant_exponent_is_the_entry():
    entry, rng = TABLE["pow"], random.Random("pow")
    bases = EDGES + [rng.uniform(-3, 3) for _ in range(200)] + [rng.uniform(-1, 1) * 10.0 ** rng.randint(-320, 300)]
    for y in [0, 1, 2, 3, -1, -2, 7, 0.0, -0.0, 0.5, 2.0, -3.0, 1.5, 1e3, -1e3, math.inf, -math.inf, math.nan]:
        for base in bases:
            x = Value(base)
            z = x**y
            out = entry.fn(base, float(y))
            assert (z.op, z.parents, z.args[0]) == ("pow", (x,), x)
            assert bits(z.args[1]) == bits(float(y)), (base, y)
            assert bits(z.data) == bits(out), (base, y)
            assert bits(z.local_partials[0]) == bits(entry.float_partials(out, base, float(y))[0]), (base, y)
