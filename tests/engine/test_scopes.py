"""Scopes end with their block: whatever the order, whoever runs it, and whenever an interrupt comes."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from contextvars import copy_context

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.observers import Observing, Tracer, current_tracer, observers, tracing, without_observers
from autograd_lite.engine.sweeps import STATE

X = Value(2.0)


def recording():
    return (X * X).parents == (X, X)


# --- any order, any context -----------------------------------------------------------------------------------------


def test_each_scope_removes_itself_and_no_other():
    seen = {"a": 0, "b": 0, "c": 0}

    def counting(name):
        def see(node):
            seen[name] += 1

        return Observing(see)

    a, b, c = map(counting, "abc")
    for first, second, third in [(a, b, c), (a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)]:
        for scope in (a, b, c):
            scope.__enter__()
        open_ones = {"a": a, "b": b, "c": c}
        for scope in (first, second, third):
            seen.update(dict.fromkeys(seen, 0))
            X * 2.0
            assert seen == {name: int(name in open_ones) for name in seen}
            scope.__exit__(None, None, None)
            open_ones = {name: other for name, other in open_ones.items() if other is not scope}
        assert not observers()
    assert not STATE.observers


def test_one_scope_entered_many_times_ends_with_the_last():
    scope = ag.no_grad()
    with scope:
        scope.__enter__()
        with scope, ExitStack() as stack:
            stack.enter_context(scope)
            scope.__exit__(None, None, None)
            assert not recording()
        assert not recording()
    assert recording()
    with pytest.raises(RuntimeError):
        scope.__exit__(None, None, None)
    type(scope).__enter__(scope)
    assert not recording()
    type(scope).__exit__(scope, None, None, None)
    assert recording()
    # Python 3.14 asks for the end first
    leaves, opens = scope.__exit__, scope.__enter__
    opens()
    assert not recording()
    leaves(None, None, None)
    assert recording()


def test_exit_stacks_and_context_managers_made_of_scopes():
    with ExitStack() as stack:
        stack.enter_context(ag.no_grad())
        stack.enter_context(ag.detect_anomaly())
        assert not recording()
        later = stack.pop_all()
    assert not recording()
    later.close()
    assert recording()

    @contextmanager
    def evaluating():
        with ag.no_grad():
            yield

    with evaluating():
        assert not recording()
    assert recording()


def test_suspended_generators_leave_in_any_order():
    def inside(scope):
        with scope:
            yield recording()

    first, second = inside(ag.no_grad()), inside(ag.no_grad())
    assert (next(first), next(second)) == (False, False)
    first.close()
    assert not recording()
    second.close()
    assert recording()
    one = inside(ag.no_grad())
    next(one)
    thread = threading.Thread(target=one.close)  # opened here, closed on another thread
    thread.start()
    thread.join()
    assert recording()
    two = inside(ag.no_grad())
    copy_context().run(next, two)
    assert recording()
    del two
    assert not STATE.observers


def test_tasks_have_their_own_scopes_and_inherit_what_is_open():
    async def inside(seconds):
        with ag.no_grad():
            await asyncio.sleep(seconds)
            assert not recording()
        return recording()

    async def outside():
        await asyncio.sleep(0.002)
        return recording()

    async def both():
        with ag.no_grad():
            return [await asyncio.create_task(outside()), await asyncio.to_thread(recording)]

    async def main():
        found = await asyncio.gather(inside(0.001), outside(), inside(0.004), outside(), inside(0.002))
        assert recording()
        return found, await both()

    assert asyncio.run(main()) == ([True] * 5, [False, False])
    assert recording()
    assert not STATE.observers


def test_tasks_that_share_a_scope_object_leave_their_own():
    scope = ag.no_grad()

    async def task(first, second):
        scope.__enter__()
        await asyncio.sleep(first)
        scope.__exit__(None, None, None)
        assert recording()
        await asyncio.sleep(second)
        return recording()

    async def stays(seconds):
        scope.__enter__()
        await asyncio.sleep(seconds)
        inside = recording()
        scope.__exit__(None, None, None)
        return inside

    async def main():
        return await asyncio.gather(task(0.002, 0.001), stays(0.01), task(0.001, 0.0), stays(0.006))

    assert asyncio.run(main()) == [True, False, True, False]
    assert not STATE.observers


def test_threads_share_a_scope_object():
    scope, barrier, seen = ag.no_grad(), threading.Barrier(4), []

    def run():
        for _ in range(50):
            with scope:
                barrier.wait()
                seen.append(recording())
            barrier.wait()
            seen.append(not recording())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [False] * 400
    assert not STATE.observers


def test_hidden_observers_and_tracers_come_back_in_any_order():
    tracer = Tracer()
    with ag.no_grad():
        hidden = without_observers("cuts")
        hidden.__enter__()
        assert recording()
        with tracing(tracer):
            assert current_tracer() is tracer
            assert observers() == [tracer.saw]
            hidden.__exit__(None, None, None)
            assert current_tracer() is tracer
        assert current_tracer() is None
        assert not recording()
    inner = Tracer()
    with ag.detect_anomaly(), tracing(tracer):
        assert observers() == [tracer.saw]
        with tracing(inner):
            assert (current_tracer(), observers()) == (inner, [inner.saw])
        assert current_tracer() is tracer
    with ag.detect_anomaly(), without_observers("checks"):
        ag.log(Value(0.0))
    assert recording()


def test_an_exception_ends_every_scope():
    @ag.no_grad
    def fail():
        with ag.detect_anomaly(), tracing(Tracer()), ag.no_grad():
            raise KeyError

    for _ in range(3):
        with pytest.raises(KeyError):
            fail()
        assert recording()
    assert not STATE.observers


# --- interrupts -----------------------------------------------------------------------------------------------------


class Interrupt(KeyboardInterrupt):
    pass


A = np.ones((60, 60))
SHARED = ag.no_grad()


def use_no_grad():
    with ag.no_grad():
        X * X
        A @ A  # the last thing in the block is an operator: Python looks for signals next as the block ends


def use_detect_anomaly():
    with ag.detect_anomaly():
        X * X
        A @ A


def use_one_scope_again():
    with SHARED, SHARED:
        A @ A


@ag.no_grad
def use_a_decorator():
    X * X
    A @ A


def use_an_exit_stack():
    with ExitStack() as stack:
        stack.enter_context(ag.no_grad())
        stack.enter_context(SHARED)
        A @ A


def use_a_generator():
    def inside():
        with ag.no_grad():
            yield A @ A

    for _ in inside():
        X * X


def use_transforms():
    ag.grad(lambda t: t * ag.checkpoint(lambda u: u * u, t))(2.0)


def use_hooks():
    with Value(1.0).register_hook(lambda g: g):
        A @ A


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize(
    "use",
    [
        use_no_grad,
        use_detect_anomaly,
        use_one_scope_again,
        use_a_decorator,
        use_an_exit_stack,
        use_a_generator,
        use_transforms,
        use_hooks,
    ],
)
def test_two_hundred_interrupts_leave_nothing(use):
    def stop(*_):
        raise Interrupt

    gc.collect()
    gc.freeze()  # what other tests have left is not looked at two hundred times
    rng, hooks, came = random.Random(use.__name__), len(STATE.hooks), 0
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.expovariate(1 / 3e-4) + 1e-6)
                for _ in range(100_000):
                    use()
            except Interrupt:
                came += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if use is use_an_exit_stack:  # its own frames may be in a cycle with the exception, before it has called us
                gc.collect()
            assert recording()
            assert not observers()
    finally:
        signal.signal(signal.SIGALRM, before)
        gc.unfreeze()
    assert came == 200
    with SHARED:  # takes away a token that an interrupt kept from being opened
        pass
    gc.collect()
    assert not STATE.observers
    assert len(STATE.hooks) == hooks


def test_an_interrupt_as_a_hook_is_registered(monkeypatch):
    from autograd_lite.engine import hooks

    x = Value(3.0)
    with monkeypatch.context() as patch:
        patch.setattr(hooks, "watch", lambda thing: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            x.register_hook(lambda g: None)
    z = Value(3.0)
    z.register_hook(lambda g: 10 * g)
    (z * z).backward()
    assert z.grad == 60.0


# --- one scope object, entered many times -------------------------------------------------------------------------


def test_the_inner_of_two_entries_is_left_first():
    """Left by hand, without the token in hand: what was opened between the two still hides the outer entry."""
    seen = []
    scope, hiding = Observing(seen.append), Observing(None, hides="all")
    scope.__enter__()
    hiding.__enter__()
    scope.__enter__()
    X * X
    assert len(seen) == 1
    scope.__exit__(None, None, None)
    assert observers() == []
    X * X
    assert len(seen) == 1
    hiding.__exit__(None, None, None)
    X * X
    assert len(seen) == 2
    scope.__exit__(None, None, None)
    assert observers() == []


def test_two_tasks_enter_one_scope_by_hand():
    shared, order = ag.no_grad(), []

    async def first(inside, outside):
        shared.__enter__()
        inside.set()
        await outside.wait()
        shared.__exit__(None, None, None)
        order.append(("first", recording()))

    async def second(inside, outside):
        await inside.wait()
        shared.__enter__()
        outside.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order.append(("second", recording()))
        shared.__exit__(None, None, None)
        order.append(("after", recording()))

    async def main():
        inside, outside = asyncio.Event(), asyncio.Event()
        await asyncio.gather(first(inside, outside), second(inside, outside))

    asyncio.run(main())
    assert order == [("first", True), ("second", False), ("after", True)]
    assert recording()


def test_the_innermost_tracer_is_the_one_at_work():
    outer, inner = Tracer(), Tracer()
    with tracing(outer):
        assert current_tracer() is outer
        with tracing(inner):
            assert current_tracer() is inner
        assert current_tracer() is outer


def test_a_recording_is_seen_by_its_tracer_alone():
    """Nor is it cut by a ``no_grad`` around the call, or checked by ``detect_anomaly``, observers of the caller's."""
    counted = []
    for around in (ag.no_grad(), ag.detect_anomaly(), Observing(counted.append)):
        f = ag.compile(ag.value_and_grad(lambda x: ag.sin(x) * x))
        with around:
            first = f(2.0)
        assert first == pytest.approx(ag.value_and_grad(lambda x: ag.sin(x) * x)(2.0))
        assert f(0.5) == pytest.approx(ag.value_and_grad(lambda x: ag.sin(x) * x)(0.5))
    with tracing(Tracer()):
        assert recording()
    with ag.no_grad(), tracing(Tracer()):
        assert recording()


