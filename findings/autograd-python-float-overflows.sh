#!/usr/bin/env bash
# HIPS autograd: the gradient of arctan at a large Python float raises OverflowError; for a NumPy float it is 0.
#
# Surprises: a rule may reach the argument as the user gave it. Where it squares a Python float, Python's arithmetic
#   holds, which raises ("Numerical result out of range") where NumPy's goes to inf. So grad(np.arctan)(1e160) raises,
#   np.arctan(1e160) is fine, grad(np.arctan)(np.float64(1e160)) is 0, and the second derivative at the Python float is
#   -0.0 again, because there the first pass has made a NumPy float of it. log2's second derivative is the same.
# Versions: autograd 1.9.1 (numpy 2.3.5, Python 3.11).
# Behaviour: as printed below.
# One would have guessed: that a number's type changes nothing, and that an order that works implies the one below it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q autograd==1.9.1 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import autograd.numpy as np
from autograd import grad


def answer(f, x):
    try:
        return float(f(x))
    except OverflowError as error:
        return type(error).__name__


seen = {}
for f in (np.arctan, np.arcsinh):
    for order, derivative in ((1, grad(f)), (2, grad(grad(f)))):
        for x in (1e160, np.float64(1e160)):
            seen[f.__name__, order, type(x).__name__] = answer(derivative, x)
for what, value in seen.items():
    print(*what, value)
for name in ("arctan", "arcsinh"):
    assert seen[name, 1, "float"] == "OverflowError"
    assert [seen[name, order, kind] for order, kind in ((1, "float64"), (2, "float"), (2, "float64"))] == [0.0] * 3
PY
"$work/venv/bin/python" -W ignore "$work/see.py"
