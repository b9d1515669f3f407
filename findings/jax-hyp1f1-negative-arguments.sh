#!/usr/bin/env bash
# jax.scipy.special.hyp1f1(1, 2, x) is 28% off at x = -40 and -0.0 at -800, without a word.
#
# Surprises: 1F1(1; 2; x) is (e^x - 1)/x, harmless for negative x: 0.025 at -40. The answer is finite, positive and wrong
#   from about -35 on, in the value itself, and its derivative with it; SciPy is right to the last digit.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: as printed below: a series whose terms alternate is summed where they are 1e16 times the sum.
# One would have guessed: that the transformation e^x 1F1(b - a; b; -x) is used there, or nan.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 scipy==1.16.0
cat > "$work/see.py" <<'PY'
import jax
import scipy.special
from jax.scipy.special import hyp1f1
jax.config.update("jax_enable_x64", True)
found = {}
for x in (-10.0, -40.0, -800.0):
    found[x] = float(hyp1f1(1.0, 2.0, x))
    print(f"hyp1f1(1, 2, {x}): JAX {found[x]!r}, SciPy {float(scipy.special.hyp1f1(1.0, 2.0, x))!r}")
assert abs(found[-10.0] - 0.1) < 1e-4
assert abs(found[-40.0] / 0.025 - 1) > 0.2
assert found[-800.0] == 0.0
PY
"$work/venv/bin/python" "$work/see.py"
