"""The engine of a dozen lines, which the docs show first, is the real one on every graph of sums and products."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag

from . import tiny

PAGE = Path(__file__).parents[2] / "docs" / "index.md"


@given(
    st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=4),
    st.lists(st.tuples(st.booleans(), st.integers(0), st.integers(0)), min_size=1, max_size=30),
)
def test_gradients_are_the_engines(leaves, steps):
    small, real = [tiny.Value(x) for x in leaves], [ag.Value(x) for x in leaves]
    for product, i, j in steps:
        i, j = i % len(small), j % len(small)
        small.append(tiny.mul(small[i], small[j]) if product else tiny.add(small[i], small[j]))
        real.append(real[i] * real[j] if product else real[i] + real[j])
    small[-1].backward()
    real[-1].backward()
    for a, b in zip(small[: len(leaves)], real):
        assert a.data == b.data
        assert a.grad == b.grad or abs(a.grad - b.grad) <= 1e-12 * max(abs(a.grad), 1.0) or not abs(a.grad) < 1e300


def test_the_page_shows_it():
    """The docs show the class as it stands in the oracle."""
    source = Path(tiny.__file__).read_text(encoding="utf-8")
    shown = re.search(r"```python\n(class Value:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1].strip() in source
