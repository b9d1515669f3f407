"""``fit``: the training loop of figure 7.8, with a progress bar, a history, and interrupts that lose nothing whole."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..data.random import default_generator
from ..optim.clip import clip_grad_norm_
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..optim.optimizer import Optimizer

__all__ = ["History", "fit"]


class History(Mapping[str, Any]):
    """What happened, one entry for each whole epoch: ``history["loss"]`` or ``history.loss``.

    Attributes:
        loss: mean of the batches' losses, an array of shape (epochs,).
        lr: learning rate in that epoch, (epochs,); with several parameter groups (epochs, groups).
        validation_loss: after that epoch, (epochs,); only with validation data.
        interrupted: whether a KeyboardInterrupt ended the training.
    """

    def __init__(self, records: list[dict[str, Any]], names: Iterable[str], interrupted: bool = False) -> None:
        self._columns = {name: np.array([record[name] for record in records], dtype=np.float64) for name in names}
        self.interrupted = interrupted

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]

    def __getattr__(self, name: str) -> Any:
        columns = self.__dict__.get("_columns", {})
        if name not in columns:
            raise AttributeError(f"the history has {', '.join(columns)}, not {name!r}")
        return columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        count = len(self._columns["loss"])
        fall = f", loss {self.loss[0]:.6g} → {self.loss[-1]:.6g}" if count else ""
        return f"History({count} epochs{fall}{', interrupted' if self.interrupted else ''})"


def fit(
    model: Any,
    loss: Callable[..., Any] | None,
    optimizer: Optimizer,
    loader: Iterable[Any],
    epochs: int,
    scheduler: Any = None,
    progress: bool | None = None,
    *,
    step: Callable[..., Any] | None = None,
    validation: Iterable[Any] | None = None,
    clip_norm: float | None = None,
    callback: Callable[[int, dict[str, Any]], Any] | None = None,
) -> History:
    """Train: for each epoch and batch ``zero_grad``, forward, ``backward``, ``step``; then the scheduler.

    A batch is ``(x, y)`` (or several inputs, then the target), and its loss ``loss(model(x), y)``.

    Args:
        model: a module, or any callable.
        loss: ``loss(prediction, target)``, a Value or what has ``backward()`` and ``item()``; None with ``step``.
        optimizer: of the parameters to train; LBFGS too.
        loader: batches, to be run through once an epoch: a DataLoader, or a list.
        epochs: how many, from where the parameters, optimizer and scheduler are now.
        scheduler: stepped after each epoch, or a list of them; ReduceLROnPlateau gets the validation loss (the
            training loss without validation data).
        progress: a progress bar (the tqdm library); None shows it in a terminal and in a notebook.
        step: computes a batch's loss itself from all its arrays, ``step(x, y)``: such as
            ``ag.compile(lambda x, y: loss(model(x), y))``, or a loss with a regulariser.
        validation: batches whose mean loss is taken after each epoch, with ``model.eval()``.
        clip_norm: the largest norm of the gradients; see ``optim.clip_grad_norm_``.
        callback: ``callback(epoch, record)`` after each epoch, epochs counted from 0; training ends if it returns True.

    Returns:
        The history. After a KeyboardInterrupt that of the whole epochs; parameters, optimizer, scheduler, loader and
        random numbers are then as they were at the end of the last whole epoch, so another ``fit`` goes on from there.

    Raises:
        TypeError: for batches or losses of the wrong kind.
        ValueError: for a loader without batches.
        ImportError: for ``progress=True`` without tqdm.

    >>> import autograd_lite as ag
    >>> w = ag.Value(0.0)
    >>> history = fit(lambda x: w * x, lambda p, y: (p - y) ** 2, ag.optim.SGD([w], lr=0.1), [(1.0, 2.0)], epochs=3)
    >>> history.loss.round(4).tolist(), round(w.data, 4)
    ([4.0, 2.56, 1.6384], 0.976)
    """
    if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)) or epochs < 0:
        raise ValueError(f"epochs is a whole number of at least 0, not {epochs!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"fit takes an optimizer of autograd_lite.optim, not {type(optimizer).__name__}")
    if step is None:
        if loss is None:
            raise TypeError("fit takes a loss, or a step that computes it")
        step = _Step(model, loss)
    schedulers = [] if scheduler is None else list(scheduler) if isinstance(scheduler, (list, tuple)) else [scheduler]
    training = _Training(model, step, optimizer, loader, schedulers, validation, clip_norm)
    with _Bar(progress, epochs, loader) as bar:
        return training.run(epochs, bar, callback)


class _Training:
    """The loop, with what it works on."""

    def __init__(
        self,
        model: Any,
        step: Callable[..., Any],
        optimizer: Optimizer,
        loader: Iterable[Any],
        schedulers: list[Any],
        validation: Iterable[Any] | None,
        clip_norm: float | None,
    ) -> None:
        self.model = model
        self.step = step
        self.optimizer = optimizer
        self.loader = loader
        self.schedulers = schedulers
        self.validation = validation
        self.clip_norm = clip_norm

    def run(self, epochs: int, bar: _Bar, callback: Callable[[int, dict[str, Any]], Any] | None) -> History:
        """All epochs, or the whole ones before an interrupt."""
        parts = [self.model, self.optimizer, self.loader, *self.schedulers]
        names = ["loss", "lr"] + ([] if self.validation is None else ["validation_loss"])
        records: list[dict[str, Any]] = []
        whole = (0, _Snapshot(self.optimizer, parts))  # how many epochs are whole, and everything as it was after them
        interrupted = False
        try:
            for epoch in range(epochs):
                bar.begin(epoch)
                records.append(self.epoch(bar))
                whole = (len(records), _Snapshot(self.optimizer, parts))
                if callback is not None and callback(epoch, dict(records[-1])) is True:
                    break
        except KeyboardInterrupt:
            interrupted = True
            _restore(whole[1])
        return History(records[: whole[0]], names, interrupted)

    def epoch(self, bar: _Bar) -> dict[str, Any]:
        """One epoch: training, validation, schedules. Returns its entries in the history."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        record: dict[str, Any] = {"lr": rates[0] if len(rates) == 1 else rates, "loss": self.train(bar)}
        if self.validation is not None:
            record["validation_loss"] = self.validate(self.validation)
        for scheduler in self.schedulers:
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(record.get("validation_loss", record["loss"]))
            else:
                scheduler.step()
        return record

    def train(self, bar: _Bar) -> float:
        """A step for each batch; returns the mean of their losses."""
        _switch(self.model, "train")
        total, count = 0.0, 0
        for batch in self.loader:
            entries = _entries(batch)
            total += float(self.optimizer.step(lambda: self.backward(entries)).item())  # noqa: B023 (called at once)
            count += 1
            bar.batch(total / count)
        if count == 0:
            raise ValueError("the loader gave no batch: is it empty, or a generator that has been run through?")
        return total / count

    def backward(self, entries: Any) -> Any:
        """The loss of a batch, and its gradients: what an optimiser calls its closure."""
        self.optimizer.zero_grad()
        loss = self.step(*entries)
        if not hasattr(loss, "backward"):
            raise TypeError(f"the loss is a {type(loss).__name__}, which has no gradient: return a Value")
        loss.backward()
        if self.clip_norm is not None:
            clip_grad_norm_((p for group in self.optimizer.param_groups for p in group["params"]), self.clip_norm)
        return loss

    def validate(self, batches: Iterable[Any]) -> float:
        """The mean loss with ``model.eval()``."""
        _switch(self.model, "eval")
        try:
            losses = [float(self.step(*_entries(batch)).item()) for batch in batches]
        finally:
            _switch(self.model, "train")
        if not losses:
            raise ValueError("the validation data gave no batch")
        return sum(losses) / len(losses)


