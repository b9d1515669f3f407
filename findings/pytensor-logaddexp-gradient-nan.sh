#!/usr/bin/env bash
# pytensor.tensor.logaddexp of two variables: the value is made stable, its gradient is nan from 710 on and below -745.
#
# Surprises: logaddexp is written as the logarithm of a sum of exponentials, and a rewrite of the default mode makes the
#   value stable: 800 and -799.3, exactly. The gradient is taken from the graph as it was written, and no rewrite knows
#   it: [0, nan] at (0, 800), [nan, nan] at (-800, -800). If one of the two is a constant 0, another rewrite (softplus)
#   does make both right. In mode FAST_COMPILE, without rewrites, the value itself is inf, as nan follows.
# Versions: pytensor 3.0.7 (Python 3.11, linker for plain Python, float64).
# Behaviour: as printed below; logsumexp of a vector of the same numbers has the gradients [0, 1] and [0.5, 0.5].
# One would have guessed: what the name promises elsewhere, a stable function with weights in [0, 1] for derivatives.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pytensor==3.0.7 numpy==2.3.5 scipy==1.16.3
cat > "$work/see.py" <<'PY'
import math

import pytensor
import pytensor.tensor as pt

x, y = pt.dscalars("x", "y")
z = pt.logaddexp(x, y)
v = pt.dvector("v")
w = pt.logsumexp(v)
for mode in ("FAST_RUN", "FAST_COMPILE"):
    f = pytensor.function([x, y], [z, *pytensor.grad(z, [x, y])], mode=mode)
    g = pytensor.function([v], [w, pytensor.grad(w, v)], mode=mode)
    for point in ((0.0, 1.0), (0.0, 800.0), (-800.0, -800.0)):
        value, *slopes = (float(t) for t in f(*point))
        print(f"{mode} logaddexp{point}: {value}, gradient {slopes}; logsumexp: {g(point)[1].tolist()}")
        if point == (0.0, 1.0):
            assert all(map(math.isfinite, (value, *slopes)))
        else:
            assert math.isnan(slopes[1])
            assert math.isfinite(value) == (mode == "FAST_RUN")
        assert mode == "FAST_COMPILE" or all(map(math.isfinite, g(point)[1]))
PY
PYTENSOR_FLAGS="cxx=,base_compiledir=$work/compiled" "$work/venv/bin/python" -W ignore "$work/see.py"
