#!/usr/bin/env bash
# torch: a forward-mode derivative of layer_norm, batch_norm, linalg.det, logdet or linalg.solve can't be differentiated
# again: jacrev(jacfwd(logdet)) is 0, without a word.
#
# Surprises: of the four ways to a second derivative, the two that take the first one in reverse mode (jacrev of jacrev,
#   and torch.func.hessian, which is jacfwd of jacrev) are right, and the two that take it in forward mode are wrong at
#   every ordinary point: the determinant, which is linear in each entry, gets 18/11 for its second derivative in
#   one. The same layer_norm written with mean and var is right in all four.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64); reported as pytorch issues 192540, 196699 and 196700.
# Behaviour: as printed below. The forward rules reuse what the value's computation left behind (a mean and a deviation,
#   the factors of an LU decomposition) and take it for constant. First derivatives are right in both modes.
# One would have guessed: that the modes may be composed in any order, as their documentation does; or an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
import torch.nn.functional as F
from torch.func import jacfwd, jacrev

torch.set_default_dtype(torch.float64)
weights, ones, unit = torch.tensor([0.3, -1.0, 2.0]), torch.ones(2), torch.tensor([0.5, 1.0, -0.7])
matrix = torch.tensor([[2.0, 1.0], [0.5, 3.0]])


def by_hand(x):
    return ((x - x.mean()) / torch.sqrt(x.var(correction=0) + 1e-5) * weights).sum()


cases = {
    "layer_norm": (lambda x: (F.layer_norm(x, [3]) * weights).sum(), unit),
    "batch_norm": (lambda x: (F.batch_norm(x[:, None], None, None, training=True)[:, 0] * weights).sum(), unit),
    "layer_norm by hand": (by_hand, unit),
    "det": (torch.linalg.det, matrix),
    "logdet": (torch.logdet, matrix),
    "solve": (lambda a: torch.linalg.solve(a, ones).sum(), matrix),
    "inv": (lambda a: (torch.linalg.inv(a) @ ones).sum(), matrix),
}
for name, (f, x) in cases.items():
    assert torch.allclose(jacfwd(f)(x), jacrev(f)(x), rtol=1e-12)
    step = torch.zeros(x.numel())
    step[0] = 1e-5
    step = step.reshape(x.shape)
    slopes = [jacrev(f)(x + sign * step).flatten()[0] for sign in (1, -1)]
    wanted = float(slopes[0] - slopes[1]) / 2e-5
    pairs = [(outer, inner) for outer in (jacrev, jacfwd) for inner in (jacrev, jacfwd)]
    ways = {f"{outer.__name__} of {inner.__name__}": float(outer(inner(f))(x).flatten()[0]) for outer, inner in pairs}
    print(f"{name}: {', '.join(f'{way} {value:.5f}' for way, value in ways.items())}; by differences {wanted:.5f}")
    right = [abs(value - wanted) < 1e-6 for value in ways.values()]
    assert right == ([True] * 4 if name in ("layer_norm by hand", "inv") else [True, False] * 2), right
PY
"$work/venv/bin/python" "$work/see.py"
