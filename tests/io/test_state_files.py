"""Saving and loading: exact and atomic, and training that goes on."""

from __future__ import annotations

import json
import math
import os
import stat
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite.errors import FileFormatError
from autograd_lite.io import state_files as files

from .saved_states import same

NESTED = {
    "none": None,
    "flags": [True, False],
    "int": 3,
    "128 bits": 2**127 - 1,
    "negative": -(2**60),
    "floats": [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan],
    "text": 'ünïcødé \u0000 " \\ </script> \U0001f600',
    "": {"": "empty key"},
    "tuple": (1, (2.0, "x"), []),
    "dict": {0: {"exp_avg": np.arange(3.0)}, 1: {}, "1": "text and int keys are different"},
    "$array": {"$dict": [1], "$tuple": 2},
    "a.b": np.ones(2),
    "a": {"b": np.zeros(2)},
    "__metadata__": np.array([7.0]),
    "../../etc/passwd": np.array([1.0]),
    "arrays": {
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "special": np.array([math.nan, math.inf, -math.inf, -0.0, 5e-324]),
        "matrix": np.arange(6.0).reshape(2, 3),
        "ints": np.array([2**63 - 1, -(2**63)]),
        "bytes": np.arange(5, dtype=np.uint8),
        "big": np.array([2**64 - 1], dtype=np.uint64),
        "bool": np.array([[True], [False]]),
        "f4": np.array([0.1], dtype=np.float32),
        "f2": np.array([0.1], dtype=np.float16),
    },
}


def test_round_trip(path):
    ag.save(NESTED, path)
    assert same(ag.load(path), NESTED)
    ag.save(NESTED, str(path))
    assert same(ag.load(str(path)), NESTED)


@pytest.mark.parametrize("thing", [None, 3, "text", [], {}, np.ones((2, 2)), [np.ones(1), np.zeros(1)], math.nan])
def test_anything_at_the_top(path, thing):
    ag.save(thing, path)
    assert same(ag.load(path), thing)


def test_arrays_in_any_order_in_memory(path):
    array = np.arange(12.0).reshape(3, 4)
    ag.save({"t": array.T, "s": array[::2, ::-1], "big-endian": array.astype(">f8")}, path)
    found = ag.load(path)
    assert same(found, {"t": array.T.copy(), "s": array[::2, ::-1].copy(), "big-endian": array})
    found["t"][0, 0] = 9.0  # what comes back can be written


def test_values_become_their_numbers(path):
    p = ag.nn.Parameter([[1.0, 2.0]], label="p")
    ag.save(
        {
            "v": ag.Value(0.1),
            "p": p,
            "data": p.data,
            "vs": ag.values([1.0, 2.0]),
            "n": np.float64(3),
            "f": np.True_,
            "i": np.int8(2),
        },
        path,
    )
    known = {
        "v": 0.1,
        "p": np.array([[1.0, 2.0]]),
        "data": np.array([[1.0, 2.0]]),
        "vs": np.array([1.0, 2.0]),
        "n": 3.0,
        "f": True,
        "i": 2,
    }
    assert same(ag.load(path), known)


