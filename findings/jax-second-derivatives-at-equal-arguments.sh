#!/usr/bin/env bash
# The second derivatives of jnp.hypot, betaln and beta are wrong where the two arguments are equal.
#
# Surprises: hypot(x, 1) is smooth at x = 1, and its second derivative there is 1/(2 sqrt 2) = 0.354; JAX says 0. That of
#   betaln(x, 2) at 2 is 0.361; JAX says 0.039. Values and first derivatives are
#   right, and so are second ones beside the point.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled).
# Behaviour: as printed below. The arguments are sorted into a larger and a smaller one first, and at a tie each of
#   the two choices hands on halves, which only the first derivative can stand.
# One would have guessed: that a function's formula leaves no trace where the function has no kink; points on a diagonal
#   (hypot of a square, beta of equal counts) are the usual test inputs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 mpmath==1.3.0
cat > "$work/see.py" <<'PY'
import jax
import jax.numpy as jnp
import mpmath
from jax.scipy.special import beta, betaln
jax.config.update("jax_enable_x64", True)
cases = {
    "hypot(x, 1)": (lambda x: jnp.hypot(x, 1.0), lambda x: mpmath.sqrt(x * x + 1), 1.0),
    "betaln(x, 2)": (lambda x: betaln(x, 2.0), lambda x: mpmath.log(mpmath.beta(x, 2)), 2.0),
    "beta(x, 2)": (lambda x: beta(x, 2.0), lambda x: mpmath.beta(x, 2), 2.0),
}
for name, (f, exact, tie) in cases.items():
    for x in (tie, tie + 1e-6):
        first, second = float(jax.grad(f)(x)), float(jax.grad(jax.grad(f))(x))
        wanted = [float(mpmath.diff(exact, x, k)) for k in (1, 2)]
        print(f"{name} at {x}: first {first:.6f} (exact {wanted[0]:.6f}), second {second:.6f} (exact {wanted[1]:.6f})")
        assert abs(first - wanted[0]) < 1e-6
        assert (abs(second - wanted[1]) < 1e-4) == (x != tie)
PY
"$work/venv/bin/python" "$work/see.py"
