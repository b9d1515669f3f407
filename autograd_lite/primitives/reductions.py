"""The table, n-ary primitives. One node for a whole sum, product or neuron, instead of forty.

Source: the rules of calculus for sums and products.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from . import sums as kernels
from .arithmetic import abs, div, where
from .elementary import exp
from .logistic import difference, sigmoid
from .primitive import TABLE, Nary, Operand, Rule, primitive
from .trigonometric import directions

__all__ = ["affine", "dist", "dot", "fsum", "logsumexp", "max", "mean", "min", "prod", "sum", "sumprod"]

nan, inf = math.nan, math.inf


# --- sums and products ----------------------------------------------------------------------------------------------


@primitive(
    lambda out, *xs: (1.0,) * len(xs),
    text="Σ({args})",
    latex=r"\sum\left({args}\right)",
    sympy="Add({args})",
    array="np.sum({args}, axis=0)",
    table=True,
)
def sum(*xs: float) -> float:
    """Sum of the numbers, added from left to right; every partial is 1. The empty sum is 0.

    >>> sum([1.0, 2.0, 3.0])
    6.0
    """
    return kernels.total(list(xs))


@primitive(
    lambda out, *xs: (1.0,) * len(xs),
    text="Σ({args})",
    latex=r"\sum\left({args}\right)",
    sympy="Add({args})",
    array="np.sum({args}, axis=0)",
    table=True,
)
def fsum(*xs: float) -> float:
    """Sum of the numbers, rounded once (``math.fsum``); every partial is 1. The empty sum is 0.

    >>> fsum([1e16, 1.0, -1e16])
    1.0
    """
    try:
        return math.fsum(xs)
    except (OverflowError, ValueError):  # an infinity on the way, or inf − inf
        return kernels.total(list(xs))


def _mean_partials(out: Any, *xs: Any) -> tuple[float, ...]:
    return (1.0 / len(xs),) * len(xs)


@primitive(
    _mean_partials,
    text="mean({args})",
    latex=r"\operatorname{{mean}}\left({args}\right)",
    sympy="(Add({args})/{n})",
    array="np.mean({args}, axis=0)",
    table=True,
)
def mean(*xs: float) -> float:
    """Arithmetic mean; every partial is 1/n. ValueError for no numbers at all.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    if not xs:
        raise ValueError("mean of no numbers: pass at least one")
    return kernels.total(list(xs)) / len(xs)


def _prod_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    # prefix × suffix products: dividing the product by a zero factor would give nan
    before, after = [1.0], [1.0]
    for x in xs[:-1]:
        before.append(before[-1] * x)
    for x in xs[:0:-1]:
        after.append(after[-1] * x)
    return tuple(a * b for a, b in zip(before, reversed(after), strict=True)) if xs else ()


# --- of two groups of numbers ---------------------------------------------------------------------------------------


def grouped(
    make: type[Nary], fn: Any, partials: Rule, text: str, latex: str, sympy: str, array: str, precedence: int = 5
) -> Any:
    """An entry whose operands come in groups, one after the other in ``{args}``."""
    name = fn.__name__.lstrip("_")
    domain = ((-2.0, 2.0),)
    TABLE[name] = made = make(
        name, fn, partials, -1, text, latex, sympy, array, precedence, domain, (), fn.__doc__ or ""
    )
    return made


class Product(Nary):
    """The product; with ``start=``, as in ``math.prod``, times that."""

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op; a start other than 1 is one more factor, the first."""
        start = named.get("start", 1)
        if set(named) - {"start"}:
            return super().dispatch(args, named)
        factors = self.flatten(args)
        return super().dispatch(factors if type(start) is int and start == 1 else (start, *factors), {})


def _prod(*xs: float) -> float:
    """Product of the numbers; a partial is the product of the others, right even when factors are 0. Empty: 1.

    ``start`` is one more factor, as in ``math.prod``.

    >>> prod([2.0, 3.0, 4.0]), prod([2.0, 3.0], start=10.0)
    (24.0, 60.0)
    """
    return float(math.prod(xs))


prod: Product = grouped(
    Product,
    _prod,
    _prod_partials,
    text="Π({args})",
    latex=r"\prod\left({args}\right)",
    sympy="Mul({args})",
    array="np.prod({args}, axis=0)",
    precedence=5,
)


class Pairs(Nary):
    """A primitive of two iterables of the same length; the operands are x₁ … xₙ y₁ … yₙ."""

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands, the first group before the second."""
        if len(args) != 2:
            raise TypeError(f"{self.name} takes two iterables of numbers, not {len(args)} argument(s)")
        first, second = (super(Pairs, self).flatten((group,)) for group in args)
        if len(first) != len(second):
            raise ValueError(
                f"{self.name}: the operands have {len(first)} and {len(second)} numbers; they must be as long"
            )
        return (*first, *second)


