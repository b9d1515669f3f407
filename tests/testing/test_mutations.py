"""Testing the tester: planted faults, one at a time, and whether ``check_grads`` finds them.

Every op of the table gets its wrong rules: sign, a factor of 1 + 1e-7, partials swapped or dropped, taken at a wrong
operand, at a stale point, frozen for the second derivative. Then wrong edges in recorded graphs and wrong sweeps.
"""

from __future__ import annotations

import math
from contextlib import contextmanager

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.observers import observe
from autograd_lite.engine.sweeps import forward_sweep, reverse_adjoints, reverse_nodes, topological_order
from autograd_lite.primitives import TABLE
from autograd_lite.testing import CheckError, check_grads, compare

from ..oracle.judge import judge, points

FACTOR = 1.0 + 1e-7


@contextmanager
def planted(op, wrap, *, floats=True, nodes=True):
    """Within the block, the rule of ``op`` is what ``wrap`` makes of it, on floats, on nodes or on both."""
    before = op.partials, op.float_partials, op.fused
    if nodes:
        op.partials = wrap(op.partials)
    if floats:
        op.float_partials = wrap(op.float_partials)
        op.fused = None  # the short way would not see the fault
    try:
        yield
    finally:
        op.partials, op.float_partials, op.fused = before


def elementwise(change):
    """A fault that changes each partial."""
    return lambda rule: lambda out, *args: tuple(change(p) for p in rule(out, *args))


def swapped(rule):
    return lambda out, *args: tuple(reversed(rule(out, *args)))


def dropped(rule):
    return lambda out, *args: (*rule(out, *args)[:-1], 0.0)


def stale(rule):
    """The partials of the point before the last one."""
    memory = []

    def wrong(out, *args):
        memory.append(rule(out, *args))
        return memory[-2] if len(memory) > 1 else memory[-1]

    return wrong


def shifted(rule):
    """The partials at a wrong operand: the first one is off by 1e-6."""
    return lambda out, *args: tuple(rule(out, args[0] * (1.0 + 1e-6) + 1e-6, *args[1:]))


def frozen(rule):
    """Partials right as numbers, and constant: the second derivative is lost."""
    return lambda out, *args: tuple(p.data if isinstance(p, Value) else p for p in rule(out, *args))


RULES = {
    "sign": (elementwise(lambda p: -p), {}),
    "sign on floats only": (elementwise(lambda p: -p), {"nodes": False}),
    "sign on nodes only": (elementwise(lambda p: -p), {"floats": False}),
    "factor 1+1e-7": (elementwise(lambda p: p * FACTOR), {}),
    "factor 1+1e-7 on nodes only": (elementwise(lambda p: p * FACTOR), {"floats": False}),
    "plus 1e-7": (elementwise(lambda p: p + 1e-7), {}),
    "zero": (elementwise(lambda p: 0.0 * p), {}),
    "swapped": (swapped, {}),
    "last dropped": (dropped, {}),
    "stale": (stale, {"nodes": False}),
    "wrong operand": (shifted, {"nodes": False}),
    "frozen": (frozen, {"floats": False}),
}


def changes(f, wrap, options):
    """Whether a fault makes any difference: to the gradient, or to the second derivatives, at the point of ``f``."""

    def numbers():
        found = []
        for factor in (1.0, 1.01):
            leaves = [Value(x * factor) for x in f.leaves]
            y = f(*leaves)
            found += reverse_adjoints(y, leaves, 1.0)
            adjoints = reverse_nodes([(y, Value(1.0))], Value)
            first = sum((d * adjoints[id(x)] for d, x in enumerate(leaves, 1) if id(x) in adjoints), Value(0.0))
            found += [first.data, *reverse_adjoints(first, leaves, 1.0)]
        return found

    right = numbers()
    with planted(f.steps[0].op, wrap, **options):
        wrong = numbers()
    largest = max(1.0, *map(abs, right))
    return any(abs(a - b) > 1e-9 * largest for a, b in zip(right, wrong))


