"""Several threads: backward on shared leaves, transforms over shared parameters, modes and hooks of their own."""

from __future__ import annotations

import copy
import dis
import pickle
import signal
import sys
import threading
from pathlib import Path
from types import CodeType

import pytest

import autograd_lite as ag
from autograd_lite import Value


@pytest.fixture(autouse=True)
def _quick_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(n, job):
    """Run ``job(i)`` on n threads at once; the results."""
    results, errors = [None] * n, []
    barrier = threading.Barrier(n)

    def work(i):
        try:
            barrier.wait()
            results[i] = job(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def test_backward_passes_on_shared_leaves_are_exact():
    leaves = [Value(float(i % 3 - 1)) for i in range(30)]

    def job(i):
        for _ in range(40):
            y = ag.sum([leaves[k] * float(i + 1) for k in range(30)])
            y.backward()

    together(6, job)
    assert [v.grad for v in leaves] == [40.0 * 21.0] * 30


def test_backward_passes_on_one_shared_graph_are_exact():
    x = Value(2.0)
    h = x * x
    y = h * h + h
    together(6, lambda i: [y.backward() for _ in range(50)])
    assert x.grad == 300 * (4 * 8.0 + 4.0)
    assert h.grad == 9.0
    x.grad = 0
    together(4, lambda i: [(y * 1.0).backward(create_graph=True) for _ in range(5)])
    assert x.grad.data == 20 * 36.0


def test_transforms_over_shared_parameters():
    w = [Value(0.1 * i) for i in range(20)]

    def f(x):
        return ag.sum([ag.sin(x * p) for p in w])

    expected = [(ag.grad(f)(0.1 * i), ag.grad(ag.grad(f))(0.1 * i), ag.hvp(f, 0.1 * i, 1.0)) for i in range(6)]

    def job(i):
        for _ in range(5):
            found = (ag.grad(f)(0.1 * i), ag.grad(ag.grad(f))(0.1 * i), ag.hvp(f, 0.1 * i, 1.0))
            assert found == expected[i]

    together(6, job)
    assert [p.grad for p in w] == [0.0] * 20


def test_transforms_beside_backward_passes_and_copies():
    x = Value(2.0)
    y = ag.exp(x * 0.1) * x

    def job(i):
        for _ in range(20):
            if i % 3 == 0:
                y.backward()
            elif i % 3 == 1:
                assert ag.grad(lambda t: t * y)(3.0) == y.data
            else:
                c = copy.deepcopy(y) if i % 2 else pickle.loads(pickle.dumps(y))
                assert c.data == y.data
                assert len(ag.topological_order(c)) == 4

    together(6, job)
    one = Value(2.0)
    (ag.exp(one * 0.1) * one).backward()
    assert x.grad == pytest.approx(40 * one.grad, rel=1e-13)


def test_modes_belong_to_their_thread():
    x = Value(0.5)

    def job(i):
        for _ in range(50):
            if i % 2:
                with ag.no_grad():
                    assert (x * x).parents == ()
            else:
                assert (x * x).parents == (x, x)
                if i == 2:
                    with pytest.raises(ValueError, match="log"), ag.detect_anomaly():
                        ag.log(x * 0.0)
        return True

    assert all(together(6, job))


def test_hooks_and_checkpoints_on_several_threads():
    def job(i):
        x = Value(float(i + 1))
        for _ in range(20):
            h = ag.checkpoint(lambda t: t * t, x)
            h.register_hook(lambda g: 2.0 * g)
            (h * 3.0).backward()
        return x.grad

    assert together(5, job) == [20 * 12.0 * (i + 1) for i in range(5)]


def test_a_hook_waits_for_no_other_thread():
    x, z = Value(2.0), Value(3.0)
    started = threading.Event()
    h = x * x
    h.register_hook(lambda g: started.set())
    other = threading.Thread(target=lambda: (started.wait(5), (z * z).backward()))
    other.start()
    h.backward()
    other.join()
    assert (x.grad, z.grad) == (4.0, 6.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_an_interrupt_in_the_middle_of_a_long_sweep_takes_nothing_over():
    x = Value(1.0)
    y = x
    for _ in range(400_000):
        y = y * 1.0

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002)  # a fraction of the time that the sweep takes
        with pytest.raises(KeyboardInterrupt):
            y.backward()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert x.grad == 0.0
    y.backward()
    assert x.grad == 1.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # one that fell into a gc callback
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize("create", [False, True])
def test_interrupts_leave_gradients_whole(create):
    """Interrupted at arbitrary moments, a sweep has added all of its gradients or none."""
    leaves = [Value(1.0 + i) for i in range(200 if not create else 40)]
    y = ag.sum([v * 3.0 for v in leaves])

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    delay = 2e-5
    try:
        for _ in range(150):
            delay = delay * 1.03 if delay < 2e-3 else 2e-5
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                y.backward(create_graph=create)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                pass
            signal.setitimer(signal.ITIMER_REAL, 0)
            grads = {float(getattr(v.grad, "data", v.grad)) for v in leaves}
            assert len(grads) == 1, "all or none"
            for v in leaves:
                v.grad = 0.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    y.backward()  # the sweep's lock is free
    assert {v.grad for v in leaves} == {3.0}


@pytest.mark.parametrize("module", ["sweeps", "create_graph"])
@pytest.mark.skipif(sys.version_info < (3, 11), reason="the table of exceptions has no public face")
def test_no_interrupt_comes_between_the_gradients_and_their_undoing(module):
    """Python looks for interrupts where a loop jumps back: inside of a ``try`` or ``with``, the jump has to be, too."""
    source = (Path(ag.__file__).parent / "engine" / f"{module}.py").read_text(encoding="utf-8")
    codes = [compile(source, module, "exec")]
    for code in codes:
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        if code.co_name not in ("_commit", "backward_on_nodes", "reverse_sweep", "reverse_adjoints"):
            continue
        entries = dis.Bytecode(code).exception_entries
        undoing = max(entries, key=lambda e: e.end - e.start).target

        def handled(offset, entries=entries):
            return any(e.start <= offset < e.end for e in entries)

        for i in dis.get_instructions(code):
            if i.opname == "JUMP_BACKWARD" and i.offset < undoing and handled(i.argval):
                assert handled(i.offset), f"{code.co_name}, line {i.positions.lineno}"
