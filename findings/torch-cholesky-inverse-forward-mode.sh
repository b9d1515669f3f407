#!/usr/bin/env bash
# torch.cholesky_inverse has another first derivative in forward mode than in reverse mode, at ordinary matrices.
#
# Surprises: the trace of cholesky_inverse(cholesky(A)) is that of the inverse of A; for A = [[4, 1], [1, 3]] its slope
#   in the direction of the first entry is -10/121 = -0.0826. backward() says so; torch.func.jvp says -0.0902.
#   torch.func.hessian, forward over reverse, is off with it and not symmetric. linalg.inv is right in both modes.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64); reported as pytorch issue 196682.
# Behaviour: as printed below. The forward rule multiplies its factors in an order that is right for diagonal matrices
#   alone, for which the two modes agree.
# One would have guessed: that both modes compute one derivative up to rounding, and the choice is a matter of cost.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
from torch.func import grad, hessian, jvp

torch.set_default_dtype(torch.float64)
eye = torch.eye(2)
ways = {
    "cholesky_inverse": lambda a: torch.trace(torch.cholesky_inverse(torch.linalg.cholesky(a))),
    "inv": lambda a: torch.trace(torch.linalg.inv(a)),
}
direction = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
for a in (torch.tensor([[4.0, 1.0], [1.0, 3.0]]), torch.tensor([[4.0, 0.0], [0.0, 3.0]])):
    exact = -float((torch.linalg.inv(a) @ torch.linalg.inv(a))[0, 0])
    for name, way in ways.items():
        reverse = float((grad(way)(a) * direction).sum())
        forward = float(jvp(way, (a,), (direction,))[1])
        second = hessian(lambda s: way(a + s[0] * direction + s[1] * eye))(torch.zeros(2))
        lopsided = float((second[0, 1] - second[1, 0]).abs())
        print(f"{name} at {a.tolist()}: reverse {reverse:.6f}, forward {forward:.6f} (exact {exact:.6f}), "
              f"Hessian's asymmetry {lopsided:.1e}")
        assert abs(reverse - exact) < 1e-12
        right = name != "cholesky_inverse" or not a[0, 1]
        assert (abs(forward - exact) < 1e-12) == right
        assert right == (lopsided < 1e-12)
PY
"$work/venv/bin/python" "$work/see.py"