def _dot(*args: float) -> float:
    """Dot product Σ xᵢ·yᵢ, added from left to right; the partials are ∂/∂xᵢ = yᵢ and ∂/∂yᵢ = xᵢ.

    Args:
        xs: numbers and Values: a list or another iterable, an array.
        ys: as many.

    Returns:
        A float, or a Value if one of the numbers is.

    Raises:
        TypeError: for what is no number; ValueError: unless there are as many of both.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    n = len(args) // 2
    return kernels.affine(list(args[:n]), list(args[n:]))


def _dot_partials(out: Any, *args: Any) -> tuple[Any, ...]:
    n = len(args) // 2
    return args[n:] + args[:n]


dot: Pairs = grouped(
    Pairs,
    _dot,
    _dot_partials,
    text="{args}",
    latex="{args}",
    sympy="(lambda *a: Add(*[x*y for x, y in zip(a[: {n} // 2], a[{n} // 2 :])]))({args})",
    array="np.einsum('i...,i...->...', {args}[: {n} // 2], {args}[{n} // 2 :])",
    precedence=1,
)

#: ``math``'s name for the dot product
sumprod = dot


def _dist(*args: float) -> float:
    """Euclidean distance √Σ(xᵢ − yᵢ)² of two points; the partials are ±(xᵢ − yᵢ)/out, 0 at distance 0.

    Args:
        xs: numbers and Values: a list or another iterable, an array.
        ys: as many.

    Returns:
        A float, or a Value if one of the numbers is.

    Raises:
        TypeError: for what is no number; ValueError: unless there are as many of both.

    >>> dist([1.0, 2.0], [4.0, 6.0])
    5.0
    """
    n = len(args) // 2
    return math.dist(args[:n], args[n:])


def _dist_partials(out: Any, *args: Any) -> tuple[Any, ...]:
    n = len(args) // 2
    first = directions(out, [x - y for x, y in zip(args[:n], args[n:], strict=True)])
    return (*first, *[-p for p in first])


dist: Pairs = grouped(
    Pairs,
    _dist,
    _dist_partials,
    text="dist({args})",
    latex=r"\operatorname{{dist}}\left({args}\right)",
    sympy="(lambda *a: sqrt(Add(*[(x - y)**2 for x, y in zip(a[: {n} // 2], a[{n} // 2 :])])))({args})",
    array="np.hypot.reduce({args}[: {n} // 2] - {args}[{n} // 2 :], axis=0)",
    precedence=5,
)


class Affine(Nary):
    """A neuron's sum: Σ xᵢ·wᵢ + b; the operands are x₁ … xₙ w₁ … wₙ b."""

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands: inputs, weights, bias."""
        if len(args) != 3:
            raise TypeError(f"affine takes inputs, weights and a bias, not {len(args)} argument(s)")
        return (*dot.flatten(args[:2]), args[2])


def _affine(*args: float) -> float:
    """A neuron's sum Σ xᵢ·wᵢ + b as one node; the partials are ∂/∂xᵢ = wᵢ, ∂/∂wᵢ = xᵢ, ∂/∂b = 1.

    Args:
        xs: the inputs, numbers and Values: a list or another iterable, an array.
        weights: as many.
        bias: a number or a Value.

    Returns:
        A float, or a Value if one of the numbers is.

    Raises:
        TypeError: for what is no number; ValueError: unless there are as many weights as inputs.

    >>> affine([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    n = len(args) // 2
    return kernels.affine(list(args[:n]), list(args[n:-1]), args[-1])


def _affine_partials(out: Any, *args: Any) -> tuple[Any, ...]:
    n = len(args) // 2
    return (*args[n:-1], *args[:n], 1.0)


affine: Affine = grouped(
    Affine,
    _affine,
    _affine_partials,
    text="{args}",
    latex="{args}",
    sympy="(lambda *a: Add(*[x*y for x, y in zip(a[: {n} // 2], a[{n} // 2 :])], a[-1]))({args})",
    array="(np.einsum('i...,i...->...', {args}[: {n} // 2], {args}[{n} // 2 : -1]) + {args}[-1])",
    precedence=1,
)


# --- extremes -------------------------------------------------------------------------------------------------------


def _extreme_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    ties = [where(x == out, 1.0, where(x != x, nan, where(out == out, 0.0, nan))) for x in xs]
    count = ties[0]
    for tie in ties[1:]:
        count = count + tie
    return tuple([div(tie, count) for tie in ties])


@primitive(
    _extreme_partials,
    text="max({args})",
    latex=r"\max\left({args}\right)",
    sympy="Max({args})",
    array="np.max({args}, axis=0)",
    table=True,
)
def max(*xs: float) -> float:
    """The largest; nan if any is. The partial is 1 for the largest, 1/k each at a k-way tie. ValueError for none.

    >>> max([1.0, 3.0, 2.0])
    3.0
    """
    if not xs:
        raise ValueError("max of no numbers: pass at least one")
    return nan if any(x != x for x in xs) else builtins.max(xs)


@primitive(
    _extreme_partials,
    text="min({args})",
    latex=r"\min\left({args}\right)",
    sympy="Min({args})",
    array="np.min({args}, axis=0)",
    table=True,
)
def min(*xs: float) -> float:
    """The smallest; nan if any is. The partial is 1 for the smallest, 1/k each at a k-way tie. ValueError for none.

    >>> min([1.0, 3.0, 2.0])
    1.0
    """
    if not xs:
        raise ValueError("min of no numbers: pass at least one")
    return nan if any(x != x for x in xs) else builtins.min(xs)


def _exponentials(xs: Sequence[Any]) -> tuple[list[Any], Any]:
    """e^(xᵢ − max) and their sum. No derivative depends on the shift: it is a constant to them."""
    top = xs[0]
    for x in xs[1:]:
        top = where(x > top, x, top)
    if isinstance(top, Operand):
        top = top.detach()
    terms = [where(x == top, where(abs(x) == inf, 1.0, exp(x - top)), exp(x - top)) for x in xs]
    return terms, _added(terms)


def _added(terms: Sequence[Any]) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def shares(out: Any, xs: Sequence[Any]) -> tuple[list[Any], Any]:
    """The softmax of the numbers, and one minus the first of it; nan where ``out`` is.

    A share of more than half is 1 − (the others), so that its derivative s·(1 − s) keeps its digits, and what the first
    leaves over is added up from the others where it is less than half. The shares of two numbers are sigmoids, whose
    further derivatives keep their digits where they are nearly the same.
    """
    if len(xs) == 2:
        a, b = (sigmoid(difference(x, y)) for x, y in (xs, xs[::-1]))
        return [a, b], b
    if {*map(type, xs)} == {float} and math.isfinite(builtins.sum(xs)):
        found, others = float_shares(xs)
        return found, others[0]
    terms, total = _exponentials(xs)
    large = [2.0 * term > total for term in terms]
    found = [div(term, total) for term in terms]
    if any(test is not False for test in large):
        rest = _added([where(test, 0.0, term) for test, term in zip(large, terms, strict=True)])
        found = [where(test, 1.0 - div(rest, total), s) for test, s in zip(large, found, strict=True)]
    others = div(_added([0.0, *terms[1:]]), total)
    return (
        [where(out == out, s, nan) for s in found],
        where(out == out, where(large[0], others, 1.0 - div(terms[0], total)), nan),
    )


def float_shares(xs: Sequence[float]) -> tuple[list[float], list[float]]:
    """The same of finite floats, and one minus each of them."""
    top = builtins.max(xs)
    terms = [math.exp(x - top) for x in xs]
    total = _added(terms)
    found = [term / total for term in terms]
    others = [1.0 - s for s in found]
    for i, term in enumerate(terms):
        if 2.0 * term > total:  # one at most
            others[i] = _added([*terms[:i], 0.0, *terms[i + 1 :]]) / total
            found[i] = 1.0 - others[i]
    return found, others


def _logsumexp_partials(out: Any, *xs: Any) -> tuple[Any, ...]:
    return tuple(shares(out, xs)[0])  # and not exp(x − out), which loses digits


@primitive(
    _logsumexp_partials,
    latex=r"\log\sum\exp\left({args}\right)",
    sympy="log(Add(*map(exp, [{args}])))",
    array="np.logaddexp.reduce({args}, axis=0)",
    table=True,
)
def logsumexp(*xs: float) -> float:
    """log Σ exp xᵢ, shifted by the maximum so that nothing overflows; the partials are the softmax. Empty: −inf.

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
    at = xs.index(top)  # its term is 1: log1p of the others keeps what they add next to 0
    return top + math.log1p(math.fsum([math.exp(x - top) for x in (*xs[:at], *xs[at + 1 :])]))
