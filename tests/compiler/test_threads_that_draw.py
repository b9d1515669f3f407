"""Random numbers that another thread draws while a function is recorded are not the function's."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import warnings

import pytest

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning


def test_another_threads_draws_are_not_the_functions():
    """A thread that draws all the time, as a cluster's event loop does."""
    done = threading.Event()

    def draw():
        while not done.is_set():
            random.random()

    drawing = threading.Thread(target=draw)
    drawing.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", CompileWarning)
            for _ in range(5):
                step = ag.compile(lambda x: sum((x * k for k in range(200)), x * x))
                assert [step(x) for x in (2.0, 3.0)] == [4.0 + 2.0 * 19900, 9.0 + 3.0 * 19900]
    finally:
        done.set()
        drawing.join()


def test_a_function_that_draws_is_found_out_beside_other_threads():
    done = threading.Event()
    waiting = threading.Thread(target=done.wait)
    waiting.start()
    try:
        step = ag.compile(lambda x: x + random.random())
        with pytest.warns(CompileWarning, match="random"):
            first = step(1.0)
        assert step(1.0) != first
    finally:
        done.set()
        waiting.join()


@pytest.mark.parametrize("draw", ["ag.randn(1)[0]", "np.random.random()", "ag.rand(2)[1]"])
def test_the_first_draw_of_a_process_is_seen(draw):
    """The modules that draw are loaded when they are first used, which may be inside the function."""
    program = (
        "import warnings, numpy as np, autograd_lite as ag\n"
        "warnings.simplefilter('ignore')\n"
        f"f = ag.compile(lambda x: x * {draw})\n"
        "print(len({f(1.0) for _ in range(5)}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "5"
