"""Data sets, loaders, splits, moons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
    make_moons,
    random_split,
)
from autograd_lite.errors import StateError


def batches(loader: Any) -> list[list[Any]]:
    return [[array.tolist() for array in batch] for batch in loader]


def test_tensor_dataset():
    x, y = np.arange(6.0).reshape(3, 2), np.arange(3)
    dataset = TensorDataset(x, y)
    assert len(dataset) == 3
    row, label = dataset[1]
    assert row.tolist() == [2.0, 3.0]
    assert label == 1
    assert [array.shape for array in dataset[1:]] == [(2, 2), (2,)]
    with pytest.raises(ValueError, match="Size mismatch"):
        TensorDataset(x, y[:2])
    for wrong in ([], [3.0]):
        with pytest.raises(ValueError, match="at least one array"):
            TensorDataset(*wrong)


@pytest.mark.parametrize(
    ("n", "size", "drop", "known"),
    [(10, 4, False, 3), (10, 4, True, 2), (8, 4, True, 2), (0, 4, False, 0), (3, 9, False, 1), (3, 9, True, 0)],
)
def test_lengths(n, size, drop, known):
    loader = DataLoader(TensorDataset(np.arange(n)), batch_size=size, drop_last=drop)
    assert len(loader) == known == len(list(loader))


def test_the_chapters_loader():
    """Figure 7.8: a hundred points in ten batches; every epoch all of them once, in another order; x stays with y."""
    ag.manual_seed(0)
    x, y = ag.randn(100, 10), ag.randn(100, 5)
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
    orders = []
    for _ in range(2):
        order = []
        for data in loader:
            x_batch, y_batch = data
            assert x_batch.shape == (10, 10)
            assert y_batch.shape == (10, 5)
            for row, target in zip(x_batch, y_batch):
                k = int(np.flatnonzero((x == row).all(axis=1))[0])
                assert (y[k] == target).all()
                order.append(k)
        assert len(order) == 100
        assert sorted(order) == list(range(100))
        orders.append(order)
    assert orders[0] != orders[1] != list(range(100))


def test_seeds():
    dataset = TensorDataset(np.arange(50))

    def epochs(**options: Any) -> Any:
        loader = DataLoader(dataset, batch_size=7, shuffle=True, **options)
        return batches(loader), batches(loader)

    ag.manual_seed(1)
    first = epochs()
    ag.manual_seed(1)
    assert epochs() == first
    ag.manual_seed(2)
    assert epochs() != first
    a = epochs(generator=np.random.default_rng(5))
    assert a == epochs(generator=np.random.default_rng(5))
    assert a == epochs(generator=ag.arrays.Generator().manual_seed(5)) if hasattr(ag, "arrays") else True
    with pytest.raises(TypeError, match="generator"):
        epochs(generator="seed")


def test_without_shuffling_nothing_random_is_used():
    ag.manual_seed(3)
    known = ag.randn(1)
    ag.manual_seed(3)
    assert batches(DataLoader(TensorDataset(np.arange(3)), batch_size=2)) == [[[0, 1]], [[2]]]
    assert ag.randn(1) == known


def test_batches_are_copies():
    x = np.zeros((4, 1))
    for (batch,) in DataLoader(TensorDataset(x), batch_size=2):
        batch += 1.0
    assert not x.any()


def test_two_iterations_at_once():
    loader = DataLoader(TensorDataset(np.arange(4)))
    assert [(int(a[0]), int(b[0])) for (a,), (b,) in zip(loader, loader)] == [(i, i) for i in range(4)]


class Squares(Dataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return {"x": float(index), "square": np.array([index**2]), "name": str(index)}


def test_own_data_sets_and_collating():
    batch = next(iter(DataLoader(Squares(), batch_size=3)))
    assert batch["x"].tolist() == [0.0, 1.0, 2.0]
    assert batch["square"].tolist() == [[0], [1], [4]]
    assert batch["name"] == ["0", "1", "2"]
    assert list(DataLoader("abc", batch_size=2)) == [["a", "b"], ["c"]]
    assert list(DataLoader(range(3), batch_size=2, collate_fn=sum)) == [1, 2]
    assert [b.tolist() for b in DataLoader(np.eye(2))] == [[[1.0, 0.0]], [[0.0, 1.0]]]
    pairs = [([1.0, 2.0], 0), ([3.0, 4.0], 1)]
    (batch,) = DataLoader(pairs, batch_size=2)
    assert [np.shape(part) for part in batch[0]] == [(2,), (2,)]
    with pytest.raises(ValueError, match="different shapes"):
        default_collate([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match="different numbers"):
        default_collate([(1, 2), (1,)])
    with pytest.raises(NotImplementedError, match="__len__"):
        len(Dataset())
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Dataset()[0]


def test_values_go_through():
    """A data set of Values: the gradient reaches the data."""
    x = ag.values([[1.0, 2.0], [3.0, 4.0]])
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=2)))
    assert batch[1, 0] is x[1, 0]
    loose = default_collate([Value(1.0), Value(2.0)])
    assert isinstance(loose[0], Value)


@pytest.mark.parametrize("size", [0, -1, 1.5, None, True, "4"])
def test_batch_sizes(size):
    with pytest.raises(ValueError, match="batch_size"):
        DataLoader(TensorDataset(np.arange(3)), batch_size=size)


def test_what_is_no_data_set():
    with pytest.raises(TypeError, match="data set"):
        DataLoader(x for x in "abc")


# --- where the loader is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_resumed_in_the_middle_of_an_epoch(own, taken):
    def make() -> DataLoader:
        generator = np.random.default_rng(9) if own else None
        return DataLoader(TensorDataset(np.arange(7)), batch_size=2, shuffle=True, generator=generator)

    ag.manual_seed(4)
    loader = make()
    list(loader)
    iterator = iter(loader)
    for _ in range(taken):
        next(iterator)
    state = loader.state_dict()
    known = batches(iterator) + batches(loader)
    ag.manual_seed(99)
    again = make()
    again.load_state_dict(state)
    assert repr(again.state_dict()) == repr(state)
    assert (batches(again) if taken else []) + batches(again) == known if taken else batches(again) + batches(again)


def test_an_epoch_that_was_broken_off_is_over():
    loader = DataLoader(TensorDataset(np.arange(6)), batch_size=2, shuffle=True)
    for _ in loader:
        break
    assert loader.state_dict()["left"] is None


@pytest.mark.parametrize(
    "change",
    [
        [],
        {"left": 3},
        {"left": [0.5]},
        {"left": [7]},
        {"left": [-1]},
        {"left": [1, 1]},
        {"left": [[1]]},
        {"left": "ab"},
        {"generator": None},
        {"generator": {}},
        {"more": 1},
        "another generator",
        "out of range",
        "text",
    ],
)
def test_wrong_states_change_nothing(change):
    loader = DataLoader(TensorDataset(np.arange(6)), shuffle=True, generator=np.random.default_rng(1))
    before = loader.state_dict()
    generator = before["generator"]
    wrong = {
        "another generator": {"generator": np.random.MT19937(1).state},
        "out of range": {"generator": {**generator, "state": {"state": -1, "inc": 2**200}}},
        "text": {"generator": {**generator, "state": {"state": "a", "inc": 1}}},
    }
    change = wrong[change] if isinstance(change, str) else change
    with pytest.raises(StateError):
        loader.load_state_dict({**before, **change} if isinstance(change, dict) else change)
    assert repr(loader.state_dict()) == repr(before)


# --- splitting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "lengths", "known"),
    [
        (10, [7, 3], [7, 3]),
        (10, [0.7, 0.3], [7, 3]),
        (10, [0.75, 0.25], [8, 2]),
        (10, [0.33, 0.33, 0.34], [4, 3, 3]),
        (11, [0.5, 0.5], [6, 5]),
        (1, [1, 0], [1, 0]),
        (3, [0, 3, 0], [0, 3, 0]),
    ],
)
def test_random_split(n, lengths, known):
    parts = random_split(range(n), lengths)
    assert [len(part) for part in parts] == known
    assert sorted(x for part in parts for x in part) == list(range(n))
    assert [len(DataLoader(part, batch_size=2)) for part in parts] == [-(-k // 2) for k in known]


@pytest.mark.filterwarnings("ignore:Length of split")
def test_random_split_against_pytorchs_sizes():
    torch = pytest.importorskip("torch")
    for n in (1, 9, 10, 100, 101):
        for lengths in ([0.5, 0.5], [0.1, 0.2, 0.7], [0.33, 0.33, 0.34], [1.0], [0.999, 0.001]):
            theirs = [len(part) for part in torch.utils.data.random_split(range(n), lengths)]
            assert [len(part) for part in random_split(range(n), lengths)] == theirs


def test_random_split_is_seeded():
    ag.manual_seed(1)
    a = random_split(range(20), [10, 10])[0].indices.tolist()
    ag.manual_seed(1)
    assert random_split(range(20), [10, 10])[0].indices.tolist() == a != list(range(10))
    b = random_split(range(20), [10, 10], generator=np.random.default_rng(0))[0].indices.tolist()
    assert random_split(range(20), [10, 10], generator=np.random.default_rng(0))[0].indices.tolist() == b


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.6], [11], [5.5, 4.5], [-1, 11], [float("nan"), 10], []])
def test_random_split_errors(lengths):
    with pytest.raises(ValueError, match="lengths"):
        random_split(range(10), lengths)


def test_subsets_of_subsets():
    dataset = TensorDataset(np.arange(10) * 10)
    inner = Subset(Subset(dataset, [9, 8, 7, 6]), [3, 0])
    assert inner[0] == (60,)
    assert batches(DataLoader(inner, batch_size=2)) == [[[60, 90]]]


# --- moons ------------------------------------------------------------------------------------------------------------


def test_data_sets_one_after_the_other():
    parts: list[Any] = [[(1.0, 2.0), (3.0, 4.0), (0.0, 1.0)], TensorDataset([5.0, 6.0], [7.0, 8.0]), []]
    both = ConcatDataset(parts)
    wanted = [example for part in parts for example in (part[i] for i in range(len(part)))]
    assert [both[i] for i in range(len(both))] == wanted
    assert [both[i - 5] for i in range(5)] == wanted
    batches = list(DataLoader(both, batch_size=2))
    assert np.concatenate([batch[0] for batch in batches]).tolist() == [float(x) for x, _ in wanted]
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"no example {index}"):
            both[index]
    with pytest.raises(ValueError, match="at least one"):
        ConcatDataset([])


def test_options_for_pytorchs_speed_change_nothing():
    plain, asked = (
        batches(DataLoader(np.eye(7), batch_size=3, shuffle=True, generator=np.random.default_rng(3), **named))
        for named in ({}, {"num_workers": 4, "pin_memory": True, "persistent_workers": True})
    )
    assert plain == asked


def test_moons_are_half_circles():
    x, y = make_moons(101, shuffle=False)
    assert x.shape == (101, 2)
    assert y.tolist() == [0] * 50 + [1] * 51
    assert y.dtype == np.int64
    np.testing.assert_allclose(np.hypot(*x[:50].T), 1.0)
    np.testing.assert_allclose(np.hypot(1 - x[50:, 0], 0.5 - x[50:, 1]), 1.0)
    assert (x[:50, 1] >= 0).all()
    assert (x[50:, 1] <= 0.5).all()


def test_moons_follow_scikit_learns_numbers():
    """make_moons(5, noise=0.1, random_state=0) as scikit-learn 1.9.1 gives it."""
    x, y = make_moons(5, noise=0.1, random_state=0)
    known = [
        [0.09787379841057392, 0.7240893199201458],
        [1.1867557990149968, -0.0977277879876411],
        [-0.904991158247441, -0.015135720829769666],
        [0.989678114820644, -0.45894014980616277],
        [2.0144043571160877, 0.6454273506962974],
    ]
    np.testing.assert_allclose(x, known, rtol=1e-15)
    assert y.tolist() == [1, 0, 0, 1, 1]


def test_moons_are_seeded():
    ag.manual_seed(0)
    x, _ = make_moons(noise=0.1)
    assert x.shape == (100, 2)
    ag.manual_seed(0)
    assert (make_moons(noise=0.1)[0] == x).all()
    assert (make_moons(noise=0.1)[0] != x).any()
    a = make_moons(9, random_state=np.random.default_rng(2))[0]
    assert (make_moons(9, random_state=np.random.default_rng(2))[0] == a).all()
    b = make_moons(9, random_state=np.random.RandomState(2))[0]
    assert (make_moons(9, random_state=2)[0] == b).all()


def test_moons_of_different_sizes():
    _, y = make_moons((3, 1))
    assert sorted(y.tolist()) == [0, 0, 0, 1]
    for wrong in (-1, (1, 2, 3), (-1, 2)):
        with pytest.raises(ValueError, match="n_samples"):
            make_moons(wrong)


def test_the_names_where_pytorch_has_them():
    from autograd_lite.utils import data

    assert data.DataLoader is ag.utils.data.DataLoader is DataLoader
    assert set(data.__all__) <= set(ag.data.__all__)