def test_suffix_in_capitals(tmp_path):
    ag.save([1], tmp_path / "A.JSON")
    assert ag.load(tmp_path / "A.JSON") == [1]


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | hnp.arrays(np.float64, hnp.array_shapes(max_side=3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(TREES)
def test_any_tree_round_trips(tree):
    assert same(files._from_json(files._to_json(tree)), tree)
    if "safetensors" in sys.modules:
        assert same(files._from_safetensors(files._to_safetensors(tree)), tree)


def test_weights_are_readable_by_others(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "model.safetensors"
    ag.save({"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2)}, path)
    found = library.load_file(path)
    assert set(found) == {"0.weight", "0.bias"}
    library.save_file({"w": np.arange(3.0)}, path)
    assert same(ag.load(path), {"w": np.arange(3.0)})
    ag.save({"model": {"0.weight": np.ones(2)}, "optimizer": {"state": {0: {"exp_avg": np.ones(2)}}}}, path)
    assert set(library.load_file(path)) == {"model.0.weight", "optimizer.state.0.exp_avg"}


def test_json_is_strict_json(tmp_path):
    ag.save(NESTED, tmp_path / "x.json")

    def constant(text: str) -> None:
        raise AssertionError(text)

    found = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"), parse_constant=constant)
    assert isinstance(found, dict)
    assert found


@pytest.mark.parametrize(
    ("thing", "error", "words"),
    [
        (object(), TypeError, "a object can't be saved"),
        ({"a": {"b": {1, 2}}}, TypeError, r"at a\.b"),
        ({1.5: 2}, TypeError, "keys"),
        ({True: 2}, TypeError, "keys"),
        (lambda: 0, TypeError, "function"),
        (1j, TypeError, "complex"),
        (np.ones(2, complex), TypeError, "dtype complex128"),
        (np.array(["a"]), TypeError, "dtype"),
        (np.array([object()]), TypeError, "objects"),
        (b"bytes", TypeError, "bytes"),
        ("\ud800", ValueError, "Unicode"),
        ({"\ud800": 1}, ValueError, "Unicode"),
    ],
)
def test_what_cannot_be_saved(path, thing, error, words):
    path.write_bytes(b"old")
    with pytest.raises(error, match=words):
        ag.save(thing, path)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_modules_are_told_the_cure(path):
    with pytest.raises(TypeError, match=r"state_dict\(\)"):
        ag.save(ag.nn.Linear(2, 1), path)


def test_what_contains_itself(path):
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contain itself"):
        ag.save(loop, path)


@pytest.mark.parametrize("name", ["state.pt", "state.pkl", "state", "state.json.gz"])
def test_other_suffixes(tmp_path, name):
    with pytest.raises(ValueError, match="no pickle"):
        ag.save({}, tmp_path / name)
    with pytest.raises(ValueError, match="no pickle"):
        ag.load(tmp_path / name)


def test_without_safetensors(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"autograd-lite\[files\]"):
        ag.save({}, tmp_path / "x.safetensors")
    ag.save({}, tmp_path / "x.json")


# --- atomic writes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_leaves_the_old_file(path, monkeypatch, step):
    ag.save({"a": 1}, path)
    before = path.read_bytes()

    def crash(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, crash)
    with pytest.raises(KeyboardInterrupt):
        ag.save({"a": 2}, path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="modes and links as POSIX has them")
def test_mode_and_links_are_kept(path):
    ag.save({"a": 1}, path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    path.chmod(0o640)
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path.name)
    ag.save({"a": 2}, link)
    assert link.is_symlink()
    assert ag.load(path) == {"a": 2}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_missing_files_and_folders(path):
    with pytest.raises(FileNotFoundError):
        ag.load(path)
    with pytest.raises(FileNotFoundError):
        ag.save({}, path.parent / "nowhere" / path.name)
    path.mkdir()
    with pytest.raises(FileFormatError, match="ordinary file"):
        ag.load(path)


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
def test_a_pipe_does_not_block(path):
    os.mkfifo(path)
    with pytest.raises(FileFormatError, match="ordinary file"):
        ag.load(path)


# --- models, and training that goes on --------------------------------------------------------------------------------


def test_a_wrong_file_leaves_the_model_as_it_was(path):
    model, other = ag.nn.Linear(3, 2), ag.nn.Linear(4, 2)
    ag.save(other.state_dict(), path)
    before = {name: np.array(array) for name, array in model.state_dict().items()}
    with pytest.raises(Exception, match="shape"):
        model.load_state_dict(ag.load(path))
    assert same({name: np.array(array) for name, array in model.state_dict().items()}, before)


def make_training(seed: int) -> tuple[Any, ...]:
    ag.manual_seed(seed)
    model = ag.nn.Sequential(ag.nn.Linear(3, 4), ag.nn.Tanh(), ag.nn.Dropout(0.2), ag.nn.Linear(4, 1))
    optimizer = ag.optim.Adam(model.parameters(), lr=0.05, amsgrad=True)
    scheduler = ag.optim.lr_scheduler.SequentialLR(
        optimizer,
        [ag.optim.lr_scheduler.LinearLR(optimizer, total_iters=2), ag.optim.lr_scheduler.ExponentialLR(optimizer, 0.7)],
        milestones=[2],
    )
    plateau = ag.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.9)
    rng = np.random.default_rng(0)
    dataset = ag.data.TensorDataset(rng.standard_normal((10, 3)), rng.standard_normal((10, 1)))
    return model, optimizer, scheduler, plateau, ag.data.DataLoader(dataset, batch_size=4, shuffle=True)


def train(parts: tuple[Any, ...], epochs: int) -> list[float]:
    model, optimizer, scheduler, plateau, loader = parts
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = ag.nn.MSELoss()(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        plateau.step(losses[-1])
    return losses


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_training_resumed_bit_for_bit(path, cut):
    """Stopped after some epochs, saved, loaded into fresh objects with other weights: the same losses to the end."""
    known = train(make_training(1), 6)
    parts = make_training(1)
    first = train(parts, cut)
    names = ("model", "optimizer", "scheduler", "plateau", "loader")
    ag.save({name: part.state_dict() for name, part in zip(names, parts)}, path)
    again = make_training(2)
    state = ag.load(path)
    for name, part in zip(names, again):
        part.load_state_dict(state[name])
    assert first + train(again, 6 - cut) == known


def test_bfloat16_is_read_as_the_float32_with_its_numbers(tmp_path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    numbers = torch.tensor([[1.0, -0.0, 3.140625], [float("inf"), float("nan"), 1e-40]], dtype=torch.bfloat16)
    path = tmp_path / "model.safetensors"
    save_file({"w": numbers, "b": torch.arange(3.0), "none": numbers[:0]}, path, metadata={"format": "pt"})
    found = ag.load(path)
    assert found["w"].dtype == np.float32
    np.testing.assert_array_equal(found["w"], numbers.float().numpy())
    assert np.signbit(found["w"][0, 1])
    np.testing.assert_array_equal(found["b"], [0.0, 1.0, 2.0])
    assert found["none"].shape == (0, 3)


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, MemoryError])
def test_an_interrupted_save_raises_the_interrupt_and_leaves_no_file_behind(tmp_path, monkeypatch, suffix, when, error):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"state.{suffix}"
    ag.save({"a": np.ones(2)}, path)
    real = os.replace

    def replace(a, b):
        if when == "after":
            real(a, b)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(error):
            ag.save({"a": np.zeros(2)}, path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert ag.load(path)["a"].tolist() == ([0.0, 0.0] if when == "after" else [1.0, 1.0])


def test_an_int_that_no_float_holds_is_text(tmp_path):
    """Other readers of JSON would round it."""
    path = tmp_path / "state.json"
    numbers = [2**53 - 1, 2**53 + 1, -(2**60) - 1, 2**200]
    ag.save(numbers, path)
    assert ag.load(path) == numbers
    written = json.loads(path.read_text())["content"]
    assert written == [2**53 - 1, {"$int": str(2**53 + 1)}, {"$int": str(-(2**60) - 1)}, {"$int": str(2**200)}]
