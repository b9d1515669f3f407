"""LBFGS, through SciPy's L-BFGS-B."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .blocks import Array
from .optimizer import Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Limited-memory BFGS: whole-batch minimisation by SciPy, for small smooth problems.

    ``step(closure)`` runs up to ``max_iter`` iterations from where the parameters are; the curvature memory begins
    afresh with each step. SciPy's line search chooses the step lengths, so there is no learning rate to tune.

    Args:
        params: Parameters or Values, in one group.
        lr: for PyTorch's sake; only 1.
        max_iter: iterations in a step.
        max_eval: calls of the closure in a step; by default 1.25·max_iter.
        tolerance_grad: stop when no gradient component is larger.
        tolerance_change: stop when the loss changes by less, relative to its size.
        history_size: pairs of steps and gradient changes that stand in for the Hessian.
        line_search_fn: for PyTorch's sake; None or ``"strong_wolfe"``, and it is strong Wolfe either way.

    Raises:
        ImportError: without SciPy.
        ValueError: for a hyper-parameter out of range, or several groups.

    >>> import autograd_lite as ag
    >>> x, y = ag.Value(-1.0), ag.Value(2.0)
    >>> optimizer = LBFGS([x, y], max_iter=100)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> round(x.data, 3), round(y.data, 3)
    (1.0, 1.0)

    Source: Liu and Nocedal (1989); Zhu, Byrd, Lu and Nocedal (1997), algorithm 778.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        _minimize()
        if lr != 1:
            raise ValueError(f"LBFGS has no learning rate (SciPy's line search sets the steps): lr is 1, not {lr}")
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"line_search_fn is None or 'strong_wolfe', not {line_search_fn!r}")
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        for name, count in (("max_iter", max_iter), ("max_eval", max_eval), ("history_size", history_size)):
            if not isinstance(count, int) or count < 1:
                raise ValueError(f"Invalid {name}: {count!r} (a whole number of at least 1)")
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS takes all its parameters in one group")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Minimise for up to ``max_iter`` iterations.

        Args:
            closure: sets the gradients to 0, computes the loss, runs ``backward`` and returns the loss.

        Returns:
            The loss before the step: what the first call of ``closure`` returned.

        Raises:
            TypeError: without a closure.

        If the closure raises, the parameters are put back to where they were.
        """
        if closure is None:
            raise TypeError("LBFGS evaluates the loss many times in a step: write step(closure)")
        group = self.param_groups[0]
        start = self._gather(0)
        losses: list[Any] = []

        def objective(point: Array) -> tuple[float, Array]:
            self._scatter(point)
            loss = closure()
            losses.append(loss if not losses else None)
            return float(loss.item() if hasattr(loss, "item") else loss), self._gather(1)

        try:
            found = _minimize()(
                objective,
                start,
                jac=True,
                method="L-BFGS-B",
                options={
                    "maxiter": group["max_iter"],
                    "maxfun": group["max_eval"],
                    "maxcor": group["history_size"],
                    "gtol": group["tolerance_grad"],
                    "ftol": group["tolerance_change"],
                },
            )
        except BaseException:
            self._scatter(start)
            raise
        self._scatter(np.asarray(found.x, dtype=np.float64))
        return losses[0]

    def _gather(self, which: int) -> Array:
        """All numbers (0) or all gradients (1) as one vector."""
        parts = []
        for block in self._blocks[0]:
            pair = block.read()
            part = pair[which]
            parts.append(np.zeros(pair[0].size) if part is None else np.array(part).ravel())
        return np.concatenate(parts)

    def _scatter(self, point: Array) -> None:
        start = 0
        for block in self._blocks[0]:
            data, _ = block.read()
            data[...] = point[start : start + data.size].reshape(data.shape)
            block.write(data)
            start += data.size


def _minimize() -> Any:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError('LBFGS needs SciPy: pip install "autograd-lite[lbfgs]"') from error
    return minimize
