"""``fit``: the loop, the history, interrupts, progress; and the chapter's network against PyTorch's."""

from __future__ import annotations

import io
import sys
import types
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, data, nn, optim
from autograd_lite.optim import lr_scheduler

criterion = nn.MSELoss()


def chapter_network() -> Any:
    """10-40-40-5, He-initialised, biases 0: the network of figure 7.8."""

    def initialise(module: Any) -> None:
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform(module.weight)
            module.bias.data.fill_(0.0)

    model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 5))
    model.apply(initialise)
    return model


def small(seed: int = 0) -> dict[str, Any]:
    """A small problem with everything that has state: dropout, momentum, a schedule, shuffling."""
    ag.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, 2))
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    rng = np.random.default_rng(1)
    dataset = data.TensorDataset(rng.standard_normal((12, 3)), rng.standard_normal((12, 2)))
    return {
        "model": model,
        "loss": criterion,
        "optimizer": optimizer,
        "loader": data.DataLoader(dataset, batch_size=5, shuffle=True),
        "scheduler": lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5),
    }


def everything(parts: dict[str, Any]) -> str:
    """All that training changes, in words."""
    with np.printoptions(floatmode="unique", threshold=10**6):
        states = [parts[name].state_dict() for name in ("model", "optimizer", "scheduler", "loader")]
        return repr([{k: np.asarray(v) for k, v in states[0].items()}, *states[1:]])


def test_the_chapters_program():
    """Figure 7.8, a tenth of its epochs: the loss falls, the rate halves."""
    ag.manual_seed(0)
    model = chapter_network()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    loader = data.DataLoader(data.TensorDataset(ag.randn(100, 10), ag.randn(100, 5)), batch_size=10, shuffle=True)
    history = ag.fit(model, criterion, optimizer, loader, 11, scheduler)
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert history.lr.tolist() == [0.1] * 10 + [0.05]
    assert len(history.loss) == 11
    assert history["loss"] is history.loss
    assert list(history) == ["loss", "lr"]
    assert not history.interrupted
    assert "11 epochs" in repr(history)


def test_the_loop_is_the_one_written_by_hand():
    parts = small()
    history = ag.fit(**parts, epochs=3)
    other = small()
    model, optimizer, losses = other["model"], other["optimizer"], []
    for _ in range(3):
        total = 0.0
        for x, y in other["loader"]:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        other["scheduler"].step()
        losses.append(total / len(other["loader"]))
    assert history.loss.tolist() == losses
    assert everything(parts) == everything(other)


def test_the_chapters_network_follows_pytorch():
    """The same weights, the same batches: 200 steps of figure 7.8, losses within 1e-9 of PyTorch's."""
    torch = pytest.importorskip("torch")
    ag.manual_seed(2)
    model = chapter_network()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(10, 40), torch.nn.ReLU(), torch.nn.Linear(40, 40), torch.nn.ReLU(), torch.nn.Linear(40, 5)
    ).double()
    theirs.load_state_dict({name: torch.from_numpy(np.array(a)) for name, a in model.state_dict().items()})
    x, y = ag.randn(100, 10), ag.randn(100, 5)
    batches = [(x[i : i + 10], y[i : i + 10]) for i in range(0, 100, 10)]
    losses: list[float] = []

    def step(inputs: Any, targets: Any) -> Any:
        loss = criterion(model(inputs), targets)
        losses.append(loss.item())
        return loss

    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    ag.fit(model, None, optimizer, batches, 20, schedule, step=step)
    known = []
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for _ in range(20):
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(theirs(torch.from_numpy(inputs)), torch.from_numpy(targets))
            loss.backward()
            optimizer.step()
            known.append(loss.item())
        schedule.step()
    assert len(losses) == 200
    np.testing.assert_allclose(losses, known, rtol=1e-9, atol=0)


# --- interrupts -------------------------------------------------------------------------------------------------------


