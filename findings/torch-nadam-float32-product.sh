#!/usr/bin/env bash
# torch.optim.NAdam keeps its running product of momenta in the default dtype, not in the parameters'.
#
# Surprises: a float64 training run with NAdam carries float32 rounding: the state "mu_product" is a float32 tensor, and
#   the parameters differ in the ninth digit from the documented algorithm after a few steps. Setting the default dtype
#   to float64 before the optimiser's first step changes the result of a model whose every tensor is float64 already.
# Version: torch 2.13.0 (CPU build, Python 3.11).
# Behaviour: state["mu_product"].dtype is torch.get_default_dtype() at the first step.
# One would have guessed: float64, as exp_avg and exp_avg_sq beside it, or a Python float.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch


def run(default):
    torch.set_default_dtype(default)
    parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = torch.optim.NAdam([parameter], lr=0.1)
    for k in range(5):
        parameter.grad = torch.full((1,), 1.0 + k, dtype=torch.float64)
        optimizer.step()
    state = optimizer.state[parameter]
    return parameter.item(), state["mu_product"].dtype, state["exp_avg"].dtype


single, double = run(torch.float32), run(torch.float64)
print("default float32:", *single)
print("default float64:", *double)
print("relative difference: %.1e" % abs(single[0] / double[0] - 1))
assert single[1] == torch.float32 and single[2] == torch.float64 == double[1]
assert 1e-11 < abs(single[0] / double[0] - 1) < 1e-6
PY
"$work/venv/bin/python" "$work/see.py"
