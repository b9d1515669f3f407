#!/usr/bin/env bash
# The gradient of torch.nn.functional.hardsigmoid on float64 tensors is a float32 number.
#
# Surprises: hardsigmoid is (x + 3)/6 between -3 and 3, so its slope is 1/6 there; in float64 it comes out as float32's
#   1/6, right to eight digits only, though the value is right to the last digit.
# Version: torch 2.13.0 (CPU build, Python 3.11).
# Behaviour: the gradient at 0.5 is 0.1666666716337204, and 1/6 is 0.16666666666666666.
# One would have guessed: float64 accuracy, as hardswish's gradient has.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import sys

import torch


def slope(function):
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    function(x).backward()
    return x.grad.item()


hard, swish = slope(torch.nn.functional.hardsigmoid), slope(torch.nn.functional.hardswish)
print(f"hardsigmoid: {hard!r}, 1/6 is {1 / 6!r}, float32's is {torch.tensor(1 / 6, dtype=torch.float32).item()!r}")
print(f"hardswish: {swish!r}, (2x + 3)/6 is {4 / 6!r}")
sys.exit(not (1e-9 < abs(hard - 1 / 6) < 1e-8 and abs(swish - 4 / 6) < 1e-15))
PY
"$work/venv/bin/python" "$work/see.py"