class _Step:
    """The loss of a batch, from a model and a loss function."""

    def __init__(self, model: Any, loss: Callable[..., Any]) -> None:
        self.model = model
        self.loss = loss

    def __call__(self, *batch: Any) -> Any:
        if len(batch) < 2:
            raise TypeError("fit takes batches of an input and a target, such as DataLoader(TensorDataset(x, y)) gives")
        return self.loss(self.model(*batch[:-1]), batch[-1])


def _entries(batch: Any) -> Any:
    if not isinstance(batch, (list, tuple)):
        raise TypeError(f"fit takes batches that are lists or tuples of arrays, not {type(batch).__name__}")
    return batch


def _switch(model: Any, mode: str) -> None:
    if hasattr(model, mode):
        getattr(model, mode)()


class _Snapshot:
    """Everything that training changes, as it is now."""

    def __init__(self, optimizer: Optimizer, parts: list[Any]) -> None:
        blocks = [block for group in optimizer._blocks for block in group]
        self.numbers = [(block, block.read()[0].copy()) for block in blocks]
        stateful = [part for part in parts if hasattr(part, "state_dict") and hasattr(part, "load_state_dict")]
        self.states = [(part, part.state_dict()) for part in stateful]
        self.random = default_generator().bit_generator.state

    def restore(self) -> None:
        """Put everything back; may be done again if it was interrupted."""
        for part, state in self.states:
            part.load_state_dict(state)
        for block, numbers in self.numbers:
            data, _ = block.read()
            data[...] = numbers
            block.write(data)
        default_generator().bit_generator.state = self.random


def _restore(snapshot: _Snapshot) -> None:
    """Restore, however impatiently Ctrl-C is pressed."""
    while True:
        try:
            return snapshot.restore()
        except KeyboardInterrupt:
            continue


class _Bar:
    """tqdm's progress bar, or nothing: ``None`` shows one where somebody is looking."""

    def __init__(self, progress: bool | None, epochs: int, loader: Any) -> None:
        self.epochs = epochs
        self.bar: Any = None
        if progress is False or (progress is None and not (_in_terminal() or _in_notebook())):
            return
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="IProgress not found")  # no ipywidgets: a bar of text
                from tqdm.auto import tqdm
        except ImportError as error:
            if progress:
                raise ImportError('a progress bar needs tqdm: pip install "autograd-lite[progress]"') from error
            return
        total = epochs * len(loader) if hasattr(loader, "__len__") else None
        self.bar = tqdm(total=total, unit="batch", dynamic_ncols=True)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def begin(self, epoch: int) -> None:
        """Name the epoch."""
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}", refresh=False)

    def batch(self, mean: float) -> None:
        """One batch is done; ``mean`` is the epoch's loss so far."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {mean:.4g}", refresh=False)
            self.bar.update()


def _in_terminal() -> bool:
    return sys.stderr is not None and hasattr(sys.stderr, "isatty") and sys.stderr.isatty()


def _in_notebook() -> bool:
    """Whether IPython runs in a kernel, whose output is a web page."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
