"""Schedules that go up and down: cosine waves with restarts, one cycle, triangles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from .optimizer import Optimizer
from .schedule import BASE, LRScheduler, is_count, is_number, is_whole

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


def _of_groups(optimizer: Optimizer, name: str, given: float | Sequence[float]) -> list[float]:
    """A number for each parameter group."""
    count = len(optimizer.param_groups)
    numbers = [float(x) for x in given] if isinstance(given, (list, tuple)) else [float(given)] * count  # type: ignore[arg-type]
    if len(numbers) != count:
        raise ValueError(f"{name} has {len(numbers)} numbers for {count} parameter groups")
    return numbers


def _cycles_momentum(optimizer: Optimizer) -> str:
    """Which hyper-parameter a cycle of momentum sets."""
    for name in ("betas", "momentum"):
        if name in optimizer.defaults:
            return name
    raise ValueError(f"{type(optimizer).__name__} has neither momentum nor betas to cycle: write cycle_momentum=False")


def _set_momentum(optimizer: Optimizer, name: str, momenta: Sequence[float]) -> None:
    for group, momentum in zip(optimizer.param_groups, momenta):
        group[name] = (momentum, *group[name][1:]) if name == "betas" else momentum


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine wave from the initial rate down to ``eta_min``, again and again, each ``T_mult`` times as long.

    Args:
        optimizer: whose rates are set.
        T_0: epochs of the first wave.
        T_mult: how many times as long the next one is.
        eta_min: the lowest rate.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for a T_0 or T_mult that is no positive whole number, or a negative epoch.

    >>> import autograd_lite as ag
    >>> scheduler = CosineAnnealingWarmRestarts(ag.optim.SGD([ag.Value(1.0)], lr=1.0), T_0=2)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += [round(rate, 6) for rate in scheduler.get_last_lr()]; scheduler.step()
    >>> rates
    [1.0, 0.5, 1.0, 0.5, 1.0]

    Source: Loshchilov and Hutter (2017).
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {
        "T_0": is_whole,
        "T_i": is_whole,
        "T_mult": is_whole,
        "eta_min": is_number,
        "T_cur": is_number,
        **BASE,
    }

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        for name, count in (("T_0", T_0), ("T_mult", T_mult)):
            if not is_whole(count):
                raise ValueError(f"{name} is a whole number, at least 1, not {count!r}")
        self.T_0 = self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        wave = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * wave / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on by one epoch.

        Args:
            epoch: go there instead; a fraction of an epoch, ``epoch + batch / batches``, will do.
        """
        self._step_count += 1
        if self._is_initial:
            epoch = self.last_epoch + 1
            self._go_to(epoch)
        elif epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            if not epoch >= 0:
                raise ValueError(f"epoch is a number of at least 0, not {epoch!r}")
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _go_to(self, epoch: float) -> None:
        """The wave that an epoch is in, and where in it."""
        self.T_i, self.T_cur = self.T_0, epoch
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
            return
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult

    def _restart(self) -> None:
        self.T_cur, self.T_i = 0, self.T_0
        super()._restart()


