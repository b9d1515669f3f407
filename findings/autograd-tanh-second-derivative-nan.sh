#!/usr/bin/env bash
# HIPS autograd: the second derivative of tanh is nan from 711 on, the third from 356 on; the first is 0, as it should be.
#
# Surprises: the rule for tanh divides by cosh(x)^2, which overflows to inf at 356; the first derivative is then 1/inf = 0,
#   right, and hides it. Differentiated again the same rule multiplies cosh and sinh, inf, by what was divided by inf.
#   tanh is the function that saturates by design; its derivatives of every order are 0 there.
# Versions: autograd 1.9.1 (numpy 2.3.5, Python 3.11).
# Behaviour: as printed below.
# One would have guessed: 0 for every order; a rule in terms of the output, 1 - y^2, can't overflow.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q autograd==1.9.1 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import autograd.numpy as np
from autograd import grad

seen = {}
for x in (20.0, 350.0, 400.0, 700.0, 720.0):
    derivative = np.tanh
    for order in (1, 2, 3):
        derivative = grad(derivative)
        seen[x, order] = float(derivative(x))
    print(f"tanh at {x}: derivatives {[seen[x, order] for order in (1, 2, 3)]}")
assert all(seen[x, 1] < 1e-16 for x in (20.0, 350.0, 400.0, 700.0, 720.0))
assert np.isnan(seen[720.0, 2]) and seen[700.0, 2] == 0.0
assert np.isnan(seen[400.0, 3]) and not np.isnan(seen[350.0, 3])
PY
"$work/venv/bin/python" -W ignore "$work/see.py"