@pytest.mark.skipif(ag.build_info()["engine"] == "compiled", reason="compiled code tells no profile function")
def test_an_interrupt_between_opening_and_returning_leaves_nothing_open():
    def interrupt(frame, event, function):
        if event == "c_return" and getattr(function, "__name__", "") == "acquire" and frame.f_code.co_name == "_enter":
            sys.setprofile(None)
            raise KeyboardInterrupt

    scope = ag.no_grad()
    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            type(scope).__enter__(scope)
    finally:
        sys.setprofile(None)
    assert recording()
    with scope:
        assert not recording()
    assert recording()


def test_observers_are_asked_from_the_outermost_in():
    order = []
    with Observing(lambda node: order.append("outer")), Observing(lambda node: order.append("inner")):
        X * X
    assert order == ["outer", "inner"]


def test_an_end_that_is_taken_first_is_that_of_one_entry():
    """As Python 3.14 asks: for ``__exit__``, then for ``__enter__``; and the next entry is another."""
    scope = ag.no_grad()
    leave, enter, again = scope.__exit__, scope.__enter__, scope.__enter__
    assert enter.__self__ is not again.__self__
    enter()
    assert not recording()
    leave(None, None, None)
    assert recording()


def test_an_exit_stack_keeps_its_own_end():
    seen = []
    other = Observing(seen.append)
    with ExitStack() as stack:
        stack.enter_context(ag.no_grad())
        type(other).__enter__(other)
        assert not recording()
        assert len(seen) == 1
        type(other).__exit__(other, None, None, None)
        assert not recording()
        assert len(seen) == 1
    assert recording()


def test_an_error_in_hand_keeps_no_scope():
    """Its traceback has the frames that were inside, and none of them has the scope."""

    def stop(node):
        raise RuntimeError

    def record():
        return ag.log(Value(0.0))

    gc.disable()
    try:
        for scope in (ag.detect_anomaly(), Observing(stop)):
            with pytest.raises((ArithmeticError, ValueError, RuntimeError)) as caught, scope:
                record()
            assert not STATE.observers
            assert caught.tb is not None
    finally:
        gc.enable()
