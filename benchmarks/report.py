"""The table, the JSON and the plot."""

from __future__ import annotations

import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

from .problems import nodes
from .runner import Row


def human(seconds: float) -> str:
    """Seconds with the unit a reader would choose."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.2g} ns"


#: the workload of a peer that could not be imported
EVERY = "every workload"

HEAD = (
    "| workload | peer | median CPU | ns a node | × ours | × ours compiled | first call | peak MB |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)


def lines(rows: list[Row]) -> str:
    """The rows of one workload as lines of the Markdown table, fastest first; failures last, with the reason."""
    ours = next((row for row in rows if row.peer == "ours" and row.cpu), None)
    compiled = next((row for row in rows if row.peer == "ours_compiled" and row.cpu), None)
    found = []
    for row in sorted(rows, key=lambda r: (bool(r.error), r.median if r.cpu else 0.0)):
        if row.error or not row.cpu:
            reason = row.error.replace("|", "\\|")
            found.append(f"| {row.workload} | {row.peer} | fails: {reason} | | | | | |")
            continue
        size = nodes(row.workload)
        cells = [
            row.workload,
            row.peer,
            human(row.median),
            f"{row.median / size * 1e9:.{0 if row.median / size > 1e-7 else 1}f}" if size else "",
        ]
        for base in (ours, compiled):
            cells.append(f"{row.median / base.median:.2f}" if base else "")
        cells += [human(row.first), f"{row.peak_mb:.0f}"]
        found.append("| " + " | ".join(cells) + " |")
    return "\n".join(found)


#: the README's columns: a heading and the peers it stands for, the fastest of which is shown
COLUMNS = {
    "eager": ["ours"],
    "eager, loose Values": ["ours_loose"],
    "`ag.compile`": ["ours_compiled"],
    "micrograd": ["micrograd"],
    "the same, collector off": ["micrograd_nogc"],
    "XAD": ["xad"],
    "PyTorch, scalars": ["torch_scalars"],
    "PyTorch, tensors": ["torch_tensors"],
    "JAX": ["jax_jit"],
    "HIPS autograd": ["hips_arrays", "hips_scalars"],
    "CasADi": ["casadi"],
    "ddx": ["ddx"],
    "Dr.Jit": ["drjit"],
    "by hand": ["hand_numpy", "hand_python"],
}

#: those that build a program first: their first call is shown in brackets
BUILDING = {"ours_compiled", "jax_jit", "casadi", "ddx", "drjit"}


def cell(rows: list[Row]) -> str:
    """The fastest of the rows; ✗ if all of them fail, blank if there is none."""
    good = [row for row in rows if row.cpu and not row.error]
    if not good:
        return "✗" if rows else ""
    best = min(good, key=lambda row: row.median)
    return human(best.median) + (f" ({human(best.first)})" if best.peer in BUILDING else "")


def summary(rows: list[Row], where: dict[str, Any]) -> str:
    """The README's table: median CPU time, a workload a line; ✗ where a peer fails, blank where it was not asked."""
    lines = [
        "| | " + " | ".join(COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
    ]
    for name in dict.fromkeys(row.workload for row in rows if row.workload != EVERY):
        found = [row for row in rows if row.workload == name]
        cells = [cell([row for row in found if row.peer in peers]) for peers in COLUMNS.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    versions = sorted({f"{row.peer} {row.version}" for row in rows if row.version and not row.peer.startswith("hand")})
    lines += ["", ", ".join(f"{k} {v}" for k, v in where.items()) + ". " + ", ".join(versions) + "."]
    return "\n".join(lines)


def write_readme(path: Path, rows: list[Row], where: dict[str, Any]) -> None:
    """Put the table between the README's two marks."""
    begin, end = "<!-- benchmarks -->", "<!-- /benchmarks -->"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    path.write_text(f"{before}{begin}\n{summary(rows, where)}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def processor() -> str:
    """The processor's name, where the system says it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as text:
            return next(line.split(":", 1)[1].strip() for line in text if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def machine() -> dict[str, Any]:
    """Where and with what this was measured."""
    import autograd_lite as ag

    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()} {processor()}".strip(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "build": ag.build_info()["engine"],
    }


def write_json(path: Path, rows: list[Row], where: dict[str, Any]) -> None:
    """Everything that was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": where, "rows": [vars(row) for row in rows]}, indent=1), encoding="utf-8")


def plot(path: Path, rows: list[Row]) -> None:
    """Ratios to ours for every workload, log scale, one dot a peer."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [row for row in rows if row.workload != EVERY]
    names = list(dict.fromkeys(row.workload for row in rows))
    peers = sorted({row.peer for row in rows})
    figure, axes = plt.subplots(figsize=(9, 0.45 * len(names) + 2))
    for k, peer in enumerate(peers):
        points = []
        for y, name in enumerate(names):
            found = {row.peer: row for row in rows if row.workload == name and row.cpu and not row.error}
            if peer in found and "ours" in found:
                points.append((found[peer].median / found["ours"].median, y))
        if points:  # ten colours, and a shape for every ten peers
            style = (
                {"color": "black", "marker": "*"} if peer == "ours" else {"color": f"C{k}", "marker": "os^D"[k // 10]}
            )
            axes.plot(*zip(*points), linestyle="", label=peer, markersize=10 if peer == "ours" else 5, **style)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("CPU time, multiples of autograd_lite's eager engine (left is faster)")
    axes.axvline(1.0, color="0.7", zorder=0)
    axes.legend(fontsize=7, ncols=2, bbox_to_anchor=(1.01, 1.0), loc="upper left")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
