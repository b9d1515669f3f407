"""Files that are damaged, or made to deceive: read, or refused by name, and never half."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.errors import FileFormatError

from .saved_states import same

# --- bad files --------------------------------------------------------------------------------------------------------

STATE = {"w": np.arange(6.0).reshape(2, 3), "n": 3, "inner": {0: np.ones(2)}}


def test_every_truncation(path):
    ag.save(STATE, path)
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(FileFormatError, match=path.name):
            ag.load(path)


def test_every_flipped_byte_is_read_or_refused(path):
    """Damage is refused, or (in a number, a name) gives a tree of the same kinds; nothing else happens."""
    ag.save(STATE, path)
    content = path.read_bytes()
    for i in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            path.write_bytes(content[:i] + bytes([content[i] ^ flip]) + content[i + 1 :])
            try:
                found = ag.load(path)
            except FileFormatError:
                continue
            assert isinstance(found, dict)


def document(**changes: Any) -> str:
    whole: dict[str, Any] = {"format": "autograd_lite", "version": 1, "content": {"w": {"$array": "w"}}, "arrays": {}}
    whole["arrays"]["w"] = {"dtype": "float64", "shape": [2], "data": [1.0, 2.0]}
    whole.update({k: v for k, v in changes.items() if k != "w"})
    if "w" in changes:
        whole["arrays"]["w"].update(changes["w"])
    return json.dumps(whole)


BAD_JSON = {
    "empty": "",
    "not JSON": "hello",
    "binary": "\x00\x01",
    "a list": "[]",
    "another program's": '{"w": [1, 2]}',
    "another mark": document(format="other"),
    "a later version": document(version=2),
    "a version that is a flag": document(version=True),
    "an entry more": document(more=1),
    "bare NaN": document(content={"x": math.nan}),
    "bare Infinity": document(w={"data": [1.0, math.inf]}),
    "key twice": '{"format": "autograd_lite", "version": 1, "content": {"a": 1, "a": 2}, "arrays": {}}',
    "key twice in a $dict": document(content={"$dict": [[1, 2], [1, 3]]}),
    "key that is a list": document(content={"$dict": [[[], 2]]}),
    "key that is a flag": document(content={"$dict": [[True, 2]]}),
    "pairs that are none": document(content={"$dict": [[1, 2, 3]]}),
    "unknown escape": document(content={"$exec": "import os"}),
    "escape among others": document(content={"$array": "w", "x": 1}),
    "array that is missing": document(content={"$array": "v"}),
    "array by list": document(content={"$array": ["w"]}),
    "bad float": document(content={"$float": "1e5"}),
    "bad float list": document(content={"$float": []}),
    "bad int": document(content={"$int": "1_000"}),
    "long int": document(content={"$int": "9" * 10_000}),
    "long bare int": '{"format": "autograd_lite", "version": 1, "content": ' + "9" * 10_000 + ', "arrays": {}}',
    "bad tuple": document(content={"$tuple": 1}),
    "nested": '{"format": "autograd_lite", "version": 1, "content": ' + "[" * 10**6 + "]" * 10**6 + ', "arrays": {}}',
    "nested, open": "[" * 10**6,
    "nested dicts": '{"a":' * 10**5,
    "arrays that are a list": document(arrays=[]),
    "array that is a list": document(arrays={"w": [1, 2]}),
    "array without shape": document(arrays={"w": {"dtype": "float64", "data": []}}),
    "shape too large": document(w={"shape": [3]}),
    "shape too small": document(w={"shape": [1]}),
    "shape beyond memory": document(w={"shape": [10**12, 10**12]}),
    "shape of nothing, hugely": document(w={"shape": [0, 2**39, 2**39], "data": []}),
    "negative shape": document(w={"shape": [-1, -2]}),
    "shape of floats": document(w={"shape": [2.0]}),
    "shape of flags": document(w={"shape": [True, 2]}),
    "shape of 40 dimensions": document(w={"shape": [1] * 39 + [2]}),
    "shape that is text": document(w={"shape": "2"}),
    "dtype object": document(w={"dtype": "object"}),
    "dtype O": document(w={"dtype": "O"}),
    "dtype list": document(w={"dtype": [["a", "f8"]]}),
    "data that is text": document(w={"data": "ab"}),
    "numbers that are text": document(w={"data": ["1", "2"]}),
    "numbers that are flags": document(w={"data": [True, False]}),
    "numbers that are null": document(w={"data": [None, 1.0]}),
    "nested numbers": document(w={"data": [[1.0], [2.0]]}),
    "huge int as float": document(w={"data": [10**400, 1.0]}),
    "float too large for JSON's readers": document().replace("2.0", "1e999"),
    "float too large for float32": document(w={"dtype": "float32", "data": [1e300, 1.0]}),
    "float as int": document(w={"dtype": "int64", "data": [1.5, 2]}),
    "int out of range": document(w={"dtype": "uint8", "data": [256, -1]}),
    "text after the end": document() + "x",
    "byte order mark": "\ufeff" + document(),
}


@pytest.mark.parametrize("what", BAD_JSON)
def test_bad_json(tmp_path, what):
    path = tmp_path / "bad.json"
    path.write_text(BAD_JSON[what], encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"bad\.json"):
        ag.load(path)


def test_json_that_is_no_utf8(tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(document().encode("utf-16"))
    with pytest.raises(FileFormatError):
        ag.load(path)


def tensors(header: Any, data: bytes = bytes(16), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


W = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}


BAD_TENSORS = {
    "empty": b"",
    "seven bytes": b"1234567",
    "no header": struct.pack("<Q", 0),
    "endless header": tensors({"w": W}, length=2**64 - 1),
    "long header": tensors({"w": W}, length=10**7),
    "a list": tensors([W]),
    "bad JSON": tensors(b"{'w': 1}"),
    "no UTF-8": tensors(b'{"\xff": 1}'),
    "name twice": tensors(b'{"w": %b, "w": %b}' % ((json.dumps(W).encode(),) * 2)),
    "nested": tensors(b"[" * 10**6),
    "dtype": tensors({"w": {**W, "dtype": "PICKLE"}}),
    "float8": tensors({"w": {**W, "dtype": "F8_E4M3", "shape": [16]}}),
    "bfloat16 of another size": tensors({"w": {**W, "dtype": "BF16", "shape": [9]}}),
    "entry that is a number": tensors({"w": 3}),
    "shape too large": tensors({"w": {**W, "shape": [3]}}),
    "shape beyond memory": tensors({"w": {**W, "shape": [2**62, 2**62]}}),
    "negative shape": tensors({"w": {**W, "shape": [-2]}}),
    "offsets beyond the end": tensors({"w": {**W, "data_offsets": [0, 1600], "shape": [200]}}),
    "offsets backwards": tensors({"w": {**W, "data_offsets": [16, 0]}}),
    "offsets that overlap": tensors({"v": W, "w": W}),
    "no offsets": tensors({"w": {"dtype": "F64", "shape": [2]}}),
    "bytes left over": tensors({"w": W}, data=bytes(24)),
    "bytes missing": tensors({"w": W}, data=bytes(8)),
    "metadata that is a list": tensors({"__metadata__": [], "w": W}),
    "metadata that is no text": tensors({"__metadata__": {"a": 1}, "w": W}),
    "our metadata broken": tensors({"__metadata__": {"autograd_lite": "{"}, "w": W}),
    "our metadata a list": tensors({"__metadata__": {"autograd_lite": "[]"}, "w": W}),
    "our metadata later": tensors({"__metadata__": {"autograd_lite": '{"version":9,"content":1}'}, "w": W}),
    "our metadata nested": tensors({"__metadata__": {"autograd_lite": "[" * 10**5}, "w": W}),
    "our metadata, tensor missing": tensors(
        {"__metadata__": {"autograd_lite": '{"version":1,"content":{"$array":"v"}}'}, "w": W}
    ),
}


@pytest.mark.parametrize("what", BAD_TENSORS)
def test_bad_safetensors(tmp_path, what):
    pytest.importorskip("safetensors")
    path = tmp_path / "bad.safetensors"
    path.write_bytes(BAD_TENSORS[what])
    with pytest.raises(FileFormatError, match=r"bad\.safetensors"):
        ag.load(path)


def test_the_good_ones_are_good(tmp_path):
    """The bad files above differ in one thing each from files that load."""
    pytest.importorskip("safetensors")
    (tmp_path / "a.safetensors").write_bytes(tensors({"w": W}))
    assert same(ag.load(tmp_path / "a.safetensors"), {"w": np.zeros(2)})
    (tmp_path / "a.json").write_text(document())
    assert same(ag.load(tmp_path / "a.json"), {"w": np.array([1.0, 2.0])})
