"""What a graph costs; what this installation is made of."""

from __future__ import annotations

import math
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value


def test_counts_of_the_domke_graph():
    x = Value(0.1, label="x")
    f1 = ag.exp(x)
    f3 = f1 + f1**2
    c = ag.cost(ag.exp(f3) + ag.sin(f3))
    assert c.operations == {"exp": 2, "add": 2, "pow": 1, "sin": 1}
    assert (c.nodes, c.leaves, c.edges, c.depth) == (7, 1, 8, 5)
    assert (c.reverse, c.forward, c.forward_needed) == (8, 8, 8)
    assert c.bytes > 7 * sys.getsizeof(x)


def test_problem_7_13_on_a_network():
    """One reverse sweep against one forward sweep per weight."""
    weights = [[[Value(0.1 * (i - j)) for i in range(5)] for j in range(5)] for _ in range(3)]
    h = [Value(0.2 * i) for i in range(5)]
    for layer in weights:
        h = [ag.relu(ag.dot(row, h)) for row in layer]
    c = ag.cost(ag.sum(h))
    assert c.leaves == 75 + 5
    assert c.edges == 15 * 10 + 15 + 5
    assert c.reverse == c.edges
    assert c.forward == 80 * c.edges
    assert c.reverse < c.forward_needed < c.forward
    text = repr(c)
    assert "80 times as many" in text
    assert "15 dot" in text
    assert c._repr_html_().count("<tr>") == 8


def test_forward_needed_counts_what_each_leaf_reaches():
    a, b, d = Value(1.0), Value(2.0), Value(3.0)
    c = ag.cost((a * b) * d + d)
    # a: a·b, ·d, + = 3; b the same; d: ·d, + (twice) = 3
    assert c.forward_needed == 9
    assert ag.cost(a).forward_needed == 0
    assert repr(ag.cost(a))


def test_cost_of_structures():
    x = Value(1.0)
    y, z = x * 2, ag.sin(x)
    assert ag.cost([y, {"z": z}]).nodes == 3
    assert ag.cost(np.array([y, z, y], dtype=object)).nodes == 3
    with pytest.raises(TypeError, match="float"):
        ag.cost(3.0)


def test_cost_of_a_deep_graph():
    x = Value(1.0)
    v = x
    for _ in range(50_000):
        v = v + x
    c = ag.cost(v)
    assert (c.nodes, c.edges, c.depth) == (50_001, 100_000, 50_000)
    many = [Value(0.0) for _ in range(30_000)]
    assert ag.cost(ag.sum([v * 2.0 for v in many])).forward_needed is None


def test_build_info():
    info = ag.build_info()
    assert info["autograd_lite"] == ag.__version__
    assert info["engine"] in ("pure", "compiled")
    assert info["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert info["numpy"] == np.__version__
    assert info["renderer"]
    assert "renderer" in repr(info)
    assert info._repr_html_().startswith("<table>")
    assert dict(info) == info
    assert math.isfinite(len(repr(info)))


def test_build_info_says_where_from():
    assert Path(ag.build_info()["from"]) == Path(ag.__file__).resolve().parent


def test_a_plain_source_that_hides_a_native_build_is_told(tmp_path, monkeypatch):
    installed = tmp_path / "site" / "autograd_lite" / "engine"
    installed.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    module = sys.modules[type(ag.build_info()).__module__]
    monkeypatch.setattr(module, "compiled", lambda: False)
    ag.build_info()  # a plain build there is no better than this one
    (installed / f"sweeps{EXTENSION_SUFFIXES[0]}").write_bytes(b"")
    with pytest.warns(UserWarning, match="the native build installed in .*site is faster") as seen:
        ag.build_info()
    assert seen[0].filename == __file__
    monkeypatch.setattr(module, "compiled", lambda: True)
    ag.build_info()  # no word where the native build runs