class OneCycleLR(LRScheduler):
    """Up from max_lr/div_factor to ``max_lr``, then down to nearly nothing: one cycle, stepped after every *batch*.

    Args:
        optimizer: whose rates (and momenta) are set.
        max_lr: the highest rate, or a list with one for each group.
        total_steps: batches in all; or give ``epochs`` and ``steps_per_epoch``.
        epochs: how many.
        steps_per_epoch: batches in one.
        pct_start: the share of the steps that go up.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: momentum goes the other way, from ``max_momentum`` to ``base_momentum`` and back.
        base_momentum: the lowest momentum (Adam: β₁), or a list.
        max_momentum: the highest, or a list.
        div_factor: the first rate is max_lr/div_factor.
        final_div_factor: the last rate is that over final_div_factor.
        three_phase: down as long as up, and only then to the last rate.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for an argument out of range; from ``step`` after ``total_steps``.

    >>> import autograd_lite as ag
    >>> scheduler = OneCycleLR(ag.optim.SGD([ag.Value(1.0)], lr=0.1, momentum=0.9), max_lr=1.0, total_steps=10)
    >>> for _ in range(2): scheduler.step()
    >>> scheduler.get_last_lr(), scheduler.optimizer.param_groups[0]["momentum"]
    ([1.0], 0.85)

    Source: Smith and Topin (2017), the second half as in fastai.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"total_steps": is_whole, **BASE}

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None and (not is_whole(epochs) or not is_whole(steps_per_epoch)):
            raise ValueError("OneCycleLR takes total_steps, or epochs and steps_per_epoch: whole numbers, at least 1")
        self.total_steps: int = epochs * steps_per_epoch if total_steps is None else total_steps  # type: ignore[operator]
        if not is_whole(self.total_steps):
            raise ValueError(f"total_steps is a whole number, at least 1, not {total_steps!r}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start is in [0, 1], not {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy is 'cos' or 'linear', not {anneal_strategy!r}")
        self._anneal = _cosine if anneal_strategy == "cos" else _line
        self._momentum = _cycles_momentum(optimizer) if cycle_momentum else ""
        highest = _of_groups(optimizer, "max_lr", max_lr)
        low, high = (
            _of_groups(optimizer, name, given)
            for name, given in (("base_momentum", base_momentum), ("max_momentum", max_momentum))
        )
        up = float(pct_start * self.total_steps) - 1
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, highest):
                group["initial_lr"] = top / div_factor
        first = [group["initial_lr"] for group in optimizer.param_groups]
        last = [rate / final_div_factor for rate in first]
        #: (step at whose end, rates from, to, momenta from, to) for each phase
        self._phases = [(up, first, highest, high, low)]
        if three_phase:
            self._phases += [(2 * up, highest, first, low, high), (self.total_steps - 1, first, last, high, high)]
        else:
            self._phases += [(self.total_steps - 1, highest, last, low, high)]
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR was to have {self.total_steps} steps, and this would be step {step}")
        start = 0.0
        for phase in self._phases:
            end, rates, next_rates, momenta, next_momenta = phase
            if step <= end or phase is self._phases[-1]:
                break
            start = end
        share = (step - start) / (end - start) if end != start else 1.0
        if self._momentum:
            found = [self._anneal(a, b, share) for a, b in zip(momenta, next_momenta)]
            _set_momentum(self.optimizer, self._momentum, found)
        return [self._anneal(a, b, share) for a, b in zip(rates, next_rates)]


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _line(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


class CyclicLR(LRScheduler):
    """Triangles between ``base_lr`` and ``max_lr``, stepped after every *batch*.

    Args:
        optimizer: whose rates (and momenta) are set.
        base_lr: the lowest rate, or a list with one for each group.
        max_lr: the highest rate, or a list.
        step_size_up: steps from the lowest to the highest.
        step_size_down: steps back; as many by default.
        mode: "triangular", "triangular2" (half as high with each cycle) or "exp_range" (gamma to the step).
        gamma: see "exp_range".
        scale_fn: a function of the cycle or the step instead of a mode; it is not saved.
        scale_mode: what ``scale_fn`` is given, "cycle" or "iterations".
        cycle_momentum: momentum goes the other way, from ``max_momentum`` to ``base_momentum`` and back.
        base_momentum: the lowest momentum (Adam: β₁), or a list.
        max_momentum: the highest, or a list.
        last_epoch: see ``LRScheduler``.

    Raises:
        ValueError: for step sizes that are no whole numbers, or another mode.

    >>> import autograd_lite as ag
    >>> optimizer = ag.optim.SGD([ag.Value(1.0)], lr=0.1, momentum=0.9)
    >>> scheduler = CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += scheduler.get_last_lr(); scheduler.step()
    >>> rates
    [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Smith (2017).
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {"_up": is_count, "_down": is_count, **BASE}

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self._up, self._down = step_size_up, step_size_up if step_size_down is None else step_size_down
        if not is_whole(self._up) or not is_count(self._down):
            raise ValueError(
                f"step_size_up and step_size_down are whole numbers, not {step_size_up!r}, {step_size_down!r}"
            )
        scales: dict[str, tuple[Callable[[float], float], str]] = {
            "triangular": (lambda cycle: 1.0, "cycle"),
            "triangular2": (lambda cycle: 1 / (2.0 ** (cycle - 1)), "cycle"),
            "exp_range": (lambda step: gamma**step, "iterations"),
        }
        if scale_fn is None and mode not in scales:
            raise ValueError(f"mode is one of {', '.join(scales)}, or give scale_fn; not {mode!r}")
        self._scale, self._scale_mode = scales[mode] if scale_fn is None else (scale_fn, scale_mode)
        self._momentum = _cycles_momentum(optimizer) if cycle_momentum else ""
        lowest = _of_groups(optimizer, "base_lr", base_lr)
        self._highest = _of_groups(optimizer, "max_lr", max_lr)
        self._momenta = (
            _of_groups(optimizer, "base_momentum", base_momentum),
            _of_groups(optimizer, "max_momentum", max_momentum),
        )
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, lowest):
                group["lr"] = group["initial_lr"] = rate
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest

    def get_lr(self) -> list[float]:
        step, total = self.last_epoch, float(self._up + self._down)
        top = self._up / total
        cycle = math.floor(1 + step / total)
        x = 1.0 + step / total - cycle
        height = x / top if x <= top else (x - 1) / (top - 1)
        scale = self._scale(cycle if self._scale_mode == "cycle" else step)
        if self._momentum:
            found = [high - (high - low) * height * scale for low, high in zip(*self._momenta)]
            _set_momentum(self.optimizer, self._momentum, found)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self._highest)]
