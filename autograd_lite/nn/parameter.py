"""Parameters: at once an array and scalars, over one buffer.

``layer.weight`` is a ``Parameter``. Its numbers live in a float64 buffer, and its gradients in a second one:
``weight.data`` and ``weight.grad`` are NumPy's views of them, which is what optimisers update. ``weight[3, 1]`` is the
scalar: an ``Element``, a Value that keeps no number of its own but reads and writes the same two buffers. It is made
when somebody asks for it, and then is always the same object. Layers don't ask (``layer_nodes.py``): a network of
500,000 weights has 500,000 floats, and as many Values as have been looked at.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..engine.methods import method_names
from ..engine.observers import STATE, current_tracer, notify_tracer, recording_is_off
from ..engine.sweeps import Info
from ..engine.value import Value
from ..errors import LostGradientError
from ..primitives.primitive import Nary, Operand, as_float, as_method
from ..primitives.selection import gathered
from .buffer_leaf import BufferLeaf
from .habits import PARAMETERS, present, refuse
from .parameter_buffer import Storage, packed

if TYPE_CHECKING:
    from .buffer import Buffer

__all__ = ["Element", "Parameter", "as_numbers"]


class Element(BufferLeaf):
    """One number of a parameter, as a Value: ``layer.weight[3, 1]``.

    Its number and its gradient are those in the parameter's buffers, whoever writes them.

    >>> p = Parameter([[1.0, 2.0]])
    >>> w = p[0, 1]
    >>> (w * w).backward(); p.grad
    Buffer([[0., 4.]])
    >>> p.data[0, 1] = 5.0
    >>> w.data, w is p[0, 1]
    (5.0, True)
    """

    __slots__ = ()

    @property
    def label(self) -> str:
        """The name: the parameter's with the index, as in "weight[3, 1]", unless it was given one."""
        info = self._info
        given = info.label if isinstance(info, Info) else info
        return given or self.storage.element_label(self.index)

    @label.setter
    def label(self, label: str) -> None:
        Value.label.__set__(self, label)  # type: ignore[attr-defined]

    def __reduce__(self) -> Any:
        return (Element, (self.storage, self.index))


def _scalars(x: Any) -> Any:
    """The scalars of a Parameter: an object array, or the Value of one that is a single number."""
    return x.values()[()] if isinstance(x, Parameter) else x


