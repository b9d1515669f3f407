#!/usr/bin/env bash
# The Hessian of x**y (both tensors) is nan throughout at x = 0, y = 2 in PyTorch, where it is ((2, 0), (0, 0)).
#
# Surprises: value and gradient are right there, and with a constant exponent so is the second derivative, 2. At x =
#   1e-9 the Hessian is right. The entry of the exponent, x**y log(x), was taken care of in the first derivative only,
#   and 0 times nan spreads it to the base's.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64); JAX has ((2, 0), (0, 0)).
# Behaviour: as printed below, for every y above 1.
# One would have guessed: the limit, as in the first derivative, where the exponent's share at x = 0 is 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
from torch.autograd.functional import hessian, jacobian
power = lambda p: p[0] ** p[1]
point = torch.tensor([0.0, 2.0], dtype=torch.float64)
beside = torch.tensor([1e-9, 2.0], dtype=torch.float64)
print("gradient at (0, 2):", jacobian(power, point).tolist())
print("Hessian at (0, 2):", hessian(power, point).tolist())
print("Hessian at (1e-9, 2):", hessian(power, beside).tolist())
alone = hessian(lambda x: x ** torch.tensor(2.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)).item()
print("second derivative with a constant exponent:", alone)
assert jacobian(power, point).tolist() == [0.0, 0.0]
assert hessian(power, point).isnan().all()
assert abs(hessian(power, beside)[0, 0].item() - 2.0) < 1e-6
assert alone == 2.0
PY
"$work/venv/bin/python" "$work/see.py"
