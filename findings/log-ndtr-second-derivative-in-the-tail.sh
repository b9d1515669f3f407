#!/usr/bin/env bash
# The second derivative of log_ndtr (the logarithm of the normal distribution function) in the lower tail: 3170 in JAX
# and -7403 in PyTorch at -1e5, where it is -1.
#
# Surprises: the function exists for its tail, and its values are right there. The first derivative has eight digits
#   left at -1e4, none at -1e8; the second is off in size at -1e4, in sign from -1e5 on, and 2e15 at -1e8.
#   A Newton step of a probit likelihood with one far outlier goes astray.
# Versions: torch 2.13.0 (and 2.14.0) and jax 0.10.2 (CPU, float64).
# Behaviour: as printed below. The slope is exp(-x^2/2 - log_ndtr(x)), a difference of large numbers in the exponent.
# One would have guessed: that what is made for the tail is made for Newton's method there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 jax==0.10.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import jax
import torch
from jax.scipy.special import log_ndtr
jax.config.update("jax_enable_x64", True)
first, second = jax.grad(log_ndtr), jax.grad(jax.grad(log_ndtr))
for at in (-10.0, -100.0, -1e4, -1e5, -1e8):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.special.log_ndtr(x), x, create_graph=True)
    theirs = torch.autograd.grad(slope, x)[0].item()
    ours = float(second(at))
    print(f"at {at:g}: JAX {ours:.6g}, PyTorch {theirs:.6g} (exact: -1 + 3/x^2 and less)")
    assert abs(float(first(at)) / slope.item() - 1) < (1e-5 if at > -1e8 else 0.9)
    if at == -10.0:
        assert abs(ours - theirs) < 1e-9
    if at <= -1e5:
        assert abs(ours) > 1e3 and abs(theirs) > 1e3
PY
"$work/venv/bin/python" "$work/see.py"
