"""What a user's type checker sees: numbers of real types, and errors for what isn't there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest

import autograd_lite

PROGRAM = """\
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from typing_extensions import assert_type

import autograd_lite as ag
import autograd_lite.nn.functional as F
from autograd_lite import Value, nn
from autograd_lite.primitives import Primitive


def f(v: Value) -> Value:
    return v**3 + ag.sin(v) / 2 - 2.0 * v


x = Value(2.0, label="x")
y = Value(3.0)
assert_type(x * x, Value)
assert_type(2.0 * x, Value)
assert_type(2 - x // y, Value)
assert_type(x % 2, Value)
assert_type(-x + abs(x), Value)
assert_type(divmod(x, y), tuple[Value, Value])
assert_type(x.sin(), Value)
assert_type(x.clip(0.0, y), Value)
assert_type(x.leaky_relu(), Value)
assert_type(ag.exp(x), Value)
assert_type(ag.exp(1.0), float)
assert_type(ag.maximum(1.0, x), Value)
assert_type(ag.atan2(x, 1.0), Value)
assert_type(ag.hypot(3.0, 4.0), float)
assert_type(ag.sum([x, y]), Value)
assert_type(ag.mean([1.0, 2.0]), float)
assert_type(x.parents, tuple[Value, ...])
assert_type(x.op, Primitive | None)
assert_type(x.grad, float)
assert_type(x.data, float)
assert_type(x < 3, bool)
assert_type(x == y, bool)
assert_type(ag.grad(f)(1.0), float)
assert_type(ag.grad(ag.grad(f))(1.0), float)
assert_type(ag.value_and_grad(f)(1.0), tuple[float, float])
assert_type(x.named("z").detach(), Value)
x.data = Fraction(1, 3)
x.grad = 0.0
(x * y).backward()
loss = ag.nn.MSELoss()([x], [1.0])
assert_type(loss, Value)
loss.backward()
Array = np.ndarray[Any, Any]
assert_type(nn.Linear(2, 3)([x, 1.0]), Array)
assert_type(nn.LayerNorm(3)([x, y, 1.0]), Array)
assert_type(nn.Softmax(0)([x, y]), Array)
assert_type(nn.Tanh()(x), Value)
assert_type(nn.Tanh()(1.0), float)
assert_type(nn.Tanh()([x, 1.0]), Array)
assert_type(nn.Neuron(2)([1.0, x]), Value)
assert_type(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))([x, y]), Array)
assert_type(nn.Sequential(nn.Linear(2, 1), nn.Tanh())([x, y]), Array)


class Own(nn.Module):
    def __init__(self) -> None:
        self.inner: nn.Sequential = nn.Sequential({"first": nn.Linear(1, 2)})

    def forward(self, v: Value) -> Value:
        return v


def trained(model: nn.MLP, criterion: nn.MSELoss, rows: list[list[float]]) -> Value:
    loss = criterion([model(row) for row in rows], [1.0] * len(rows))
    loss.backward()
    return loss


mlp = nn.MLP(2, [16, 16, 1])
score = mlp([1.0, x])
score.backward()
one: Value = score
assert_type((score - 1.0) ** 2, Value)
several: list[Value] = nn.MLP(2, 4, 3)([x, 1.0])
for out in nn.Layer(2, 3)([x, y]):
    assert_type(out, Value)
assert_type(mlp([[1.0, 2.0], [3.0, 4.0]]), Array)
assert_type(nn.Neuron(2)([[1.0, 2.0], [3.0, 4.0]]), Array)
trained(nn.MLP(2, 4, 1), nn.MSELoss(reduction="sum"), [[1.0, 2.0]])
assert_type(nn.L1Loss(reduction="none")([x], [1.0]), Array)
assert_type(nn.HuberLoss("none", 2.0)([x], [1.0]), Array)
assert_type(nn.HuberLoss(delta=2.0)([x], [1.0]), Value)
assert_type(nn.CrossEntropyLoss(label_smoothing=0.1, reduction="none")([[x, y]], [0]), Array)
assert_type(nn.KLDivLoss("batchmean")([[x, y]], [[0.5, 0.5]]), Value)
assert_type(F.mse_loss([x], [1.0]), Value)
assert_type(F.mse_loss([x], [1.0], reduction="none"), Array)
assert_type(F.gelu(x, approximate="tanh"), Value)
assert_type(F.softmax([x, y], dim=0), Array)
for criterion in (nn.L1Loss(), nn.SmoothL1Loss(beta=0.5), nn.MSELoss(reduction="sum")):
    assert_type(criterion([x], [1.0]), Value)
assert_type(nn.Linear(2, 3).eval(), nn.Linear)


def scaled(v: Value, factor: Value) -> Value:
    return v * factor


