"""Runs of PyTorch's optimisers and schedules, to compare with; ``python tests/optim/reference.py`` rewrites the JSON.

PyTorch fuses multiplications and additions where the processor can; ATEN_CPU_CAPABILITY=default (to be set before torch
is imported) switches that off. Its square root, from Intel's library, is wrong in the last digit for one number in
seventy; here the correctly rounded one takes its place. NAdam's running product of momenta has the default dtype,
whatever the parameters have, so float64 is the default here. What is left is the sequence of roundings that the
definitions say.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

HERE = Path(__file__).parent
FILE = HERE / "reference.json"

#: name: (class, hyper-parameters)
OPTIMISERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd-default": ("SGD", {}),
    "sgd-momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd-dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd-nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd-decay": ("SGD", {"lr": 0.07, "weight_decay": 0.01}),
    "sgd-all": ("SGD", {"lr": 0.07, "momentum": 0.8, "weight_decay": 0.3, "nesterov": True, "maximize": True}),
    "asgd": ("ASGD", {"lr": 0.1}),
    "asgd-all": (
        "ASGD",
        {"lr": 0.05, "lambd": 0.3, "alpha": 0.6, "t0": 2.0, "weight_decay": 0.2, "maximize": True},
    ),
    "adam": ("Adam", {"lr": 0.1}),
    "adam-default": ("Adam", {}),
    "adam-betas": ("Adam", {"lr": 0.03, "betas": (0.4, 0.6), "eps": 1e-3}),
    "adam-zero": ("Adam", {"lr": 0.03, "betas": (0.0, 0.0), "eps": 0.1}),
    "adam-decay": ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    "adam-amsgrad": ("Adam", {"lr": 0.1, "amsgrad": True, "betas": (0.9, 0.5)}),
    "adam-maximize": ("Adam", {"lr": 0.1, "maximize": True}),
    "adamw": ("AdamW", {"lr": 0.1}),
    "adamw-decay": ("AdamW", {"lr": 0.1, "weight_decay": 0.4, "amsgrad": True}),
    "adam-decoupled": ("Adam", {"lr": 0.1, "weight_decay": 0.4, "decoupled_weight_decay": True}),
    "rmsprop": ("RMSprop", {"lr": 0.1}),
    "rmsprop-default": ("RMSprop", {}),
    "rmsprop-momentum": ("RMSprop", {"lr": 0.1, "momentum": 0.9, "alpha": 0.9}),
    "rmsprop-centered": ("RMSprop", {"lr": 0.1, "centered": True, "alpha": 0.7}),
    "rmsprop-all": (
        "RMSprop",
        {
            "lr": 0.01,
            "centered": True,
            "alpha": 0.3,
            "momentum": 0.5,
            "weight_decay": 0.1,
            "eps": 1e-2,
            "maximize": True,
        },
    ),
    "adagrad": ("Adagrad", {"lr": 0.1}),
    "adagrad-default": ("Adagrad", {}),
    "adagrad-all": (
        "Adagrad",
        {
            "lr": 0.1,
            "lr_decay": 0.1,
            "weight_decay": 0.2,
            "initial_accumulator_value": 0.3,
            "eps": 1e-3,
            "maximize": True,
        },
    ),
    "adadelta": ("Adadelta", {}),
    "adadelta-all": ("Adadelta", {"lr": 0.7, "rho": 0.6, "eps": 1e-3, "weight_decay": 0.2, "maximize": True}),
    "adamax": ("Adamax", {"lr": 0.1}),
    "adamax-all": ("Adamax", {"lr": 0.05, "betas": (0.3, 0.6), "eps": 1e-2, "weight_decay": 0.3, "maximize": True}),
    "nadam": ("NAdam", {"lr": 0.1}),
    "nadam-all": (
        "NAdam",
        {"lr": 0.05, "betas": (0.4, 0.7), "eps": 1e-3, "weight_decay": 0.2, "momentum_decay": 0.1, "maximize": True},
    ),
    "nadam-decoupled": ("NAdam", {"lr": 0.05, "weight_decay": 0.2, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {"lr": 0.1}),
    "radam-soon": ("RAdam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.2, "maximize": True}),
    "radam-decoupled": ("RAdam", {"lr": 0.05, "weight_decay": 0.2, "decoupled_weight_decay": True}),
    "rprop": ("Rprop", {"lr": 0.1}),
    "rprop-all": ("Rprop", {"lr": 0.05, "etas": (0.3, 1.9), "step_sizes": (0.02, 0.2), "maximize": True}),
}

#: optimisers that PyTorch lacks: name: (class, hyper-parameters, one step of one number: (θ, g, state, group) → θ)
RULES: dict[str, tuple[str, dict[str, Any], Callable[..., float]]] = {}

#: all of them: name: (class, hyper-parameters)
ALL = {**OPTIMISERS, **{name: (kind, options) for name, (kind, options, _) in RULES.items()}}

#: name: a chain of (class, arguments); more than one act on the same optimiser, each stepped every epoch
SCHEDULES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "step": [("StepLR", {"step_size": 3, "gamma": 0.5})],
    "step-default": [("StepLR", {"step_size": 4})],
    "multistep": [("MultiStepLR", {"milestones": [2, 5, 5, 11], "gamma": 0.3})],
    "exponential": [("ExponentialLR", {"gamma": 0.9})],
    "cosine": [("CosineAnnealingLR", {"T_max": 10})],
    "cosine-up": [("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01})],
    "linear": [("LinearLR", {"start_factor": 0.1, "total_iters": 7})],
    "linear-down": [("LinearLR", {"start_factor": 1.0, "end_factor": 0.25, "total_iters": 6})],
    "constant": [("ConstantLR", {"factor": 0.3, "total_iters": 4})],
    "lambda": [("LambdaLR", {"lr_lambda": "0.95**epoch"})],
    "linear+exponential": [("LinearLR", {"total_iters": 4}), ("ExponentialLR", {"gamma": 0.8})],
    "cosine+step": [("CosineAnnealingLR", {"T_max": 7}), ("StepLR", {"step_size": 2, "gamma": 0.9})],
    "warm-up": [
        (
            "SequentialLR",
            {
                "schedulers": [
                    ("LinearLR", {"start_factor": 0.1, "total_iters": 4}),
                    ("CosineAnnealingLR", {"T_max": 6}),
                    ("ExponentialLR", {"gamma": 0.5}),
                ],
                "milestones": [4, 11],
            },
        )
    ],
    "constant-then-step": [
        (
            "SequentialLR",
            {
                "schedulers": [
                    ("ConstantLR", {"factor": 0.5, "total_iters": 9}),
                    ("MultiStepLR", {"milestones": [2, 4]}),
                    ("LambdaLR", {"lr_lambda": "1/(1 + epoch)"}),
                ],
                "milestones": [3, 10],
            },
        )
    ],
    "multiplicative": [("MultiplicativeLR", {"lr_lambda": "0.95 + 0.01*epoch"})],
    "polynomial": [("PolynomialLR", {"total_iters": 8, "power": 1.7})],
    "polynomial-default": [("PolynomialLR", {})],
    "restarts": [("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01})],
    "restarts-even": [("CosineAnnealingWarmRestarts", {"T_0": 4})],
    "one-cycle": [("OneCycleLR", {"max_lr": [0.3, 0.5], "total_steps": 25})],
    "one-cycle-linear": [
        (
            "OneCycleLR",
            {"max_lr": 0.4, "epochs": 5, "steps_per_epoch": 5, "anneal_strategy": "linear", "three_phase": True},
        )
    ],
    "cyclic": [("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4})],
    "cyclic-2": [
        (
            "CyclicLR",
            {"base_lr": 0.01, "max_lr": [0.1, 0.2], "step_size_up": 3, "step_size_down": 2, "mode": "triangular2"},
        )
    ],
    "cyclic-exp": [
        ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9})
    ],
    "chained": [
        (
            "ChainedScheduler",
            {"schedulers": [("ConstantLR", {"factor": 0.1, "total_iters": 2}), ("ExponentialLR", {"gamma": 0.9})]},
        )
    ],
}

#: name: arguments of ReduceLROnPlateau
PLATEAUS: dict[str, dict[str, Any]] = {
    "min-rel": {"patience": 1, "factor": 0.5},
    "max-rel": {"mode": "max", "patience": 0, "threshold": 0.05},
    "min-abs": {"threshold_mode": "abs", "threshold": 0.2, "patience": 2, "cooldown": 3, "factor": 0.3},
    "max-abs": {"mode": "max", "threshold_mode": "abs", "patience": 0, "min_lr": [0.04, 0.001], "eps": 1e-3},
}
MEASURES = [3.0, 2.5, 2.6, 2.4, 2.39999, 2.5, 2.5, 2.5, 2.5, 1.0, 1.1, 1.05, 1.2, float("nan"), 1.3, 1.3, 1.3, 0.1, 0.2]
EPOCHS = 20


def start(n: int, steps: int, seed: int = 7) -> tuple[Any, Any]:
    """The same parameters and gradients for everybody: normal numbers of very different sizes, some of them 0."""
    rng = np.random.default_rng(seed)
    gradients = rng.standard_normal((steps, n)) * 10.0 ** rng.integers(-6, 4, (1, n))
    gradients[rng.random((steps, n)) < 0.1] = 0.0
    return rng.standard_normal(n), gradients


def run(optim: Any, name: str, parameter: Any, set_gradient: Any, numbers: Any, gradients: Any) -> list[Any]:
    """The numbers after each step; the learning rate is halved in the middle."""
    kind, options = ALL[name]
    optimizer = getattr(optim, kind)([parameter], **options)
    trace = []
    for i, gradient in enumerate(gradients):
        if i == len(gradients) // 2:
            optimizer.param_groups[0]["lr"] *= 0.5
        set_gradient(parameter, gradient)
        optimizer.step()
        trace.append(numbers(parameter))
    return trace


def known(name: str) -> list[list[float]]:
    """The numbers after each step: those that PyTorch gave, or a rule's."""
    if name in OPTIMISERS:
        found: list[list[float]] = json.loads(FILE.read_text())["optimisers"][name]
        return found
    numbers, gradients = start(7, 8)

    class Literal:  # an optimiser of one parameter, number by number
        def __init__(self, given: Any, **options: Any) -> None:
            self.parameter, self.param_groups = given[0], [dict(options)]
            self.states: list[dict[str, float]] = [{} for _ in self.parameter["θ"]]

        def step(self) -> None:
            theta, grad, rule = self.parameter["θ"], self.parameter["g"], RULES[name][2]
            self.parameter["θ"] = [rule(*one, self.param_groups[0]) for one in zip(theta, grad, self.states)]

    def set_gradient(parameter: Any, gradient: Any) -> None:
        parameter["g"] = gradient.tolist()

    optim = SimpleNamespace(**{RULES[name][0]: Literal})
    return run(optim, name, {"θ": numbers.tolist()}, set_gradient, lambda p: p["θ"], gradients)


