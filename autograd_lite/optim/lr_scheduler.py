"""Learning-rate schedules: ``scheduler.step()`` after each epoch sets ``group["lr"]`` of every parameter group.

As in PyTorch, most schedules work out the next rate from the present one (so that two of them, or a change by hand,
combine); the order of floating-point operations is PyTorch's too.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..errors import StateError
from .lr_cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from .lr_factors import ChainedScheduler, LambdaLR, MultiplicativeLR, PolynomialLR
from .optimizer import Optimizer
from .schedule import BASE, LRScheduler, Schedule, are_numbers, is_count, is_number, is_whole

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class StepLR(LRScheduler):
    """Multiply the rates by ``gamma`` every ``step_size`` epochs.

    Args:
        optimizer: whose rates are set.
        step_size: epochs between two drops.
        gamma: the factor.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a step_size that is no positive whole number.

    >>> import autograd_lite as ag
    >>> scheduler = StepLR(ag.optim.SGD([ag.Value(1.0)], lr=0.1), step_size=2, gamma=0.5)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += scheduler.get_last_lr(); scheduler.step()
    >>> rates
    [0.1, 0.1, 0.05, 0.05]

    Source: torch.optim.lr_scheduler.StepLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"step_size": is_whole, "gamma": is_number, **BASE}

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if not is_whole(step_size):
            raise ValueError(f"step_size is a whole number of epochs, at least 1, not {step_size!r}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_taken_up or self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._now()
        return [rate * self.gamma for rate in self._now()]


def _are_milestones(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(k, int) and is_whole(n) for k, n in entry.items())


class MultiStepLR(LRScheduler):
    """Multiply the rates by ``gamma`` at each milestone.

    Args:
        optimizer: whose rates are set.
        milestones: epochs; one that is listed twice counts twice.
        gamma: the factor.
        last_epoch: see ``LRScheduler``.

    >>> import autograd_lite as ag
    >>> scheduler = MultiStepLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), milestones=[1, 3], gamma=0.5)
    >>> for _ in range(3): scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]

    Source: torch.optim.lr_scheduler.MultiStepLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {
        "milestones": _are_milestones,
        "gamma": is_number,
        **BASE,
    }

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones: dict[int, int] = dict(Counter(map(operator.index, milestones)))
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        count = 0 if self._is_taken_up else self.milestones.get(self.last_epoch, 0)
        return [rate * self.gamma**count for rate in self._now()] if count else self._now()


def _epochs(total_iters: Any) -> int:
    """A number of epochs; ValueError for what is not whole."""
    if not is_number(total_iters) or total_iters != int(total_iters) or total_iters < 0:
        raise ValueError(f"total_iters is a whole number of epochs, not {total_iters!r}")
    return int(total_iters)


class ConstantLR(LRScheduler):
    """The rates times ``factor`` until epoch ``total_iters``, then undone.

    Args:
        optimizer: whose rates are set.
        factor: in (0, 1].
        total_iters: for how many epochs.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a factor outside (0, 1].

    >>> import autograd_lite as ag
    >>> scheduler = ConstantLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), factor=0.5, total_iters=2)
    >>> scheduler.get_last_lr()
    [0.5]

    Source: torch.optim.lr_scheduler.ConstantLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"factor": is_number, "total_iters": is_count, **BASE}

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 < factor <= 1:
            raise ValueError(f"factor is above 0 and at most 1, not {factor!r}")
        self.factor = factor
        self.total_iters = _epochs(total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._now()]
        if self._is_taken_up or self.last_epoch != self.total_iters:
            return self._now()
        return [rate * (1.0 / self.factor) for rate in self._now()]


