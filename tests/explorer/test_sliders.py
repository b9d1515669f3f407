"""Sliders against Python, for every op of the table: values and gradients at kinks, poles, ±0, ±inf, nan, in tails.

The page's numbers come from a real page of each op: its fields are set, and what it then shows is read. JavaScript's
exp, sin … may differ from C's in the last digits; where the two differ by more, the reason stands in ``LOOSE``.
"""

from __future__ import annotations

import itertools
import math
import warnings

import pytest

from autograd_lite import Value
from autograd_lite.engine.value import record
from autograd_lite.errors import NonFiniteGradientWarning
from autograd_lite.explorer import explore
from autograd_lite.primitives import TABLE

nan, inf = math.nan, math.inf

ONE = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -0.7, 1.7, 2.5, -2.5, 1e-9, -1e-9, 1e-300, -1e-320, 7.3,
    25.0, -25.0, 45.0, -45.0, 171.0, -170.5, 750.0, -750.0, 1e5, -1e160, 1e300, inf, -inf, nan,
)  # fmt: skip
TWO = (0.0, -0.0, 1.0, -1.0, 2.0, 1 / 3, -0.7, 2.5, 25.0, 1e160, inf, -inf, nan)
THREE = (0.0, 1.0, -0.7, 2.5, inf, nan)
FEW = (0.0, 1.0, -0.7, 2.5, -inf, nan)

#: (relative, absolute) where not (1e-13, 0)
LOOSE = {
    "lgamma": (1e-12, 2e-14),  # next to its zeros at 1 and 2 only the absolute error is small, as in most libraries
    "erfinv": (1e-12, 0.0),  # three steps of an iteration on erf
    "polygamma": (1e-12, 0.0),
    "cbrt": (1e-13, 0.0),
}

SET = """points => {
  const rows = [...document.querySelectorAll(".leaf")];
  rows.sort((a, b) => a.dataset.label < b.dataset.label ? -1 : 1);
  const fields = rows.map(row => row.querySelector("input[type=text]"));
  const now = [];
  return points.map(point => {
    fields.forEach((field, i) => {
      if (point[i] === now[i]) return;
      field.value = now[i] = point[i];
      field.dispatchEvent(new Event("change"));
    });
    return [document.getElementById("leaves").dataset.output, ...rows.map(row => row.dataset.grad)];
  });
}"""


def points_of(name, entry):
    if name == "polygamma":  # its order is a whole number
        return list(itertools.product((0.0, 1.0, 2.0, 3.0, 5.0, 20.0, -1.0, 0.5), ONE[:22]))
    if name == "round":
        return list(itertools.product((*ONE[:20], 2.675, 0.125, -0.375, 1234.5), (0.0, 1.0, 2.0)))
    if name in ("var", "std"):
        return [(*xs, ddof) for xs in itertools.product(THREE, THREE) for ddof in (0.0, 1.0)]
    if name in ("dot", "dist"):
        return list(itertools.product(FEW, FEW, FEW[1:4], FEW[1:4]))
    count = entry.arity if entry.arity > 0 else 3
    return list(itertools.product(*{1: (ONE,), 2: (TWO,) * 2, 3: (THREE,) * 3}[count]))


def expected(entry, point):
    """Value and gradients, by Python."""
    leaves = [Value(x, label=f"x{i}") for i, x in enumerate(point)]
    y = record(entry, tuple(leaves))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonFiniteGradientWarning)
        y.backward()
    return [y.data, *[leaf.grad for leaf in leaves]]


def agree(found, right, relative, absolute):
    if right != right or math.isinf(right) or found != found or math.isinf(found):
        return found == right or (found != found and right != right)
    return math.isclose(found, right, rel_tol=relative, abs_tol=max(absolute, 1e-309))  # the smallest have few digits


@pytest.mark.parametrize("page_of", [sorted(TABLE)[i::5] for i in range(5)], ids=range(5))
def test_sliders_agree_with_python(watched, page_of):
    wrong = []
    for name in page_of:
        entry = TABLE[name]
        points = points_of(name, entry)
        start = [Value(0.5 + 0.25 * i, label=f"x{i}") for i in range(len(points[0]))]
        page = watched.show(explore(record(entry, tuple(start)).named("y"), title=name).html)
        typed = [[repr(x) for x in point] for point in points]
        relative, absolute = LOOSE.get(name, (1e-13, 0.0))
        for point, answer in zip(points, page.evaluate(SET, typed), strict=True):
            found = [float(x) for x in answer]
            right = expected(entry, point)
            if not all(agree(f, r, relative, absolute) for f, r in zip(found, right, strict=True)):
                wrong.append(f"{name}{point}: the page has {found}, Python {right}")
        watched.check()
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:30])
