"""Runs the workers of one workload side by side: each in turn times a block, round after round; medians win."""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

#: one thread each unless asked otherwise; a bounded stack is the user's default
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass
class Row:
    """What was measured of one peer on one workload."""

    peer: str
    workload: str
    version: str = ""
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    first: float = 0.0
    peak_mb: float = 0.0
    check: float = 0.0
    error: str = ""

    @property
    def median(self) -> float:
        """Median CPU seconds of one call."""
        return statistics.median(self.cpu)


class Worker:
    """A child process and what it has said."""

    def __init__(self, peer: str, workload: str, budget: float, patience: float, threads: bool) -> None:
        environment = dict(os.environ, PYTHONHASHSEED="0")
        if not threads:
            environment.update(dict.fromkeys(THREADS, "1"))
        self.row = Row(peer, workload)
        self.patience = patience
        self.spent = 0.0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer, workload, str(budget)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def listen(self) -> dict[str, Any] | None:
        """The next answer; None (and a reason in the row) when there is none."""
        out = self.process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], self.patience)
        line = out.readline() if ready else ""
        if not ready:
            self.row.error = f"no answer in {self.patience:.0f} s"
        elif not line:
            code = self.process.wait()
            self.row.error = f"died by signal {-code}" if code < 0 else f"exit status {code}"
        else:
            said: dict[str, Any] = json.loads(line)
            if "error" not in said:
                return said
            self.row.error = said["error"]
        self.close()
        return None

    def ask(self) -> None:
        """Time one block."""
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        start = time.monotonic()
        said = self.listen()
        self.spent += time.monotonic() - start
        if said:
            self.row.cpu.append(said["cpu"])
            self.row.wall.append(said["wall"])
            self.row.peak_mb = said["peak_mb"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def run(
    workload: str, peers: list[str], rounds: int, budget: float, patience: float, threads: bool, enough: float = 60.0
) -> list[Row]:
    """Measure one workload on the given peers, interleaved.

    Args:
        workload: its name.
        peers: modules of ``benchmarks.peers`` that have it.
        rounds: timing blocks of each peer.
        budget: CPU seconds of one block.
        patience: seconds to wait for an answer.
        threads: let array libraries use all cores.
        enough: seconds of blocks after which a peer gets no more rounds.
    """
    workers = []
    for peer in peers:  # start one after the other: compiling peers would disturb each other
        worker = Worker(peer, workload, budget, patience, threads)
        said = worker.listen()
        if said:
            worker.row.check, worker.row.first, worker.row.version = said["check"], said["first"], said["version"]
        workers.append(worker)
    for _ in range(rounds):
        for worker in workers:
            if not worker.row.error and worker.spent < enough:
                worker.ask()
    for worker in workers:
        worker.close()
    rows = [worker.row for worker in workers]
    reference = next((row.check for row in rows if row.peer == "ours" and not row.error), None)
    for row in rows:
        if reference is not None and not row.error and abs(row.check - reference) > 1e-6 * max(1.0, abs(reference)):
            row.error = f"wrong answer: {row.check!r} for {reference!r}"
    return rows
