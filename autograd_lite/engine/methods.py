"""The functions of the table as methods: ``v.sin()``, ``v.relu()`` … so that ``np.sin(v)`` finds them too.

``value.py`` installs each from its entry in the table; for type checkers and editors their names stand in
``methods.pyi``, which a test holds against the table.
"""

from __future__ import annotations

import functools
import importlib
import operator
from collections.abc import Callable
from typing import Any

from ..errors import lost
from ..primitives import arithmetic, rounding
from ..primitives.primitive import TABLE
from .nodes import STATE, Node
from .observers import current_tracer, recording_is_off, tracer_of

__all__ = ["ALIASES", "HABITS", "MICROGRAD", "SLIPS", "Methods", "compare", "display", "method_names", "unneeded"]


#: shows a Value at the end of a notebook cell; the package's ``__init__`` puts the drawing here
display: dict[str, Callable[[Any], Any]] = {}


class Methods(Node):
    """A node with the functions of the table as methods."""

    __slots__ = ()

    def _take(self, table: Any, i: Any) -> Any:
        """What ``take`` gives when an index is this Value, if it stands for an integer argument; else None."""
        tracer = current_tracer() if STATE.observers else None
        return None if tracer is None else tracer.take(table, i)

    def _choose(self, a: Any, b: Any) -> Any:
        """What ``where`` gives when its condition is this Value and a tracer wants both branches; else None."""
        tracer = current_tracer() if STATE.observers else None
        return None if tracer is None else tracer.choose(self, a, b)

    def item(self) -> float:
        """The number as a float.

        >>> from autograd_lite import Value
        >>> Value(2).item()
        2.0
        """
        value: Any = self
        number: float = value.data
        return number

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows, for a Value alone or in a list: one kind of text (it can't choose from a bundle there)."""
        shown = self._repr_mimebundle_()
        kind = "text/html" if "text/html" in shown else "text/plain"
        return kind, shown[kind]

    def _sympy_(self) -> Any:
        """SymPy asks what this is as an expression: none, so its numbers leave an operator to the Value beside them."""
        sympy: Any = importlib.import_module("sympy")
        raise sympy.SympifyError(f"{self!r}, whose gradient would be lost; ag.explain(v) gives its formula")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """What a notebook shows: the graph when it is small."""
        return display["mimebundle"](self) if "mimebundle" in display else {"text/plain": repr(self)}

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        """NumPy asks what its function gives, as in ``np.arctan2(2.0, v)``."""
        protocol: Any = importlib.import_module(".numpy_protocol", __package__)
        return protocol.apply_ufunc(ufunc, method, inputs, named)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """NumPy asks what its function gives, as in ``np.sinc(v)`` and ``np.stack([v, 2.0])``."""
        arrays: Any = importlib.import_module("..data.arrays", __package__)
        return arrays.apply_function(func, types, args, kwargs)

    def as_integer_ratio(self) -> Any:
        """What ``statistics.mean`` and its kin ask for: refused, since the gradient would be lost."""
        raise lost("a ratio of ints")

    @property
    def _mask(self) -> Any:
        """What ``numpy.ma`` asks of an operand whose ``_data``, a plain float, it has taken: refused."""
        raise lost("masked")

    def __xor__(self, other: Any) -> Any:
        raise TypeError("^ is Python's exclusive or, for integers; a power is x ** 2")

    def __rxor__(self, other: Any) -> Any:
        return self.__xor__(other)

    def __pos__(self) -> Any:
        return arithmetic.pos(self)

    def __abs__(self) -> Any:
        return arithmetic.abs(self)

    def __round__(self, ndigits: Any = None) -> Any:
        return rounding.round(self, 0.0 if ndigits is None else ndigits)

    def __floor__(self) -> Any:
        return rounding.floor(self)

    def __ceil__(self) -> Any:
        return rounding.ceil(self)

    def __trunc__(self) -> Any:
        return rounding.trunc(self)

    # the conversions that would lose the gradient

    def __float__(self) -> float:
        raise lost("float")

    def __int__(self) -> int:
        raise lost("int")

    def __index__(self) -> int:
        raise lost("an index")

    def __complex__(self) -> complex:
        raise lost("complex")

    def _traced(self) -> bool:
        return bool(STATE.observers) and current_tracer() is not None

    def _picked(self) -> Any:
        return self.detach() if recording_is_off() else self

    @property
    def _prev(self) -> set[Any]:
        """micrograd's name: the distinct operands."""
        return set(self.parents)

    @property
    def _backward(self) -> Callable[[], None]:
        """micrograd's step by hand: add this node's ``grad``, times each partial, to the ``grad`` of its parents."""
        return functools.partial(_step, self)

    @_backward.setter
    def _backward(self, function: Any) -> None:
        raise AttributeError("backward() calls no _backward of one's own: an op of one's own is @ag.primitive")

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name not in {*HABITS, *ELSEWHERE, *SLIPS}]

    @property
    def _op(self) -> str:
        """micrograd's name for the op: '+', '*', '**2', 'ReLU', 'tanh' …, '' for a leaf."""
        if self._prim is None:
            return ""
        name = self._prim.name
        if name == "pow" and isinstance(self.args[1], float):
            return f"**{self.args[1]:g}"
        return MICROGRAD.get(name, name) if self._prim == TABLE.get(name) else name


def _step(node: Any) -> None:
    for parent, partial in zip(node.parents, node.local_partials):
        parent.grad += node._gradient() * partial


