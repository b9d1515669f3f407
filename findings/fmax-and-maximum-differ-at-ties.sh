#!/usr/bin/env bash
# At a tie fmax passes the whole gradient to one operand, and to another one in JAX than in PyTorch; maximum halves it
# in both.
#
# Surprises: fmax and maximum are the same function of numbers that are not nan. In PyTorch the first operand of fmax
#   gets everything at a tie, in JAX the second; the docs of neither say that the gradient is another than maximum's.
#   Code that changes maximum to fmax in order to ignore missing values gets other gradients for values that are
#   there.
# Versions: torch 2.13.0 (and 2.14.0) and jax 0.10.2 (CPU).
# Behaviour: as printed below; likewise for fmin and minimum.
# One would have guessed: the halves of maximum in all four, or one convention for fmax.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 jax==0.10.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import jax
import jax.numpy as jnp
import torch
found = {}
for name in ("maximum", "fmax", "minimum", "fmin"):
    x = torch.tensor([3.0, 3.0], requires_grad=True)
    getattr(torch, name)(x[0], x[1]).backward()
    found[name] = x.grad.tolist(), [float(g) for g in jax.grad(getattr(jnp, name), argnums=(0, 1))(3.0, 3.0)]
    print(f"{name}(3, 3): PyTorch {found[name][0]}, JAX {found[name][1]}")
assert found["maximum"] == found["minimum"] == ([0.5, 0.5], [0.5, 0.5])
assert found["fmax"] == found["fmin"] == ([1.0, 0.0], [0.0, 1.0])
PY
"$work/venv/bin/python" "$work/see.py"
