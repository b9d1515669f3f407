"""Small parameters lie side by side in memory, and nobody is disturbed by his neighbours."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import numpy as np

from autograd_lite import nn, optim
from autograd_lite.nn.parameter_buffer import SMALL, Storage


def storages(parameters):
    return [p.storage for p in parameters]


def model():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def test_runs_are_views_of_all_numbers():
    parameters = list(model().parameters())
    runs = Storage.runs(storages(parameters)[::-1])
    assert sum(len(run.storages) for run in runs) == 4
    for run in runs:
        for storage, start in zip(run.storages, run.starts):
            size = storage.data.size
            assert np.shares_memory(run.data[start : start + size], storage.data)
            np.testing.assert_array_equal(run.data[start : start + size], np.ravel(storage.data))
            run.grad[start : start + size] = np.arange(size)
    for p in parameters:
        np.testing.assert_array_equal(np.ravel(p.grad), np.arange(p.size))


def test_no_two_share_a_number():
    found = [nn.Parameter((k,)) for k in range(60)]
    for k, p in enumerate(found):
        p.data.fill_(float(k))
        p.grad.fill(-float(k))
    assert all((p.data == k).all() and (p.grad == -k).all() for k, p in enumerate(found))


def test_large_ones_are_alone():
    small, large, other = nn.Parameter((4,)), nn.Parameter((SMALL + 1,)), nn.Parameter((4,))
    assert large.storage.chunk is not small.storage.chunk
    assert [len(run.storages) for run in Storage.runs(storages([large]))] == [1]
    assert sum(len(run.storages) for run in Storage.runs(storages([small, large, other]))) == 3


def test_parameters_of_no_numbers_and_of_one():
    empty, one = nn.Parameter((0, 3)), nn.Parameter(2.0)
    assert (empty.data.shape, one.shape, one.item()) == ((0, 3), (), 2.0)
    assert sum(len(run.storages) for run in Storage.runs(storages([empty, one]))) == 2


def test_copies_and_pickles_have_memory_of_their_own():
    one = model()
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        for p, q in zip(one.parameters(), other.parameters()):
            np.testing.assert_array_equal(p.data, q.data)
            assert not np.shares_memory(p.data, q.data)
            assert not np.shares_memory(p.grad, q.grad)
    assert len(pickle.dumps(nn.Parameter((2,)))) < 2000  # its own numbers, not its neighbours'
    assert len(pickle.dumps(nn.Parameter((2,)).data)) < 2000


def test_a_view_outlives_its_parameter():
    kept = nn.Parameter(np.arange(5.0)).data
    gc.collect()
    for _ in range(2000):
        nn.Parameter(np.full(20, 7.0))
    np.testing.assert_array_equal(kept, np.arange(5.0))


def test_parameters_made_by_several_threads():
    found = []

    def work(k):
        found.append([nn.Parameter(np.full(7, float(k))) for _ in range(300)])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len({x for p in group for x in p.data.tolist()}) == 1 for group in found)


def test_an_optimiser_of_some_leaves_the_others():
    parameters = [nn.Parameter(np.full(3, 1.0)) for _ in range(4)]
    for p in parameters:
        p.grad.fill(1.0)
    chosen = [parameters[2], parameters[0]]
    optimizer = optim.SGD(chosen, lr=0.5, momentum=0.5)
    for _ in range(2):
        optimizer.step()
    optimizer.zero_grad()
    for k, p in enumerate(parameters):
        assert p.data.tolist() == [[-0.25, 1.0][k % 2]] * 3
        assert p.grad.tolist() == [[0.0, 1.0][k % 2]] * 3
    assert [state["momentum_buffer"].tolist() for state in optimizer.state.values()] == [[1.5] * 3] * 2
    assert all(p in chosen for p in optimizer.state)


def test_groups_orders_and_states_are_the_parameters_own():
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 0, 1]):
        parameters = [nn.Parameter(np.full(k + 1, float(k))) for k in range(4)]
        single = [nn.Parameter(np.full(k + 1, float(k))) for k in range(4)]
        for p, q in zip(parameters, single):
            p.grad[...] = q.grad[...] = np.arange(1.0, p.size + 1.0)
        together = optim.Adam([parameters[k] for k in order], lr=0.1)
        alone = [optim.Adam([single[k]], lr=0.1) for k in order]
        for _ in range(3):
            together.step()
            for optimizer in alone:
                optimizer.step()
        for p, q in zip(parameters, single):
            assert p.data.tolist() == q.data.tolist()
        saved = together.state_dict()["state"]
        for i, k in enumerate(order):
            assert saved[i]["exp_avg"].shape == single[k].shape
            np.testing.assert_array_equal(saved[i]["exp_avg"], alone[i].state_dict()["state"][0]["exp_avg"])
        fresh = optim.Adam([parameters[k] for k in order], lr=0.1)
        fresh.load_state_dict(together.state_dict())
        fresh.step()
        together.load_state_dict(fresh.state_dict())
