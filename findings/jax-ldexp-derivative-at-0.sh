#!/usr/bin/env bash
# The derivative of jnp.ldexp(x, 10) at x = 0 is 1, where it is 1024, as everywhere else: ldexp is linear.
#
# Surprises: a linear function has one slope. JAX has two, one of them for 0 alone, in both modes; 0 is where a weight
#   starts and a ReLU ends. Scaled down it is off the other way: 1 for 1/8.
# Version: jax 0.10.2 (CPU, Python 3.11, x64 enabled); reported as jax issue 37992.
# Behaviour: as printed below; torch.ldexp has 1024. A 0 is returned as it came, in order to keep its sign, and
#   differentiated as what it is then, the identity.
# One would have guessed: 1024 everywhere, or an error, as jnp.nextafter raises when it is differentiated.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
for exponent in (10, -3):
    for x in (-1.5, 0.0, 1e-9, 2.0):
        value, slope = jax.value_and_grad(lambda x: jnp.ldexp(x, exponent))(x)
        forward = jax.jacfwd(lambda x: jnp.ldexp(x, exponent))(x)
        print(f"ldexp(x, {exponent}) at {x}: {value}, slope {slope} and {forward} (exact {2.0**exponent})")
        assert value == x * 2.0**exponent and slope == forward
        assert abs(slope - (2.0**exponent if x else 1.0)) < 1e-9 * 2.0**exponent
PY
"$work/venv/bin/python" "$work/see.py"