def schedule(lr_scheduler: Any, optimizer: Any, kind: str, options: dict[str, Any]) -> Any:
    """A schedule from its description."""
    options = dict(options)
    if "lr_lambda" in options:
        text = options["lr_lambda"]
        options["lr_lambda"] = lambda epoch: eval(text, {"epoch": epoch})
    if "schedulers" in options:
        options["schedulers"] = [schedule(lr_scheduler, optimizer, *inner) for inner in options["schedulers"]]
    if kind == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(**options)
    return getattr(lr_scheduler, kind)(optimizer, **options)


def rates(lr_scheduler: Any, optimizer: Any, name: str) -> list[list[float]]:
    """The learning rates of both groups, before each epoch."""
    chain = [schedule(lr_scheduler, optimizer, *entry) for entry in SCHEDULES[name]]
    trace = []
    for _ in range(EPOCHS):
        trace.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        for entry in chain:
            entry.step()
    return trace


def plateau(lr_scheduler: Any, optimizer: Any, name: str) -> list[list[float]]:
    """The learning rates of both groups after each measure."""
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAUS[name])
    trace = []
    for measure in MEASURES:
        scheduler.step(measure)
        trace.append([float(group["lr"]) for group in optimizer.param_groups])
    return trace


def torch_trace(name: str, n: int, steps: int) -> Any:
    """``run`` in torch, float64."""
    import torch

    numbers, gradients = start(n, steps)
    parameter = torch.nn.Parameter(torch.from_numpy(numbers.copy()))

    def set_gradient(p: Any, gradient: Any) -> None:
        p.grad = torch.from_numpy(gradient.copy())

    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        trace = run(torch.optim, name, parameter, set_gradient, lambda p: p.detach().numpy().copy(), gradients)
    finally:
        torch.set_default_dtype(dtype)
    return np.array(trace)


