"""Graphs as JSON: a flat, versioned form that other programs can read, and that is validated when it comes back.

::

    {"format": "autograd_lite graph", "version": 1, "root": 2, "nodes": [
        {"data": 2.0, "label": "x"},
        {"op": "sin", "args": [{"node": 0}], "partials": [-0.4161468365471424], "data": 0.9092974268256817},
        {"op": "mul", "args": [{"node": 1}, 3.0], "partials": [3.0], "data": 2.727892280477045}]}

Operands come before their consumers; ``partials`` has one number for each operand that is a node; ``grad`` is left out
when it is 0, ``label`` when it is empty. ``root`` is one index, ``roots`` a list of them. JSON has no nan and no
infinity: they are the strings "nan", "inf" and "-inf". (Pickling and copying are in ``engine/pickling.py``; a pickle
can run any code when it is read, this form can't.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.observers import notify_tracer
from ..engine.sweeps import STATE, NaryOperands, Node, topological_order
from ..engine.value import Value, node
from ..errors import FileFormatError
from ..primitives.primitive import TABLE, Primitive

__all__ = ["from_json", "to_json"]

#: whether an n-ary op takes an even or an odd number of operands (dot: x₁ … xₙ y₁ … yₙ; affine: a bias more)
_PARITY = {"dot": 0, "dist": 0, "affine": 1}

FORMAT, VERSION = "autograd_lite graph", 1


def to_json(y: Any, indent: int | None = None) -> str:
    """The graph of ``y`` as JSON text, with numbers, partials, gradients and labels.

    Args:
        y: the output, a Value; or a list or tuple of outputs, which go on sharing what they share.
        indent: for readers: spaces per level; None for one line.

    Raises:
        TypeError: for what is not a Value; for a checkpoint, which holds a Python function; for a gradient that is
            itself a Value.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0, label="x")
    >>> ag.to_json(x * 3.0)[:57]
    '{"format": "autograd_lite graph", "version": 1, "root": 1'
    """
    if STATE.observers:
        notify_tracer("writes a graph as text")
    single = isinstance(y, Node)
    if not single and (isinstance(y, (str, Mapping)) or not isinstance(y, Sequence)) and not hasattr(y, "ravel"):
        raise TypeError(f"to_json takes a Value or a list of Values, not {type(y).__name__}")
    roots = [y] if single else list(y.ravel() if hasattr(y, "ravel") else y)
    nodes = topological_order(*roots)
    place = {id(n): i for i, n in enumerate(nodes)}
    where: dict[str, Any] = {"root": place[id(y)]} if single else {"roots": [place[id(r)] for r in roots]}
    written = {"format": FORMAT, "version": VERSION, **where, "nodes": [_write(n, place) for n in nodes]}
    return json.dumps(written, indent=indent, allow_nan=False)


def _write(n: Any, place: dict[int, int]) -> dict[str, Any]:
    """One node as an object of JSON."""
    written: dict[str, Any] = {}
    if n.op is not None:
        if n.op.name == "checkpoint":
            raise TypeError(
                "to_json: a checkpoint holds a Python function, which JSON can't; record f without checkpoint"
            )
        if not n.op.is_ours and n.op.name in TABLE:
            raise TypeError(
                f"to_json: a primitive of yours is named {n.op.name!r} like one of this package, and ops are written "
                f"by their names: give it another, primitive(…, name=…)"
            )
        written["op"] = n.op.name
        written["args"] = [{"node": place[id(x)]} if isinstance(x, Node) else _number(x) for x in n.args]
        written["partials"] = [_number(p) for p in n.local_partials]
    written["data"] = _number(n._number())
    grad = n._gradient()
    if isinstance(grad, Node):
        raise TypeError(
            "to_json: a gradient here is a Value (backward(create_graph=True)); set it to 0 or to its .data"
        )
    if grad != 0.0:
        written["grad"] = _number(grad)
    if n.label:
        written["label"] = n.label
    return written


def _number(x: float) -> Any:
    return float(x) if math.isfinite(x) else repr(float(x))


def from_json(text: str | bytes, primitives: Mapping[str, Primitive] | None = None) -> Any:
    """The graph that ``to_json`` wrote, ready for ``backward()``. Nothing in the text is executed.

    Args:
        text: the JSON.
        primitives: the ops that are not of this package's table, by name.

    Returns:
        The output, a Value; or a list of them if a list was written.

    Raises:
        FileFormatError: (a ValueError) for text that is truncated, malformed, of another format or a newer version, or
            that describes no graph: an unknown op, an operand that doesn't come before its consumer (a cycle), a
            wrong number of operands or partials, anything that is not a number where one belongs.
        TypeError: for what is no text.

    >>> import autograd_lite as ag
    >>> y = ag.from_json(ag.to_json(ag.Value(2.0, label="x") ** 3))
    >>> y.backward(); y.parents[0]
    Value(data=2.0, grad=12.0, label='x')
    """
    if not isinstance(text, (str, bytes, bytearray)):
        raise TypeError(f"from_json takes the JSON text, not {type(text).__name__}")
    try:
        written = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"from_json: this is not JSON, or only the beginning of it: {error}") from None
    if not isinstance(written, dict) or written.get("format") != FORMAT:
        raise FileFormatError(f'from_json: not a graph of autograd_lite (no "format": "{FORMAT}")')
    if type(written.get("version")) is not int or not 1 <= written["version"] <= VERSION:
        raise FileFormatError(
            f"from_json: version {written.get('version')!r}; this program reads up to version {VERSION}"
        )
    listed = written.get("nodes")
    if not isinstance(listed, list):
        raise FileFormatError("from_json: there is no list of nodes")
    known: dict[str, Any] = {**TABLE, **(primitives or {})}
    nodes: list[Value] = []
    for i, entry in enumerate(listed):
        nodes.append(_Reader(i, entry, nodes).read(known))
    if "root" in written:
        return nodes[_index(written["root"], len(nodes), "the root")]
    roots = written.get("roots")
    if not isinstance(roots, list):
        raise FileFormatError("from_json: there is no root")
    return [nodes[_index(r, len(nodes), "a root")] for r in roots]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON; write it as a string")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the key {_show(twice)} twice")
    return found


def _index(x: Any, count: int, what: str) -> int:
    if type(x) is not int or not 0 <= x < count:
        raise FileFormatError(f"from_json: {what} is {_show(x)}, and not the number of one of the {count} nodes")
    return x


def _show(x: Any) -> str:
    try:
        text = repr(x)
    except (ValueError, RecursionError):  # an int of too many digits, or lists too deep
        return f"a {type(x).__name__}"
    return text if len(text) <= 40 else text[:40] + "…"


class _Reader:
    """Reads one node, and says in every complaint which one it is."""

    def __init__(self, place: int, entry: Any, nodes: list[Value]) -> None:
        self.place = place
        self.nodes = nodes
        if not isinstance(entry, dict):
            raise self.wrong(f"is {_show(entry)}, and not an object")
        unknown = set(entry) - {"op", "args", "partials", "data", "grad", "label"}
        if unknown:
            raise self.wrong(f"has unknown fields: {_show(sorted(unknown))}")
        self.entry: dict[str, Any] = entry

    def wrong(self, what: str) -> FileFormatError:
        return FileFormatError(f"from_json: node {self.place} {what}")

    def number(self, x: Any, what: str) -> float:
        if type(x) is str and x in ("nan", "inf", "-inf"):
            return float(x)
        if type(x) not in (int, float):
            raise self.wrong(f'has {_show(x)} as {what}, and not a number (or "nan", "inf", "-inf")')
        try:
            number = float(x)
        except OverflowError:
            raise self.wrong(f"has an integer too large for a float as {what}") from None
        if not math.isfinite(number):
            raise self.wrong(f"has a number too large for a float as {what}")
        return number

    def items(self, name: str) -> list[Any]:
        items = self.entry.get(name)
        if not isinstance(items, list):
            raise self.wrong(f"has no list of {name}")
        return items

    def read(self, known: dict[str, Any]) -> Value:
        """The node."""
        data = self.number(self.entry.get("data"), "data")
        label = self.entry.get("label", "")
        if not isinstance(label, str):
            raise self.wrong(f"has {_show(label)} as label, and not a string")
        made = self.inner(known, data) if "op" in self.entry else self.leaf(data)
        if label:
            made.label = label
        made._grad = self.number(self.entry.get("grad", 0.0), "grad")
        return made

    def leaf(self, data: float) -> Value:
        if "args" in self.entry or "partials" in self.entry:
            raise self.wrong("has operands but no op")
        return Value(data)

    def inner(self, known: dict[str, Any], data: float) -> Value:
        name = self.entry["op"]
        prim = known.get(name) if isinstance(name, str) else None
        if prim is None:
            raise self.wrong(
                f"has the unknown op {_show(name)}; from_json(text, primitives={{…}}) takes ops of your own"
            )
        args = [self.operand(x) for x in self.items("args")]
        parents: list[Node] = [x for x in args if isinstance(x, Node)]
        partials = [self.number(p, "a partial") for p in self.items("partials")]
        if len(partials) != len(parents):
            raise self.wrong(f"has {len(partials)} partial(s) for {len(parents)} operand(s) that are nodes")
        if not parents:
            raise self.wrong("has an op, and no operand that is a node")
        if prim.arity >= 0 and len(args) != prim.arity:
            raise self.wrong(f"has {len(args)} operand(s), and {name} takes {prim.arity}")
        self.check_count(prim, args)
        if prim.arity == 1:
            return node(data, prim, parents[0], None, partials[0], 0.0)
        if prim.arity == 2:
            a, b = args
            if len(parents) == 2:
                return node(data, prim, a, b, partials[0], partials[1])
            if isinstance(a, Node):
                return node(data, prim, a, None, partials[0], b)
            return node(data, prim, None, b, a, partials[0])
        return node(data, prim, None, None, 0.0, 0.0, NaryOperands(args, parents, partials))

    def operand(self, x: Any) -> Any:
        if not isinstance(x, dict):
            return self.number(x, "an operand")
        if set(x) != {"node"} or type(x["node"]) is not int:
            raise self.wrong(f'has {_show(x)} as an operand, and not a number or {{"node": index}}')
        if not 0 <= x["node"] < self.place:
            raise self.wrong(
                f"has node {_show(x['node'])} as an operand: operands come before their consumers, without cycles"
            )
        return self.nodes[x["node"]]

    def check_count(self, prim: Any, args: list[Any]) -> None:
        """An n-ary op must take this many numbers: those of ``dot`` come in pairs."""
        if prim.arity >= 0:
            return
        try:
            count = len(prim.float_partials(1.0, *([1.0] * len(args))))
        except Exception as error:
            raise self.wrong(f"has {len(args)} operand(s), which {prim.name} can't take: {error}") from None
        if count != len(args) or len(args) % 2 != _PARITY.get(prim.name, len(args) % 2):
            raise self.wrong(f"has {len(args)} operand(s), which {prim.name} can't take")