def found_by_check_grads(f, wrap, options):
    """The error for a planted rule, None for a survivor."""
    with planted(f.steps[0].op, wrap, **options):
        try:
            check_grads(f, f.leaves)
        except CheckError as error:
            return error
    return None


def test_wrong_rules_are_found():
    planted_count, survivors, unnamed = 0, [], []
    for name in sorted(TABLE):
        f = points(name, 1)[0]
        check_grads(f, f.leaves)  # the right rule passes
        for fault, (wrap, options) in RULES.items():
            if not changes(f, wrap, options):
                continue  # the same rule in other words: add's partials swapped
            planted_count += 1
            error = found_by_check_grads(f, wrap, options)
            if error is None:
                survivors.append(f"{name}: {fault}")
            elif error.op != name or name not in str(error):
                unnamed.append(f"{name}: {fault}: {error}")
    print(f"{planted_count} wrong rules, {len(survivors)} survivors: {survivors}")
    assert planted_count >= 800
    assert len(survivors) <= 0.05 * planted_count, survivors
    assert not unnamed, "\n".join(unnamed)


@pytest.mark.parametrize(
    ("name", "at", "wrong"),
    [
        ("relu", (0.0,), lambda out, x: (2.0,)),
        ("relu", (0.0,), lambda out, x: (-1e-3,)),
        ("abs", (0.0,), lambda out, x: (1.5,)),
        ("maximum", (1.0, 1.0), lambda out, a, b: (1.0, 1.0)),
        ("minimum", (1.0, 1.0), lambda out, a, b: (0.0, 0.0)),
        ("relu6", (6.0,), lambda out, x: (1.1,)),
        ("leaky_relu", (0.0, 0.1), lambda out, x, slope: (1.1, 0.0)),
    ],
)
def test_wrong_conventions_at_a_kink_are_found(name, at, wrong):
    check_grads(TABLE[name], at, order=1)
    with planted(TABLE[name], lambda rule: wrong), pytest.raises(CheckError, match="kink"):
        check_grads(TABLE[name], at, order=1)


def test_the_oracle_finds_a_last_digit():
    """What differences can't see, 50 digits can: a factor of 1 + 1e-14."""
    survivors = []
    wrap = elementwise(lambda p: p * (1.0 + 1e-14))
    for name in sorted(TABLE):
        f = points(name, 1)[0]
        with planted(TABLE[name], wrap):
            if changes(f, wrap, {}) is None or any(judged.wrong for judged in judge(f, second=False)):
                continue
        leaves = [Value(x) for x in f.leaves]
        if any(reverse_adjoints(f(*leaves), leaves, 1.0)):
            survivors.append(name)
    assert len(survivors) <= 0.05 * len(TABLE), survivors


# --- wrong edges ------------------------------------------------------------------------------------------------------


def polynomial(x, y):
    return (x * y + ag.sin(x)) * x / (y * y + 1.0) + ag.exp(y) * x


EDGES = {
    "operands exchanged in div": ("div", lambda node: setattr_pair(node, "_a", "_b")),
    "partials exchanged in div": ("div", lambda node: setattr_pair(node, "_pa", "_pb")),
    "partials exchanged in mul": ("mul", lambda node: setattr_pair(node, "_pa", "_pb")),
    "first edge points to the second operand": ("mul", lambda node: node._b and setattr(node, "_a", node._b)),
    "second edge points to the first operand": ("mul", lambda node: node._a and setattr(node, "_b", node._a)),
    "edge to a copy": ("sin", lambda node: setattr(node, "_a", Value(node._a.data))),
    "partial of sin forgotten": ("sin", lambda node: setattr(node, "_pa", 0.0)),
    "partial of exp doubled": ("exp", lambda node: setattr(node, "_pa", 2.0 * node._pa)),
    "value of sin off by 1e-9": ("sin", lambda node: setattr(node, "_data", node._data + 1e-9)),
    "partial of add 1 + 1e-7": ("add", lambda node: setattr(node, "_pb", FACTOR) if node._b is not None else None),
}