class Interrupting:
    """Calls something, and is interrupted at the n-th call."""

    def __init__(self, inner: Any, at: int) -> None:
        self.inner = inner
        self.left = at

    def __call__(self, *args: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.inner(*args)


@pytest.mark.parametrize("at", [1, 2, 3, 4, 6, 7, 8])
def test_an_interrupt_keeps_the_last_whole_epoch(at):
    """Three batches an epoch: what is left is the whole epochs, and going on gives what was never interrupted."""
    parts = small()
    loss = Interrupting(criterion, at)
    history = ag.fit(**{**parts, "loss": loss}, epochs=4)
    whole = (at - 1) // 3
    assert history.interrupted
    assert len(history.loss) == len(history.lr) == whole
    known = small()
    straight = ag.fit(**known, epochs=whole)
    assert history.loss.tolist() == straight.loss.tolist()
    assert everything(parts) == everything(known)
    rest = ag.fit(**parts, epochs=4 - whole)
    through = ag.fit(**small(), epochs=4)
    assert [*history.loss, *rest.loss] == through.loss.tolist()


@pytest.mark.parametrize("where", ["optimizer", "scheduler", "loader", "callback"])
def test_interrupts_anywhere(where, monkeypatch):
    parts = small()
    names = {"optimizer": "_update", "scheduler": "step", "loader": "_batch"}
    extra: dict[str, Any] = {}
    if where == "callback":
        extra["callback"] = Interrupting(lambda epoch, record: None, 2)
    else:
        monkeypatch.setattr(parts[where], names[where], Interrupting(getattr(parts[where], names[where]), 2))
    history = ag.fit(**parts, epochs=3, **extra)
    monkeypatch.undo()
    assert history.interrupted
    known = small()
    ag.fit(**known, epochs=len(history.loss))
    assert everything(parts) == everything(known)


def test_an_impatient_user(monkeypatch):
    """Ctrl-C during the restoring itself."""
    parts = small()
    monkeypatch.setattr(parts["scheduler"], "load_state_dict", Interrupting(parts["scheduler"].load_state_dict, 1))
    history = ag.fit(**{**parts, "loss": Interrupting(criterion, 5)}, epochs=3)
    assert len(history.loss) == 1
    known = small()
    ag.fit(**known, epochs=1)
    assert everything(parts) == everything(known)


def test_an_interrupt_with_loose_values():
    x = Value(1.0)
    optimizer = optim.SGD([x], lr=0.1)
    step = Interrupting(lambda a: a * x * x, 4)
    history = ag.fit(None, None, optimizer, [(1.0,), (2.0,)], 5, step=step)
    assert len(history.loss) == 1
    known = Value(1.0)
    ag.fit(None, None, optim.SGD([known], lr=0.1), [(1.0,), (2.0,)], 1, step=lambda a: a * known * known)
    assert x.data == known.data


def test_other_errors_come_through():
    def broken(prediction: Any, target: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ag.fit(**{**small(), "loss": broken}, epochs=1)


# --- options ----------------------------------------------------------------------------------------------------------


class CompiledStep:
    """What a compiled function gives back: a number that can be asked for and sent backward."""

    def __init__(self, loss: Any) -> None:
        self.loss = loss

    def item(self) -> float:
        return self.loss.item()

    def backward(self) -> None:
        self.loss.backward()


def test_a_compiled_step():
    parts = small()
    model = parts["model"]
    history = ag.fit(**parts, epochs=2, step=lambda x, y: CompiledStep(criterion(model(x), y)))
    assert history.loss.tolist() == ag.fit(**small(), epochs=2).loss.tolist()


def test_the_compiled_chapter_network():
    """``step=ag.compile(…)``: the same training, up to rounding (sums in another order)."""
    curves = []
    for prepare in (lambda f: f, ag.compile):
        ag.manual_seed(5)
        model = chapter_network()
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        loader = data.DataLoader(data.TensorDataset(ag.randn(40, 10), ag.randn(40, 5)), batch_size=10, shuffle=True)
        step = prepare(lambda x, y, model=model: criterion(model(x), y))
        curves.append(ag.fit(model, None, optimizer, loader, 6, step=step).loss)
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-10)
    assert curves[0][-1] < curves[0][0]


def test_validation_is_in_eval_mode_and_draws_nothing():
    parts = small()
    held_out = [(np.ones((2, 3)), np.zeros((2, 2))), (np.zeros((1, 3)), np.ones((1, 2)))]
    history = ag.fit(**parts, epochs=2, validation=held_out)
    assert history.loss.tolist() == ag.fit(**small(), epochs=2).loss.tolist()
    model = parts["model"]
    assert model.training
    model.eval()
    known = [criterion(model(x), y).item() for x, y in held_out]
    assert history.validation_loss[-1] == pytest.approx(sum(known) / 2, rel=1e-15)
    assert list(history) == ["loss", "lr", "validation_loss"]


def test_plateau_and_several_schedules():
    x = Value(1.0)
    optimizer = optim.SGD([{"params": [x]}, {"params": [Value(0.0)], "lr": 0.0}], lr=1e-9)
    schedules = [
        lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, eps=0.0),
        lr_scheduler.ExponentialLR(optimizer, 0.1),
    ]
    history = ag.fit(None, None, optimizer, [(1.0,)], 3, schedules, step=lambda a: a * x)
    np.testing.assert_allclose(history.lr, [[1e-9, 0.0], [1e-10, 0.0], [5e-12, 0.0]])