def compare(a: Any, other: Any, how: str) -> Any:
    """Comparison by value, with anything that is a real number."""
    if STATE.observers and (tracer := tracer_of(a, other)) is not None:
        return tracer.compare(a, other, how)
    if isinstance(other, Node):
        return _COMPARE[how](a.data, other.data)
    if isinstance(other, (int, float)) or (hasattr(other, "__float__") and not getattr(other, "ndim", 0)):
        return _COMPARE[how](a.data, other)
    return NotImplemented


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    how: getattr(operator, how) for how in ("eq", "ne", "lt", "le", "gt", "ge")
}


#: micrograd's names for ops, for ``Value._op``
MICROGRAD = {"add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "relu": "ReLU", "pow": "**"}

#: NumPy's names for the methods that its functions call on the elements of an object array
ALIASES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "arctan2": "atan2", "fabs": "abs", "absolute": "abs", "rint": "round", "conjugate": "pos", "deg2rad": "radians",
    "rad2deg": "degrees",
}  # fmt: skip


def method_names() -> dict[str, Any]:
    """The names of methods that are functions of the table, with a fixed number of arguments, and each one's entry."""
    named = {name: op for name, op in TABLE.items() if op.arity > 0 and name != "where"}
    return {**named, **{alias: TABLE[name] for alias, name in ALIASES.items() if name in TABLE}}


#: what PyTorch's users write out of habit, and what it is here
HABITS = {
    "zero_grad": "a gradient is a number, x.grad = 0.0; of several, ag.zero_grad(parameters) or optimizer.zero_grad()",
    "numpy": "x.data is the number; of several, np.array([x.data for x in values])",
    "tolist": "x.data is the number",
    "requires_grad": "every Value records; a number that needs no gradient is a plain float, x.data or x.detach()",
    "requires_grad_": "every Value records; a number that needs no gradient is a plain float",
    "retain_grad": "backward() leaves the gradients of inner values in their .grad too",
    "clone": "+x is another node with the same number, x.detach() a new leaf",
    "cpu": "numbers are Python's; x.data is the number",
    "clamp": "x.clip(low, high)",
    "to": "numbers are Python's; x.data is the number, and ag.compile(f).source(backend='torch') a program for tensors",
    "grad_fn": "x.op is the primitive that made it, x.parents its operands",
    "is_leaf": "a leaf is a Value without an op: x.op is None",
}
#: what an array has, a tensor, or a value of another engine; a user's own attribute may have the name
ELSEWHERE = {
    **dict.fromkeys(["value", "val", "number"], "x.data is the number"),
    **dict.fromkeys(["gradient", "adjoint"], "x.grad is the gradient"),
    **dict.fromkeys(["children", "_children", "inputs"], "x.parents are the operands"),
    "name": "x.label is its name",
    **dict.fromkeys(
        ["shape", "size", "dim", "sum", "mean", "T", "view", "reshape", "squeeze", "unsqueeze", "flatten"],
        "a Value is one number, without axes; arrays of Values are NumPy's, made by ag.values or np.stack",
    ),
    **dict.fromkeys(["device", "cuda", "float", "double", "half"], "its number is Python's float, x.data"),
    **dict.fromkeys(
        ["add_", "sub_", "mul_", "div_", "copy_", "fill_", "zero_"],
        "x.data is the number and can be set: x.data += 1.0",
    ),
    **dict.fromkeys(
        ["dtype", "logical_xor", "bit_count"],  # what NumPy looks for on the elements of a list or a plain object array
        "NumPy's functions take Values one by one and in arrays from ag.values or np.stack; for lists and other arrays "
        "of objects there is ag's function (ag.quantile, ag.std …), and ag.numbers(array) are the numbers alone",
    ),
}


def _habit(name: str) -> property:
    """A property that isn't there, and says what is."""

    def refuse(self: Any, *given: Any) -> Any:
        raise AttributeError(f"a Value has no {name!r} as PyTorch's tensors have: {HABITS[name]}")

    return property(refuse, refuse)


class _Absent:
    """An attribute that isn't there and says what is, until a user sets one of that name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Any, owner: Any = None) -> Any:
        raise AttributeError(f"a Value has no {self.name!r}: {ELSEWHERE[self.name]}")


def _slips(name: str) -> set[str]:
    """What a hand writes for ``name`` when it slips: a letter left out, written twice, or two of them exchanged."""
    cuts = [(name[:i], name[i:]) for i in range(len(name))]
    left_out = {a + b[1:] for a, b in cuts if a}
    twice = {a + b[0] + b for a, b in cuts}
    exchanged = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    return (left_out | twice | exchanged | {name.upper(), name.capitalize()}) - {name}


#: what is meant: an attribute of a user's own may have any other name
SLIPS = {slip: name for name in ("data", "grad", "label") for slip in sorted(_slips(name))}


def _slip(name: str) -> property:
    """A property that isn't there, and says which one is meant."""

    def refuse(self: Any, *given: Any) -> Any:
        raise AttributeError(
            f"a Value has no {name!r}: {SLIPS[name]!r} is meant (an attribute of your own needs a name less like it)"
        )

    return property(refuse, refuse, refuse)


def unneeded(what: str) -> TypeError:
    """The error for an argument of PyTorch's that nothing here needs."""
    why = {
        "requires_grad": HABITS["requires_grad"],
        "retain_graph": "a graph stays as long as something refers to it, and backward() can be called again",
    }
    return TypeError(f"leave out {what}: {why[what]}")


for _name in HABITS:
    setattr(Methods, _name, _habit(_name))
for _name in ELSEWHERE:
    setattr(Methods, _name, _Absent(_name))
for _name in SLIPS:
    setattr(Methods, _name, _slip(_name))
