"""The child process: one peer, one workload. Reads commands from stdin, answers in JSON lines.

A process each keeps the peers' collectors, caches and memory apart, and lets a crash be one row of the table.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import traceback
from typing import Any


def answer(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def timed(step: Any, calls: int) -> tuple[float, float]:
    """CPU and wall seconds of one call, over ``calls`` of them."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        step()
    return (time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls


def main() -> None:
    peer, workload, budget = sys.argv[1], sys.argv[2], float(sys.argv[3])
    try:
        module = importlib.import_module(f"benchmarks.peers.{peer}")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        step = module.WORK[workload]()
        check = float(step())
        first = time.perf_counter() - start
        cpu, _ = timed(step, 1)
        calls = max(1, min(100_000, int(budget / max(cpu, 1e-7))))
        timed(step, max(1, calls // 4))  # warm
        answer(check=check, first=first, version=module.version(), calls=calls)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120])
        traceback.print_exc(file=sys.stderr)
        return
    for line in sys.stdin:
        if line.strip() != "run":
            break
        cpu, wall = timed(step, calls)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer(cpu=cpu, wall=wall, peak_mb=(peak - before) / 1024)


if __name__ == "__main__":
    main()
