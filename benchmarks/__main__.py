"""The command: ``python -m benchmarks [--quick] [--only toy,domke] [--peers ours,xad] [--json FILE] [--plot FILE]``.

It prints one table, and writes everything that was measured as JSON, and a plot.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from . import report
from .peers import PEERS
from .runner import Row, run

RESULTS = Path(__file__).parent / "results"
QUICK = ["toy", "domke", "chain_1e3", "rosenbrock_100", "moons_step", "fig78_step"]


def installed(peer: str) -> tuple[dict[str, object], str]:
    """The workloads of a peer, and why it is missing if it is."""
    try:
        return dict(importlib.import_module(f"benchmarks.peers.{peer}").WORK), ""
    except ImportError as error:  # a missing or broken peer is a row, not a crash
        return {}, f"not installed ({error})"[:120]
    except Exception as error:
        return {}, f"{type(error).__name__}: {error}"[:120]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few workloads, about a minute")
    parser.add_argument("--only", default="", help="workloads, separated by commas")
    parser.add_argument("--peers", default="", help="peers, separated by commas")
    parser.add_argument("--rounds", type=int, default=0, help="timing blocks a peer (5, quick 3)")
    parser.add_argument("--patience", type=float, default=180.0, help="seconds to wait for one answer")
    parser.add_argument("--threads", action="store_true", help="let array libraries use every core")
    parser.add_argument("--json", type=Path, default=RESULTS / "latest.json", help="where everything measured goes")
    parser.add_argument("--plot", type=Path, default=RESULTS / "latest.svg", help="where the plot goes (svg, png)")
    parser.add_argument("--readme", type=Path, help="put the summary between the marks of this README")
    options = parser.parse_args()
    peers = options.peers.split(",") if options.peers else PEERS
    works = {peer: installed(peer) for peer in peers}
    names = list(dict.fromkeys(name for work, _ in works.values() for name in work))
    wanted = options.only.split(",") if options.only else QUICK if options.quick else names
    where = report.machine()
    print("# autograd_lite against its peers\n\n" + ", ".join(f"{k} {v}" for k, v in where.items()))
    rows = [Row(peer, report.EVERY, error=missing) for peer, (_, missing) in works.items() if missing]
    print("\n" + report.HEAD + "\n" + report.lines(rows) if rows else "\n" + report.HEAD, flush=True)
    rounds, budget, enough = (3, 0.05, 1.0) if options.quick else (5, 0.2, 60.0)
    for name in wanted:
        having = [peer for peer, (work, _) in works.items() if name in work]
        if having:
            found = run(name, having, options.rounds or rounds, budget, options.patience, options.threads, enough)
            rows += found
            print(report.lines(found), flush=True)
    report.write_json(options.json, rows, where)
    print(f"\neverything measured: {options.json}")
    if options.readme:
        report.write_readme(options.readme, rows, where)
    try:
        report.plot(options.plot, rows)
    except ImportError as error:
        print(f"no plot: {error}")
    else:
        print(f"plot: {options.plot}")


if __name__ == "__main__":
    main()
