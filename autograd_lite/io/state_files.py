"""``save`` and ``load``: state dicts, and whatever is built of dicts, lists, numbers, text and arrays, in a file.

Two formats, chosen by the suffix. ``.safetensors`` holds arrays as they are in memory, under names that other programs
can read (``model.0.weight``), and the rest as JSON in the file's metadata. ``.json`` is for people: every float is
written with the digits that give it back exactly. Neither can carry code: loading runs nothing (there is no pickle).

What is loaded has been checked as a whole before it is returned, so that a bad file can't leave a model half loaded.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from ..engine.value import Value
from ..errors import FileFormatError

__all__ = ["load", "save"]

#: how deep dicts and lists may be nested
_DEPTH = 64
#: the longest header of a safetensors file, in bytes
_HEADER = 100_000_000
_MARK = "autograd_lite"
_VERSION = 1
#: dtypes in files; safetensors' names for them
_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip
_SAFE = {safe: name for name, safe in _DTYPES.items()}
_BF16 = "BF16"  # read as float32, which has all its numbers; not written
_ESCAPE = "$"


def save(obj: Any, path: str | os.PathLike[str]) -> None:
    """Write a state dict, or several in a dict or list, to a file; all of it or nothing.

    Args:
        obj: dicts (keys: strings and ints), lists, tuples, text, None, bools, ints, floats, Values and Parameters
            (their numbers) and NumPy arrays of numbers, nested at will.
        path: ends in ``.safetensors`` or ``.json``. An existing file is replaced in one go, when the new one is
            safely on the disk: a crash in the middle leaves the old one.

    Raises:
        TypeError: for anything else in ``obj`` (a module: call its ``state_dict()``).
        ValueError: for another suffix, or nesting without end.
        ImportError: for ``.safetensors`` without the safetensors library.

    >>> import tempfile, autograd_lite as ag
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ag.save({"weight": np.ones(2), "epoch": 3, "best": float("inf")}, f"{folder}/state.json")
    ...     ag.load(f"{folder}/state.json")
    {'weight': array([1., 1.]), 'epoch': 3, 'best': inf}
    """
    write = _to_json if _suffix(path) == ".json" else _to_safetensors
    _write_atomically(os.path.realpath(path), write(obj))


def load(path: str | os.PathLike[str]) -> Any:
    """Read what ``save`` wrote; or any safetensors file, as a dict of arrays.

    Args:
        path: ends in ``.safetensors`` or ``.json``.

    Returns:
        The same nested dicts, lists and arrays (Values come back as numbers).

    Raises:
        FileFormatError: for a file that is truncated, malformed, hostile or of another kind; the message says where.
        OSError: for one that isn't there or can't be read.
        ValueError: for another suffix.
        ImportError: for ``.safetensors`` without the safetensors library.

    >>> import os, tempfile, autograd_lite as ag
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.json")
    ...     ag.save({"rate": 0.1, "steps": [1, 2]}, path)
    ...     ag.load(path)
    {'rate': 0.1, 'steps': [1, 2]}
    """
    read = _from_json if _suffix(path) == ".json" else _from_safetensors
    name = os.fspath(path)
    if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: a pipe would wait for a writer
        raise FileFormatError(f"{name} is not an ordinary file")
    with open(path, "rb") as file:
        content = file.read()
    try:
        return read(content)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error.__cause__
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError, MemoryError, struct.error) as error:
        raise FileFormatError(f"{name} is malformed ({type(error).__name__}: {error})") from error


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix not in (".safetensors", ".json"):
        raise ValueError(f"files end in .safetensors or .json (there is no pickle here), not {suffix or 'nothing'!r}")
    return suffix


def _write_atomically(path: str, content: bytes) -> None:
    """A new file beside the old one, forced to the disk, put in its place."""
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f".{secrets.token_hex(16)}.tmp")
    try:
        with open(temporary, "xb") as file:
            if os.path.exists(path):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # an interrupt too, which may come when the new file is in its place already
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the folder's entry too
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError:
            pass  # some file systems can't, and the file itself is safe
        finally:
            os.close(handle)


# --- what isn't JSON is a dict with one key that begins with $ -------------------------------------------------------


def _flatten(thing: Any, place: list[str], arrays: dict[str, Any]) -> Any:
    """``thing`` as JSON, arrays put aside under their place in it."""
    if len(place) > _DEPTH:
        raise ValueError(f"nested more than {_DEPTH} deep at {'.'.join(place[:6])}…: does it contain itself?")
    if isinstance(thing, str):
        return _checked_text(thing, place)
    if isinstance(thing, Value):
        return _flatten(thing.data, place, arrays)
    if isinstance(thing, (np.bool_, np.integer, np.floating)):
        thing = thing.item()
    if thing is None or isinstance(thing, bool):
        return thing
    if isinstance(thing, int):
        return thing if abs(thing) < 2**53 else {"$int": str(thing)}
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else {"$float": str(thing)}
    if isinstance(thing, Mapping):
        return _flatten_dict(thing, place, arrays)
    if isinstance(thing, (list, tuple)):
        items = [_flatten(item, [*place, str(i)], arrays) for i, item in enumerate(thing)]
        return {"$tuple": items} if isinstance(thing, tuple) else items
    data = thing if isinstance(thing, np.ndarray) else getattr(thing, "data", None)
    if isinstance(data, np.ndarray):
        return {"$array": _put_aside(np.asarray(data), place, arrays)}
    cure = "save its state_dict()" if hasattr(thing, "state_dict") else "save numbers, text, dicts, lists and arrays"
    raise TypeError(f"a {type(thing).__name__} can't be saved (at {'.'.join(place) or 'the top'}): {cure}")


def _checked_text(text: str, place: list[str]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"text at {'.'.join(place) or 'the top'} is no Unicode: {text!r:.60}") from None
    return text


def _flatten_dict(thing: Mapping[Any, Any], place: list[str], arrays: dict[str, Any]) -> Any:
    if any(not isinstance(key, (str, int)) or isinstance(key, bool) for key in thing):
        raise TypeError(f"the keys of a saved dict are strings or ints (at {'.'.join(place) or 'the top'})")
    items = {key: _flatten(item, [*place, str(key)], arrays) for key, item in thing.items()}
    if all(isinstance(key, str) and not key.startswith(_ESCAPE) for key in items):
        return {_checked_text(key, place): item for key, item in items.items()}
    return {"$dict": [[_flatten(key, place, {}), item] for key, item in items.items()]}


def _put_aside(array: Any, place: list[str], arrays: dict[str, Any]) -> str:
    """Keep an array under a name that is nobody else's."""
    where = ".".join(place) or "array"
    if array.dtype == object:
        numbers = [element.data if isinstance(element, Value) else element for element in array.flat]
        if not all(isinstance(number, (int, float)) for number in numbers):
            raise TypeError(f"the array at {where} holds objects: save arrays of numbers or Values")
        array = np.array(numbers, dtype=np.float64).reshape(array.shape)
    if array.dtype.name not in _DTYPES:
        raise TypeError(f"the array at {where} has dtype {array.dtype}: save one of {', '.join(_DTYPES)}")
    name, count = _checked_text(where, place), 1
    while name in arrays or name == "__metadata__":
        count += 1
        name = f"{where}#{count}"
    arrays[name] = np.array(array, dtype=array.dtype.newbyteorder("="), order="C")
    return name