class LinearLR(LRScheduler):
    """A straight line from ``start_factor`` to ``end_factor`` times the rates, over ``total_iters`` epochs: a warm-up.

    Args:
        optimizer: whose rates are set.
        start_factor: in (0, 1].
        end_factor: in [0, 1].
        total_iters: after how many epochs the end is reached.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a start_factor outside (0, 1], or an end_factor outside [0, 1].

    >>> import autograd_lite as ag
    >>> scheduler = LinearLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), start_factor=0.5, total_iters=2)
    >>> scheduler.step(); scheduler.get_last_lr()
    [0.75]

    Source: torch.optim.lr_scheduler.LinearLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {
        "start_factor": is_number,
        "end_factor": is_number,
        "total_iters": is_count,
        **BASE,
    }

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"start_factor is above 0 and at most 1, not {start_factor!r}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"end_factor is between 0 and 1, not {end_factor!r}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = _epochs(total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        epoch, start, rise = self.last_epoch, self.start_factor, self.end_factor - self.start_factor
        if epoch == 0:
            return [rate * start for rate in self._now()]
        if self._is_taken_up or epoch > self.total_iters:
            return self._now()
        if epoch == self.total_iters and self.end_factor == 0:
            return [0.0] * len(self.base_lrs)  # the recurrence misses it by a rounding, to either side
        return [rate * (1.0 + rise / (self.total_iters * start + (epoch - 1) * rise)) for rate in self._now()]


class ExponentialLR(LRScheduler):
    """Multiply the rates by ``gamma`` every epoch.

    Args:
        optimizer: whose rates are set.
        gamma: the factor.
        last_epoch: see ``LRScheduler``.

    >>> import autograd_lite as ag
    >>> scheduler = ExponentialLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), gamma=0.5)
    >>> scheduler.step(); scheduler.step(); scheduler.get_last_lr()
    [0.25]

    Source: torch.optim.lr_scheduler.ExponentialLR.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"gamma": is_number, **BASE}

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._now() if self._is_initial or self.last_epoch == 0 else [rate * self.gamma for rate in self._now()]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine wave from the initial rate down to ``eta_min`` in ``T_max`` epochs (and up again after it).

    Args:
        optimizer: whose rates are set.
        T_max: epochs from the top to the bottom.
        eta_min: the lowest rate.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a T_max that is no positive whole number.

    >>> import autograd_lite as ag
    >>> scheduler = CosineAnnealingLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), T_max=4)
    >>> scheduler.step(); scheduler.step(); round(scheduler.get_last_lr()[0], 12)
    0.5

    Source: Loshchilov and Hutter (2017), without the restarts.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"T_max": is_whole, "eta_min": is_number, **BASE}

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if not is_whole(T_max):
            raise ValueError(f"T_max is a whole number of epochs, at least 1, not {T_max!r}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        epoch, period, low = self.last_epoch, self.T_max, self.eta_min
        if self._is_taken_up:  # a rate that is still the initial one: no state was loaded
            wave = (1 + math.cos(epoch * math.pi / period)) / 2
            return [low + (x - low) * wave if x == base else x for x, base in zip(self._now(), self.base_lrs)]
        if epoch == 0:
            return self._now()
        if (epoch - 1 - period) % (2 * period) == 0:  # just past the bottom, where the recurrence would divide by 0
            rise = [(base - low) * (1 - math.cos(math.pi / period)) / 2 for base in self.base_lrs]
            return [rate + up for rate, up in zip(self._now(), rise)]
        now = 1 + math.cos(math.pi * epoch / period)
        before = 1 + math.cos(math.pi * (epoch - 1) / period)
        return [now / before * (rate - low) + low for rate in self._now()]


class SequentialLR(LRScheduler):
    """One schedule after the other: the next one begins, at its own epoch 0, at each milestone.

    Args:
        optimizer: the optimiser of all of them.
        schedulers: the schedules.
        milestones: one epoch less than there are schedules, in increasing order.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for no schedules, those of several optimisers, or milestones that don't fit; TypeError: for a
            schedule that needs a measure.

    >>> import autograd_lite as ag
    >>> optimizer = ag.optim.SGD([ag.Value(1.0)], lr=1.0)
    >>> warm, cool = ConstantLR(optimizer, 0.5, total_iters=9), ExponentialLR(optimizer, 0.5)
    >>> scheduler = SequentialLR(optimizer, [warm, cool], milestones=[2])
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += scheduler.get_last_lr(); scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.5, 0.25]

    Source: torch.optim.lr_scheduler.SequentialLR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError("SequentialLR takes at least one schedule")
        if not all(isinstance(scheduler, LRScheduler) for scheduler in schedulers):
            raise TypeError("SequentialLR takes schedules that count epochs (ReduceLROnPlateau needs a measure)")
        if any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ValueError("SequentialLR takes schedules of the same optimizer")
        if len(milestones) != len(schedulers) - 1 or list(milestones) != sorted(milestones):
            raise ValueError(
                f"SequentialLR takes one milestone fewer than schedules, in increasing order; "
                f"got {len(schedulers)} schedules and milestones {list(milestones)}"
            )
        Schedule.__init__(self, optimizer)
        self._schedulers = list(schedulers)
        self._milestones = [operator.index(milestone) for milestone in milestones]
        self.last_epoch = 0
        for group in optimizer.param_groups:  # what the others' beginnings did to the rates is undone
            group["lr"] = group["initial_lr"]
        for scheduler in schedulers:
            scheduler.last_epoch -= 1
        self._schedulers[0]._begin()
        self._last_lr = schedulers[0].get_last_lr()
        for _ in range(last_epoch + 1):  # the others' beginnings have changed the rates of a loaded state
            self.step()

    def step(self) -> None:
        """Go on by one epoch with the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return {
            "last_epoch": self.last_epoch,
            "_last_lr": list(self._last_lr),
            "_milestones": list(self._milestones),
            "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._check_state(state_dict)
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)
        self.last_epoch = state_dict["last_epoch"]
        self._last_lr = list(state_dict["_last_lr"])
        self._milestones = list(state_dict["_milestones"])

    def _check_state(self, state: Any) -> None:
        names = {"last_epoch", "_last_lr", "_milestones", "_schedulers"}
        if not isinstance(state, Mapping) or set(state) != names or not isinstance(state["_schedulers"], list):
            raise StateError(f"SequentialLR.load_state_dict takes a dict with {', '.join(sorted(names))}")
        if not is_count(state["last_epoch"]) or not are_numbers(state["_last_lr"]):
            raise StateError("SequentialLR: last_epoch is a count and _last_lr a list of numbers")
        marks = state["_milestones"]
        if not isinstance(marks, list) or not all(is_count(m) for m in marks) or marks != sorted(marks):
            raise StateError("SequentialLR: _milestones is an increasing list of epochs")
        if len(state["_schedulers"]) != len(self._schedulers) or len(marks) != len(self._milestones):
            raise StateError(f"SequentialLR has {len(self._schedulers)} schedules, the loaded state another number")
        for scheduler, entry in zip(self._schedulers, state["_schedulers"]):
            scheduler._check_state(entry)


class ReduceLROnPlateau(Schedule):
    """Multiply the rates by ``factor`` when a measure has stopped getting better: ``scheduler.step(loss)``.

    Args:
        optimizer: whose rates are set.
        mode: ``"min"`` for a measure that should fall, ``"max"`` for one that should rise.
        factor: below 1.
        patience: how many epochs without improvement are borne.
        threshold: how much better counts as better.
        threshold_mode: ``"rel"``, a share of the best so far, or ``"abs"``.
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: the lowest rate, or a list with one for each group.
        eps: a reduction smaller than this is left out.

    Raises:
        ValueError: for a factor of 1 or more, another mode or threshold_mode, or another number of min_lr.

    >>> import autograd_lite as ag
    >>> scheduler = ReduceLROnPlateau(ag.optim.SGD([ag.Value(1.0)], lr=1.0), patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]: scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]

    Source: torch.optim.lr_scheduler.ReduceLROnPlateau.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {
        "factor": is_number,
        "min_lrs": are_numbers,
        "patience": is_count,
        "cooldown": is_count,
        "eps": is_number,
        "threshold": is_number,
        "mode": ("min", "max").__contains__,
        "threshold_mode": ("rel", "abs").__contains__,
        "best": is_number,
        "num_bad_epochs": is_count,
        "cooldown_counter": is_count,
        "last_epoch": is_count,
        "_last_lr": are_numbers,
    }

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        if not factor < 1:
            raise ValueError(f"Factor should be < 1.0, not {factor!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', not {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode is 'rel' or 'abs', not {threshold_mode!r}")
        count = len(optimizer.param_groups)
        self.min_lrs = [min_lr] * count if isinstance(min_lr, (int, float)) else list(min_lr)
        if len(self.min_lrs) != count:
            raise ValueError(f"min_lr has {len(self.min_lrs)} rates for {count} parameter groups")
        self.mode, self.threshold_mode, self.threshold = mode, threshold_mode, threshold
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def step(self, metrics: Any) -> None:
        """Go on by one epoch.

        Args:
            metrics: the measure: a number or a Value.
        """
        now = float(metrics.item() if hasattr(metrics, "item") else metrics)
        self.last_epoch += 1
        if self._is_better(now):
            self.best = now
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.num_bad_epochs > self.patience:
            lower = [max(rate * self.factor, low) for rate, low in zip(rates, self.min_lrs)]
            rates = [new if rate - new > self.eps else rate for rate, new in zip(rates, lower)]
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._set(rates)

    def _is_better(self, now: float) -> bool:
        best, threshold = self.best, self.threshold
        if self.mode == "min":
            return now < (best * (1.0 - threshold) if self.threshold_mode == "rel" else best - threshold)
        return now > (best * (threshold + 1.0) if self.threshold_mode == "rel" else best + threshold)

    @property
    def in_cooldown(self) -> bool:
        """Whether it waits after a reduction."""
        return self.cooldown_counter > 0
