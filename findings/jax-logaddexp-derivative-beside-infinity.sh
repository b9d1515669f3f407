#!/usr/bin/env bash
# The derivative of jnp.logaddexp(inf, b) with respect to b is exp(b), where it is 0.
#
# Surprises: the two derivatives of logaddexp are shares that add to 1. Beside an infinite number the other one's
#   share is 0; JAX says 2.718 at b = 1 and 148.4 at b = 5, finite and larger than any share. With 1e300 for inf it is
#   right.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled); torch.logaddexp has 0 there.
# Behaviour: as printed below; likewise 2**b for jnp.logaddexp2. The infinite result is replaced by 0 to keep inf -
#   inf out of the exponent, for the finite operand as well as for the infinite one.
# One would have guessed: 0, or nan; an upper bound of inf in a soft maximum is an ordinary input.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
shares = jax.grad(jnp.logaddexp, argnums=(0, 1))
found = {}
for a, b in ((1e300, 5.0), (jnp.inf, 1.0), (jnp.inf, 5.0), (5.0, jnp.inf)):
    found[a, b] = [float(s) for s in shares(a, b)]
    print(f"logaddexp({a}, {b}): shares {found[a, b]}")
assert found[1e300, 5.0] == [1.0, 0.0]
assert found[jnp.inf, 5.0][0] == 1.0
assert abs(found[jnp.inf, 5.0][1] - 148.4131591) < 1e-6
assert abs(found[jnp.inf, 1.0][1] - 2.718281828) < 1e-6
PY
"$work/venv/bin/python" "$work/see.py"