assert_type(ag.grad(scaled)(1.0, 2.0), float)
assert_type(ag.grad(scaled, argnums=1)(1.0, 2.0), float)
assert_type(ag.grad(ag.grad(scaled))(1.0, 2.0), float)
assert_type(ag.value_and_grad(scaled)(1.0, 2.0), tuple[float, float])
assert_type(ag.grad(lambda a, b: a * b)(1.0, 2.0), float)
assert_type(ag.grad(lambda v: v[0] * v[1])([1.0, 2.0]), list[float])
assert_type(ag.value_and_grad(lambda v: v[0] * v[1])([1, 2]), tuple[float, list[float]])
assert_type(ag.grad(np.sum)(np.ones(3)), Array)
assert_type(ag.grad(scaled, argnums=(0, 1))(1.0, 2.0), Any)
assert_type(ag.grad(lambda p: p["w"] ** 2)({"w": 1.0}), Any)
assert_type(ag.checkpoint(scaled, x, y), Value)
assert_type(ag.softmax([x, y]), list[Value])
assert_type(ag.sort([2.0, 1.0]), list[float])
assert_type(ag.median([x, y]), Value)
assert_type(nn.init.xavier_uniform_(nn.Linear(2, 3).weight), nn.Parameter)
nn.init.zeros_(nn.Linear(2, 3).bias)
for weight in nn.Linear(2, 3).parameters():
    assert_type(weight, nn.Parameter)
    weight.data -= 0.1 * weight.grad
for scalar in mlp.parameters():
    assert_type(scalar, Value)
    scalar.data -= 0.1 * scalar.grad


def product(v: list[Value]) -> Value:
    return v[0] * v[1]


def polar(v: list[Value]) -> list[Value]:
    return [v[0] * ag.cos(v[1]), v[0] * ag.sin(v[1])]


def plain(v: float) -> float:
    return v * ag.sin(v)


@ag.compile
def summed(rows: list[list[float]], targets: list[float], *, scale: float = 1.0) -> Value:
    return nn.MSELoss()([mlp(row) for row in rows], targets) * scale


