#!/usr/bin/env bash
# The second derivative of jax.scipy.special.i1 at 0 is 1, where that of the modified Bessel function I1 is 0.
#
# Surprises: value and first derivative are right at 0, and the second derivative is right at every other point. I1 is odd,
#   so its second derivative is 0 there; the answer is finite, so nothing shows that it is wrong.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: grad(grad(i1))(0.0) == 1.0; at 1e-3 it is 3.75e-4 = 3x/8, as it should be.
# One would have guessed: 0.0: the rule for 0 was written for the first derivative, and is differentiated as it stands.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import jax
from jax.scipy.special import i1

jax.config.update('jax_enable_x64', True)
first, second = jax.grad(i1), jax.grad(jax.grad(i1))
print('i1, its first and second derivative at 0:', float(i1(0.0)), float(first(0.0)), float(second(0.0)))
print('second derivative at 1e-3:', float(second(1e-3)), 'and 3x/8:', 3e-3 / 8)
assert float(first(0.0)) == 0.5 and float(second(0.0)) == 1.0
assert abs(float(second(1e-3)) - 3e-3 / 8) < 1e-7
PY
"$work/venv/bin/python" "$work/see.py"
