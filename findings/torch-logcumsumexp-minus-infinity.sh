#!/usr/bin/env bash
# The gradient of torch.logcumsumexp is nan for numbers at the beginning that are -inf, where it is 0.
#
# Surprises: -inf is how log probabilities say "impossible" (a mask, the start of a forward algorithm). A -inf later
#   in the sequence has gradient 0, and torch.logsumexp over the same numbers has 0 everywhere; only a leading one is
#   nan, even if nothing but the last, finite, sum is used.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64); jax.lax.cumlogsumexp's gradient of the last sum has 0.
# Behaviour: as printed below.
# One would have guessed: that the last of the cumulative sums has the gradient of the sum.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
inf = float("inf")
def gradient(f, numbers):
    x = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    f(x).backward()
    return x.grad.tolist()
last = lambda x: torch.logcumsumexp(x, 0)[-1]
whole = lambda x: torch.logsumexp(x, 0)
first, later = gradient(last, [-inf, 1.0, 2.0]), gradient(last, [1.0, -inf, 2.0])
summed = gradient(whole, [-inf, 1.0, 2.0])
print("last of logcumsumexp, -inf first:", first)
print("last of logcumsumexp, -inf later:", later)
print("logsumexp, -inf first:           ", summed)
assert first[0] != first[0] and abs(first[1] - summed[1]) < 1e-15
assert later[1] == 0.0
assert summed[0] == 0.0
PY
"$work/venv/bin/python" "$work/see.py"