assert_type(ag.hessian(f)(1.0), float)
assert_type(ag.hessian(product)([1.0, 2.0]), list[list[float]])
assert_type(ag.hessian(np.prod)(np.ones(3)), Array)
assert_type(ag.hessian(scaled, argnums=(0, 1))(1.0, 2.0), Any)
assert_type(ag.jacobian(f)(1.0), float)
assert_type(ag.jacobian(product)([1.0, 2.0]), list[float])
assert_type(ag.jacobian(polar)([1.0, 2.0]), list[list[float]])
assert_type(ag.jacobian(polar, mode="forward").mode, str)
assert_type(ag.jacobian(lambda p: p["w"])({"w": 1.0}), Any)
assert_type(ag.vmap(f)([1.0, 2.0]), list[float])
assert_type(ag.vmap(product)([[1.0, 2.0]]), list[float])
assert_type(ag.vmap(ag.grad(product))([[1.0, 2.0]]), list[list[float]])
assert_type(ag.vmap(scaled, in_axes=(0, None))(np.ones(3), 2.0), Array)
assert_type(ag.vmap(lambda p: p["w"])({"w": [1.0]}), Any)
assert_type(ag.compile(plain)(1.0), float)
assert_type(ag.compile(f)(x), Value)
assert_type(ag.compile(f)(1.0), Any)  # a float; a Value if f closes over some
assert_type(ag.compile(ag.grad(f))(1.0), float)
assert_type(ag.compile(ag.grad(f), strict=True)(x), Value)
assert_type(ag.compile(ag.grad(product), backend="c")([1.0, 2.0]), list[float])
assert_type(ag.compile(ag.value_and_grad(f))(1.0), tuple[float, float])
assert_type(ag.compile(ag.hessian(product))([1.0, 2.0]), list[list[float]])
assert_type(ag.compile(ag.jacobian(polar))([1.0, 2.0]), list[list[float]])
assert_type(ag.compile(ag.vmap(ag.grad(f)))(np.ones(3)), Array)
assert_type(ag.compile(ag.vmap(f))([1.0, 2.0]), list[float])
summed([[1.0, 2.0]], [1.0], scale=2.0).backward()
assert_type(summed([[1.0, 2.0]], [1.0]), Value)
assert_type(summed.source(), str)
slope = ag.compile(ag.grad(f))
assert_type(slope(1.0), float)
assert_type(slope.source(), str)
assert_type(summed.equations().latex, str)
assert_type(summed.eager, str | None)
assert_type(nn.Sequential(nn.Linear(2, 3))[0], nn.Module)
assert_type(nn.Sequential(nn.Linear(2, 3), nn.ReLU())[1:].train(), nn.Sequential)
assert_type(nn.ModuleList([nn.Linear(2, 3)])[0], nn.Module)
assert_type(nn.ParameterList([[1.0]])[0], nn.Parameter)
function: Callable[[float], float] = slope
layers: list[nn.Module] = [nn.Linear(1, 2), Own()]
assert_type(nn.Sequential(*layers)([x]), Any)
"""

#: where the package is; an editable install's folder is on no path that a checker reads
HOME = Path(autograd_lite.__file__).parents[1]

#: lines that a checker has to refuse
WRONG = [
    "x.sinn()",
    "(x * x).backwards()",
    "ag.sin(x).datta",
    "x.clip(0.0, 1.0, 2.0)",
    "ag.grad(f)(1.0).data",
    "x.parents[0].foo",
    "nn.Linear(2, 3)([x]).backward()",
    "mlp([1.0, x]).backwards()",
    "nn.MSELoss(reduction='none')([x], [1.0]).backward()",
    "nn.MSELoss(reduction='average')",
    "nn.MSELos()",
    "F.mse_loss([x], [1.0], reduction='batchmean')",
    "F.mse_los([x], [1.0])",
    "ag.sinn(x)",
    "ag.softmax([x, y])[0].datta",
    "ag.checkpoint(scaled, x, y).backwards()",
    "nn.Linear(2, 3).parameters()[0].dataa",
    "ag.data.TensorDatasets",
    "ag.optim.Adamm",
    "ag.testing.check_grad",
    "ag.compile(ag.grad(f))(1.0).datta",
    "ag.compile(ag.grad(f)).sources()",
    "summed([[1.0]], [1.0]).backwards()",
    "ag.hessian(product)([1.0, 2.0])[0].shape",
    "ag.vmap(f)(np.ones(3)).append(1.0)",
    "nn.Sequential(nn.Linear(2, 3))[0].forwards",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "typed.py").write_text(PROGRAM)
    path = "" if HOME.name == "site-packages" else f"mypy_path = {HOME}\n"
    (tmp_path / "mypy.ini").write_text(f"[mypy]\n{path}[mypy-autograd_lite.*]\nfollow_imports = silent\n")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(HOME)]}))
    (tmp_path / "wrong.py").write_text(PROGRAM + "\n" + "\n".join(WRONG) + "\n")
    return tmp_path


def refused(said: str) -> list[str]:
    """The lines of wrong.py that a checker has an error for."""
    lines = (PROGRAM + "\n" + "\n".join(WRONG)).splitlines()
    return [lines[number - 1] for number in sorted({int(n) for n in re.findall(r"wrong\.py:(\d+):.*error", said)})]


def test_mypy(folder):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache")]
    right = subprocess.run([*command, "typed.py"], cwd=folder, capture_output=True, text=True)
    assert right.returncode == 0, right.stdout
    wrong = subprocess.run([*command, "wrong.py"], cwd=folder, capture_output=True, text=True)
    assert refused(wrong.stdout) == WRONG, wrong.stdout


def test_pyright(folder):
    pyright = shutil.which("pyright", path=f"{Path(sys.executable).parent}") or shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed here")
    command = [pyright, "--pythonpath", sys.executable]
    right = subprocess.run([*command, "typed.py"], cwd=folder, capture_output=True, text=True)
    if "error:" not in right.stdout and right.returncode:
        pytest.skip("pyright can't run here")  # it fetches a Node.js when first used
    assert right.returncode == 0, right.stdout
    wrong = subprocess.run([*command, "wrong.py"], cwd=folder, capture_output=True, text=True)
    assert refused(wrong.stdout) == WRONG, wrong.stdout


def is_of(thing: object, kind: object) -> bool:
    """Whether a type is true of a thing, as deep as lists, tuples and unions go."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin is Union or origin is UnionType:
        return any(is_of(thing, one) for one in arguments)
    if origin is list:
        return type(thing) is list and all(is_of(item, arguments[0]) for item in thing)
    if origin is tuple:
        kinds = arguments[:1] * len(thing) if arguments[1:] == (...,) else arguments
        return type(thing) is tuple and len(thing) == len(kinds) and all(map(is_of, thing, kinds))
    return isinstance(thing, origin or kind)


def test_what_checkers_see_is_true(monkeypatch):
    wrong = []

    def seen(thing: object, kind: object) -> None:
        if not is_of(thing, kind):
            wrong.append((sys._getframe(1).f_lineno, type(thing), kind))

    monkeypatch.setattr("typing_extensions.assert_type", seen)
    exec(compile(PROGRAM, "typed.py", "exec"), {"__name__": "typed"})
    lines = PROGRAM.splitlines()
    assert not wrong, [(lines[line - 1], kind) for line, kind, _ in wrong]
