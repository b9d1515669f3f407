"""What all learning-rate schedules share: the optimiser, counting epochs, saving and loading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

from ..errors import StateError
from .optimizer import Optimizer

__all__ = ["LRScheduler", "Schedule"]


class Schedule:
    """What all schedules share: the optimiser, saving and loading."""

    #: what ``state_dict`` holds, and how each entry is checked
    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = {}

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} takes an Optimizer, not {type(optimizer).__name__}")
        self.optimizer = optimizer
        self._last_lr: list[float] = []

    def get_last_lr(self) -> list[float]:
        """The learning rates that the last ``step`` set, one for each parameter group."""
        return list(self._last_lr)

    def _set(self, rates: Sequence[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["lr"] = rate
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser, as copies; ``ag.save`` takes it as it is."""
        return {name: copied(getattr(self, name)) for name in self._fields}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` gave; the learning rates themselves are in the optimiser's state.

        Raises:
            StateError: if it is another schedule's, or an entry makes no sense. Nothing has changed.
        """
        self._check_state(state_dict)
        for name in self._fields:
            setattr(self, name, copied(state_dict[name]))

    def _check_state(self, state: Any) -> None:
        who = type(self).__name__
        if not isinstance(state, Mapping) or set(state) != set(self._fields):
            raise StateError(f"{who}.load_state_dict takes a dict with {', '.join(self._fields)}")
        for name, is_right in self._fields.items():
            if not is_right(state[name]):
                raise StateError(f"{who}: {name} can't be {state[name]!r:.80}")
        for name in ("base_lrs", "_last_lr", "min_lrs"):
            if name in self._fields and len(state[name]) != len(self.optimizer.param_groups):
                raise StateError(
                    f"{who}: {name} has {len(state[name])} rates, the optimiser has another number of groups"
                )


def copied(entry: Any) -> Any:
    """A copy of a list or dict, anything else as it is."""
    return list(entry) if isinstance(entry, list) else dict(entry) if isinstance(entry, dict) else entry


def is_number(entry: Any) -> bool:
    """Whether an entry of a state is a number."""
    return hasattr(entry, "__float__") and not isinstance(entry, bool) and not getattr(entry, "ndim", 0)


def is_count(entry: Any) -> bool:
    """Whether an entry is an int from 0 on."""
    whole: bool = type(entry) is not bool and isinstance(entry, Integral) and int(entry) >= 0
    return whole


def is_whole(entry: Any) -> bool:
    """Whether an entry is an int from 1 on."""
    return is_count(entry) and entry > 0


def are_numbers(entry: Any) -> bool:
    """Whether an entry is a list of numbers."""
    return isinstance(entry, list) and all(is_number(x) for x in entry)


BASE: dict[str, Callable[[Any], bool]] = {
    "base_lrs": are_numbers,
    "last_epoch": lambda entry: entry == -1 or is_count(entry),  # −1: its turn in a sequence hasn't come
    "_step_count": is_count,
    "_last_lr": are_numbers,
}


class LRScheduler(Schedule):
    """Base of the schedules that count epochs; a subclass says what the rates are in ``get_lr``.

    Args:
        optimizer: whose groups' ``lr`` is set; the rates they have now are the initial ones.
        last_epoch: −1 to begin. To take a schedule up after its ``last_epoch``-th step, load the optimiser's state
            first: the groups' ``initial_lr`` must be there, and the rates go on from those in that state.

    Attributes:
        last_epoch: how many times ``step`` was called.
        base_lrs: the initial rates.

    >>> from autograd_lite import Value, optim
    >>> class Halving(optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
    >>> schedule = Halving(optim.SGD([Value(1.0)], lr=0.8))
    >>> schedule.step(); schedule.get_last_lr()
    [0.4]

    Source: torch.optim.lr_scheduler.LRScheduler.
    """

    _fields: ClassVar[dict[str, Callable[[Any], bool]]] = BASE
    _is_initial = False  # PyTorch's name

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        super().__init__(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"group {i} has no 'initial_lr': load the optimiser's state before resuming a schedule")
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    @property
    def _is_taken_up(self) -> bool:
        """Whether this is the first step of a schedule that goes on: the rates are already those of this epoch."""
        return self._is_initial and self.last_epoch > 0

    def get_lr(self) -> list[float]:
        """The rates for ``last_epoch``, one for each group, from those they have now."""
        raise NotImplementedError(f"{type(self).__name__} doesn't say what the rates are")

    def step(self) -> None:
        """Go on by one epoch: set the next learning rates."""
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def _restart(self) -> None:
        """Go to epoch 0 with the initial rates: what SequentialLR does when a schedule's turn comes."""
        self._step_count += 1
        self.last_epoch = 0
        for group, base in zip(self.optimizer.param_groups, self.base_lrs):
            group["lr"] = base
        self._set(self.get_lr())

    def _now(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]
