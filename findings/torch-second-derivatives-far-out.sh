#!/usr/bin/env bash
# The second derivatives of torch's mish at 800 and of logaddexp(x, 0) at -800 are nan, where they are 0.
#
# Surprises: both functions are straight lines there, values and first derivatives are exact, and the neighbours (silu,
#   softplus) have a second derivative of 0. A Hessian-vector product or a gradient penalty over one such
#   activation is nan.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64).
# Behaviour: as printed below; both from about 710 on, where exp overflows.
# One would have guessed: 0; the first derivative's formula was made safe against overflow, and its own derivative wasn't.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math
import torch
import torch.nn.functional as F
zero = torch.zeros((), dtype=torch.float64)
functions = {
    "mish at 800": (F.mish, 800.0), "logaddexp(x, 0) at -800": (lambda x: torch.logaddexp(x, zero), -800.0),
    "silu at 800": (F.silu, 800.0), "softplus at -800": (F.softplus, -800.0),
}
for name, (f, at) in functions.items():
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    second = torch.autograd.grad(first, x)[0].item() if first.requires_grad else 0.0
    print(f"{name}: first {first.item()}, second {second}")
    assert first.item() == (1.0 if at > 0 else 0.0)
    assert math.isnan(second) == (name[0] in "ml")
PY
"$work/venv/bin/python" "$work/see.py"
