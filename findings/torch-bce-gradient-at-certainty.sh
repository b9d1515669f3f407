#!/usr/bin/env bash
# The gradient of torch's binary_cross_entropy(p, 0) at p = 0 is 0, where the loss, -log(1 - p), has slope 1.
#
# Surprises: the loss is smooth there, and at p = 1e-12 the gradient is 1. At the end of the interval, which a saturated
#   sigmoid reaches, the quotient (p - y)/(p (1 - p)) is 0/0, and becomes 0 by a bound on the denominator.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64).
# Behaviour: as printed below; likewise at p = y = 1, where the slope is -1.
# One would have guessed: 1 and -1: the documented clamping is of the logarithm alone, for the other label.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
import torch.nn.functional as F
found = {}
for p, y in ((0.0, 0.0), (1e-12, 0.0), (1.0, 1.0), (1.0 - 1e-12, 1.0)):
    x = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    F.binary_cross_entropy(x, torch.tensor(y, dtype=torch.float64)).backward()
    found[p] = x.grad.item()
    print(f"p = {p}, y = {y}: gradient {found[p]}")
assert found[0.0] == found[1.0] == 0.0
assert abs(found[1e-12] - 1.0) < 1e-6 and abs(found[1.0 - 1e-12] + 1.0) < 1e-3
PY
"$work/venv/bin/python" "$work/see.py"
