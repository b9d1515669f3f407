#!/usr/bin/env bash
# safetensors 0.8.0: save and load of a transposed NumPy array gives back other numbers; 0.7.0 gives back the array.
#
# Surprises: the shape is right, the entries are in another order: [[0, 1, 2], [3, 4, 5]] in Fortran order comes back as
#   [[0, 3, 1], [4, 2, 5]]. w.T is in that order, and much of what LAPACK returns; np.save takes care of it. A vector
#   and a symmetric matrix show nothing.
# Versions: safetensors 0.8.0 against 0.7.0 (numpy 2.3.5); reported as safetensors issue 825. Its docstring asks for
#   "contiguous and dense" arrays; both orders are contiguous in NumPy's terms.
# Behaviour: as printed below. The memory is written as it lies, and the strides are not looked at.
# One would have guessed: what 0.7.0 does, or an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/see.py" <<'PY'
import io
import sys

import numpy as np
import safetensors
from safetensors.numpy import load, save

rows = np.arange(6.0).reshape(2, 3)
for name, array in {"in C order": rows, "in Fortran order": np.asfortranarray(rows), "transposed": rows.T}.items():
    back = load(save({"w": array}))["w"]
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    assert np.array_equal(np.load(file), array) and back.shape == array.shape
    print(f"safetensors {safetensors.__version__}, {name}: {array.tolist()} comes back as {back.tolist()}")
    assert np.array_equal(back, array) == (safetensors.__version__ == "0.7.0" or array is rows)
assert safetensors.__version__ == sys.argv[1]
PY
for version in 0.7.0 0.8.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install -q "safetensors==$version" numpy==2.3.5
  "$work/$version/bin/python" "$work/see.py" "$version"
done
