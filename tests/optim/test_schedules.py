"""Learning-rate schedules: PyTorch's definitions, bit for bit."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

import autograd_lite as ag
from autograd_lite import Value, optim
from autograd_lite.errors import StateError
from autograd_lite.optim import lr_scheduler

from . import reference

KNOWN = json.loads(reference.FILE.read_text())


def two_groups() -> optim.Optimizer:
    return optim.SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.03}], lr=0.1, momentum=0.9)


@pytest.mark.parametrize("name", reference.SCHEDULES)
def test_the_literal_rates(name):
    assert reference.rates(lr_scheduler, two_groups(), name) == KNOWN["schedules"][name]


@pytest.mark.parametrize("name", reference.PLATEAUS)
def test_the_literal_plateaus(name):
    assert reference.plateau(lr_scheduler, two_groups(), name) == KNOWN["plateaus"][name]


def test_the_literal_rates_are_pytorchs():
    torch = pytest.importorskip("torch")
    scheduler = torch.optim.lr_scheduler
    for name in reference.SCHEDULES:
        assert reference.rates(scheduler, reference.torch_optimizer(), name) == KNOWN["schedules"][name]
    for name in reference.PLATEAUS:
        assert reference.plateau(scheduler, reference.torch_optimizer(), name) == KNOWN["plateaus"][name]


def test_the_chapters_schedule():
    """Figure 7.8: half the rate every ten epochs."""
    optimizer = optim.SGD([Value(0.0)], lr=0.1, momentum=0.9)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for epoch in range(100):
        assert optimizer.param_groups[0]["lr"] == scheduler.get_last_lr()[0] == 0.1 * 0.5 ** (epoch // 10)
        scheduler.step()


def test_plateau_takes_a_value():
    scheduler = lr_scheduler.ReduceLROnPlateau(two_groups(), patience=0)
    scheduler.step(Value(1.0))
    scheduler.step(Value(1.0))
    assert scheduler.get_last_lr() == pytest.approx([0.01, 0.003])
    assert not scheduler.in_cooldown


@pytest.mark.parametrize("name", reference.SCHEDULES)
def test_resumed_in_the_middle(name):
    """State saved after any epoch and loaded into new objects: the same rates to the end."""
    for cut in (0, 1, 3, 4, 7, 12):
        optimizer = two_groups()
        chain = [reference.schedule(lr_scheduler, optimizer, *entry) for entry in reference.SCHEDULES[name]]
        for _ in range(cut):
            for entry in chain:
                entry.step()
        fresh = two_groups()
        again = [reference.schedule(lr_scheduler, fresh, *entry) for entry in reference.SCHEDULES[name]]
        fresh.load_state_dict(optimizer.state_dict())
        for old, new in zip(chain, again):
            new.load_state_dict(old.state_dict())
            assert new.get_last_lr() == old.get_last_lr()
        for known in KNOWN["schedules"][name][cut:]:
            assert [group["lr"] for group in fresh.param_groups] == known
            for entry in again:
                entry.step()


@pytest.mark.parametrize("name", reference.PLATEAUS)
def test_plateau_resumed_in_the_middle(name):
    optimizer = two_groups()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **reference.PLATEAUS[name])
    for i, measure in enumerate(reference.MEASURES):
        fresh = two_groups()
        again = lr_scheduler.ReduceLROnPlateau(fresh, **reference.PLATEAUS[name])
        again.load_state_dict(scheduler.state_dict())
        fresh.load_state_dict(optimizer.state_dict())
        scheduler, optimizer = again, fresh
        scheduler.step(measure)
        assert [group["lr"] for group in optimizer.param_groups] == KNOWN["plateaus"][name][i]


def test_last_epoch_takes_a_schedule_up_again():
    optimizer = two_groups()
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.ExponentialLR(optimizer, gamma=0.5, last_epoch=3)
    lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, last_epoch=4)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


STATES: dict[str, Any] = {
    "not a dict": [],
    "another schedule's": {"gamma": 0.5},
    "a wrong step_size": {"step_size": 0},
    "text": {"gamma": "0.5"},
    "a bool": {"last_epoch": True},
    "a negative epoch": {"last_epoch": -3},
    "rates of another number of groups": {"base_lrs": [0.1]},
    "rates that are no numbers": {"_last_lr": ["a", "b"]},
    "an unknown entry": {"more": 1},
}


@pytest.mark.parametrize("what", STATES)
def test_a_wrong_state_changes_nothing(what):
    scheduler = lr_scheduler.StepLR(two_groups(), step_size=3)
    scheduler.step()
    before = scheduler.state_dict()
    change = STATES[what]
    state = {**before, **change} if isinstance(change, dict) and what != "another schedule's" else change
    with pytest.raises(StateError):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before


def test_a_wrong_state_inside_a_sequence_changes_nothing():
    optimizer = two_groups()
    parts = [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.5)]
    scheduler = lr_scheduler.SequentialLR(optimizer, parts, milestones=[2])
    scheduler.step()
    before = scheduler.state_dict()
    for wrong in (
        {"_schedulers": [before["_schedulers"][0], {"gamma": 1}]},
        {"_schedulers": before["_schedulers"][:1]},
        {"_milestones": [3, 1]},
        {"_milestones": "ab"},
        {"last_epoch": 1.5},
        {"_last_lr": None},
    ):
        with pytest.raises(StateError):
            scheduler.load_state_dict({**before, "last_epoch": 9, **wrong})
        assert scheduler.state_dict() == before
    with pytest.raises(StateError):
        scheduler.load_state_dict({})


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda o: lr_scheduler.StepLR(o, 0), ValueError, "step_size"),
        (lambda o: lr_scheduler.LRScheduler(o), NotImplementedError, "doesn't say what the rates are"),
        (lambda o: lr_scheduler.StepLR(None, 1), TypeError, "takes an Optimizer"),
        (lambda o: lr_scheduler.ReduceLROnPlateau("o"), TypeError, "takes an Optimizer"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=2), ValueError, "factor"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0), ValueError, "start_factor"),
        (lambda o: lr_scheduler.LinearLR(o, end_factor=2), ValueError, "end_factor"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ValueError, "T_max"),
        (lambda o: lr_scheduler.LambdaLR(o, [math.exp]), ValueError, "lr_lambdas"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="up"), ValueError, "mode"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="up"), ValueError, "threshold_mode"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "min_lr"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "at least one"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ReduceLROnPlateau(o)], []), TypeError, "count epochs"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ConstantLR(o)], [1]), ValueError, "one milestone fewer"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ConstantLR(two_groups())], []),
            ValueError,
            "same optimizer",
        ),
    ],
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make(two_groups())


def test_names_are_where_pytorch_has_them():
    from autograd_lite.optim.lr_scheduler import StepLR

    assert ag.optim.lr_scheduler.StepLR is StepLR


def test_a_state_is_a_copy():
    schedule = lr_scheduler.MultiStepLR(ag.optim.SGD([ag.Value(1.0)], lr=1.0), milestones=[1, 3], gamma=0.5)
    state = schedule.state_dict()
    state["base_lrs"][0] = 99.0
    state["milestones"][7] = 1
    assert schedule.base_lrs == [1.0]
    assert 7 not in schedule.milestones


def test_warm_restarts_begin_anew_when_their_turn_comes():
    def rates(make, count):
        optimizer = ag.optim.SGD([ag.Value(1.0)], lr=1.0)
        schedule, found = make(optimizer), []
        for _ in range(count):
            found += schedule.get_last_lr()
            schedule.step()
        return found

    def later(optimizer):
        waves = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2)
        waves.step(5)
        return lr_scheduler.SequentialLR(
            optimizer, [lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=9), waves], milestones=[3]
        )

    alone = rates(lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2), 9)
    assert rates(later, 12)[3:] == pytest.approx(alone, rel=1e-15)
