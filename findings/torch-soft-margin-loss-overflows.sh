#!/usr/bin/env bash
# torch.nn.functional.soft_margin_loss is inf, with a nan gradient, for a logit of -800; its relatives are exact there.
#
# Surprises: log(1 + exp(-x y)) is softplus(-x y), and PyTorch's softplus, logsigmoid and binary_cross_entropy_with_logits
#   give 800 and the gradient -1 for the same number; soft_margin_loss takes the exponential as it stands.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64; in float32 from about -89 on).
# Behaviour: inf and nan, as printed below.
# One would have guessed: that losses of one formula share its stable form; one wrong logit makes every weight nan.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math
import torch
import torch.nn.functional as F
one = torch.ones((), dtype=torch.float64)
losses = {
    "soft_margin_loss": lambda x: F.soft_margin_loss(x, one),
    "binary_cross_entropy_with_logits": lambda x: F.binary_cross_entropy_with_logits(x, one),
    "softplus": lambda x: F.softplus(-x),
}
for name, loss in losses.items():
    x = torch.tensor(-800.0, dtype=torch.float64, requires_grad=True)
    value = loss(x)
    value.backward()
    print(f"{name}: {value.item()}, gradient {x.grad.item()}")
    if name == "soft_margin_loss":
        assert value.item() == math.inf and math.isnan(x.grad.item())
    else:
        assert (value.item(), x.grad.item()) == (800.0, -1.0)
PY
"$work/venv/bin/python" "$work/see.py"
