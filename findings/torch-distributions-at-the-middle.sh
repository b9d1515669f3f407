#!/usr/bin/env bash
# torch.distributions: the second derivative of a binomial's log_prob is 0 at p = 1/2, where it is -40, and the slope of
# Laplace's cdf, its density, is 0 at the mean, where the density is largest.
#
# Surprises: a fair coin and a distribution's centre are where one starts and tests. The observed Fisher information of
#   Binomial(10) at p = 1/2 comes out as nothing, with the logit 0 as well; a millionth beside it all is right, and
#   Bernoulli and NegativeBinomial are right at the point itself. Laplace.icdf has slope 0 at 1/2, where it is 2.
# Versions: torch 2.13.0 and 2.14.0 (CPU, float64).
# Behaviour: as printed below. The formulas go through abs, whose derivative at 0 is 0; Binomial's log_prob takes care
#   of that in its first derivative alone.
# One would have guessed: that a smooth function has no special point because its formula has one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import torch
import torch.distributions as D

torch.set_default_dtype(torch.float64)
four = torch.tensor(4.0)
laplace = D.Laplace(torch.tensor(0.0), torch.tensor(1.0))


def slopes(f, at):
    x = torch.tensor(at, requires_grad=True)
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    return float(first.detach()), float(second)


cases = {
    "Binomial(10, p).log_prob(4), second": (lambda p: D.Binomial(10, p).log_prob(four), 0.5, 1, -4 / 0.25 - 6 / 0.25),
    "Binomial(10, logits).log_prob(4), second": (lambda s: D.Binomial(10, logits=s).log_prob(four), 0.0, 1, -2.5),
    "NegativeBinomial(4, p).log_prob(4), second": (lambda p: D.NegativeBinomial(4.0, p).log_prob(four), 0.5, 1, -32.0),
    "Bernoulli(p).log_prob(1), second": (lambda p: D.Bernoulli(p).log_prob(torch.tensor(1.0)), 0.5, 1, -4.0),
    "Laplace.cdf, first": (laplace.cdf, 0.0, 0, 0.5),
    "Laplace.icdf, first": (laplace.icdf, 0.5, 0, 2.0),
}
for name, (f, middle, order, exact) in cases.items():
    at, beside = slopes(f, middle)[order], slopes(f, middle + 1e-6)[order]
    print(f"{name} derivative at {middle}: {at:.6f}; beside it {beside:.6f} (exact {exact})")
    assert abs(beside - exact) < 1e-3
    assert (at == exact) == name.startswith(("NegativeBinomial", "Bernoulli"))
    assert at in (0.0, exact)
PY
"$work/venv/bin/python" "$work/see.py"
