#!/usr/bin/env bash
# The second derivative of jax.scipy.special.betainc with respect to x is nan at x = 0, where the density's slope is finite.
#
# Surprises: betainc(2, 3, x) is a polynomial, 6x^2 - 8x^3 + 3x^4. Its first derivative at 0 comes out right (0); the
#   second is nan where it is 12. A Newton step or a Hessian that touches the end of the interval is lost.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: grad(grad(betainc in x))(0.0) is nan; at 1e-6 it is 12 to five digits.
# One would have guessed: 12, or an inf for parameters whose density has a pole there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import math

import jax
from jax.scipy.special import betainc

jax.config.update('jax_enable_x64', True)
first = jax.grad(lambda x: betainc(2.0, 3.0, x))
second = jax.grad(first)
print('first derivative at 0:', float(first(0.0)), '| second at 0 and at 1e-6:', float(second(0.0)), float(second(1e-6)))
assert float(first(0.0)) == 0.0 and math.isnan(float(second(0.0))) and abs(float(second(1e-6)) - 12) < 1e-3
PY
"$work/venv/bin/python" "$work/see.py"
