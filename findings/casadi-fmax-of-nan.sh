#!/usr/bin/env bash
# CasADi: fmax(nan, 0) is 0, its gradient is [nan, nan]; norm_inf([nan, 0]) is 0 as well, with the gradient [nan, 0].
#
# Surprises: fmax and fmin pass a nan over, as C's do, and so the value is that of the other operand alone; the
#   derivative is taken from comparisons with both and is nan for both, for SX and MX alike. An objective that looks
#   healthy has a gradient of nan. if_else passes over what it does not choose, in the value and in the gradient.
# Versions: casadi 3.8.2.
# Behaviour: as printed below.
# One would have guessed: [0, 1], the derivative of what the value was taken from.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q casadi==3.8.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math

import casadi as ca

nan = math.nan
for kind in (ca.SX, ca.MX):
    x, y = kind.sym("x"), kind.sym("y")
    v = ca.vertcat(x, y)
    for name, z in (("fmax", ca.fmax(x, y)), ("norm_inf", ca.norm_inf(v)), ("if_else", ca.if_else(x > y, x, y))):
        value, slopes = ca.Function("f", [x, y], [z, ca.gradient(z, v)])(nan, 0.0)
        slopes = slopes.full().ravel().tolist()
        print(kind.__name__, name, float(value), slopes)
        assert float(value) == 0.0
        assert [math.isnan(s) for s in slopes] == {"fmax": [1, 1], "norm_inf": [1, 0], "if_else": [0, 0]}[name]
PY
"$work/venv/bin/python" "$work/see.py"
