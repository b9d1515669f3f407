"""Short programs that bring a scalar with a gradient of their own, run with one import changed: the same losses."""

from __future__ import annotations

from pathlib import Path

import pytest

OWN, OURS = "from tests.one_import.plain_value import Value", "from autograd_lite import Value"


def run(program: str, imported: str, old: str = "", new: str = "") -> dict:
    source = (Path(__file__).parent / f"{program}.py").read_text().replace(old, new)
    assert source.count(OWN) == 1
    names: dict = {"__name__": program}
    exec(compile(source.replace(OWN, imported), f"{program}.py", "exec"), names)
    return names


@pytest.mark.parametrize("program", ["scalar_gpt", "lecture_mlp"])
def test_losses_are_equal_to_the_last_digit(program):
    own, ours = run(program, OWN), run(program, OURS)
    assert ours["Value"].__module__.startswith("autograd_lite")
    assert ours["losses"] == own["losses"]
    assert ours["losses"][-1] < 0.96 * ours["losses"][0]
    assert [p.data for p in ours["params"]] == [p.data for p in own["params"]]


def test_losses_of_tanh_are_equal_but_for_its_more_exact_slope():
    """1 − t² loses digits where t is nearly ±1; here the slope keeps them."""
    own, ours = (run("lecture_mlp", imported, ".relu()", ".tanh()")["losses"] for imported in (OWN, OURS))
    assert ours == pytest.approx(own, rel=1e-12)
