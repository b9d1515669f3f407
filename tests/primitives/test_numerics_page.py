"""docs/numerics.md: every row that names a function, a point and numbers is what comes out, eager and compiled."""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path

import pytest

import autograd_lite as ag

PAGE = (Path(__file__).parents[2] / "docs" / "numerics.md").read_text(encoding="utf-8")
ORDERS = {"value": 0, "derivative": 1, "second": 2, "third": 3}


def rows():
    """(function, point, {order: numbers}) of every row of the tables that have a point."""
    found, columns = [], []
    for line in PAGE.split("\n"):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif "at" in columns and not cells[0].startswith("---"):
            wanted = {
                ORDERS[name]: [float(x) for x in cell.split(",")]
                for name, cell in zip(columns[2:], cells[2:], strict=True)
            }
            found.append((cells[0].strip("`"), [float(x) for x in cells[1].split(",")], wanted))
    return found


def same(a, b):
    return (a != a and b != b) or a == b or math.isclose(a, b, rel_tol=1e-12)


def test_the_page_has_tables():
    assert len(rows()) > 50


@pytest.mark.parametrize(("text", "point", "wanted"), rows())
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_row(text, point, wanted, compiled):
    scope = {"ag": ag}
    f = eval(f"lambda {', '.join('xy'[: len(point)])}: {text}", scope)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for order, right in wanted.items():
            if order == 0:
                found = [f(*map(ag.Value, point)).data]
            else:
                places = range(len(point))
                transform = [nested(f, i, order) for i in places]
                found = [(ag.compile(g) if compiled else g)(*point) for g in transform]
            assert all(map(same, found, right)), f"{text} at {point}, order {order}: {found}, the page says {right}"


def nested(f, i, order):
    for _ in range(order):
        f = ag.grad(f, argnums=i)
    return f
