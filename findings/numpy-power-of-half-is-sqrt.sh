#!/usr/bin/env bash
# np.power(x, 0.5) is np.sqrt(x): nan at -inf and -0.0 at -0.0, where C's pow, Python and np.float_power say inf and 0.0.
#
# Surprises: an exponent of 0.5 is replaced by a square root, also in the ufunc called by name and with the exponent in an
#   array of one number; an array of two such exponents is not. So the same power of the same number depends on how many
#   numbers are raised together, and 1 / np.power(-0.0, 0.5) is -inf.
# Versions: numpy 2.4.6 (Python 3.11).
# Behaviour: as printed below; IEEE 754 and C99 (annex F) say pow(-inf, 0.5) = inf and pow(-0.0, 0.5) = +0.
# One would have guessed: that np.power is pow.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q numpy==2.4.6
cat > "$work/see.py" <<'PY'
import math

import numpy as np

x = np.array([-np.inf, -0.0])
with np.errstate(all='ignore'):
    scalar, one, two = np.power(x, 0.5), np.power(x, np.array([0.5])), np.power(x, np.array([0.5, 0.5]))
plain = [math.pow(v, 0.5) for v in x.tolist()]
print('np.power with 0.5:', scalar.tolist(), 'with [0.5]:', one.tolist(), 'with [0.5, 0.5]:', two.tolist())
print('math.pow:', plain, 'np.float_power:', np.float_power(x, 0.5).tolist())
for found in (scalar, one):
    assert math.isnan(found[0]) and math.copysign(1.0, found[1]) == -1.0
assert two[0] == math.inf and math.copysign(1.0, two[1]) == 1.0
assert plain[0] == math.inf and math.copysign(1.0, plain[1]) == 1.0
PY
"$work/venv/bin/python" "$work/see.py"
