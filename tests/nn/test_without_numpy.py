"""micrograd's networks where NumPy can't be imported: the same graphs from the same weights, and no import of NumPy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import copy, json, pickle, sys
if {blocked}:
    sys.modules["numpy"] = None
import autograd_lite as ag
from autograd_lite import nn

ag.manual_seed(3)
model = nn.MLP(2, [16, 16, 1])
shown = {{"initial": [p.data for p in model.parameters()], "losses": [], "loaded": "numpy" in sys.modules}}
for step in range(5):
    loss = sum((model([x, 2.0 * x]) - x) ** 2 for x in [1.0, 2.0, -1.0])
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.001 * p.grad
    shown["losses"].append(loss.data)
shown["gradients"] = [p.grad for p in model.parameters()]
x = [ag.Value(1.0), 2]
model(x).backward()
shown["input"] = x[0].grad
shown["ints"] = [model([1, 2]).data, model((1, True)).data]
shown["hessian"] = [[v.data for v in row] for row in ag.hessian(lambda v: model(v).tanh())([0.3, 0.2])]
neuron = model.layers[0].neurons[1]
shown["neuron"] = [neuron(x).data, neuron.w[1].data, neuron.b.data, model.layers[1].weight[-1, -1].data]
shown["copies"] = [m(x).data == model(x).data for m in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)))]
shown["picture"] = ag.draw(nn.MLP(3, [4, 4, 1])([1.0, 2.0, 3.0])).source
shown["words"] = str(ag.explain(nn.MLP(2, [2, 1])([1.0, 2.0])))
hook = model.layers[1].weight[2, 3].register_hook(lambda g: 7.0)
model.zero_grad()
model([1.0, -2.0]).backward()
shown["hooked"] = model.layers[1].weight[2, 3].grad
bad = nn.Layer(2, 2, nonlin=False)
try:
    (bad([1e308, 1.0])[1] * 1e10).backward()
    shown["overflow"] = "no error"
except ag.AutogradError as error:
    shown["overflow"] = str(error)
shown["after"] = [p.grad for p in bad.parameters()]
single = nn.Parameter([[1.0, 2.0], [3.0, 4.0]], label="w")
single.data = [[5.0, 6.0], [7.0, 8.0]]
single.grad = 2.5
shown["parameter"] = [[single[i, j].data, single[i, j].grad] for i in (0, -1) for j in (0, 1)]
print(json.dumps(shown))
"""


def run(blocked: bool) -> dict:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(blocked=blocked)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both() -> tuple[dict, dict]:
    return run(True), run(False)


@pytest.mark.parametrize("what", ["initial", "picture", "words", "copies", "hooked", "overflow", "parameter"])
def test_without_numpy_it_is_the_same(both, what):
    without, with_numpy = both
    assert without[what] == with_numpy[what]


@pytest.mark.parametrize("what", ["losses", "gradients", "neuron", "input", "ints", "hessian", "after"])
def test_numbers_differ_by_rounding_at_most(both, what):
    def flat(x):
        return [y for item in x for y in flat(item)] if isinstance(x, list) else [x]

    without, with_numpy = (flat(found[what]) for found in both)
    assert without == pytest.approx(with_numpy, rel=1e-9, abs=1e-12)


def test_importing_nn_and_seeding_leave_numpy_alone():
    code = "import sys, autograd_lite as ag; from autograd_lite import nn; ag.manual_seed(0); ag.data; nn.MLP; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('numpy' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


def test_what_needs_arrays_names_numpy():
    code = "import sys; sys.modules['numpy'] = None; from autograd_lite import nn; nn.Linear(2, 3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "numpy" in done.stderr.splitlines()[-1]
