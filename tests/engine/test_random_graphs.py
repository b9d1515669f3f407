"""Random graphs with shared nodes and reused leaves: a naive second engine, the two modes, and bitwise relations."""

from __future__ import annotations

import hashlib
import math
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.sweeps import forward_sweep
from autograd_lite.primitives import TABLE
from autograd_lite.testing import Expression, Step, expressions, networks

from ..oracle import naive

RELAXED = settings(suppress_health_check=list(HealthCheck))
PLAIN = sorted(naive.OPS)


def gradients(f, transform=lambda y: y, xs=None, twice=False):
    leaves = [Value(x) for x in (xs or f.leaves)]
    y = f(*leaves)
    y = transform(y)
    y.backward()
    if twice:
        y.backward()
    return y.data, [x.grad for x in leaves]


def bits(numbers):
    return [struct.pack("<d", x) for x in numbers]


def close(a, b, noise):
    """Two results of one computation: what rounding does to it (Monte Carlo arithmetic), four times, and four ulp."""
    return abs(a - b) <= 4.0 * noise + 4.0 * math.ulp(b) or (a != a and b != b)


@RELAXED
@given(expressions(ops=PLAIN, max_steps=10))
def test_against_the_naive_engine(f):
    noise, moves = f.rounding(16)
    assume(noise < 1e-3)
    assume(max(moves) < 1e-3)
    data, grads = gradients(f)
    value, expected = naive.gradient(f, f.leaves)
    assert close(data, value, noise)
    for got, want, moved in zip(grads, expected, moves):
        assert close(got, want, moved), (grads, expected)


@RELAXED
@given(expressions(), st.lists(st.floats(-2.0, 2.0), min_size=4, max_size=4))
def test_forward_against_reverse(f, v):
    leaves = [Value(x) for x in f.leaves]
    y = f(*leaves)
    y.backward()
    terms = [d * x.grad for d, x in zip(v, leaves)]
    _, moves = f.rounding(16)
    noise = sum(abs(d) * m for d, m in zip(v, moves)) + 2.0**-52 * sum(map(abs, terms))
    tangent = forward_sweep([y], list(zip(leaves, v)))[id(y)]
    assert close(tangent, sum(terms), noise)


@RELAXED
@given(networks())
def test_networks_against_the_naive_engine(net):
    leaves = [Value(p) for p in net.parameters]
    loss = net.loss(leaves)
    loss.backward()
    f = Expression.of(loss, leaves)
    _, moves = f.rounding(16)
    namespace = dict(naive.NAMESPACE)
    namespace["affine"] = lambda *xs: naive.call("add", naive.call("dot", *xs[:-1]), xs[-1])
    numbers = [naive.Number(p) for p in net.parameters]
    result = f.evaluate(namespace, numbers)
    for leaf, number, moved in zip(leaves, numbers, moves):
        assert close(leaf.grad, float(naive.derivative(result, number)), moved)


# --- relations that hold to the last bit --------------------------------------------------------------------------


@RELAXED
@given(expressions())
def test_backward_twice_is_exactly_double(f):
    _, once = gradients(f)
    _, twice = gradients(f, twice=True)
    assert bits(g + g for g in once) == bits(twice)


RELATIONS = {
    "negation": (lambda y: -y, lambda g: -g + 0.0),
    "factor 4": (lambda y: y * 4.0, lambda g: g * 4.0),
    "4 on the left": (lambda y: 4.0 * y, lambda g: g * 4.0),
    "plus 0.0": (lambda y: y + 0.0, lambda g: g),
    "times 1": (lambda y: y * 1.0, lambda g: g),
    "divided by 1": (lambda y: y / 1.0, lambda g: g),
    "y + y": (lambda y: y + y, lambda g: g + g),
    "sum of two": (lambda y: ag.sum([y, y]), lambda g: g + g),
    "identity": (lambda y: +y, lambda g: g),
    "power 1": (lambda y: y**1, lambda g: g),
}


@pytest.mark.parametrize("name", RELATIONS)
@RELAXED
@given(f=expressions(max_steps=6))
def test_relations_hold_bitwise(name, f):
    transform, expected = RELATIONS[name]
    _, plain = gradients(f)
    assume(all(abs(g) < 1e300 and (g == 0.0 or abs(g) > 1e-290) for g in plain))
    _, changed = gradients(f, transform)
    assert bits(changed) == bits(expected(g) for g in plain)


def seeded_expressions(count=60):
    """Expressions of a plain random generator: the same in every process."""
    rng = random.Random(20)
    names = [n for n in sorted(TABLE) if TABLE[n].arity in (1, 2) and all(lo < hi for lo, hi in TABLE[n].domain)]
    for _ in range(count):
        leaves = [rng.uniform(0.35, 0.85) for _ in range(3)]
        steps = [Step(TABLE["add"], (0, 1))]
        for _ in range(rng.randint(3, 15)):
            op = TABLE[rng.choice(names)]
            known = len(leaves) + len(steps)
            steps.append(Step(op, tuple(rng.randrange(known) for _ in range(op.arity))))
        yield Expression(leaves, steps)


def digest():
    """A hash of every bit of the values and gradients of many graphs, and of what the relations make of them."""
    total = hashlib.sha256()
    for f in seeded_expressions():
        leaves = [Value(x) for x in f.leaves]
        y = f(*leaves)
        tangents = forward_sweep([y], list(zip(leaves, [1.0, 2.0, 3.0])))
        nodes = ag.topological_order(y)
        sys.modules["warnings"].simplefilter("ignore")
        y.backward()
        for number in [y.data, tangents[id(y)], *(x.grad for x in leaves), *(n.grad for n in nodes)]:
            total.update(struct.pack("<d", number) if number == number else b"nan")
        plain = [x.grad for x in leaves]
        for transform, expected in RELATIONS.values():
            _, changed = gradients(f, transform)
            if all(math.isfinite(g) and (g == 0.0 or 1e-290 < abs(g) < 1e300) for g in plain):
                assert bits(changed) == bits(expected(g) for g in plain)
            total.update(b"".join(bits(g if g == g else math.inf for g in changed)))
    return total.hexdigest()


def test_bits_do_not_depend_on_the_process():
    """Another hash seed, another process: not one bit differs."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tests.engine.test_random_graphs as t; print(t.digest())"
    )
    here = str(Path(__file__).parents[2])
    found = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", program, here], env=environment, capture_output=True, text=True, check=True
        )
        found.add(run.stdout.strip())
    assert len(found) == 1
    assert len(found.pop()) == 64