def _operator(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator of the object array of scalars, from both sides: ``weight * 2``, ``h @ weight``."""

    def forward(self: Parameter, *other: Any) -> Any:
        return function(_scalars(self), *map(_scalars, other))

    def reflected(self: Parameter, other: Any) -> Any:
        return function(_scalars(other), _scalars(self))

    return forward, reflected


def _method(name: str) -> Callable[..., Any]:
    """A method of the object array of scalars: ``(weight**2).sum()`` and ``weight.sum()``."""

    def method(self: Parameter, *args: Any, **named: Any) -> Any:
        return getattr(self.values(), name)(*args, **named)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``values().{name}``: what NumPy's arrays do, on the array of this parameter's scalars."
    return method


def _in_place(name: str) -> Callable[..., Any]:
    """The operator that changes the numbers where they are: ``weight -= 0.1 * weight.grad``."""

    def method(self: Parameter, other: Any) -> Any:
        getattr(self.storage.data, name)(_for_writing(other, self._called()))
        return self

    method.__name__ = method.__qualname__ = name
    return method


class Parameter(Operand):
    """An array of numbers that are trained, and of the scalars that they are.

    Args:
        data: a shape (a tuple of ints: zeros), or the numbers, which are copied: an array, nested lists, one number.
        label: its name in pictures and messages; a module names the parameters assigned to it.
        requires_grad: True, which it always is.

    Attributes:
        data: the numbers: a NumPy view of the buffer; assignment copies into it.
        grad: the gradients, a view likewise; None and numbers can be assigned too.
        shape, ndim, size: as of an array.

    Raises:
        ValueError: for an array of another shape, or where ``requires_grad`` is to be False.
        LostGradientError: for an array of Values, and where NumPy asks for a float array of the parameter.
        TypeError: for what is not numbers, or a label that is no str.

    >>> w = Parameter((2, 3), label="w")
    >>> w.data.fill_(0.5); w[0, 2].data
    Buffer([[0.5, 0.5, 0.5],
           [0.5, 0.5, 0.5]])
    0.5
    >>> w[1] = [1.0, 2.0, 3.0]
    >>> w[1, 2]
    Value(data=3.0, grad=0.0, label='w[1, 2]')
    >>> (w[1, 2] * w[1, 0]).backward()
    >>> w.grad[1].tolist()
    [3.0, 0.0, 1.0]
    >>> w -= 0.1 * w.grad; w[1].tolist()[2].data
    2.9
    """

    __slots__ = ("__weakref__", "_elements", "storage")

    __array_priority__ = 1000.0

    def __init__(self, data: Any, label: str = "", *, requires_grad: bool = True) -> None:
        shape, numbers = data, None
        if not isinstance(data, tuple) or any(type(n) is not int for n in data):
            shape, numbers = _flat(data, "Parameter")
        self._adopt(Storage(shape, numbers, label=label))
        self.requires_grad = requires_grad

    def _adopt(self, storage: Storage) -> None:
        self.storage = storage
        storage.owner = weakref.ref(self)
        self._elements: dict[int, Element] = {}

    # --- the array ------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Buffer:
        """The numbers: a view of the buffer, so ``p.data[0] = 1`` and ``p.data.fill_(0)`` write them."""
        self._noticed()
        return self.storage.data

    @data.setter
    def data(self, numbers: Any) -> None:
        self._write("data", numbers)

    def _noticed(self) -> None:
        """Tell ``compile`` that plain numbers are read: what it is recording holds for these alone."""
        tracer = current_tracer() if STATE.observers else None
        if tracer is not None:
            for index in range(self.size):
                tracer.exactly(self.element(index))

    @property
    def grad(self) -> Buffer:
        """The gradients: a view of their buffer; ``backward()`` adds to it. Never None, zero at first."""
        if STATE.observers:
            notify_tracer("reads .grad")
        return self.storage.grad

    @grad.setter
    def grad(self, numbers: Any) -> None:
        self._write("grad", 0.0 if numbers is None else numbers)

    def _write(self, what: str, numbers: Any) -> None:
        shape, flat = _flat(numbers, f"{self._called()}.{what}")
        if shape not in (self.shape, ()):
            raise ValueError(
                f"{self._called()}.{what}: an array of shape {shape} for a parameter of shape {self.shape}"
            )
        if STATE.observers:
            notify_tracer(f"sets .{what}")
        if shape == ():
            self.storage.fill(what, flat[0])
        else:
            memory = self.storage.gradients if what == "grad" else self.storage.numbers
            memory[:] = flat

    @property
    def label(self) -> str:
        """The name; the scalars are called after it, as in "weight[3, 1]"."""
        return self.storage.label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a str, not {type(label).__name__}: write label=str(…)")
        self.storage.label = label

    def _called(self) -> str:
        return self.label or "Parameter"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.storage.shape

    @property
    def ndim(self) -> int:
        return len(self.storage.shape)

    @property
    def size(self) -> int:
        return self.storage.size

    def numel(self) -> int:
        """The number of numbers."""
        return self.size

    def zero_grad(self) -> None:
        """Set the gradients to 0."""
        if STATE.observers:
            notify_tracer("sets .grad")
        self.storage.fill("grad", 0.0)

    @property
    def requires_grad(self) -> bool:
        """True: what shall not be trained is not given to the optimiser."""
        return True

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not wanted:
            raise ValueError(
                f"{self._called()}.requires_grad is always True: give the optimiser only the parameters that shall be "
                f"trained, or compute within ag.no_grad()"
            )

    def item(self) -> float:
        """The number, if it is only one."""
        self._noticed()
        return float(self.storage.numbers[0] if self.size == 1 else self.storage.data.item())

    def detach(self) -> Buffer:
        """The numbers alone: what ``data`` is."""
        return self.data

    def __len__(self) -> int:
        return self.shape[0] if self.shape else len(self.storage.data)  # NumPy's TypeError for a scalar

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 1:
            return iter(self.elements(0, self.size))
        return iter(self.values()) if self.ndim else iter(self.storage.data)  # NumPy's TypeError for a scalar

    def __repr__(self) -> str:
        import numpy as np

        name = f" {self.label!r}" if self.label else ""
        return f"Parameter{name} containing:\n{np.array2string(np.asarray(self.storage.data), separator=', ')}"

    # --- the scalars ----------------------------------------------------------------------------------------------

    def element(self, index: int) -> Element:
        """The scalar at a flat index: always the same object."""
        found = self._elements.get(index)
        if found is None:
            found = self._elements[index] = Element(self.storage, index)
        return found

    def elements(self, start: int, stop: int) -> list[Element]:
        """The scalars at flat indices that follow each other."""
        known = self._elements
        try:
            return [known[i] for i in range(start, stop)]
        except KeyError:
            return [self.element(i) for i in range(start, stop)]

    def made(self) -> list[Element]:
        """The scalars that somebody has asked for."""
        return list(self._elements.values())

    def values(self) -> Any:
        """All scalars: an object array of this shape, whose elements are Values."""
        import numpy as np

        array = np.fromiter(self.elements(0, self.size), dtype=object, count=self.size)
        return array.reshape(self.shape)

    def __getitem__(self, key: Any) -> Any:
        place = self.storage.place(key)
        if place is not None:
            return self.element(place)
        found = gathered(self, key) if current_tracer() is not None else None
        if found is not None:
            return found
        import numpy as np

        index = self.storage.positions[key]
        if index.ndim == 0:
            return self.element(int(index))
        array = np.fromiter(map(self.element, index.ravel().tolist()), dtype=object, count=index.size)
        return array.reshape(index.shape)

    def __setitem__(self, key: Any, numbers: Any) -> None:
        self.storage.data[key] = _for_writing(numbers, self._called())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        if dtype is not None and np.dtype(dtype) != object:
            name = self._called()
            raise LostGradientError(
                f"{name} can't become a {np.dtype(dtype)} array without losing its gradient: use {name}.data for the "
                f"numbers, or an object array for the Values"
            )
        return self.values()

    def _apply(self, primitive: Any, args: tuple[Any, ...]) -> Any:
        """A function of the table, element by element, or over all elements if it is n-ary."""
        operands = [arg.values()[()] if isinstance(arg, Parameter) else arg for arg in args]
        if isinstance(primitive, Nary) and len(operands) == 1:
            import numpy as np

            return primitive(np.ravel(operands[0]))
        return primitive(*operands)

    def _apply_unary(self, primitive: Any) -> Any:
        return self._apply(primitive, (self,))

    __add__, __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub)
    __mul__, __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(operator.truediv)
    __pow__, __rpow__ = _operator(operator.pow)
    __matmul__, __rmatmul__ = _operator(operator.matmul)
    __neg__, __pos__, __abs__ = _operator(operator.neg)[0], _operator(operator.pos)[0], _operator(operator.abs)[0]
    (__lt__, __gt__), (__le__, __ge__) = _operator(operator.lt), _operator(operator.le)
    __iadd__, __isub__ = _in_place("__iadd__"), _in_place("__isub__")
    __imul__, __itruediv__ = _in_place("__imul__"), _in_place("__itruediv__")
    sum, mean, reshape, ravel = _method("sum"), _method("mean"), _method("reshape"), _method("ravel")

    @property
    def T(self) -> Any:
        """The transposed array of scalars."""
        return self.values().T

    def __dir__(self) -> list[str]:
        return present(self, PARAMETERS)

    # --- copies keep the numbers, and make scalars of their own ----------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        return _restored(self.storage.copy(memo))

    def __reduce__(self) -> Any:
        return (_restored, (self.storage,))


for _name, _op in method_names().items():
    if not hasattr(Parameter, _name):  # weight.abs(), weight.tanh(): what Values have too
        setattr(Parameter, _name, as_method(_op))

refuse(Parameter, PARAMETERS)


def _restored(storage: Storage) -> Parameter:
    parameter = Parameter.__new__(Parameter)
    parameter._adopt(storage)
    return parameter


def _for_writing(data: Any, name: str) -> Any:
    """``as_numbers`` for what is written into a parameter; within ``no_grad`` Values are numbers too."""
    if recording_is_off():
        import numpy as np

        array = np.asarray(data)
        if array.dtype == object:
            data = np.array([x.data if isinstance(x, Value) else x for x in array.flat]).reshape(array.shape)
    try:
        return as_numbers(data, name)
    except LostGradientError:
        raise LostGradientError(
            f"{name} takes numbers, not Values, whose gradient would be lost: change the numbers themselves, as in "
            f"{name}.data[0] += 1, or do it within ag.no_grad()"
        ) from None


def _flat(data: Any, where: str) -> tuple[tuple[int, ...], Any]:
    """The shape and the numbers, one after the other: of lists of floats without NumPy, else as ``as_numbers`` says."""
    if type(data) is float:
        return (), packed((data,))
    shape: list[int] = []
    level = [data]
    while level and type(level[0]) is list:
        lengths = {len(row) if type(row) is list else -1 for row in level}
        if len(lengths) != 1:
            break
        shape.append(len(level[0]))
        level = [number for row in level for number in row]
    if all(type(number) is float for number in level):
        return tuple(shape), packed(level)
    import numpy as np

    numbers = as_numbers(data, where)
    flat: Any = np.ascontiguousarray(numbers).reshape(-1)
    return numbers.shape, memoryview(flat)


def as_numbers(data: Any, where: str) -> Any:
    """A float64 array of ``data``; TypeError for what is not numbers."""
    import numpy as np

    if isinstance(data, Parameter):
        return np.asarray(data.storage.data)
    try:
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            if any(isinstance(x, Value) for x in array.flat):
                raise LostGradientError(
                    f"{where} takes numbers, not Values, whose gradient would be lost: pass their .data"
                )
            array = np.array([as_float(x, where) for x in array.flat]).reshape(array.shape)
    except ValueError as error:
        raise ValueError(f"{where}: rows of different lengths make no array ({error})") from None
    return array.astype(np.float64, copy=False)
