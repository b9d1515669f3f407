#!/usr/bin/env bash
# PyTensor: the gradient of max over equal entries counts each of them in full: d/dx max([x, x]) is 2.
#
# Surprises: max([x, x]) is x, its slope is 1. max(v) at v = [1, 1, 0] has the gradient [1, 1, 0], which lies outside
#   the subdifferential; so the slope grows with the number of ties, 10 for ten equal entries. The elementwise
#   maximum(x, y) of the same library gives [1, 0] at a tie.
# Versions: pytensor 3.0.7 (Python 3.11, linker for plain Python, float64); Theano, its ancestor, had issue 4568 on it.
# Behaviour: as printed below; JAX and PyTorch's amax have the shares [1/2, 1/2, 0], v[argmax(v)] has [1, 0, 0].
# One would have guessed: shares that add to 1, whichever.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pytensor==3.0.7 numpy==2.4.6
cat > "$work/see.py" <<'PY'
import pytensor
import pytensor.tensor as pt

pytensor.config.cxx = ""
x, y, v = pt.dscalar("x"), pt.dscalar("y"), pt.dvector("v")


def slopes(expression, inputs, *at):
    return [g.tolist() for g in pytensor.function(inputs, pytensor.grad(expression, inputs))(*at)]


seen = {
    "max(v) at [1, 1, 0]": slopes(pt.max(v), [v], [1.0, 1.0, 0.0]),
    "min(v) at [1, 1, 2]": slopes(pt.min(v), [v], [1.0, 1.0, 2.0]),
    "max([x, x])": slopes(pt.max(pt.stack([x, x])), [x], 1.0),
    "max of ten times x": slopes(pt.max(pt.stack([x] * 10)), [x], 1.0),
    "maximum(x, y) at (1, 1)": slopes(pt.maximum(x, y), [x, y], 1.0, 1.0),
    "v[argmax(v)] at [1, 1, 0]": slopes(v[pt.argmax(v)], [v], [1.0, 1.0, 0.0]),
}
for name, value in seen.items():
    print(f"{name}: {value}")
assert list(seen.values()) == [[[1.0, 1.0, 0.0]], [[1.0, 1.0, 0.0]], [2.0], [10.0], [1.0, 0.0], [[1.0, 0.0, 0.0]]]
PY
"$work/venv/bin/python" "$work/see.py"
