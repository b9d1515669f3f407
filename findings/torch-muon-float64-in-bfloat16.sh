#!/usr/bin/env bash
# torch.optim.Muon orthogonalises in bfloat16 whatever the parameters' dtype is.
#
# Surprises: with float64 parameters and gradients, the step that Muon takes has about three correct digits: each entry
#   of the step is a bfloat16 number times the scale. Nothing warns, and there is no argument for the precision.
# Version: torch 2.13.0 (CPU build, Python 3.11).
# Behaviour: the momentum matrix is cast to bfloat16 before the Newton-Schulz iteration and the result is added to the
#   float64 parameter. The same iteration in float64 differs from it by about 1e-2.
# One would have guessed: that an optimiser computes in the parameters' dtype, as torch.optim.SGD and AdamW do, so that
#   float64 runs can serve as a reference for another implementation.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch

torch.manual_seed(0)
gradient = torch.randn(4, 6, dtype=torch.float64)
parameter = torch.nn.Parameter(torch.zeros(4, 6, dtype=torch.float64))
optimizer = torch.optim.Muon([parameter], lr=1.0, weight_decay=0.0, momentum=0.0, nesterov=False)
parameter.grad = gradient.clone()
optimizer.step()
step = -parameter.detach()
x = gradient / gradient.norm()
for _ in range(5):  # the documented iteration and coefficients, in float64
    gram = x @ x.T
    x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
fits = torch.equal(step, step.bfloat16().double())
print("dtype of the step:", step.dtype, "| every entry is a bfloat16 number:", fits)
print("largest difference from the same iteration in float64: %.1e" % (step - x).abs().max())
assert step.dtype == torch.float64 and fits and 1e-4 < (step - x).abs().max() < 1e-1
PY
"$work/venv/bin/python" "$work/see.py"
