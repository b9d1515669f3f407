"""State dicts of optimisers: resuming bit for bit, refusing what doesn't fit, changing nothing on refusal."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from autograd_lite import Value, optim
from autograd_lite.errors import StateError

from . import reference
from .test_rules import Plain


def stepped(name: str, steps: int) -> tuple[Any, list[Any]]:
    kind, options = reference.ALL[name]
    numbers, gradients = reference.start(7, 8)
    things = [Plain(numbers[:3]), *map(Value, numbers[3:])]
    optimizer = getattr(optim, kind)([{"params": things[:2]}, {"params": things[2:], "lr": 0.05}], **options)
    go_on(optimizer, things, gradients[:steps])
    return optimizer, things


def go_on(optimizer: Any, things: list[Any], gradients: Any) -> None:
    for gradient in gradients:
        things[0].grad[...] = gradient[:3]
        for thing, g in zip(things[1:], gradient[3:]):
            thing.grad = g
        optimizer.step()


def numbers(things: list[Any]) -> list[float]:
    return [*things[0].data.tolist(), *(v.data for v in things[1:])]


@pytest.mark.parametrize("name", reference.ALL)
def test_resumed_bit_for_bit(name):
    """Parameters and state carried over after any number of steps: the same numbers at the end."""
    gradients = reference.start(7, 8)[1]
    _, known = stepped(name, 8)
    for cut in (0, 1, 4):
        optimizer, things = stepped(name, cut)
        other, again = stepped(name, 0)
        state = copy.deepcopy(optimizer.state_dict())
        again[0].data[...] = things[0].data
        for new, old in zip(again[1:], things[1:]):
            new.data = old.data
        other.load_state_dict(state)
        go_on(other, again, gradients[cut:])
        assert numbers(again) == numbers(known)


def test_the_state_dict_is_a_copy_both_ways():
    optimizer, things = stepped("adam", 2)
    state = optimizer.state_dict()
    kept = copy.deepcopy(state)
    go_on(optimizer, things, reference.start(7, 8)[1][2:4])
    assert repr(state) == repr(kept)
    optimizer.load_state_dict(state)
    go_on(optimizer, things, reference.start(7, 8)[1][2:4])
    assert repr(state) == repr(kept)


def test_the_form_is_pytorchs():
    torch = pytest.importorskip("torch")
    p = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    q = torch.nn.Parameter(torch.ones(2, 2, dtype=torch.float64))
    theirs = torch.optim.AdamW([{"params": [p]}, {"params": [q], "lr": 0.3}])
    mine = [Plain(np.ones(3)), Plain(np.ones((2, 2)))]
    ours = optim.AdamW([{"params": mine[:1]}, {"params": mine[1:]}])
    for _ in range(3):
        p.grad, q.grad = torch.full((3,), 0.5, dtype=torch.float64), torch.ones(2, 2, dtype=torch.float64)
        theirs.step()
    state = theirs.state_dict()
    ours.load_state_dict(state)
    found = ours.state_dict()
    assert set(found["state"][0]) == set(state["state"][0])
    assert found["state"][1]["step"] == 3
    assert found["param_groups"][1]["lr"] == 0.3
    assert (found["state"][1]["exp_avg"] == state["state"][1]["exp_avg"].numpy()).all()
    assert set(found["param_groups"][0]) <= set(state["param_groups"][0])


def test_new_rates_come_with_the_state():
    optimizer, _ = stepped("sgd-momentum", 1)
    optimizer.param_groups[0]["lr"] = 0.7
    optimizer.param_groups[0]["initial_lr"] = 0.9
    other, _ = stepped("sgd-momentum", 0)
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["lr"] == 0.7
    assert other.param_groups[0]["initial_lr"] == 0.9


def edited(state: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    state = copy.deepcopy(state)
    inner: Any = state
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return state


WRONG = {
    "a list": lambda s: [],
    "another optimiser's": lambda s: stepped("sgd-momentum", 0)[0].state_dict(),
    "a rate less": lambda s: edited(s, "param_groups", 1, to={"params": s["param_groups"][1]["params"]}),
    "no groups": lambda s: {"state": {}},
    "groups that are no list": lambda s: edited(s, "param_groups", to={}),
    "a group less": lambda s: edited(s, "param_groups", to=s["param_groups"][:1]),
    "a group that is no dict": lambda s: edited(s, "param_groups", 0, to=3),
    "other parameters": lambda s: edited(s, "param_groups", 0, "params", to=[0]),
    "other numbers": lambda s: edited(s, "param_groups", 0, "params", to=[1, 0]),
    "params that are no list": lambda s: edited(s, "param_groups", 0, "params", to="ab"),
    "a negative rate": lambda s: edited(s, "param_groups", 1, "lr", to=-0.1),
    "a nan rate": lambda s: edited(s, "param_groups", 1, "lr", to=float("nan")),
    "a rate in words": lambda s: edited(s, "param_groups", 1, "lr", to="fast"),
    "betas": lambda s: edited(s, "param_groups", 1, "betas", to=[2.0, 0.9]),
    "a flag": lambda s: edited(s, "param_groups", 1, "amsgrad", to="yes"),
    "a key that is no string": lambda s: edited(s, "param_groups", 1, 7, to=1.0),
    "amsgrad without its state": lambda s: edited(s, "param_groups", 1, "amsgrad", to=True),
    "state that is no dict": lambda s: edited(s, "state", to=[]),
    "state of a parameter that is not there": lambda s: edited(s, "state", 99, to={}),
    "state by name": lambda s: edited(s, "state", "weight", to={}),
    "state of one that is no dict": lambda s: edited(s, "state", 0, to=3),
    "unknown state": lambda s: edited(s, "state", 0, "velocity", to=np.zeros(3)),
    "missing state": lambda s: edited(s, "state", 0, to={"step": 1}),
    "missing state of one Value": lambda s: edited(s, "state", 2, to={}),
    "another shape": lambda s: edited(s, "state", 0, "exp_avg", to=np.zeros(4)),
    "an array for a Value": lambda s: edited(s, "state", 2, "exp_avg", to=np.zeros(4)),
    "text": lambda s: edited(s, "state", 0, "exp_avg", to=["a", "b", "c"]),
    "complex numbers": lambda s: edited(s, "state", 0, "exp_avg", to=np.zeros(3, complex)),
    "objects": lambda s: edited(s, "state", 0, "exp_avg", to=np.array([object()] * 3)),
    "a fraction of a step": lambda s: edited(s, "state", 0, "step", to=1.5),
    "a negative step": lambda s: edited(s, "state", 0, "step", to=-1),
    "a nan step": lambda s: edited(s, "state", 0, "step", to=float("nan")),
    "an infinite step": lambda s: edited(s, "state", 0, "step", to=float("inf")),
    "many steps": lambda s: edited(s, "state", 0, "step", to=[1, 2, 3]),
    "different steps": lambda s: edited(s, "state", 2, "step", to=7),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_state_that_does_not_fit_changes_nothing(what):
    optimizer, things = stepped("adam", 2)
    before, data = repr(optimizer.state_dict()), numbers(things)
    state = optimizer.state_dict()
    if isinstance(state, dict):
        state["param_groups"][0]["lr"] = 0.999  # a change that is right, before the one that is wrong
    with pytest.raises(StateError):
        optimizer.load_state_dict(WRONG[what](state))
    assert repr(optimizer.state_dict()) == before
    assert numbers(things) == data


def test_adams_state_is_not_adamws():
    optimizer = optim.AdamW([Value(1.0)])
    with pytest.raises(StateError, match="decoupled_weight_decay"):
        optimizer.load_state_dict(optim.Adam([Value(1.0)]).state_dict())
