"""Every optimiser and schedule is public, and compared with PyTorch's numbers: a new one is tested by existing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from autograd_lite import Value, optim
from autograd_lite.optim import lr_scheduler
from autograd_lite.optim.schedule import LRScheduler, Schedule

from . import reference

#: compared in a test file of their own
ELSEWHERE = {"Adafactor", "LBFGS", "Muon", "ReduceLROnPlateau", "Optimizer", "LRScheduler"}


def classes(base: type) -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(optim.__path__):
        page = importlib.import_module(f"autograd_lite.optim.{module.name}")
        for name, item in vars(page).items():
            if inspect.isclass(item) and issubclass(item, base) and item.__module__ == page.__name__:
                found.add(name)
    return found


def described(chain: list[tuple[str, dict[str, Any]]]) -> set[str]:
    names = {kind for kind, _ in chain}
    return names.union(*(described(options.get("schedulers", [])) for _, options in chain))


def test_every_optimiser_is_public_and_compared():
    found = classes(optim.Optimizer) - {"Moments"}  # what Adam's relatives share
    assert found == {name for name in optim.__all__ if name[0].isupper()}, "name it in __all__ of its module"
    assert found - ELSEWHERE == {kind for kind, _ in reference.ALL.values()}, (
        "each needs a row in tests/optim/reference.py, then python tests/optim/reference.py (which asks PyTorch); "
        "what PyTorch lacks one in its RULES"
    )


def test_every_schedule_is_public_and_compared():
    assert classes(Schedule) - {"Schedule"} == set(lr_scheduler.__all__)
    compared = set().union(*map(described, reference.SCHEDULES.values()))
    assert classes(Schedule) - ELSEWHERE - {"Schedule"} == compared


def optimizer() -> optim.Optimizer:
    return optim.SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.03}], lr=0.1, momentum=0.9)


@pytest.mark.parametrize("name", reference.SCHEDULES)
@pytest.mark.parametrize("cut", [1, 7])
def test_a_schedule_is_taken_up_from_its_state(name, cut):
    """Through the states of both: the same rates and momenta as without the break."""

    def trace(broken: bool) -> list[Any]:
        now = optimizer()
        chain = [reference.schedule(lr_scheduler, now, *entry) for entry in reference.SCHEDULES[name]]
        found = []
        for epoch in range(14):
            if broken and epoch == cut:
                states, kept = [s.state_dict() for s in chain], now.state_dict()
                now = optimizer()
                chain = [reference.schedule(lr_scheduler, now, *entry) for entry in reference.SCHEDULES[name]]
                now.load_state_dict(kept)
                for schedule, state in zip(chain, states):
                    schedule.load_state_dict(state)
            found.append([(group["lr"], group["momentum"]) for group in now.param_groups])
            for schedule in chain:
                schedule.step()
        return found

    assert trace(broken=True) == trace(broken=False)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_momentum_goes_the_other_way(kind):
    options = {"momentum": 0.5} if kind == "SGD" else {}
    model = getattr(optim, kind)([Value(1.0)], lr=0.1, **options)

    def momentum() -> float:
        group = model.param_groups[0]
        return group["momentum"] if kind == "SGD" else group["betas"][0]

    cycle = lr_scheduler.OneCycleLR(model, max_lr=1.0, total_steps=10)
    assert momentum() == 0.95
    for _ in range(2):
        cycle.step()
    assert (momentum(), cycle.get_last_lr()) == (0.85, [1.0])
    for _ in range(7):
        cycle.step()
    assert momentum() == 0.95
    cycle.step()
    with pytest.raises(ValueError, match="10 steps"):
        cycle.step()
    triangle = lr_scheduler.CyclicLR(model, base_lr=0.1, max_lr=1.0, step_size_up=2)
    found = []
    for _ in range(5):
        found.append(momentum())
        triangle.step()
    assert found == pytest.approx([0.9, 0.85, 0.8, 0.85, 0.9], abs=1e-15)


def test_momenta_are_pytorchs():
    torch = pytest.importorskip("torch")
    for name in ("one-cycle", "one-cycle-linear", "cyclic", "cyclic-2", "cyclic-exp"):
        found = []
        for module, model in ((torch.optim.lr_scheduler, reference.torch_optimizer()), (lr_scheduler, optimizer())):
            schedule = reference.schedule(module, model, *reference.SCHEDULES[name][0])
            trace = []
            for _ in range(reference.EPOCHS):
                trace.append([group["momentum"] for group in model.param_groups])
                model.step()
                schedule.step()
            found.append(trace)
        assert found[0] == found[1], name


def test_without_momentum_there_is_nothing_to_cycle():
    plain = optim.Adagrad([Value(1.0)])
    with pytest.raises(ValueError, match="cycle_momentum=False"):
        lr_scheduler.OneCycleLR(plain, max_lr=1.0, total_steps=5)
    lr_scheduler.OneCycleLR(plain, max_lr=1.0, total_steps=5, cycle_momentum=False).step()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0), "total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=0), "total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=[1.0], total_steps=3), "max_lr"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=3, pct_start=2.0), "pct_start"),
        (lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=3, anneal_strategy="x"), "anneal_strategy"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, step_size_up=0), "step_size_up"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, mode="x"), "mode"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=0), "T_0"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=3).step(-1), "epoch"),
        (lambda o: lr_scheduler.PolynomialLR(o, total_iters=0), "total_iters"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, [abs]), "lr_lambdas"),
        (lambda o: lr_scheduler.ChainedScheduler([]), "at least one"),
        (lambda o: lr_scheduler.ChainedScheduler([LRScheduler.__new__(lr_scheduler.StepLR)], o), "optimizer"),
    ],
)
def test_errors(make, words):
    with pytest.raises((ValueError, AttributeError), match=words):
        make(optimizer())
