#!/usr/bin/env bash
# The gradient of torch.nn.functional.celu on float64 tensors is computed with a float32 reciprocal of alpha.
#
# Surprises: with alpha = 0.7 the derivative of celu at -1 in float64 is right to seven digits only, though the value is
#   right to the last digit. torch.autograd.gradcheck does not see it at its default tolerances.
# Version: torch 2.13.0 (CPU build, Python 3.11).
# Behaviour: grad of celu(x, alpha) at x < 0 differs from exp(x/alpha) by about 7e-9 relative, for an alpha whose
#   reciprocal is no float32 number; with alpha = 0.5 it is exact.
# One would have guessed: float64 accuracy, as elu's gradient has with the same alpha.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math

import torch


def relative_error(alpha):
    x = torch.tensor([-1.0], dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.celu(x, alpha)
    y.backward()
    value = abs(y.item() / (alpha * math.expm1(-1.0 / alpha)) - 1)
    return value, abs(x.grad.item() / math.exp(-1.0 / alpha) - 1)


for alpha in (0.7, 0.5):
    print("alpha %.1f: relative error of the value %.1e, of the gradient %.1e" % (alpha, *relative_error(alpha)))
assert relative_error(0.7)[0] < 1e-15 and 1e-10 < relative_error(0.7)[1] < 1e-7
assert relative_error(0.5)[1] < 1e-15
PY
"$work/venv/bin/python" "$work/see.py"