def setattr_pair(node, first, second):
    a, b = getattr(node, first), getattr(node, second)
    if node._a is not None and node._b is not None:
        setattr(node, first, b)
        setattr(node, second, a)


@pytest.mark.parametrize("fault", EDGES)
def test_wrong_edges_are_found(fault):
    name, spoil = EDGES[fault]

    def observer(node):
        if node.op == name:
            spoil(node)

    check_grads(polynomial, (1.3, 0.7))

    def spoilt(x, y):
        with observe(observer):
            return polynomial(x, y)

    with pytest.raises((CheckError, ag.GraphChangedError)):
        check_grads(spoilt, (1.3, 0.7))


# --- wrong sweeps -----------------------------------------------------------------------------------------------------


def naive_reverse(combine, nodes_of=topological_order, seed_of=lambda seed: seed):
    def sweep(root, inputs, seed):
        adjoints = {id(root): seed_of(seed)}
        for node in reversed(nodes_of(root)):
            for parent, partial in zip(node.parents, node.local_partials):
                term = adjoints.get(id(node), 0.0) * partial
                adjoints[id(parent)] = combine(adjoints.get(id(parent)), term)
        return [adjoints.get(id(x), 0.0) for x in inputs]

    return sweep


def wrong_order(root):
    nodes = topological_order(root)
    half = len(nodes) // 2
    return nodes[half:] + nodes[:half]


def wrong_forward(roots, tangents):
    return {key: t * FACTOR for key, t in forward_sweep(roots, tangents).items()}


SWEEPS = {
    "forgotten accumulation": ("reverse_adjoints", naive_reverse(lambda old, new: new)),
    "first term only": ("reverse_adjoints", naive_reverse(lambda old, new: new if old is None else old)),
    "accumulated twice": ("reverse_adjoints", naive_reverse(lambda old, new: (old or 0.0) + 2.0 * new)),
    "largest term": ("reverse_adjoints", naive_reverse(lambda old, new: max(old if old is not None else new, new))),
    "wrong order": ("reverse_adjoints", naive_reverse(lambda old, new: (old or 0.0) + new, wrong_order)),
    "seed off by 1e-7": ("reverse_adjoints", naive_reverse(lambda o, n: (o or 0.0) + n, seed_of=lambda s: s * FACTOR)),
    "inputs exchanged": ("reverse_adjoints", lambda r, xs, s: reverse_adjoints(r, xs, s)[::-1]),
    "tangents off by 1e-7": ("forward_sweep", wrong_forward),
    "only the first tangent": ("forward_sweep", lambda roots, tangents: forward_sweep(roots, list(tangents)[:1])),
    "adjoint nodes of the first root edge": (
        "reverse_nodes",
        lambda roots, one: dict(list(reverse_nodes(roots, one).items())[:4]),
    ),
}


def test_the_stand_in_sweep_is_right(monkeypatch):
    monkeypatch.setattr(compare, "reverse_adjoints", naive_reverse(lambda old, new: (old or 0.0) + new))
    check_grads(polynomial, (1.3, 0.7))


@pytest.mark.parametrize("fault", SWEEPS)
def test_wrong_sweeps_are_found(fault, monkeypatch):
    name, wrong = SWEEPS[fault]
    monkeypatch.setattr(compare, name, wrong)
    with pytest.raises(CheckError):
        check_grads(polynomial, (1.3, 0.7))


def test_gradients_cut_off_in_python_are_found():
    for f in (lambda x: x * x.data, lambda x: ag.sin(x.detach()) + x, lambda x: x * math.exp(x.data)):
        with pytest.raises(CheckError, match="outside the graph"):
            check_grads(f, 0.7)