def test_clipping():
    x = Value(0.0)
    ag.fit(None, None, optim.SGD([x], lr=1.0), [(1.0,)], 1, step=lambda a: 1000.0 * x, clip_norm=0.5)
    assert x.data == pytest.approx(-0.5)


def test_lbfgs():
    pytest.importorskip("scipy")
    w, b = Value(0.0), Value(0.0)
    points = np.array([[0.0], [1.0], [2.0]])

    def step(x: Any, y: Any) -> Any:
        return sum((w * float(p[0]) + b - float(q)) ** 2 for p, q in zip(x, y))

    history = ag.fit(None, None, optim.LBFGS([w, b]), [(points, np.array([1.0, 3.0, 5.0]))], 2, step=step)
    assert (w.data, b.data) == pytest.approx((2.0, 1.0))
    assert history.loss[1] < 1e-9 < history.loss[0]


def test_the_callback_sees_and_stops():
    seen = []

    def callback(epoch: int, record: dict[str, Any]) -> bool:
        seen.append((epoch, sorted(record)))
        return epoch == 1

    history = ag.fit(**small(), epochs=9, callback=callback)
    assert seen == [(0, ["loss", "lr"]), (1, ["loss", "lr"])]
    assert len(history.loss) == 2
    assert not history.interrupted


def test_no_epochs():
    history = ag.fit(**small(), epochs=0)
    assert history.loss.shape == (0,)
    assert repr(history) == "History(0 epochs)"
    with pytest.raises(AttributeError, match="not 'accuracy'"):
        _ = history.accuracy
    with pytest.raises(KeyError):
        history["accuracy"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"epochs": -1}, ValueError, "epochs"),
        ({"epochs": 1.5}, ValueError, "epochs"),
        ({"epochs": True}, ValueError, "epochs"),
        ({"optimizer": "SGD"}, TypeError, "takes an optimizer"),
        ({"loss": None}, TypeError, "takes a loss"),
        ({"loss": lambda p, y: 3.0}, TypeError, "no gradient"),
        ({"loader": []}, ValueError, "no batch"),
        ({"loader": iter(())}, ValueError, "no batch"),
        ({"loader": [np.ones(3)]}, TypeError, "lists or tuples"),
        ({"loader": [(np.ones((1, 3)),)]}, TypeError, "input and a target"),
        ({"validation": []}, ValueError, "no batch"),
    ],
)
def test_errors(change, error, words):
    with pytest.raises(error, match=words):
        ag.fit(**{**small(), "epochs": 1, **change})


def test_a_generator_can_be_run_through_once():
    batches = ((np.ones((1, 3)), np.ones((1, 2))) for _ in range(2))
    with pytest.raises(ValueError, match="run through"):
        ag.fit(**{**small(), "loader": batches}, epochs=2)


# --- progress ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_the_bar_is_there_when_somebody_looks(monkeypatch, progress, terminal, shown):
    pytest.importorskip("tqdm")
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    ag.fit(**small(), epochs=2, progress=progress)
    assert ("epoch 2/2" in stream.getvalue() and "6/6" in stream.getvalue()) == shown
    assert bool(stream.getvalue()) == shown


def test_the_bar_is_closed_after_an_interrupt(monkeypatch):
    pytest.importorskip("tqdm")
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    ag.fit(**{**small(), "loss": Interrupting(criterion, 5)}, epochs=2)
    assert stream.getvalue().endswith("\n")


def test_a_loader_without_length(monkeypatch):
    pytest.importorskip("tqdm")
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    batches = ((np.ones((1, 3)), np.ones((1, 2))) for _ in range(2))
    ag.fit(**{**small(), "loader": batches}, epochs=1)
    assert "2batch" in stream.getvalue()


def test_a_notebook_is_noticed(monkeypatch):
    import importlib

    training = importlib.import_module("autograd_lite.training.fit")

    class ZMQInteractiveShell:
        pass

    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=ZMQInteractiveShell))
    assert training._in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    assert not training._in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not training._in_notebook()


def test_without_tqdm(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    ag.fit(**small(), epochs=1)
    assert sys.stderr.getvalue() == ""
    with pytest.raises(ImportError, match=r"autograd-lite\[progress\]"):
        ag.fit(**small(), epochs=1, progress=True)