def torch_optimizer() -> Any:
    """Two groups, so that every schedule has two rates."""
    import torch

    a, b = (torch.nn.Parameter(torch.ones(1, dtype=torch.float64)) for _ in range(2))
    return torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.03}], lr=0.1, momentum=0.9)


def main() -> None:
    """Write reference.json, or (with a path) the long runs as an npz file."""
    if os.environ.get("ATEN_CPU_CAPABILITY") != "default":
        os.environ["ATEN_CPU_CAPABILITY"] = "default"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    import torch

    torch.Tensor.sqrt = lambda self: torch.from_numpy(np.sqrt(self.detach().numpy()))
    torch.Tensor.sqrt_ = lambda self: self.copy_(self.sqrt())
    if len(sys.argv) > 1:
        np.savez(sys.argv[1], **{name: torch_trace(name, 1000, 40) for name in OPTIMISERS})
        return
    scheduler = torch.optim.lr_scheduler
    found = {
        "torch": torch.__version__,
        "optimisers": {name: torch_trace(name, 7, 8).tolist() for name in OPTIMISERS},
        "schedules": {name: rates(scheduler, torch_optimizer(), name) for name in SCHEDULES},
        "plateaus": {name: plateau(scheduler, torch_optimizer(), name) for name in PLATEAUS},
    }
    FILE.write_text(json.dumps(found, indent=None, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
