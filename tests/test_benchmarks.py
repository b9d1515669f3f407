"""The benchmark as a command: one table, JSON, a plot, the README's table; what fails is a row. No time is tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

benchmarks = pytest.importorskip("benchmarks.problems", reason="the tests run outside the project's directory")


def test_the_command(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nafter\n", encoding="utf-8")
    files = {"--json": tmp_path / "out" / "all.json", "--plot": tmp_path / "out" / "all.svg", "--readme": readme}
    options = ["--only", "domke", "--peers", "ours,hand_python,nobody", "--rounds", "1"]
    command = [sys.executable, "-m", "benchmarks", *options, *[str(x) for pair in files.items() for x in pair]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert table[0].startswith("| workload | peer | median CPU | ns a node |")
    assert sum("median CPU" in line for line in table) == 1
    assert any("nobody | fails: not installed" in line for line in table)
    assert any(line.startswith("| domke | ours |") for line in table)

    written = json.loads(files["--json"].read_text(encoding="utf-8"))
    rows = {row["peer"]: row for row in written["rows"]}
    assert set(rows) == {"ours", "hand_python", "nobody"}
    assert rows["ours"]["check"] == pytest.approx(rows["hand_python"]["check"], rel=1e-12)
    assert {"date", "python", "machine", "build"} <= set(written["machine"])
    assert "<svg" in files["--plot"].read_text(encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| domke |" in text
    assert written["machine"]["date"] in text


def test_sizes_are_counted():
    assert benchmarks.nodes("domke") == 6
    assert benchmarks.nodes("chain_1e3") == 999
    assert benchmarks.nodes("speelpenning_1000") == 999
    assert benchmarks.nodes("hessian_rosenbrock_10") == 0


def test_growth_is_drawn(tmp_path):
    plot = tmp_path / "growth.svg"
    command = [sys.executable, "-m", "benchmarks.growth", "--largest", "1000", "--plot", str(plot)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Rosenbrock" in done.stdout
    assert "<svg" in plot.read_text(encoding="utf-8")
