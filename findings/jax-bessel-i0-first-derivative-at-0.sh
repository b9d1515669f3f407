#!/usr/bin/env bash
# The derivative of jax.scipy.special.i0 at 0 is 1, where that of the modified Bessel function I0, which is even, is 0.
#
# Surprises: already the first derivative is wrong, at the most ordinary point; at +-1e-12 it is right. (The finding on i1
#   is another function, whose first derivative is right.)
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: grad(i0)(0.0) == 1.0 and grad(grad(i0))(0.0) == 1.5 (exact: 0, as SciPy's i1 says, and 1/2).
# One would have guessed: 0, as for every smooth even function; a von Mises likelihood starts there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 scipy==1.16.0
cat > "$work/see.py" <<'PY'
import jax
import scipy.special
from jax.scipy.special import i0
jax.config.update("jax_enable_x64", True)
first, second = jax.grad(i0), jax.grad(jax.grad(i0))
for x in (-1e-12, 0.0, 1e-12, 0.5):
    print(f"at {x}: first {float(first(x)):.6f} (exact {scipy.special.i1(x):.6f}), second {float(second(x)):.6f}")
assert float(first(0.0)) == 1.0
assert float(second(0.0)) == 1.5
assert abs(float(first(1e-12))) < 1e-9
PY
"$work/venv/bin/python" "$work/see.py"
