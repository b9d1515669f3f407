#!/usr/bin/env bash
# The derivative of jax.scipy.special.spence is nan on the open interval (1, 2) and 0 at 1, where it is finite and -1.
#
# Surprises: the function itself (the dilogarithm Li2(1 - x)) is right everywhere; below 1 and above 2 its derivative is,
#   too. In between, a whole interval of ordinary arguments gives nan, and the point 1 a silent 0.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: grad(spence) is nan at 1.000001, 1.5 and 1.9, and 0.0 at 1.
# One would have guessed: log(x)/(1 - x) everywhere, with the limit -1 at 1; or a problem at the point 1 alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import math

import jax
from jax.scipy.special import spence

jax.config.update('jax_enable_x64', True)
found = {x: float(jax.grad(spence)(x)) for x in (0.5, 0.999999, 1.0, 1.000001, 1.5, 1.9, 2.5)}
for x, slope in found.items():
    print('x = %-8g derivative %-22r exact %r' % (x, slope, -1.0 if x == 1.0 else math.log(x) / (1.0 - x)))
for x, slope in found.items():
    if 1.0 < x < 2.0:
        assert math.isnan(slope)
    else:
        assert slope == 0.0 if x == 1.0 else abs(slope - math.log(x) / (1.0 - x)) < 1e-12
PY
"$work/venv/bin/python" "$work/see.py"
