"""Random numbers that another thread draws while a function is recorded are not the function's."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

import autograd_lite as ag
from autograd_lite.compiler import CompileWarning
from autograd_lite.compiler.call import recording


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


def draws_of_everything():
    """Functions that draw from each generator that all threads share, in different ways."""
    rand, held = np.random.rand, SimpleNamespace(rng=np.random.mtrand._rand)
    table = {"draw": random.random}
    return {
        "random": lambda x: x + random.random(),
        "gauss": lambda x: x + random.gauss(0.0, 1.0),
        "shuffle": lambda x: x * shuffled(),
        "in a table": lambda x: x + table["draw"](),
        "numpy": lambda x: x + np.random.rand(),
        "numpy, by name": lambda x: x + rand(),
        "numpy, held": lambda x: x + held.rng.random_sample(),
        "by getattr": lambda x: x + getattr(np.random, "uniform")(),  # noqa: B009
        "scipy": lambda x: x + float(scipy.stats.norm.rvs()),
        "ours": lambda x: x + float(ag.randn(1)[0]),
        "dropout": lambda x: sum(ag.nn.functional.dropout([x] * 40, 0.5)),
        "on a thread": lambda x: x + on_a_thread(random.random),
        "in a pool": lambda x: x + POOL.submit(np.random.rand).result(),
    }


POOL = ThreadPoolExecutor(1)


def shuffled():
    order = list(range(50))
    random.shuffle(order)
    return order[0] + 0.5


def on_a_thread(draw):
    found = []
    thread = threading.Thread(target=lambda: found.append(draw()))
    thread.start()
    thread.join()
    return found[0]


@contextmanager
def drawing(*draws):
    """Threads that draw all the time."""
    done = threading.Event()

    def draw(once):
        while not done.is_set():
            once()
            time.sleep(0.0)

    threads = [threading.Thread(target=draw, args=(once,)) for once in draws]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


EVERYTHING = (random.random, np.random.rand, lambda: ag.randn(2), lambda: random.gauss(0.0, 1.0))


@pytest.mark.parametrize("name", draws_of_everything())
def test_a_function_that_draws_while_others_draw(name):
    f = draws_of_everything()[name]
    with drawing(*EVERYTHING), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = ag.compile(f)
        assert len({compiled(1.0) for _ in range(12)}) > 1
    assert compiled.eager is not None


def test_none_of_many_falls_back_while_others_draw():
    def loss(w):
        """Of a random choice of normal words."""
        return sum((w[k] * ag.sin(w[k + 1]) for k in range(30)), 0.0)

    point = [0.1 * k for k in range(31)]
    with drawing(*EVERYTHING):
        for _ in range(12):
            step = ag.compile(ag.grad(loss), strict=True)
            assert step(point) == pytest.approx(ag.grad(loss)(point))
            assert step.eager is None


def test_a_seeded_draw_is_eagers_while_another_thread_waits():
    """The generator is where it was when the call is made eagerly, for good."""
    done = threading.Event()
    waiting = threading.Thread(target=done.wait)
    waiting.start()
    try:
        compiled = ag.compile(lambda x: x + random.random() + np.random.rand())
        random.seed(3), np.random.seed(4)
        with pytest.warns(CompileWarning):
            found = [compiled(1.0), compiled(1.0)]
        random.seed(3), np.random.seed(4)
        assert found == [1.0 + random.random() + np.random.rand() for _ in range(2)]
    finally:
        done.set()
        waiting.join()


def test_the_draws_of_others_are_not_repeated():
    """A recording is no reason to hand another thread the same numbers twice."""
    seen = []
    with drawing(lambda: seen.append(random.random())):
        for _ in range(8):
            ag.compile(lambda x: sum((x * k for k in range(300)), x))(2.0)
    assert len(seen) == len(set(seen))


def test_a_profiler_goes_on():
    events = []

    def saw(frame, event, arg):
        events.append(event)

    with drawing(random.random), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = ag.compile(lambda x: x * x)
        sys.setprofile(saw)
        try:
            assert compiled(3.0) == 9.0
            assert sys.getprofile() is saw
        finally:
            sys.setprofile(None)
    assert sys.getprofile() is None
    assert events


def test_who_looks_at_frames_keeps_numbers_for_a_moment_only():
    """A profiler's thread, as a cluster's workers have it; what is kept for good is found as ever."""
    held = [ag.Value(1.0)]
    leaves = [weakref.ref(held[0])]
    looking = threading.Thread(target=lambda: (time.sleep(0.05), held.clear()))
    looking.start()
    assert not recording._alive(leaves)
    looking.join()
    kept = ag.Value(2.0)
    assert recording._alive([weakref.ref(kept)])
