"""Random Python, as users write it: compiled equals eager, however the surroundings change between calls."""

from __future__ import annotations

import warnings

import pytest

from autograd_lite.compiler.call import running
from autograd_lite.compiler.ir import naming

from .random_sources import Author, differences

COUNT = 10


def found(seeds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what can't be recorded runs eagerly and says so; numbers overflow
        return [text for seed in seeds for text in differences(seed)]


@pytest.mark.parametrize("first", range(0, 20 * COUNT, COUNT))
def test_random_sources(first):
    assert found(range(first, first + COUNT)) == []


def test_sources_are_made_from_their_seeds():
    assert Author(3).function() == Author(3).function()
    assert len({Author(seed).function()[0] for seed in range(50)}) == 50


def test_a_fault_is_found(monkeypatch):
    """Values in lists that pass nothing on to what they are made of."""
    monkeypatch.setattr(running, "are_leaves", lambda nodes: True)
    assert any("nodes" in text for text in found(range(4, 20)))


def test_names_that_are_not_told_apart_are_found(monkeypatch):
    monkeypatch.setattr(naming, "_free", lambda wanted, *_: "same")
    assert found(range(20))
