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


def peak_mb() -> float:
    """Peak memory of this process, in MB; on Linux without what it inherited from its parent."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
        before = peak_mb()
        start = time.perf_counter()
        step = module.WORK[workload]()
        check = float(step())
        first = time.perf_counter() - start
        cpu, _ = timed(step, 1)
        calls = max(1, min(100_000, int(budget / max(cpu, 1e-7))))
        if cpu < budget:
            timed(step, max(1, calls // 4))  # warm
        answer(check=check, first=first, version=module.version(), calls=calls)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120])
        traceback.print_exc(file=sys.stderr)
        return
    between = getattr(module, "between", None)
    for line in sys.stdin:
        if line.strip() != "run":
            break
        if between is not None:
            between()
        cpu, wall = timed(step, calls)
        answer(cpu=cpu, wall=wall, peak_mb=peak_mb() - before)


if __name__ == "__main__":
    main()
