"""``check_grads``: the engine's derivatives against differences of its own function values."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.sweeps import Node
from ..engine.value import Value
from .compare import Flat, Mismatch, Report, Settings, Stuck, check_point, on_inner_kink, shown
from .diagnosis import CheckError, explained
from .numbers import flatten, positional, result_numbers

__all__ = ["CheckError", "Report", "check_grads"]

MODES = ("forward", "reverse")


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    modes: Sequence[str] | str = MODES,
    *,
    directions: int = 2,
    seed: int = 0,
    rtol: float = 0.0,
    atol: float = 0.0,
) -> Report:
    """Compare the derivatives of ``f`` with extrapolated differences, and the modes with each other.

    Along random directions, the k-th derivative of the engine is compared with differences of its (k−1)-th, for
    k = 1 … ``order``. What is allowed follows from the computation: the error that the differences estimate for
    themselves, and how far rounding moves the result (Monte Carlo arithmetic on the recorded graph). A difference
    that straddles a kink is taken again with smaller steps; at a kink itself the derivative must lie between the
    one-sided slopes, and the check is then made a step aside.

    Args:
        f: a function of numbers, lists, tuples, dicts or arrays of them; its result may be any of these, too (a random
            combination of its numbers is checked).
        args: the arguments, a tuple or list of them; a single number, dict or array may stand alone.
        order: the highest derivative to check.
        modes: "forward", "reverse" or both.
        directions: how many random directions.
        seed: of the directions.
        rtol, atol: allow this much more, as a part of the derivative and absolutely.

    Returns:
        A Report; its text says how close the numbers were, and which kinks were met.

    Raises:
        CheckError: an AssertionError that names the op, the point, the two numbers, and shows the smallest failing
            graph (also as ``error.graph`` and ``error.dot``).
        ValueError: for a point where ``f`` is not finite or no differences can be taken, and for a wrong mode or order.

    >>> import autograd_lite as ag
    >>> report = check_grads(lambda x, y: ag.exp(x) / y, (0.5, 2.0), order=3)
    >>> report.worst < 1.0
    True
    >>> check_grads(lambda x: x * x.detach(), (3.0,))
    Traceback (most recent call last):
        ...
    autograd_lite.testing.diagnosis.CheckError: derivative of order 1 with respect to x0 ...: the engine says 3.0, ...
    """
    chosen = (modes,) if isinstance(modes, str) else tuple(modes)
    if not chosen or any(mode not in MODES for mode in chosen):
        raise ValueError(f"check_grads: modes are 'forward' and 'reverse', not {modes!r}")
    if order < 1 or directions < 1:
        raise ValueError("check_grads: order and directions are at least 1")
    arguments, _ = positional(f, args)
    point, rebuild = flatten(arguments, "check_grads")
    if not point:
        raise ValueError("check_grads: there is no number in the arguments")
    rng = random.Random(seed)
    weights: list[float] = []

    def flat(xs: Sequence[Any]) -> Any:
        numbers = result_numbers(f(*rebuild(iter(xs))))
        while len(weights) < len(numbers):
            weights.append(rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0))
        total = numbers[0] if len(numbers) == 1 else sum(w * y for w, y in zip(weights, numbers))
        return total if isinstance(total, Node) else Value(total)

    settings = Settings(order, chosen, directions, rtol, atol)
    report = Report()
    found = _with_steps_aside(flat, point, settings, rng, report)
    if found is not None:
        mismatch, where = found
        raise explained(flat, where, mismatch, settings)
    return report


def _with_steps_aside(
    flat: Flat, point: list[float], settings: Settings, rng: random.Random, report: Report
) -> tuple[Mismatch, list[float]] | None:
    """Check at ``point``; where that is on a kink, at points near it. Returns the first mismatch and its point."""
    here = point
    for attempt in range(8):
        try:
            found = check_point(flat, here, settings, rng, report, attempt > 0)
            if found is None:
                return None
            op = on_inner_kink(flat, here)
            if not op or found.why:
                return found, here
            raise Stuck(f"{op} on a kink inside the function")
        except Stuck as stuck:
            report.met(f"{stuck} at {shown(here)}")
            reach = 2.0 ** (-5 - attempt)
            here = [x + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * reach * max(abs(x), 1e-3) for x in point]
            if attempt < 2:
                here = [x + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * reach * max(abs(x), 1.0) for x in point]
    raise ValueError(f"check_grads: no differences can be taken near {shown(point)} ({report.kinks[-1]})")
