#!/usr/bin/env bash
# jax.scipy.special.hyp2f1(1, 1, 2, x) is log(1 - x)/(-x); JAX says 1.2e72 at x = -2, where it is 0.549, without a
# word.
#
# Surprises: already at -1 two digits are left (0.6952 for log 2 = 0.6931), at -1.1 it is 3.9e7. Between -0.9 and 1 it
#   is right, also close to the pole at 1, where it is hard; the whole negative axis, where the function is harmless,
#   is lost. SciPy, whose interface it is, is right to the last digit.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: as printed below: the power series is summed outside its circle of convergence.
# One would have guessed: the transformation x/(x - 1), or nan.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 scipy==1.16.0
cat > "$work/see.py" <<'PY'
import jax
import scipy.special
from jax.scipy.special import hyp2f1
jax.config.update("jax_enable_x64", True)
found = {}
for x in (0.99, -0.5, -1.0, -1.1, -2.0):
    found[x] = float(hyp2f1(1.0, 1.0, 2.0, x)) / float(scipy.special.hyp2f1(1.0, 1.0, 2.0, x))
    print(f"hyp2f1(1, 1, 2, {x}): JAX {float(hyp2f1(1.0, 1.0, 2.0, x))!r}, {found[x]:.3g} times SciPy's")
assert abs(found[0.99] - 1) < 1e-12
assert abs(found[-0.5] - 1) < 1e-12
assert abs(found[-1.0] - 1) > 1e-3
assert found[-1.1] > 1e6
assert found[-2.0] > 1e60
PY
"$work/venv/bin/python" "$work/see.py"
