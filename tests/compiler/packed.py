"""What the tests of packed Values share."""

import pytest

from autograd_lite import Value

ROWS, COLUMNS = 6, 5


POINTS = [[0.3 * i - 0.7 * k + 0.1 for k in range(COLUMNS)] for i in range(4)]


class Labelled(Value):
    """A subclass, which may have state of its own."""


def weights(kind=Value):
    return [[kind(0.1 * (i + 1) - 0.07 * k) for k in range(COLUMNS)] for i in range(ROWS)]


def flat(W):
    return [w for row in W for w in row]


def grads(W):
    return [w.grad for w in flat(W)]


def close(a, b):
    assert a == pytest.approx(b, rel=1e-12, abs=1e-14)


def everything(arguments):
    return [*flat(arguments[0]["W"]), *arguments[0]["v"], arguments[1]]
