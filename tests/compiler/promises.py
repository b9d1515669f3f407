"""What the tests of promises share: containers, the comparison of a compiled function with the plain one."""

from __future__ import annotations

import collections
import contextvars
import copy
import dataclasses
import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning


@dataclasses.dataclass
class Pair:
    x: object
    y: object = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: object
    name: str = "frozen"


class Named(NamedTuple):
    x: object
    y: object


class Plain:
    rate = 2.0

    def __init__(self, x):
        self.x = x


POOL = ThreadPoolExecutor(1)
SETTING = contextvars.ContextVar("setting", default=2.0)


def numbers(y):
    """The numbers in anything a function returns."""
    if isinstance(y, ag.Value):
        return [y.data]
    if isinstance(y, (bool, np.bool_, str)) or y is None:
        return [y if isinstance(y, str) or y is None else bool(y)]
    if isinstance(y, (int, float, np.number)):
        return [float(y)]
    if isinstance(y, dict):
        return [n for item in y.values() for n in numbers(item)]
    if isinstance(y, np.ndarray):
        return [n for item in y.ravel().tolist() for n in numbers(item)]
    if isinstance(y, (list, tuple, collections.deque, collections.abc.Iterator)):
        return [n for item in y for n in numbers(item)]
    if callable(y):
        return numbers(y())
    if dataclasses.is_dataclass(y):
        return [n for field in dataclasses.fields(y) for n in numbers(getattr(y, field.name))]
    return numbers(vars(y))


def close(a, b):
    return (
        a == b
        or (a != a and b != b)
        or (not isinstance(a, (str, type(None))) and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-11))
    )


def outcome(f, *args):
    """What a call gives: its numbers, or its error."""
    try:
        return numbers(f(*args))
    except Exception as error:
        return type(error).__name__


def assert_promised(make, calls, transform=lambda f: f):
    """The compiled function, call by call, against the plain one: two copies that share no state."""
    plain, compiled = transform(make()), ag.compile(transform(make()))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        for args in calls:
            args = args if isinstance(args, tuple) else (args,)
            expected, got = outcome(plain, *copy.deepcopy(args)), outcome(compiled, *copy.deepcopy(args))
            same = isinstance(expected, str) == isinstance(got, str) and len(expected) == len(got)
            assert same, (args, expected, got)
            assert expected == got or all(map(close, expected, got)), (args, expected, got)
    said = [w for w in found if issubclass(w.category, CompileWarning)]
    assert len(said) <= 1, [str(w.message) for w in said]
    assert all(w.filename == __file__ for w in said)
    return bool(said)


FLOATS = [2.0, 3.0, 0.5, 2.0, -1.5]

TRANSFORMS = {
    "value": lambda f: f,
    "grad": ag.grad,
    "value_and_grad": ag.value_and_grad,
    "second": lambda f: ag.grad(ag.grad(f)),
    "third": lambda f: ag.grad(ag.grad(ag.grad(f))),
}


def closing(f):
    """A maker of a function without state."""
    return lambda: f


def halved(x):
    while x > 1.0:
        x = x * 0.5
    return x
