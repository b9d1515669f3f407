#!/usr/bin/env bash
# jax.scipy.special: expn(2, 0.0) is 0.5, and exp1 and expn(2, x) have a derivative that can't be differentiated again.
#
# Surprises: E2(0) is 1/(2 - 1) = 1; the answer is finite and off by a factor of two. And grad(grad(f)) raises a TypeError
#   about a tracer that has no constant handler, at every x, while values and first derivatives are right.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: as printed below; SciPy's expn(2, 0.0) is 1.
# One would have guessed: the values of SciPy, whose interface it is, and a derivative that can be differentiated again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 scipy==1.16.0
cat > "$work/see.py" <<'PY'
import math
import jax
import scipy.special
from jax.scipy.special import exp1, expn
jax.config.update("jax_enable_x64", True)
print("expn(2, 0): JAX", float(expn(2, 0.0)), "SciPy", float(scipy.special.expn(2, 0.0)))
assert float(expn(2, 0.0)) == 0.5
cases = {
    "exp1": (exp1, lambda x: -math.exp(-x) / x),
    "expn(2, x)": (lambda x: expn(2, x), lambda x: -scipy.special.exp1(x)),
}
for name, (f, slope) in cases.items():
    for x in (0.3, 1.0, 2.0):
        first = float(jax.grad(f)(x))
        assert abs(first - slope(x)) < 1e-9
        try:
            second = f"{float(jax.grad(jax.grad(f))(x))}"
        except TypeError as error:
            second = f"TypeError: {str(error).splitlines()[0]}"
        print(f"{name} at {x}: first {first:.9f} (exact {slope(x):.9f}), second {second}")
        assert second.startswith("TypeError")
PY
"$work/venv/bin/python" "$work/see.py"
