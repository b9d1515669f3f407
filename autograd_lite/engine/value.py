# cython: annotation_typing=True
"""``Value``: a number that remembers how it was made, so that ``backward()`` can say how it would change.

>>> x = Value(3.0, label="x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..primitives import arithmetic, elementary, rounding
from ..primitives.base import SHORTCUT, Op, as_float
from ..primitives.fused_binary import power, power_dx
from ..primitives.primitive import TABLE, as_method, unwrapped
from . import calls, memory
from .create_graph import backward_on_nodes, before_sweep, warn_nonfinite
from .foreign import asked, is_number, refuse
from .hooks import Handle, register
from .methods import Methods, compare, method_names, unneeded
from .nodes import STATE, Info, NaryOperands, Node, has_float
from .observers import current_tracer, hash_value, notify_tracer, tracer_of
from .pickling import reduce_node, set_state, shallow_copy
from .sweeps import check_partials, reverse_sweep
from .tape import notify

__all__ = ["Value", "constant", "nary_node", "node", "record"]

Label = str  # by another name, so that a label of another type gets our error and not Cython's

_ADD, _SUB, _MUL, _DIV, _NEG = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div, arithmetic.neg
_POW = elementary.pow


class Value(Methods):
    """A real number in a computational graph.

    Comparisons are those of the numbers (``v == 2.0``); the hash is the identity's, so that a dict or a set tells two
    Values of one number apart. It is not registered as a ``numbers.Real``: that promises equal hashes of equal numbers,
    and invites ``float(v)`` from code that has seen an ``isinstance``, by which the gradient would be lost.

    Args:
        data: the number (primal): float, int, bool, Fraction, Decimal or a NumPy scalar.
        label: a name for pictures and traces.

    Attributes:
        data: the number; assignable.
        grad: the gradient (adjoint) from ``backward()``; leaves add up over calls, inner nodes start afresh.
        label: the name; assignable.
        op: the Primitive that made it, None for a leaf.
        parents: its differentiable operands, in order, with repeats.

    Raises:
        TypeError, OverflowError: for what is not a real number (str, None, a list), or an int too large for a float.

    >>> a, b = Value(2.0, label="a"), Value(-3)
    >>> (a * b + b**2).data
    3.0
    >>> Value("2")
    Traceback (most recent call last):
        ...
    TypeError: Value takes a real number, not str '2': convert it first, as in float('2')
    """

    __slots__ = ("__dict__",)  # made when a user's own attribute is assigned

    def __init__(self, data: Any, label: Label = "", _op: str = "", *, requires_grad: object = None) -> None:
        if requires_grad is not None:
            raise unneeded("requires_grad")
        tracer = current_tracer() if STATE.observers else None
        _begin(self, as_float(data if tracer is None else tracer.plain(data)))
        if label != "":
            self.label = label
        if tracer is not None:
            tracer.made(self, data)

    # --- what a user reads and writes -----------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number (primal)."""
        if STATE.observers and (tracer := tracer_of(self)) is not None:
            return tracer.read(self)  # type: ignore[no-any-return]
        return self._data if type(self) is Value else self._number()

    @data.setter
    def data(self, number: Any) -> None:
        if STATE.observers:
            notify_tracer("sets .data")
        self._data = number if type(number) is float else as_float(number, "Value.data")
        if type(self) is not Value:
            self._keep_number()

    @property
    def grad(self) -> Any:
        """The gradient: a float, or a Value after ``backward(create_graph=True)``."""
        if STATE.observers:
            notify_tracer("reads .grad")
        return self._grad if type(self) is Value and (self._info is None or has_float(self)) else self._gradient()

    @grad.setter
    def grad(self, number: Any) -> None:
        if STATE.observers:
            notify_tracer("sets .grad")
        if type(number) is not float and not isinstance(number, Value):
            number = as_float(0.0 if number is None else number, "Value.grad")
        if type(number) is float and type(self) is Value and (self._info is None or has_float(self)):
            self._grad = number
        else:
            self._set_gradient(number)

    @property
    def label(self) -> str:
        """The name, "" if it has none."""
        info = self._info
        return info.label if isinstance(info, Info) else info or ""

    @label.setter
    def label(self, label: Any) -> None:
        if not isinstance(label, str):
            cure = "an op of one's own is @ag.primitive" if isinstance(label, (tuple, set)) else "write label=str(…)"
            raise TypeError(f"a label is a str, not {type(label).__name__}: {cure}")
        if isinstance(self._info, Info):
            self._info.label = label
        else:
            self._info = str(label)

    @property
    def op(self) -> Any:
        """The primitive that made this node; None for a leaf."""
        return self._prim

    def named(self, label: Label) -> Value:
        """Set the label, return the Value itself: ``y = (a + b).named("y")``.

        >>> Value(1.0).named("x").label
        'x'
        """
        self.label = label
        return self

    def detach(self) -> Value:
        """A new leaf with this number and label, cut off from the graph.

        >>> (Value(2.0) * 3).detach().parents
        ()
        """
        copy = Value(self._number(), self.label)
        if STATE.observers and (tracer := tracer_of(self)) is not None:
            tracer.detach(self, copy)
        return copy

    def backward(self, seed: Any = 1.0, create_graph: object = False, *, retain_graph: object = None) -> None:
        """Propagate derivatives of this Value to everything it was made from.

        Leaves *add* the result to their ``grad`` (twice is exactly double; ``zero_grad`` or ``grad = 0`` resets);
        inner nodes get it afresh. The gradients are those of the point at which the graph was recorded.

        Args:
            seed: the adjoint of this Value, the number the chain rule starts from.
            create_graph: if true, leave Values in ``grad``, which can be differentiated again.

        Raises:
            GraphChangedError: with ``create_graph``, if a leaf was changed since the graph was recorded.

        Warns:
            NonFiniteGradientWarning: once, when a leaf's gradient comes out as nan or an infinity.

        >>> x = Value(3.0)
        >>> (x * x).backward(); x.grad
        6.0
        """
        if retain_graph is not None:
            raise unneeded("retain_graph")
        if STATE.observers:
            before_sweep(self)
        bad = backward_on_nodes(self, seed, constant) if create_graph else reverse_sweep(self, as_float(seed, "seed"))
        if bad:
            warn_nonfinite(bad)

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(adjoint)`` in every reverse sweep, when the adjoint of this node is complete.

        Args:
            hook: sees the adjoint before it is passed on to the operands (on a leaf: before it is added to ``grad``);
                a number that it returns replaces the adjoint, None leaves it.

        Returns:
            A handle; its ``remove()`` takes the hook away.

        >>> x = Value(3.0)
        >>> handle = x.register_hook(lambda g: 10 * g)
        >>> (x * x).backward(); x.grad
        60.0
        >>> handle.remove()
        """
        return register(self, hook)

    def _own(self) -> dict[str, Any]:
        """The attributes of a user's own."""
        return memory.own_attributes(self)

    def __reduce__(self) -> Any:
        return reduce_node(self)

    def __setstate__(self, state: Any) -> None:
        set_state(self, state)

    def __copy__(self) -> Any:
        return shallow_copy(self)

    # --- recording ------------------------------------------------------------------------------------------------

    def _apply(self, primitive: Op, args: tuple[Any, ...]) -> Any:
        return record(primitive, args)

    def _apply_unary(self, primitive: Op) -> Any:
        return _recorded(self, primitive)

    def _constant(self, number: Any) -> Value:
        """A constant leaf: what ``where`` returns when the branch taken is a plain number."""
        return Value(number)

    # The operators are short cuts through ``record`` for the commonest operands; a test holds them to the table.

    def __add__(self, other: Any) -> Any:
        x: float = self._data if type(self) is Value else self._number()
        if isinstance(other, Value):
            v: Value = other
            y: float = v._data if type(v) is Value else v._number()
            return node(x + y, _ADD, self, v, 1.0, 1.0)
        if type(other) is float or type(other) is int:
            y = as_float(other)
            return node(x + y, _ADD, self, None, 1.0, y)
        return _binary(_ADD, self, other)

    def __radd__(self, other: Any) -> Any:
        if type(other) is float or type(other) is int:
            x = as_float(other)
            y: float = self._data if type(self) is Value else self._number()
            return node(x + y, _ADD, None, self, x, 1.0)
        return _binary(_ADD, other, self)

    def __sub__(self, other: Any) -> Any:
        x: float = self._data if type(self) is Value else self._number()
        if isinstance(other, Value):
            v: Value = other
            y: float = v._data if type(v) is Value else v._number()
            return node(x - y, _SUB, self, v, 1.0, -1.0)
        if type(other) is float or type(other) is int:
            y = as_float(other)
            return node(x - y, _SUB, self, None, 1.0, y)
        return _binary(_SUB, self, other)

    def __rsub__(self, other: Any) -> Any:
        if type(other) is float or type(other) is int:
            x = as_float(other)
            y: float = self._data if type(self) is Value else self._number()
            return node(x - y, _SUB, None, self, x, -1.0)
        return _binary(_SUB, other, self)

    def __mul__(self, other: Any) -> Any:
        x: float = self._data if type(self) is Value else self._number()
        if isinstance(other, Value):
            v: Value = other
            y: float = v._data if type(v) is Value else v._number()
            return node(x * y, _MUL, self, v, y, x)
        if type(other) is float or type(other) is int:
            y = as_float(other)
            return node(x * y, _MUL, self, None, y, y)
        return _binary(_MUL, self, other)

    def __rmul__(self, other: Any) -> Any:
        if type(other) is float or type(other) is int:
            x = as_float(other)
            y: float = self._data if type(self) is Value else self._number()
            return node(x * y, _MUL, None, self, x, x)
        return _binary(_MUL, other, self)

    def __truediv__(self, other: Any) -> Any:
        x: float = self._data if type(self) is Value else self._number()
        if isinstance(other, Value):
            v: Value = other
            y: float = v._data if type(v) is Value else v._number()
            if y != 0.0:
                out = x / y
                return node(out, _DIV, self, v, 1.0 / y, -(out / y))
        if (type(other) is float or type(other) is int) and other != 0:
            y = as_float(other)
            return node(x / y, _DIV, self, None, 1.0 / y, y)
        return _binary(_DIV, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary(_DIV, other, self)

    def __pow__(self, other: Any) -> Any:
        if type(other) is not int and type(other) is not float:
            return _binary(_POW, self, other)
        x: float = self._data if type(self) is Value else self._number()
        y = as_float(other, "pow")  # the rule without its dead half (∂/∂exponent)
        return node(power(x, y), _POW, self, None, 2.0 * x if y == 2.0 else power_dx(x, y), y)

    def __rpow__(self, other: Any) -> Any:
        return _binary(_POW, other, self)

    def __mod__(self, other: Any) -> Any:
        return _binary(rounding.mod, self, other)

    def __rmod__(self, other: Any) -> Any:
        return _binary(rounding.mod, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _binary(rounding.floordiv, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _binary(rounding.floordiv, other, self)

    def __divmod__(self, other: Any) -> Any:
        quotient = _binary(rounding.floordiv, self, other)
        return NotImplemented if quotient is NotImplemented else (quotient, _binary(rounding.mod, self, other))

    def __rdivmod__(self, other: Any) -> Any:
        quotient = _binary(rounding.floordiv, other, self)
        return NotImplemented if quotient is NotImplemented else (quotient, _binary(rounding.mod, other, self))

    def __neg__(self) -> Any:
        x: float = self._data if type(self) is Value else self._number()
        return node(-x, _NEG, self, None, -1.0, 0.0)

    # --- comparison by value, hash by identity --------------------------------------------------------------------

    def __eq__(self, other: object) -> Any:
        return compare(self, other, "eq")

    def __ne__(self, other: object) -> Any:
        return compare(self, other, "ne")

    def __lt__(self, other: Any) -> Any:
        return compare(self, other, "lt")

    def __le__(self, other: Any) -> Any:
        return compare(self, other, "le")

    def __gt__(self, other: Any) -> Any:
        return compare(self, other, "gt")

    def __ge__(self, other: Any) -> Any:
        return compare(self, other, "ge")

    def __hash__(self) -> int:
        return hash_value(self) if STATE.observers else id(self) >> 4

    def __bool__(self) -> bool:
        if STATE.observers and (tracer := tracer_of(self)) is not None:
            tracer.decide(self)
        return self._number() != 0.0

    # --- text -----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        if STATE.observers:
            notify_tracer("turns a number into text")
        name = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={self._gradient()}{name})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)


def node(data: float, prim: Op, a: Node | None, b: Node | None, pa: float, pb: float, info: Any = None) -> Value:
    """A new inner node; what every recording ends in.

    Args:
        data, prim: the result (primal); the op.
        a, b: the operands that are nodes; None for a constant, or for an n-ary op.
        pa, pb: the partial for each; for a constant operand, its number.
        info: the ``NaryOperands`` of an n-ary op.
    """
    made = memory.blank(Value)
    made._data = data
    made._prim = prim
    made._a = a
    made._b = b
    made._pa = pa
    made._pb = pb
    made._grad = 0.0
    made._info = info
    made._mark = 0
    made._adjoint = 0.0
    if STATE.observers:
        notify(made)
    return made


def nary_node(data: float, prim: Op, operands: Any, nodes: Any, partials: Any) -> Value:
    """``node`` for an op of any number of operands, a list; ``nodes`` are those that are nodes, with a partial each."""
    return node(data, prim, None, None, 0.0, 0.0, memory.new_operands(operands, nodes, partials))


def _begin(made: Value, data: float) -> None:
    """The slots of a leaf."""
    made._data = data
    made._prim = None
    made._a = made._b = None
    made._pa = STATE.recordings
    made._pb = made._grad = made._adjoint = 0.0
    made._info = None
    made._mark = 0


def _leaf(data: float) -> Value:
    """``Value(data)``, without the price of its call."""
    made = memory.blank(Value)
    _begin(made, data)
    if STATE.observers and (tracer := current_tracer()) is not None:
        tracer.made(made)
    return made


def constant(number: Any) -> Value:
    """``number`` as a Value."""
    return number if isinstance(number, Value) else _leaf(as_float(number))


def record(primitive: Op, args: tuple[Any, ...]) -> Value:
    """The node of ``primitive`` applied to ``args``, at least one of which is a Value.

    The general way, for any number of operands and any mixture of Values and numbers; the operators above are
    short cuts that give the same nodes.
    """
    operands = [arg if isinstance(arg, Value) else as_float(arg, primitive.name) for arg in args]
    numbers = [arg._number() if isinstance(arg, Value) else arg for arg in operands]
    out = as_float(primitive.fn(*numbers), f"the result of {primitive.name}")
    partials: Any = primitive.float_partials(out, *numbers)
    check_partials(primitive, partials, len(args))
    if len(operands) == 1 and primitive.arity == 1:  # an n-ary op of one number is a Many: its node is not binary
        x = operands[0]
        if isinstance(x, Value):
            return node(out, primitive, x, None, as_float(partials[0]), 0.0)
    if len(operands) == 2:
        a, b = operands
        pa, pb = as_float(partials[0]), as_float(partials[1])
        if isinstance(a, Value) and isinstance(b, Value):
            return node(out, primitive, a, b, pa, pb)
        if isinstance(a, Value) and isinstance(b, float):
            return node(out, primitive, a, None, pa, b)
        if isinstance(a, float) and isinstance(b, Value):
            return node(out, primitive, None, b, a, pb)
    nodes: list[Node] = [arg for arg in operands if isinstance(arg, Value)]
    chosen = [as_float(p) for p, arg in zip(partials, operands) if isinstance(arg, Value)]
    return nary_node(out, primitive, operands, nodes, chosen)


def _recorded(x: Value, primitive: Op) -> Any:
    """The node of a primitive of one argument: what ``record`` would give, with less looking around."""
    number = x._data if type(x) is Value else x._number()
    if primitive.fused is not None:
        data, slope = primitive.fused.pair(number)
        return node(data, primitive, x, None, slope, 0.0)
    out: Any = primitive.fn(number)
    partials: Any = primitive.float_partials(out, number)
    if type(out) is float and type(partials) is tuple and len(partials) == 1 and type(partials[0]) is float:
        return node(out, primitive, x, None, partials[0], 0.0)
    return record(primitive, (x,))


def _binary(primitive: Op, a: Any, b: Any) -> Any:
    """An operator on whatever is not two plain Values or a Value and a float."""
    mine = isinstance(a, Value)
    other = unwrapped(b if mine else a)
    if not isinstance(other, Value):
        refuse(primitive.name, other)
        answer = asked(primitive.name, a, other) if mine else NotImplemented
        if answer is not NotImplemented or not is_number(other):
            return answer
    return record(primitive, (a, other) if mine else (other, b))


def _unary_method(primitive: Op) -> Callable[..., Any]:
    def method(self: Any) -> Any:
        return _recorded(self, primitive) if type(self) is Value else primitive(self)

    method.__name__ = method.__qualname__ = primitive.name
    method.__doc__ = (primitive.__doc__ or "").partition(">>>")[0].rstrip()  # the examples are the function's
    return method


for _name, _op in method_names().items():  # np.sin(v) finds them too
    if not hasattr(Value, _name):
        setattr(Value, _name, as_method(_op) if _op.arity > 1 else _unary_method(_op))
memory.keep_nodes(Value, Info, NaryOperands, STATE.observers)
calls.call_values_at_once(Value)
for _op in TABLE.values():
    if _op.arity == 1:
        calls.call_unary_at_once(_op)
SHORTCUT.kind = Value
