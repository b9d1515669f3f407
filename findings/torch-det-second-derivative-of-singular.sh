#!/usr/bin/env bash
# The second derivatives of torch.linalg.det are nan for matrices whose rank is too low by two; a determinant is a
# polynomial.
#
# Surprises: the Hessian of a 2 by 2 determinant is the same at every matrix, with entries 0, 1 and -1. It is right at
#   a matrix of rank 1, and sixteen times nan at the zero matrix; a 3 by 3 matrix of ones has nan, too. Values and
#   first derivatives are right at all of them.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64); JAX's jax.hessian(jnp.linalg.det) is exact at the zero matrix.
# Behaviour: as printed below.
# One would have guessed: that a function without a division has derivatives of every order everywhere, as torch.prod
#   has.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
from torch.autograd.functional import hessian
found = {}
for name, rows in {
    "unit": [[1.0, 0.0], [0.0, 1.0]], "rank 1": [[1.0, 2.0], [2.0, 4.0]], "zero": [[0.0, 0.0], [0.0, 0.0]],
    "ones, 3 by 3": [[1.0] * 3] * 3,
}.items():
    matrix = torch.tensor(rows, dtype=torch.float64)
    entries = hessian(torch.linalg.det, matrix).reshape(matrix.numel(), -1)
    found[name] = entries
    print(f"{name}: {int(entries.isnan().sum())} of {entries.numel()} second derivatives are nan")
assert torch.allclose(found["unit"], found["rank 1"], atol=1e-12)
assert found["zero"].isnan().all()
assert found["ones, 3 by 3"].isnan().any()
PY
"$work/venv/bin/python" "$work/see.py"
