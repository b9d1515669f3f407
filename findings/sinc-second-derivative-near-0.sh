#!/usr/bin/env bash
# The second derivative of sinc near 0: PyTorch says nan at 0 and 0 beside it, JAX -3.29 at 0 and 201 beside it.
#
# Surprises: sinc(x) = sin(pi x)/(pi x) is smooth; its second derivative is -pi^2/3 = -3.2899 on the whole neighbourhood
#   of 0. torch.sinc gives nan at 0 and 0.0 at 1e-9. jnp.sinc is right at 0 itself, which has a rule of its own, and gives
#   201.06 at 1e-9: a plain number of the wrong sign and size, out of a cancellation.
# Versions: torch 2.13.0 and jax 0.10.2 (CPU, Python 3.11, float64).
# Behaviour: as printed below. At 1e-4 both are right to 6 digits.
# One would have guessed: that a library that treats 0 specially keeps a few digits next to it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 jax==0.10.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math

import jax
import jax.numpy as jnp
import torch

jax.config.update('jax_enable_x64', True)


def with_torch(x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sinc(x), x, create_graph=True)
    return torch.autograd.grad(slope, x)[0].item()


def with_jax(x):
    return float(jax.grad(jax.grad(jnp.sinc))(x))


found = {x: (with_torch(x), with_jax(x)) for x in (0.0, 1e-9, 1e-4)}
for x, (a, b) in found.items():
    print('second derivative of sinc at %g: torch %r, jax %r, exact %.4f' % (x, a, b, -(math.pi**2) / 3))
assert math.isnan(found[0.0][0]) and found[1e-9][0] == 0.0 and abs(found[1e-4][0] + 3.2899) < 1e-3
assert abs(found[0.0][1] + 3.2899) < 1e-3 and found[1e-9][1] > 100 and abs(found[1e-4][1] + 3.2899) < 1e-3
PY
"$work/venv/bin/python" "$work/see.py"
