"""A second engine, naive on purpose: a tape of dictionaries, derivatives as sums over paths, formulas of its own.

It shares no code with the package: not the rules, not the float functions, not the sweep. Its formulas are those of a
calculus textbook, in terms of the operands alone; they cancel freely, and can afford it on numbers of 60 digits.
"""

from __future__ import annotations

from mpmath import mp, mpf

DIGITS = 60


def _sech2(x):
    return 1 / mp.cosh(x) ** 2


def _logistic(x):
    return 1 / (1 + mp.exp(-x))


def _tie(a, b):
    return (1.0, 0.0) if a > b else (0.0, 1.0) if a < b else (0.5, 0.5)


def _soft(xs):
    total = sum(mp.exp(x) for x in xs)
    return [mp.exp(x) / total for x in xs]


def _product(xs, skip=None):
    result = 1.0
    for i, x in enumerate(xs):
        if i != skip:
            result *= x
    return result


def _extreme(xs, best):
    winners = [x == best for x in xs]
    return [float(w) / sum(winners) for w in winners]


#: name → (value, partial derivatives) from the operands
OPS = {
    "add": lambda a, b: (a + b, [1.0, 1.0]),
    "sub": lambda a, b: (a - b, [1.0, -1.0]),
    "mul": lambda a, b: (a * b, [b, a]),
    "div": lambda a, b: (a / b, [1 / b, -a / b**2]),
    "neg": lambda x: (-x, [-1.0]),
    "square": lambda x: (x * x, [2 * x]),
    "reciprocal": lambda x: (1 / x, [-1 / x**2]),
    "pow": lambda x, y: (x**y, [y * x ** (y - 1), x**y * mp.log(x)]),
    "abs": lambda x: (abs(x), [mp.sign(x)]),
    "exp": lambda x: (mp.exp(x), [mp.exp(x)]),
    "expm1": lambda x: (mp.expm1(x), [mp.exp(x)]),
    "exp2": lambda x: (mpf(2) ** x, [mpf(2) ** x * mp.log(2)]),
    "log": lambda x: (mp.log(x), [1 / x]),
    "log1p": lambda x: (mp.log1p(x), [1 / (1 + x)]),
    "log2": lambda x: (mp.log(x, 2), [1 / (x * mp.log(2))]),
    "log10": lambda x: (mp.log10(x), [1 / (x * mp.log(10))]),
    "sqrt": lambda x: (mp.sqrt(x), [1 / (2 * mp.sqrt(x))]),
    "cbrt": lambda x: (mp.sign(x) * mp.cbrt(abs(x)), [1 / mp.cbrt(x * x) / 3]),
    "sin": lambda x: (mp.sin(x), [mp.cos(x)]),
    "cos": lambda x: (mp.cos(x), [-mp.sin(x)]),
    "tan": lambda x: (mp.tan(x), [1 / mp.cos(x) ** 2]),
    "asin": lambda x: (mp.asin(x), [1 / mp.sqrt(1 - x * x)]),
    "acos": lambda x: (mp.acos(x), [-1 / mp.sqrt(1 - x * x)]),
    "atan": lambda x: (mp.atan(x), [1 / (1 + x * x)]),
    "atan2": lambda y, x: (mp.atan2(y, x), [x / (x * x + y * y), -y / (x * x + y * y)]),
    "hypot": lambda x, y: (mp.sqrt(x * x + y * y), [x / mp.sqrt(x * x + y * y), y / mp.sqrt(x * x + y * y)]),
    "sinh": lambda x: (mp.sinh(x), [mp.cosh(x)]),
    "cosh": lambda x: (mp.cosh(x), [mp.sinh(x)]),
    "tanh": lambda x: (mp.tanh(x), [_sech2(x)]),
    "asinh": lambda x: (mp.asinh(x), [1 / mp.sqrt(1 + x * x)]),
    "acosh": lambda x: (mp.acosh(x), [1 / mp.sqrt(x * x - 1)]),
    "atanh": lambda x: (mp.atanh(x), [1 / (1 - x * x)]),
    "relu": lambda x: (x if x > 0 else 0.0, [1.0 if x > 0 else 0.0]),
    "leaky_relu": lambda x, s: (x, [1.0, 0.0]) if x > 0 else (s * x, [s, x]),
    "sigmoid": lambda x: (_logistic(x), [_logistic(x) * (1 - _logistic(x))]),
    "softplus": lambda x: (mp.log(1 + mp.exp(x)), [_logistic(x)]),
    "maximum": lambda a, b: (a if a > b else b, list(_tie(a, b))),
    "minimum": lambda a, b: (b if a > b else a, list(_tie(b, a))),
    "clip": lambda x, lo, hi: (
        (lo, [0.0, 1.0, 0.0]) if x < lo else (hi, [0.0, 0.0, 1.0]) if x > hi else (x, [float(lo < x < hi), 0.0, 0.0])
    ),
    "where": lambda c, a, b: (a, [0.0, 1.0, 0.0]) if c > 0 else (b, [0.0, 0.0, 1.0]),
    "sum": lambda *xs: (mp.fsum(xs), [1.0 for _ in xs]),
    "mean": lambda *xs: (mp.fsum(xs) / len(xs), [mpf(1) / len(xs) for _ in xs]),
    "prod": lambda *xs: (_product(xs), [_product(xs, i) for i in range(len(xs))]),
    "dot": lambda *xs: (
        mp.fsum(a * b for a, b in zip(xs[: len(xs) // 2], xs[len(xs) // 2 :])),
        [*xs[len(xs) // 2 :], *xs[: len(xs) // 2]],
    ),
    "max": lambda *xs: (max(xs), _extreme(xs, max(xs))),
    "min": lambda *xs: (min(xs), _extreme(xs, min(xs))),
    "logsumexp": lambda *xs: (mp.log(sum(mp.exp(x) for x in xs)), _soft(xs)),
}


class Number:
    """A number on the naive tape: ``pulls`` says what it was made from, and with which partials."""

    def __init__(self, value, pulls=()):
        self.value = mpf(value)
        self.pulls = list(pulls)


def call(name, *operands):
    """The op ``name`` applied to Numbers and floats."""
    values = [o.value if isinstance(o, Number) else mpf(o) for o in operands]
    with mp.workdps(DIGITS):
        value, partials = OPS[name](*values)
    return Number(value, [(o, p) for o, p in zip(operands, partials) if isinstance(o, Number)])


def derivative(result, leaf, known=None):
    """d result/d leaf: the sum over all paths, by recursion from the result."""
    known = {} if known is None else known
    if result is leaf:
        return mpf(1)
    if id(result) not in known:
        with mp.workdps(DIGITS):
            known[id(result)] = sum((p * derivative(o, leaf, known) for o, p in result.pulls), mpf(0))
    return known[id(result)]


#: for ``Expression.evaluate``
NAMESPACE = {name: (lambda *operands, name=name: call(name, *operands)) for name in OPS}


def gradient(f, point):
    """Value and gradient of an ``Expression`` by the naive engine."""
    leaves = [Number(x) for x in point]
    result = f.evaluate(NAMESPACE, leaves)
    if not isinstance(result, Number):
        return float(result), [0.0 for _ in leaves]
    return float(result.value), [float(derivative(result, leaf)) for leaf in leaves]