def _restore(tree: Any, arrays: dict[str, Any]) -> Any:
    """The inverse of ``_flatten``."""
    if isinstance(tree, list):
        return [_restore(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if not any(key.startswith(_ESCAPE) for key in tree):
        return {key: _restore(item, arrays) for key, item in tree.items()}
    if len(tree) != 1:
        raise FileFormatError(f"a dict has {min(tree)!r} among other keys")
    ((kind, content),) = tree.items()
    if kind == "$array" and isinstance(content, str):
        if content not in arrays:
            raise FileFormatError(f"the array {content!r:.80} is missing")
        return arrays[content]
    if kind == "$int" and isinstance(content, str) and re.fullmatch(r"-?[0-9]{1,400}", content):
        return int(content)
    if kind == "$float" and content in ("inf", "-inf", "nan"):
        return float(content)
    if kind == "$tuple" and isinstance(content, list):
        return tuple(_restore(item, arrays) for item in content)
    if kind == "$dict" and isinstance(content, list):
        return _restore_dict(content, arrays)
    raise FileFormatError(f"{kind!r:.80} is nothing that this version writes")


def _restore_dict(content: list[Any], arrays: dict[str, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for pair in content:
        if not isinstance(pair, list) or len(pair) != 2:
            raise FileFormatError("a $dict is not a list of pairs")
        key = _restore(pair[0], arrays)
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            raise FileFormatError("a key is neither text nor an int")
        if key in found:
            raise FileFormatError(f"the key {key!r:.80} is there twice")
        found[key] = _restore(pair[1], arrays)
    return found


# --- JSON ------------------------------------------------------------------------------------------------------------


def _no_constant(text: str) -> Any:
    raise FileFormatError(f"{text} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise FileFormatError(f"the key {twice!r:.80} is there twice")
    return found


def _parse(content: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, no NaN, no bottomless nesting (which the parser would meet by recursion)."""
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', content, re.DOTALL):
        mark = token[0]
        depth += 1 if mark in (b"[", b"{") else -1 if mark in (b"]", b"}") else 0
        if depth > 4 * _DEPTH:  # a dict with int keys takes three levels
            raise FileFormatError("it is nested too deep")
    return json.loads(content.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _dump(tree: Any, indent: int | None = None) -> str:
    return json.dumps(tree, allow_nan=False, ensure_ascii=False, indent=indent)


def _to_json(obj: Any) -> bytes:
    arrays: dict[str, Any] = {}
    tree = _flatten(obj, [], arrays)
    lines = [f'"format": {_dump(_MARK)}', f'"version": {_VERSION}', f'"content": {_dump(tree)}']
    entries = []
    for name, array in arrays.items():
        numbers = array.ravel().tolist()
        data = [x if not isinstance(x, float) or math.isfinite(x) else str(x) for x in numbers]
        entry = {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}
        entries.append(f"{_dump(name)}: {_dump(entry)}")
    lines.append('"arrays": {' + ",\n".join(["", *entries])[1:] + "}")
    return ("{" + ",\n".join(lines) + "}").encode()  # no newline: then a file that lacks its last byte is malformed


def _from_json(content: bytes) -> Any:
    whole = _parse(content)
    if not isinstance(whole, dict) or set(whole) != {"format", "version", "content", "arrays"}:
        raise FileFormatError("this is not a file that ag.save wrote")
    _check_version(whole["format"], whole["version"])
    if not isinstance(whole["arrays"], dict):
        raise FileFormatError("'arrays' is no dict")
    return _restore(whole["content"], {name: _array(name, entry) for name, entry in whole["arrays"].items()})


def _check_version(mark: Any, version: Any) -> None:
    if mark != _MARK:
        raise FileFormatError("this is not a file that ag.save wrote")
    if version != _VERSION or isinstance(version, bool):
        raise FileFormatError(f"it was written in version {version!r:.20} of the format; this one reads {_VERSION}")


def _array(name: str, entry: Any) -> Any:
    """An array from its JSON."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data"}:
        raise FileFormatError(f"array {name!r:.80} has not the entries dtype, shape, data")
    dtype, shape, data = entry["dtype"], entry["shape"], entry["data"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise FileFormatError(f"array {name!r:.80} has dtype {dtype!r:.80}: not one of {', '.join(_DTYPES)}")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**40 for n in shape) or len(shape) > 32:
        raise FileFormatError(f"array {name!r:.80} has shape {shape!r:.80}")
    if not isinstance(data, list) or len(data) != math.prod(shape):
        raise FileFormatError(f"array {name!r:.80} of shape {shape} has not {math.prod(shape)} numbers")
    with np.errstate(over="raise"):  # a number beyond float32
        return np.array(list(_numbers(name, dtype, data)), dtype=dtype).reshape(shape)


def _numbers(name: str, dtype: str, data: list[Any]) -> Iterator[Any]:
    for number in data:
        if dtype.startswith("float") and isinstance(number, str) and number in ("inf", "-inf", "nan"):
            yield float(number)
        elif dtype == "bool" and isinstance(number, bool):
            yield number
        elif dtype.startswith("float") and type(number) in (int, float) and math.isfinite(float(number)):
            yield float(number)
        elif "int" in dtype and type(number) is int and np.iinfo(dtype).min <= number <= np.iinfo(dtype).max:
            yield number
        else:
            raise FileFormatError(f"array {name!r:.80} of {dtype} holds {number!r:.40}")


# --- safetensors -----------------------------------------------------------------------------------------------------


def _library() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        cure = 'pip install "autograd-lite[files]"; .json files need nothing'
        raise ImportError(f".safetensors files need the safetensors library: {cure}") from error
    return safetensors


def _to_safetensors(obj: Any) -> bytes:
    library = _library()
    arrays: dict[str, Any] = {}
    tree = _flatten(obj, [], arrays)
    metadata = {"format": "np", _MARK: _dump({"version": _VERSION, "content": tree})}
    content: bytes = library.numpy.save(arrays, metadata=metadata)
    return content


def _from_safetensors(content: bytes) -> Any:
    library = _library()
    header, metadata = _checked_header(content)
    halves = [name for name, entry in header.items() if entry["dtype"] == _BF16]
    try:
        arrays = library.numpy.load(_with_header(content, header, halves) if halves else content)
    except library.SafetensorError as error:
        raise FileFormatError(f"it is no safetensors file, or it is truncated ({error})") from error
    arrays = {name: np.array(array) for name, array in arrays.items()}
    for name in halves:  # a bfloat16 is the upper half of a float32
        arrays[name] = (arrays[name].astype(np.uint32) << 16).view(np.float32)
    if _MARK not in metadata:
        return arrays
    inner = _parse(metadata[_MARK].encode())
    if not isinstance(inner, dict) or set(inner) != {"version", "content"}:
        raise FileFormatError("the metadata that ag.save wrote is malformed")
    _check_version(_MARK, inner["version"])
    return _restore(inner["content"], arrays)


def _with_header(content: bytes, header: dict[str, Any], halves: list[str]) -> bytes:
    """The file with these tensors as 16-bit integers: NumPy has no bfloat16."""
    (length,) = struct.unpack("<Q", content[:8])
    text = json.dumps({**header, **{name: {**header[name], "dtype": "U16"} for name in halves}}).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def _checked_header(content: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the header ourselves first, strictly; the library checks offsets and sizes. Returns it and the metadata."""
    if len(content) < 8:
        raise FileFormatError("it is truncated: no safetensors header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > _HEADER or length > len(content) - 8:
        raise FileFormatError(f"it is truncated or no safetensors file: a header of {length} bytes is announced")
    header = _parse(content[8 : 8 + length])
    if not isinstance(header, dict):
        raise FileFormatError("its header is no dict")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise FileFormatError("its metadata is not a dict of text")
    for name, entry in header.items():
        if not isinstance(entry, dict) or entry.get("dtype") not in (*_SAFE, _BF16):
            kind = entry.get("dtype") if isinstance(entry, dict) else entry
            raise FileFormatError(f"tensor {name!r:.80} has dtype {kind!r:.40}: not one of {', '.join(_SAFE)}, {_BF16}")
    return header, metadata
