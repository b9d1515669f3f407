#!/usr/bin/env bash
# torch's GeneralizedPareto is flat in its concentration at 0: the gradient of log_prob(3) is 0, where it is 3/2.
#
# Surprises: concentration 0 is the exponential distribution, the natural start of a fit, and an optimiser that starts
#   there stays there, whatever the data say: log_prob, cdf and icdf all have a gradient of exactly 0 with respect to
#   the concentration, and so have they at 1e-9; at 1e-7 it is right. The gradient of mean is right at 0 as well.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64).
# Behaviour: as printed below. Up to 1e-8 (torch.isclose) the value is replaced by the exponential's, in which the
#   concentration does not occur; the value is right, its dependence is lost.
# One would have guessed: -z + z^2/2, the limit, as ContinuousBernoulli at 1/2 gives by a Taylor polynomial.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
import torch.distributions as D

torch.set_default_dtype(torch.float64)
z = torch.tensor(3.0)
loc, scale = torch.tensor(0.0), torch.tensor(1.0)


def slope(at):
    c = torch.tensor(at, requires_grad=True)
    log_prob = D.GeneralizedPareto(loc, scale, c).log_prob(z)
    return float(torch.autograd.grad(log_prob, c)[0])


for at in (-1e-7, -1e-9, 0.0, 1e-9, 1e-7):
    print(f"slope of log_prob(3) in the concentration at {at}: {slope(at)} (exact -3 + 9/2 = 1.5)")
    assert abs(slope(at) - (1.5 if abs(at) > 1e-8 else 0.0)) < 1e-5

torch.manual_seed(0)
data = D.GeneralizedPareto(loc, scale, torch.tensor(0.5)).sample((1000,))
for start in (0.0, 1e-6):
    c = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([c], lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        (-D.GeneralizedPareto(loc, scale, c).log_prob(data).mean()).backward()
        optimizer.step()
    print(f"a fit to a thousand draws with concentration 0.5, from {start}: {c.item():.3f}")
    assert c.item() == 0.0 if start == 0.0 else abs(c.item() - 0.5) < 0.1

p = torch.tensor(0.5, requires_grad=True)
(continuous,) = torch.autograd.grad(D.ContinuousBernoulli(p).log_prob(torch.tensor(0.3)), p)
print(f"slope of ContinuousBernoulli's log_prob(0.3) at 1/2: {continuous.item():.4f} (exact -0.8)")
assert abs(continuous.item() + 0.8) < 1e-6
PY
"$work/venv/bin/python" "$work/see.py"
