#!/usr/bin/env bash
# Three clipping functions of JAX have three different derivatives at their upper bound: 1, 0 and 1/2.
#
# Surprises: jax.nn.hard_tanh at 1, jax.nn.relu6 at 6 and jnp.clip at its bound are the same function up to the numbers,
#   and a network that swaps one for the other gets another gradient wherever an activation sits at the bound (as after
#   quantisation, or with inputs in [0, 1]).
# Version: jax 0.10.2 (CPU, Python 3.11).
# Behaviour: 1.0 for hard_tanh (the slope inside), 0.0 for relu6 (a rule of its own), 0.5 for clip (a tie of min and max).
# One would have guessed: one convention for all three.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2
cat > "$work/see.py" <<'PY'
import jax
import jax.numpy as jnp

found = {
    'hard_tanh at 1': float(jax.grad(jax.nn.hard_tanh)(1.0)),
    'relu6 at 6': float(jax.grad(jax.nn.relu6)(6.0)),
    'clip(x, 0, 1) at 1': float(jax.grad(lambda x: jnp.clip(x, 0.0, 1.0))(1.0)),
}
print(found)
assert list(found.values()) == [1.0, 0.0, 0.5]
PY
"$work/venv/bin/python" "$work/see.py"
