"""Checkpoints of training: a schedule goes on exactly where it was, and whatever was written can be loaded."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, optim
from autograd_lite.errors import StateError
from autograd_lite.optim import lr_scheduler as s

SCHEDULES = {
    "LambdaLR": lambda o, **k: s.LambdaLR(o, lambda e: 1 / (1 + e), **k),
    "MultiplicativeLR": lambda o, **k: s.MultiplicativeLR(o, lambda e: 0.9, **k),
    "StepLR": lambda o, **k: s.StepLR(o, 3, 0.5, **k),
    "MultiStepLR": lambda o, **k: s.MultiStepLR(o, np.array([2, 5, 5, 7]), 0.5, **k),
    "ConstantLR": lambda o, **k: s.ConstantLR(o, 0.5, 4, **k),
    "LinearLR": lambda o, **k: s.LinearLR(o, 0.5, 1.0, 5.0, **k),
    "LinearLR to 0": lambda o, **k: s.LinearLR(o, 1 / 3, 0.0, 7, **k),
    "ExponentialLR": lambda o, **k: s.ExponentialLR(o, 0.7, **k),
    "CosineAnnealingLR": lambda o, **k: s.CosineAnnealingLR(o, 4, 0.01, **k),
    "CosineAnnealingWarmRestarts": lambda o, **k: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01, **k),
    "restarts of one length": lambda o, **k: s.CosineAnnealingWarmRestarts(o, 3, **k),
    "PolynomialLR": lambda o, **k: s.PolynomialLR(o, 5, 2.0, **k),
    "OneCycleLR": lambda o, **k: s.OneCycleLR(o, 1.0, total_steps=14, **k),
    "CyclicLR": lambda o, **k: s.CyclicLR(o, 0.1, 1.0, 3, **k),
    "CyclicLR, falling": lambda o, **k: s.CyclicLR(o, [0.1, 0.2], 1.0, 3, 2, mode="triangular2", **k),
    "SequentialLR": lambda o, **k: s.SequentialLR(
        o, [s.ConstantLR(o, 0.5, 3), s.ExponentialLR(o, 0.5), s.CosineAnnealingWarmRestarts(o, 2)], [2, 5], **k
    ),
}
EPOCHS = 12


def new(lr=0.8):
    return optim.SGD([{"params": [Value(1.0)], "lr": 0.4}, {"params": [Value(2.0)]}], lr=lr, momentum=0.9)


def seen(optimizer):
    return [(group["lr"], group["momentum"]) for group in optimizer.param_groups]


@pytest.mark.parametrize("name", SCHEDULES)
def test_taken_up_at_any_epoch_it_goes_on_as_without_a_break(name, tmp_path):
    make = SCHEDULES[name]
    optimizer = new()
    schedule = make(optimizer)
    whole = [seen(optimizer)]
    for _ in range(EPOCHS):
        schedule.step()
        whole.append(seen(optimizer))
    first = new()
    schedule = make(first)
    for epoch in range(EPOCHS):
        if epoch > 0:
            again = new()
            again.load_state_dict(first.state_dict())
            going_on = make(again, last_epoch=epoch - 1)
            found = [seen(again)]
            for _ in range(EPOCHS - epoch):
                going_on.step()
                found.append(seen(again))
            assert found == whole[epoch:], epoch
        # the other way: its own state, through a file
        path = tmp_path / f"{epoch}.json"
        ag.save({"optimizer": first.state_dict(), "schedule": schedule.state_dict()}, path)
        state = ag.load(path)
        third = new()
        loaded = make(third)
        third.load_state_dict(state["optimizer"])
        loaded.load_state_dict(state["schedule"])
        found = [seen(third)]
        for _ in range(EPOCHS - epoch):
            loaded.step()
            found.append(seen(third))
        assert found == whole[epoch:], epoch
        schedule.step()


@pytest.mark.parametrize("total", [1, 2, 3, 4, 7, 20, 49])
@pytest.mark.parametrize("start", [1.0, 1 / 3, 0.1, 0.7])
def test_a_decay_to_0_ends_at_0(total, start):
    optimizer = new(0.1)
    schedule = s.LinearLR(optimizer, start_factor=start, end_factor=0.0, total_iters=total)
    for epoch in range(total + 3):
        rates = [group["lr"] for group in optimizer.param_groups]
        left = max(0.0, start * (1 - epoch / total))
        assert rates == pytest.approx([0.4 * left, 0.1 * left], rel=1e-9, abs=0.0)
        optimizer.load_state_dict(optimizer.state_dict())
        schedule.step()


def test_whatever_rate_a_schedule_sets_can_be_loaded():
    for rate in (-0.5, 0.0, math.inf, math.nan, np.float32(0.25), 3):
        optimizer = new()
        schedule = s.LambdaLR(optimizer, lambda epoch, rate=rate: rate if epoch else 1.0)
        schedule.step()
        again = new()
        again.load_state_dict(optimizer.state_dict())
        np.testing.assert_array_equal(seen(again), seen(optimizer))
        s.LambdaLR(again, lambda epoch: 1.0).load_state_dict(schedule.state_dict())
    state = new().state_dict()
    for rate in (-0.5, math.nan, "0.5"):
        state["param_groups"][0]["lr"] = rate
        with pytest.raises(StateError):
            new().load_state_dict(state)
    state["param_groups"][0] |= {"lr": "0.5", "initial_lr": 0.4}
    with pytest.raises(StateError):
        new().load_state_dict(state)


def test_a_subclass_can_ask_whether_it_is_taken_up():
    class Halving(s.LRScheduler):
        def get_lr(self):
            return self._now() if self._is_initial else [rate * 0.5 for rate in self._now()]

    first = new()
    schedule = Halving(first)
    schedule.step()
    second = new()
    second.load_state_dict(first.state_dict())
    Halving(second, last_epoch=0)
    assert seen(second) == seen(first)


@pytest.mark.parametrize("total", [2.5, -1, "3", None])
def test_a_number_of_epochs_is_whole(total):
    for kind in (s.ConstantLR, s.LinearLR):
        with pytest.raises(ValueError, match="total_iters"):
            kind(new(), total_iters=total)


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, nn.NLLLoss])
def test_the_sum_over_no_rows_is_0(loss):
    rows = ag.values([[0.1, 0.2], [0.3, -0.1]])
    total = loss(reduction="sum", ignore_index=1)(rows, [1, 1])
    total.backward()
    assert total.data == 0.0
    assert [v.grad for v in rows.flat] == [0.0] * 4
    assert loss(reduction="sum", ignore_index=1)([[0.1, 0.2]], [1]) == 0.0
    with pytest.raises(ag.nn.losses.ShapeError):
        loss(ignore_index=1)(rows, [1, 1])
    compiled = ag.compile(lambda rows, classes: loss(reduction="sum", ignore_index=1)(rows, classes))
    numbers = np.array([[0.1, 0.2], [0.3, -0.1]])
    for classes in ([0, 1], [1, 1], [0, 0], [1, 1]):
        wanted = loss(reduction="sum", ignore_index=1)(numbers, classes)
        assert compiled(numbers, np.array(classes)) == pytest.approx(wanted, rel=1e-14)


def test_the_sum_of_no_losses_is_0():
    for kind in (nn.MSELoss, nn.L1Loss, nn.HuberLoss):
        assert kind(reduction="sum")([], []) == 0.0
        with pytest.raises(ag.nn.losses.ShapeError):
            kind()([], [])
