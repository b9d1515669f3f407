#!/usr/bin/env bash
# jax.scipy.special.spence (the dilogarithm Li2(1 - x)) has derivative 0 at x = 1, where it is -1.
#
# Surprises: the derivative is right on both sides of 1 and silently 0 at 1 itself, which is where an expansion is made
#   and where code tests itself; nothing is nan, so nothing warns.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: grad(spence)(1.0) == 0.0; grad(spence)(1 +- 1e-6) is -1.
# One would have guessed: the limit of log(x)/(1 - x), which is -1, or nan from 0/0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import jax
from jax.scipy.special import spence

jax.config.update('jax_enable_x64', True)
slope = jax.grad(spence)
at, left, right = (float(slope(x)) for x in (1.0, 1.0 - 1e-6, 1.0 + 1e-6))
print('derivative of spence at 1 - 1e-6, 1, 1 + 1e-6:', left, at, right)
assert at == 0.0 and abs(left + 1) < 1e-5 and abs(right + 1) < 1e-5
PY
"$work/venv/bin/python" "$work/see.py"
