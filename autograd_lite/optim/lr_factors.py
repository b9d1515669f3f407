"""Schedules by a function of the epoch, along a power, and several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..errors import StateError
from .optimizer import Optimizer
from .schedule import BASE, LRScheduler, Schedule, is_number, is_whole

__all__ = ["ChainedScheduler", "LambdaLR", "MultiplicativeLR", "PolynomialLR"]


class LambdaLR(LRScheduler):
    """Initial rate times ``lr_lambda(epoch)``.

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function of the epoch, or a list of them, one for each parameter group. They are not saved.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: unless there is one function, or one for each group.

    >>> import autograd_lite as ag
    >>> scheduler = LambdaLR(ag.optim.SGD([ag.Value(1.0)], lr=0.5), lambda epoch: 1 / (1 + epoch))
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.25]

    Source: torch.optim.lr_scheduler.LambdaLR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        count = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * count if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != count:
            raise ValueError(f"Expected {count} lr_lambdas, one for each parameter group, got {len(self.lr_lambdas)}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * rate(self.last_epoch) for rate, base in zip(self.lr_lambdas, self.base_lrs)]


class MultiplicativeLR(LambdaLR):
    """The rates times ``lr_lambda(epoch)``, every epoch.

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function of the epoch, or a list of them, one for each parameter group. They are not saved.
        last_epoch: see ``LRScheduler``.

    >>> import autograd_lite as ag
    >>> scheduler = MultiplicativeLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), lambda epoch: 0.5)
    >>> scheduler.step(); scheduler.step(); scheduler.get_last_lr()
    [0.25]

    Source: torch.optim.lr_scheduler.MultiplicativeLR.
    """

    def get_lr(self) -> list[float]:
        if self._is_initial or self.last_epoch == 0:
            return self._now()
        return [now * factor(self.last_epoch) for factor, now in zip(self.lr_lambdas, self._now())]


class PolynomialLR(LRScheduler):
    """(1 − epoch/total_iters)^power times the rates: down to 0 in ``total_iters`` epochs, and there it stays.

    Args:
        optimizer: whose rates are set.
        total_iters: after how many epochs 0 is reached.
        power: 1 is a straight line.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a total_iters that is no positive whole number.

    >>> import autograd_lite as ag
    >>> scheduler = PolynomialLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), total_iters=4)
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.75]

    Source: torch.optim.lr_scheduler.PolynomialLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"total_iters": is_whole, "power": is_number, **BASE}

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        if not is_whole(total_iters):
            raise ValueError(f"total_iters is a whole number of epochs, at least 1, not {total_iters!r}")
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        epoch, total = self.last_epoch, self.total_iters
        if self._is_initial or epoch == 0 or epoch > total:
            return self._now()
        factor = ((1.0 - epoch / total) / (1.0 - (epoch - 1) / total)) ** self.power
        return [now * factor for now in self._now()]


class ChainedScheduler(Schedule):
    """Several schedules of one optimiser, stepped together: their factors multiply.

    Args:
        schedulers: the schedules, in the order in which they are stepped.
        optimizer: theirs; taken from the first by default.

    Raises:
        ValueError: for no schedules, or those of several optimisers; TypeError: for one that needs a measure.

    >>> import autograd_lite as ag
    >>> from autograd_lite.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = ag.optim.SGD([ag.Value(1.0)], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=9), ExponentialLR(optimizer, 0.5)])
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.25]

    Source: torch.optim.lr_scheduler.ChainedScheduler.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError("ChainedScheduler takes at least one schedule")
        if not all(isinstance(scheduler, LRScheduler) for scheduler in schedulers):
            raise TypeError("ChainedScheduler takes schedules that count epochs (ReduceLROnPlateau needs a measure)")
        optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        if any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ValueError("ChainedScheduler takes schedules of the same optimizer")
        super().__init__(optimizer)
        self._schedulers = list(schedulers)
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def step(self) -> None:
        """Go on by one epoch with all of them."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        return {
            "_last_lr": list(self._last_lr),
            "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._check_state(state_dict)
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)
        self._last_lr = list(state_dict["_last_lr"])

    def _check_state(self, state: Any) -> None:
        names = {"_last_lr", "_schedulers"}
        if not isinstance(state, Mapping) or set(state) != names or not isinstance(state["_schedulers"], list):
            raise StateError(f"ChainedScheduler.load_state_dict takes a dict with {', '.join(sorted(names))}")
        if len(state["_schedulers"]) != len(self._schedulers):
            raise StateError(f"ChainedScheduler has {len(self._schedulers)} schedules, the loaded state another number")
        for scheduler, entry in zip(self._schedulers, state["_schedulers"]):
            scheduler._check_state(entry)
