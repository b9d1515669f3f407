"""Random programs over vectors, as a user writes them: compiled, they give what plain code gives, or raise the same."""

from __future__ import annotations

import random
from contextlib import nullcontext

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

UNARY = ["sin", "cos", "exp", "tanh", "sigmoid", "softplus", "relu", "square", "atan"]


def statement(rng, name, a, b):
    """One line (or two) that defines the vector ``name`` from earlier ones."""
    shift, step = rng.randint(1, 2), rng.randint(2, 4)
    return rng.choice([
        f"{name} = [p {rng.choice('+-*')} q for p, q in zip({a}, {b})]",
        f"{name} = [ag.{rng.choice(UNARY)}(p * 0.2) for p in {a}]",
        f"{name} = [ag.{rng.choice(['sqrt', 'log'])}(abs(p) + 0.5) for p in {a}]",
        f"{name} = {a}[{shift}:] + {a}[:{shift}]",
        f"{name} = {a}[::-1]",
        f"{name} = [{a}[i] for i in ORDER]",
        f"{name} = [ag.dot(row, {a}) for row in ROWS]",
        f"{name} = [ag.sum([w * p for w, p in zip(row, {a})]) + q for row, q in zip(ROWS, {b})]",
        f"{name} = [ag.where(p > q, p, q * 0.5) for p, q in zip({a}, {b})]",
        f"total = ag.{rng.choice(['sum', 'mean', 'max', 'logsumexp', 'prod'])}([p * 0.1 for p in {a}])\n    "
        f"{name} = [p * total for p in {b}]",
        f"{name} = [p * 0.7 if i % {step} else p for i, p in enumerate({a})]",
        f"{name} = [{a}[max(i - 1, 0)] * 0.5 + {b}[i] - {a}[min(i + 1, len({a}) - 1)] for i in range(len({a}))]",
        f"{name} = list(LAYER(np.array({a}, dtype=object)).ravel())",
        f"{name} = [ag.max([p, q, 0.1]) for p, q in zip({a}, {b})]",
        f"{name} = [p / (1.5 + q * q) for p, q in zip({a}, {b})]",
        f"{name} = [ag.sum([p]) * ag.prod([q]) for p, q in zip({a}, {b})]",
        f"{name} = [p if p > 0.3 else q for p, q in zip({a}, {b})]",
    ])  # fmt: skip


def program(rng):
    """The source of a function of two vectors and labels, and whether it returns one number."""
    names = ["x", "y"]
    lines = ["x, y = list(x), list(y)"]
    for k in range(rng.randint(3, 8)):
        lines.append(statement(rng, f"v{k}", rng.choice(names), rng.choice(names)))
        names.append(f"v{k}")
    a, b = rng.choice(names[-3:]), rng.choice(names[-2:])
    kind = rng.choice(["number", "classes", "vector", "dict"])
    lines.append({
        "number": f"return ag.sum([p * q for p, q in zip({a}, {b})])",
        "classes": f"return CRITERION([{a}, {b}, [p * 0.5 for p in {a}]], labels)",
        "vector": f"return [p * 1.0 for p in {a}]",
        "dict": f"return {{'a': np.array([p * 1.0 for p in {a}], dtype=object), 'b': {b}[0] * 1.0}}",
    }[kind])  # fmt: skip
    return "def f(x, y, labels):\n    " + "\n    ".join(lines) + "\n", kind in ("number", "classes")


def numbers(x):
    """Every number in a result, and the Values among them."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        parts = [numbers(item) for item in x]
        return [n for part in parts for n in part[0]], [v for part in parts for v in part[1]]
    flat = np.ravel(np.asarray(x, dtype=object)).tolist()
    values = [v for v in flat if isinstance(v, ag.Value) and v.op is not None]
    return [v.data if isinstance(v, ag.Value) else float(v) for v in flat], values


def outcome(f, layer, args):
    """The numbers of a call and the gradients of the layer that it uses; or the error."""
    layer.zero_grad()
    try:
        found, values = numbers(f(*args))
    except Exception as error:
        return type(error), str(error)
    if values:
        ag.sum([v * (k + 1.0) for k, v in enumerate(values)]).backward()
    return np.concatenate([found, *[np.ravel(p.grad) for p in layer.parameters()]])


@pytest.mark.parametrize("seed", range(24))
def test_as_plain_code(seed):
    rng, draw = random.Random(seed), np.random.default_rng(seed)
    n = rng.choice([3, 6, 10])
    ag.manual_seed(seed)
    layer = nn.Linear(n, n)
    source, single = program(rng)
    scope = {
        "ag": ag, "np": np, "ROWS": (draw.normal(size=(n, n)) * 0.3).tolist(), "ORDER": draw.permutation(n).tolist(),
        "LAYER": layer, "CRITERION": nn.CrossEntropyLoss(ignore_index=rng.choice([-100, 1])),
    }  # fmt: skip
    exec(source, scope)
    f = scope["f"]
    plain = [f, ag.value_and_grad(f, (0, 1)), ag.hessian(f)] if single else [f, ag.jacobian(f), ag.jacobian(f, (0, 1))]
    for p in plain:
        compiled = ag.compile(p)
        for k in range(3):
            args = draw.normal(size=n), draw.normal(size=n), draw.integers(0, n + (seed % 5 == 0), size=3)
            if k == 2:
                args = (args[0].tolist(), args[1].tolist(), args[2].tolist())
            with ag.no_grad() if p is not f else nullcontext():  # the numbers of a derivative
                a, b = outcome(compiled, layer, args), outcome(p, layer, args)
            if isinstance(b, tuple):
                assert a == b, source
            else:
                np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8 * (1.0 + np.abs(b).max()), err_msg=source)
