"""What PyTorch says, in float64: ``python -m tests.nn.reference`` writes reference.json, which the tests compare with.

The inputs come from a small generator of our own, so that the numbers don't depend on any library's random numbers.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import mpmath as mp
import numpy as np

FILE = Path(__file__).with_name("reference.json")
SIZES = ((10, 40), (40, 40), (40, 5))


def numbers(shape, seed):
    """Numbers in (−1, 1) by a linear congruential generator (Numerical Recipes' constants)."""
    state, found = seed, []
    for _ in range(math.prod(shape)):
        state = (1664525 * state + 1013904223) % 2**32
        found.append(2.0 * (state + 0.5) / 2**32 - 1.0)
    return np.array(found).reshape(shape)


def weights():
    """Figure 7.8's weights, He-scaled, and biases that aren't 0, layer by layer."""
    layers = []
    for k, (inputs, outputs) in enumerate(SIZES):
        layers.append(math.sqrt(6.0 / inputs) * numbers((outputs, inputs), 11 + k))
        layers.append(0.1 * numbers((outputs,), 21 + k))
    return layers


def points():
    """100 points: inputs of 10 and targets of 5 numbers, of variance 1."""
    return math.sqrt(3.0) * numbers((100, 10), 31), math.sqrt(3.0) * numbers((100, 5), 32)


_SCORES = 2.0 * numbers((4, 3), 41)
_LOG_P = _SCORES - np.log(np.exp(_SCORES).sum(axis=1, keepdims=True))
_Q = np.exp(2.0 * numbers((4, 3), 42))
_Q = _Q / _Q.sum(axis=1, keepdims=True)
_CLASSES = np.array([0, 2, 1, 1])
_BITS = (numbers((4, 3), 43) > 0.0).astype(float)
_WEIGHT = [0.5, 2.0, 1.0]

#: name: loss, its arguments, predictions, targets
LOSSES = {
    "mse": ("MSELoss", {}, _SCORES, _LOG_P),
    "mse sum": ("MSELoss", {"reduction": "sum"}, _SCORES, _LOG_P),
    "l1": ("L1Loss", {}, _SCORES, _LOG_P),
    "huber": ("HuberLoss", {"delta": 0.7}, _SCORES, _LOG_P),
    "smooth l1": ("SmoothL1Loss", {"beta": 0.7}, _SCORES, _LOG_P),
    "bce": ("BCELoss", {}, _Q, _BITS),
    "bce soft": ("BCELoss", {}, 0.5 + 0.4 * _BITS * _Q, _Q),
    "bce weight": ("BCELoss", {"weight": _WEIGHT}, _Q, _BITS),
    "bce logits": ("BCEWithLogitsLoss", {}, _SCORES, _BITS),
    "bce logits soft": ("BCEWithLogitsLoss", {}, 30.0 * _SCORES, _Q),
    "bce logits weights": ("BCEWithLogitsLoss", {"weight": _WEIGHT, "pos_weight": _WEIGHT[::-1]}, _SCORES, _BITS),
    "nll": ("NLLLoss", {}, _LOG_P, _CLASSES),
    "nll weight": ("NLLLoss", {"weight": _WEIGHT}, _LOG_P, _CLASSES),
    "nll ignore": ("NLLLoss", {"weight": _WEIGHT, "ignore_index": 2}, _LOG_P, _CLASSES),
    "multi margin": ("MultiMarginLoss", {}, _SCORES, _CLASSES),
    "multi margin square": ("MultiMarginLoss", {"p": 2, "margin": 2.5, "weight": _WEIGHT}, _SCORES, _CLASSES),
    "multi margin one": ("MultiMarginLoss", {"reduction": "sum"}, _SCORES[0], np.array(2)),
    "cross entropy": ("CrossEntropyLoss", {}, 100.0 * _SCORES, _CLASSES),
    "cross entropy one": ("CrossEntropyLoss", {}, _SCORES[0], np.array(2)),
    "cross entropy sum": ("CrossEntropyLoss", {"reduction": "sum", "weight": _WEIGHT}, _SCORES, _CLASSES),
    "cross entropy smooth": ("CrossEntropyLoss", {"label_smoothing": 0.2, "weight": _WEIGHT}, _SCORES, _CLASSES),
    "cross entropy probabilities": ("CrossEntropyLoss", {"weight": _WEIGHT}, _SCORES, _Q),
    "kl": ("KLDivLoss", {}, _LOG_P, _Q),
    "kl batchmean": ("KLDivLoss", {"reduction": "batchmean"}, _LOG_P, _BITS),
    "kl log": ("KLDivLoss", {"reduction": "sum", "log_target": True}, _LOG_P, np.log(_Q)),
}

_SIGNS = np.where(_BITS > 0.0, 1.0, -1.0)

#: losses that PyTorch lacks: name: loss, its arguments, predictions, targets, the loss of one pair of 50-digit numbers
FORMULAS = {
    "hinge": ("HingeLoss", {}, _SCORES, _SIGNS, lambda p, t: max(mp.mpf(0), 1 - t * p)),
    "hinge sum": ("HingeLoss", {"reduction": "sum"}, _SCORES, _SIGNS, lambda p, t: max(mp.mpf(0), 1 - t * p)),
}

#: functions of one number that PyTorch lacks, or rounds (findings/torch-hardsigmoid-gradient-float32.sh): name: module,
#: its arguments, inputs, the function of a 50-digit number
FUNCTIONS = {
    "hardsigmoid": ("Hardsigmoid", {}, 4.0 * _SCORES, lambda x: min(max((x + 3) / 6, mp.mpf(0)), mp.mpf(1))),
}

_ROWS = [3.0 * numbers((4, 3), 60 + k) for k in range(3)]
_VARIANCE = 0.1 + numbers((4, 3), 71) ** 2

#: name: loss, its arguments, inputs, how many of them are differentiated
LOSSES_OF_INPUTS = {
    "soft margin": ("SoftMarginLoss", {}, [_SCORES, _SIGNS], 1),
    "gaussian": ("GaussianNLLLoss", {}, [_SCORES, _LOG_P, _VARIANCE], 3),
    "gaussian full": ("GaussianNLLLoss", {"full": True, "reduction": "sum"}, [_SCORES, _LOG_P, _VARIANCE[:, :1]], 3),
    "gaussian rows": ("GaussianNLLLoss", {}, [_SCORES, _LOG_P, _VARIANCE[:, 0]], 3),
    "poisson": ("PoissonNLLLoss", {}, [_SCORES, 4.0 * _Q], 1),
    "poisson rate": ("PoissonNLLLoss", {"log_input": False, "full": True}, [_VARIANCE, 4.0 * _Q], 1),
    "ranking": ("MarginRankingLoss", {"margin": 0.5}, [_SCORES, _LOG_P, _SIGNS], 2),
    "cosine": ("CosineEmbeddingLoss", {"margin": -0.3}, [_ROWS[0], _ROWS[1], _SIGNS[:, 0]], 2),
    "triplet": ("TripletMarginLoss", {}, _ROWS, 3),
    "triplet swap": ("TripletMarginLoss", {"swap": True, "p": 3.0, "margin": 2.0, "reduction": "sum"}, _ROWS, 3),
}

#: name: module, its arguments, inputs
MODULES = {
    "relu": ("ReLU", {}, _SCORES),
    "tanh": ("Tanh", {}, _SCORES),
    "sigmoid": ("Sigmoid", {}, _SCORES),
    "softplus": ("Softplus", {"beta": 2.0}, _SCORES),
    "gelu": ("GELU", {}, 2.0 * _SCORES),
    "gelu tanh": ("GELU", {"approximate": "tanh"}, 2.0 * _SCORES),
    "silu": ("SiLU", {}, 3.0 * _SCORES),
    "elu": ("ELU", {"alpha": 0.7}, _SCORES),
    "leaky relu": ("LeakyReLU", {"negative_slope": 0.2}, _SCORES),
    "softmax": ("Softmax", {"dim": 1}, _SCORES),
    "softmax columns": ("Softmax", {"dim": 0}, _SCORES),
    "log softmax": ("LogSoftmax", {"dim": -1}, _SCORES),
    "layer norm": ("LayerNorm", {"normalized_shape": 3}, _SCORES),
    "layer norm plain": ("LayerNorm", {"normalized_shape": (4, 3), "elementwise_affine": False}, _SCORES),
    "layer norm scale": ("LayerNorm", {"normalized_shape": 3, "bias": False}, _SCORES),
    "celu": ("CELU", {"alpha": 0.5}, _SCORES),
    "selu": ("SELU", {}, _SCORES),
    "mish": ("Mish", {}, 2.0 * _SCORES),
    "softsign": ("Softsign", {}, _SCORES),
    "log sigmoid": ("LogSigmoid", {}, 20.0 * _SCORES),
    "tanhshrink": ("Tanhshrink", {}, _SCORES),
    "hardtanh": ("Hardtanh", {"min_val": -0.5, "max_val": 0.7}, _SCORES),
    "hardshrink": ("Hardshrink", {"lambd": 0.3}, _SCORES),
    "softshrink": ("Softshrink", {"lambd": 0.3}, _SCORES),
    "hardswish": ("Hardswish", {}, 4.0 * _SCORES),
    "threshold": ("Threshold", {"threshold": 0.3, "value": -0.5}, _SCORES),
    "prelu": ("PReLU", {}, _SCORES),
    "prelu channels": ("PReLU", {"num_parameters": 3, "init": 0.375}, _SCORES.reshape(2, 3, 2)),
    "softmin": ("Softmin", {"dim": 0}, _SCORES),
    "glu": ("GLU", {"dim": 0}, _SCORES),
    "glu last": ("GLU", {}, _SCORES.reshape(3, 4)),
    "group norm": ("GroupNorm", {"num_groups": 2, "num_channels": 6}, _SCORES.reshape(2, 6)),
    "group norm lengths": ("GroupNorm", {"num_groups": 3, "num_channels": 3, "eps": 0.1}, _SCORES.reshape(2, 3, 2)),
    "group norm plain": ("GroupNorm", {"num_groups": 1, "num_channels": 3, "affine": False}, _SCORES),
    "relu6": ("ReLU6", {}, 9.0 * _SCORES),
    "rms norm": ("RMSNorm", {"normalized_shape": 3}, _SCORES),
    "rms norm all": ("RMSNorm", {"normalized_shape": (4, 3), "eps": 0.1, "elementwise_affine": False}, _SCORES),
    "batch norm": ("BatchNorm1d", {"num_features": 3}, _SCORES),
    "batch norm plain": ("BatchNorm1d", {"num_features": 3, "affine": False, "momentum": None}, 3.0 * _SCORES),
    "batch norm lengths": (
        "BatchNorm1d",
        {"num_features": 3, "track_running_stats": False},
        _SCORES.reshape(2, 3, 2),
    ),
    "flatten": ("Flatten", {"start_dim": 0}, _SCORES),
    "identity": ("Identity", {}, _SCORES),
}
SEEDS = numbers((12,), 51)  # the adjoints with which modules' outputs are differentiated


def torch_figure78(torch, steps=200):
    """Gradients of the first batch, and the loss of every step, all in float64."""
    layers = []
    for inputs, outputs in SIZES:
        layers += [torch.nn.Linear(inputs, outputs, dtype=torch.float64), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for parameter, start in zip(model.parameters(), weights(), strict=True):
            parameter.copy_(torch.tensor(start))
    x, y = map(torch.tensor, points())
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    losses, gradients = [], None
    for step in range(steps):
        batch = slice(10 * (step % 10), 10 * (step % 10) + 10)
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        if gradients is None:
            gradients = [p.grad.numpy().copy() for p in model.parameters()]
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 9:
            scheduler.step()
    return losses, gradients


def torch_losses(torch):
    """Value and gradient of every loss of the list."""
    found = {}
    for name, (kind, named, prediction, target) in LOSSES.items():
        options = {k: torch.tensor(v, dtype=torch.float64) if k.endswith("weight") else v for k, v in named.items()}
        p = torch.tensor(prediction, requires_grad=True)
        value = getattr(torch.nn, kind)(**options)(p, torch.tensor(target))
        value.backward()
        found[name] = [value.item(), p.grad.ravel().tolist()]
    return found


def torch_losses_of_inputs(torch):
    """Value and gradients of every loss of several inputs."""
    found = {}
    for name, (kind, named, inputs, count) in LOSSES_OF_INPUTS.items():
        given = [torch.tensor(x, requires_grad=k < count) for k, x in enumerate(inputs)]
        value = getattr(torch.nn, kind)(**named)(*given)
        value.backward()
        found[name] = [value.item(), [g for x in given[:count] for g in x.grad.ravel().tolist()]]
    return found


def torch_modules(torch):
    """Outputs of every module of the list, and the gradient of their sum weighted by ``SEEDS``."""
    found = {}
    for name, (kind, named, inputs) in MODULES.items():
        x = torch.tensor(inputs, requires_grad=True)
        out = getattr(torch.nn, kind)(**named).double()(x)
        (out.ravel() * torch.tensor(SEEDS[: out.numel()])).sum().backward()
        found[name] = [out.ravel().tolist(), x.grad.ravel().tolist()]
    return found


def excerpt(gradients):
    """The biases' gradients, and of each weight's the first row."""
    return [(g if g.ndim == 1 else g[0]).tolist() for g in gradients]


def computed(torch):
    """All that reference.json holds."""
    torch.set_num_threads(1)
    losses, gradients = torch_figure78(torch)
    return {
        "torch": torch.__version__,
        "figure78": {"losses": losses, "gradients": excerpt(gradients)},
        "losses": torch_losses(torch),
        "losses_of_inputs": torch_losses_of_inputs(torch),
        "modules": torch_modules(torch),
    }


if __name__ == "__main__":
    import torch

    FILE.write_text(json.dumps(computed(torch), indent=0) + "\n")
