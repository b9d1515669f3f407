"""The table, fourth page: n-ary primitives. One node for a whole sum, product or neuron, instead of forty."""

from __future__ import annotations

import builtins
import math
from typing import Any

from .arithmetic import div, where
from .core import TABLE, Nary, primitive
from .elementary import exp

__all__ = ["affine", "dot", "logsumexp", "max", "mean", "min", "prod", "sum"]

nan, inf = math.nan, math.inf


@primitive(lambda out, *xs: (1.0,) * len(xs), text="Σ({args})", latex=r"\sum\left({args}\right)", sympy="Add({args})",
           array="np.sum({args})", table=True)  # fmt: skip
def sum(*xs: float) -> float:
    """Sum of the numbers, added from left to right; every partial is 1. The empty sum is 0.

    >>> sum([1.0, 2.0, 3.0])
    6.0
    """
    return float(builtins.sum(xs))


@primitive(lambda out, *xs: (1.0 / len(xs),) * len(xs), text="mean({args})", latex=r"\operatorname{{mean}}\left({args}\right)",
           sympy="Add({args})/{n}", array="np.mean({args})", table=True)  # fmt: skip
def mean(*xs: float) -> float:
    """Arithmetic mean; every partial is 1/n. ValueError for no numbers at all.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    if not xs:
        raise ValueError("mean of no numbers: pass at least one")
    return float(builtins.sum(xs)) / len(xs)


def _prod_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    # prefix × suffix products: dividing the product by a zero factor would give nan
    before, after = [1.0], [1.0]
    for x in xs[:-1]:
        before.append(before[-1] * x)
    for x in xs[:0:-1]:
        after.append(after[-1] * x)
    return tuple(a * b for a, b in zip(before, reversed(after), strict=True)) if xs else ()


@primitive(_prod_partials, text="Π({args})", latex=r"\prod\left({args}\right)", sympy="Mul({args})", array="np.prod({args})", table=True)
def prod(*xs: float) -> float:
    """Product of the numbers; a partial is the product of the others, right even when factors are 0. Empty: 1.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return float(math.prod(xs))


class Dot(Nary):
    """Σ xᵢ·yᵢ of two iterables of the same length; the operands are x₁ … xₙ y₁ … yₙ."""

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(args) != 2:
            raise TypeError(f"dot takes two iterables of numbers, not {len(args)} argument(s)")
        first, second = (super(Dot, self).flatten((group,)) for group in args)
        if len(first) != len(second):
            raise ValueError(f"dot: the operands have {len(first)} and {len(second)} numbers; they must be as long")
        return (*first, *second)


def _dot(*args: float) -> float:
    """Dot product Σ xᵢ·yᵢ, added from left to right; ∂/∂xᵢ = yᵢ and ∂/∂yᵢ = xᵢ.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    n = len(args) // 2
    return float(builtins.sum(map(float.__mul__, args[:n], args[n:])))


dot = Dot(
    "dot", _dot, lambda out, *args: args[len(args) // 2 :] + args[: len(args) // 2], -1, "{args}", "{args}", "{args}",
    "np.dot({args})", 1, ((-2.0, 2.0),), (), _dot.__doc__ or "",
)  # fmt: skip
TABLE["dot"] = dot


class Affine(Nary):
    """A neuron's sum: Σ xᵢ·wᵢ + b; the operands are x₁ … xₙ w₁ … wₙ b."""

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(args) != 3:
            raise TypeError(f"affine takes inputs, weights and a bias, not {len(args)} argument(s)")
        return (*dot.flatten(args[:2]), args[2])


def _affine(*args: float) -> float:
    """A neuron's sum Σ xᵢ·wᵢ + b as one node; ∂/∂xᵢ = wᵢ, ∂/∂wᵢ = xᵢ, ∂/∂b = 1.

    >>> affine([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    n = len(args) // 2
    return float(builtins.sum(map(float.__mul__, args[:n], args[n:-1]), args[-1]))


affine = Affine(
    "affine", _affine,
    lambda out, *args: args[len(args) // 2 : -1] + args[: len(args) // 2] + (1.0,), -1, "{args}", "{args}", "{args}",
    "np.dot({args})", 1, ((-2.0, 2.0),), (), _affine.__doc__ or "",
)  # fmt: skip
TABLE["affine"] = affine


def _extreme_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    ties = [where(x == out, 1.0, where(x != x, nan, where(out == out, 0.0, nan))) for x in xs]
    count = ties[0]
    for tie in ties[1:]:
        count = count + tie
    return tuple(div(tie, count) for tie in ties)


@primitive(_extreme_partials, text="max({args})", latex=r"\max\left({args}\right)", sympy="Max({args})", array="np.max({args})", table=True)
def max(*xs: float) -> float:
    """The largest; nan if any is. The partial is 1 for the largest, 1/k each at a k-way tie.

    >>> max([1.0, 3.0, 2.0])
    3.0
    """
    if not xs:
        raise ValueError("max of no numbers: pass at least one")
    return nan if any(x != x for x in xs) else builtins.max(xs)


@primitive(_extreme_partials, text="min({args})", latex=r"\min\left({args}\right)", sympy="Min({args})", array="np.min({args})", table=True)
def min(*xs: float) -> float:
    """The smallest; nan if any is. The partial is 1 for the smallest, 1/k each at a k-way tie.

    >>> min([1.0, 3.0, 2.0])
    1.0
    """
    if not xs:
        raise ValueError("min of no numbers: pass at least one")
    return nan if any(x != x for x in xs) else builtins.min(xs)


def _softmax(out: Any, *xs: Any) -> tuple[Any, ...]:
    # eᵢ/Σe, shifted by the maximum: exp(x − lse) would lose digits
    top = xs[0]
    for x in xs[1:]:
        top = where(x > top, x, top)
    terms = [where(x == top, 1.0, exp(x - top)) for x in xs]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return tuple(div(term, total) for term in terms)


@primitive(_softmax, latex=r"\log\sum\exp\left({args}\right)", sympy="log(Add(*map(exp, [{args}])))",
           array="np.logaddexp.reduce({args})", table=True)  # fmt: skip
def logsumexp(*xs: float) -> float:
    """log Σ exp xᵢ, shifted by the maximum so that nothing overflows; the partials are the softmax.

    >>> logsumexp([1000.0, 1000.0]) == 1000.0 + math.log(2.0)
    True
    """
    if not xs:
        return -inf
    if any(x != x for x in xs):
        return nan
    top = builtins.max(xs)
    if math.isinf(top):
        return top
    return top + math.log(math.fsum(math.exp(x - top) for x in xs))
