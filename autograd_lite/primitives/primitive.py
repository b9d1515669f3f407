"""One record per primitive: its float function, its partial derivatives, its notation and its test domain.

A rule ``partials(out, *args)`` is written once, with overloadable operations. Run on floats it gives numbers, on
Values a differentiable graph, on symbols a program. It receives the output, so that ``exp`` is just ``(out,)``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .base import SHORTCUT, Op, Operand, as_float
from .fused_unary import Fused

__all__ = [
    "TABLE",
    "Nary",
    "Operand",
    "Primitive",
    "as_float",
    "as_method",
    "bind_table",
    "primitive",
    "unwrapped",
]

#: every built-in primitive, by name
TABLE: dict[str, Primitive] = {}

Rule = Callable[..., tuple[Any, ...]]
V = TypeVar("V", bound=Operand)


def _is_array(x: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def unwrapped(x: Any) -> Any:
    """The object in a 0-d object array; anything else as it is."""
    while _is_array(x) and x.ndim == 0 and x.dtype == object:
        x = x.item()
    return x


class Primitive(Op):
    """An elementary operation. Calling it works on floats, Values and, element by element, NumPy arrays.

    Attributes:
        text, latex, sympy, array: notation, templates over ``{0}``, ``{1}`` …; n-ary templates use ``{args}``.
        precedence: binding strength of the notation (1 sum, 2 product, 3 sign, 4 power, 5 application).
        domain: one ``(low, high)`` test interval per argument.
        kinks: where a unary op is not differentiable.
        expression: the op in terms of simpler ones, as a target writes it that has no word for it; None for basic ops.
        textbook: the rule as textbooks write it, for formulas that are read and not run; None where the rule is that.
        whole: the operand that is a whole number, part of the function in most libraries; -1 for none.
        choice: whether its first operand says which one of the others it is.
        passive: whether no derivative passes it.

    >>> import autograd_lite as ag
    >>> ag.sin, ag.sin(0.0), ag.sin.partials(0.0, 0.0)
    (<primitive sin>, 0.0, (1.0,))
    """

    def __init__(
        self,
        name: str,
        fn: Callable[..., float],
        partials: Rule,
        arity: int,
        text: str,
        latex: str,
        sympy: str,
        array: str,
        precedence: int,
        domain: tuple[tuple[float, float], ...],
        kinks: tuple[float, ...],
        doc: str,
    ) -> None:
        super().__init__(name, arity, fn, partials)
        self.text = text
        self.latex = latex
        self.sympy = sympy
        self.array = array
        self.precedence = precedence
        self.domain = domain
        self.kinks = kinks
        self.expression: Callable[..., Any] | None = None
        self.textbook: Rule | None = None
        self.whole = -1
        self.choice = False
        self.passive = False
        self.__doc__ = doc

    if TYPE_CHECKING:  # which of its classes a primitive is, its type doesn't say

        @overload
        def __call__(self, x: V, /, *others: Any, **named: Any) -> V: ...
        @overload
        def __call__(self, x: float, /, **named: Any) -> float: ...
        @overload
        def __call__(self, x: float, y: V, /, *others: Any, **named: Any) -> V: ...
        @overload
        def __call__(self, x: float, y: float, /, *others: float, **named: Any) -> float: ...
        @overload
        def __call__(self, xs: Iterable[V], /, *others: Any, **named: Any) -> V: ...
        @overload
        def __call__(self, xs: Iterable[float], /) -> float: ...
        @overload
        def __call__(self, *args: Any, **named: Any) -> Any: ...
        def __call__(self, *args: Any, **named: Any) -> Any: ...  # type: ignore[misc]

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op to whatever the arguments are: Values, arrays, plain numbers."""
        return dispatch(self, args, named)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __eq__(self, other: object) -> bool:
        """Two primitives are equal if they are one; a string, if it is the name (``v.op == "sin"``)."""
        return self is other or (isinstance(other, str) and other == self.name)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def is_ours(self) -> bool:
        """Whether it is in this package's table; a primitive of a user's may have the name of one that is."""
        return TABLE.get(self.name) is self

    def __reduce__(self) -> Any:
        if self.is_ours:
            return (_from_table, (self.name,))
        from pickle import PicklingError

        where = (getattr(self.fn, "__module__", ""), getattr(self.fn, "__qualname__", self.name))
        if getattr(sys.modules.get(where[0]), where[1], None) is self:
            return (_find_primitive, where)
        if where[0].startswith(f"{__name__.split('.')[0]}."):  # made here, for the call of a compiled function
            raise PicklingError(
                f"a compiled call of {self.name} is a program, which can't be pickled: pickle the number (y.data), or "
                f"what the function itself returns"
            )
        raise PicklingError(
            f"the primitive {self.name} can't be pickled: it is pickled by reference, and {where[0]}.{where[1]} is "
            f"not it; define it at the top of an importable module, under its function's name"
        )

    def __copy__(self) -> Primitive:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Primitive:
        return self

    @property
    def __name__(self) -> str:
        return self.name

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":  # what ``inspect`` asks for; importing it would be slow
            return importlib.import_module("inspect").signature(self.fn)
        raise AttributeError(f"a primitive has no {name!r}", name=name, obj=self)


def _from_table(name: str) -> Primitive:
    """The primitive of the table (how pickles come back)."""
    return TABLE[name]


def _find_primitive(module: str, name: str) -> Primitive:
    """The user's primitive of that name, found in its module (how pickles of custom primitives come back)."""
    __import__(module)
    found = getattr(sys.modules[module], name)
    if not isinstance(found, Primitive):
        raise TypeError(f"{module}.{name} is not a primitive")
    return found


class Multi(Primitive):
    """A primitive of several arguments; it takes keywords and defaults as its float function does."""

    if not TYPE_CHECKING:  # its type is the one above

        def __call__(self, *args: Any, **named: Any) -> Any:
            return self.dispatch(args, named)


class Nary(Multi):
    """A primitive of any number of arguments; called with one iterable per group (``dot`` has two)."""

    def dispatch(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Apply the op to the operands in the argument groups."""
        return dispatch(self, self.flatten(args), named)

    def flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands: of one iterable, or the arguments themselves."""
        if len(args) == 1 and not isinstance(args[0], Operand) and not isinstance(args[0], (int, float)):
            return tuple(_items(args[0], self.name))
        return args


def _items(values: Any, name: str) -> Iterator[Any]:
    """The numbers in an iterable; in an array of any dimension, all of them."""
    if _is_array(values):
        return iter(values.ravel().tolist())
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes)):
        raise TypeError(f"{name} takes numbers or one iterable of numbers, not {type(values).__name__}")
    return iter(values)


def dispatch(primitive: Primitive, args: tuple[Any, ...], named: dict[str, Any] | None = None) -> Any:
    """Apply ``primitive`` to whatever the arguments are: Values, arrays, plain numbers."""
    if named or 0 <= primitive.arity != len(args):
        args = _complete(primitive, args, named or {})
    value = SHORTCUT.kind
    for arg in args:
        if type(arg) is not value and type(arg) is not float and _is_array(arg):
            if any(_is_array(other) and other.ndim for other in args):
                return _elementwise(primitive, args)
            args = tuple(map(unwrapped, args))
            break
    for arg in args:
        if isinstance(arg, Operand):
            return arg._apply(primitive, args)
    return primitive.fn(*[as_float(arg, primitive.name) for arg in args])


def _complete(primitive: Primitive, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments with keywords and defaults filled in, as for the primitive's float function."""
    import inspect  # only here, so that importing the package does not pay for it

    try:
        bound = inspect.signature(primitive.fn).bind(*args, **named)
    except TypeError as error:
        count = "any number of" if primitive.arity < 0 else primitive.arity
        along = f"; along an axis, np.{primitive.name}(array, axis=…)" if {"axis", "dim"} & named.keys() else ""
        raise TypeError(f"{primitive.name} takes {count} argument(s): {error}{along}") from None
    bound.apply_defaults()
    return bound.args


def _elementwise(primitive: Primitive, args: tuple[Any, ...]) -> Any:
    """Element by element with NumPy's broadcasting; an array of floats when no element is a Value."""
    import numpy as np

    with np.errstate(all="ignore"):  # arithmetic is IEEE and silent; NumPy would report every inf and nan of a rule
        result = np.frompyfunc(lambda *xs: dispatch(primitive, xs), len(args), 1)(*args)
    if all(isinstance(x, float) for x in np.asarray(result, dtype=object).flat):
        return np.asarray(result, dtype=float)
    return result


def primitive(
    partials: Rule,
    *,
    name: str = "",
    arity: int | None = None,
    text: str = "",
    latex: str = "",
    sympy: str = "",
    array: str = "",
    precedence: int = 5,
    domain: tuple[tuple[float, float], ...] | None = None,
    kinks: tuple[float, ...] = (),
    expression: Callable[..., Any] | None = None,
    textbook: Rule | None = None,
    whole: int = -1,
    fused: Fused | None = None,
    table: bool = False,
) -> Callable[[Callable[..., float]], Primitive]:
    """Make a primitive of a float function: ``@primitive(partials=lambda out, x: (...,))``.

    Args:
        partials: the rule ``partials(out, *args)``; a tuple with one partial derivative per argument, written with
            the operators and the functions of this package, so that it can itself be differentiated.
        name: the op's name; the function's by default.
        arity: number of arguments; counted from the function's signature by default.
        text: unicode notation over ``{0}``, ``{1}`` …; the functional form by default.
        latex, sympy: likewise.
        array: likewise, in NumPy; without it the op is vectorised by calling the function.
        precedence: binding strength of the notation (1 sum, 2 product, 3 sign, 4 power, 5 application).
        domain: one ``(low, high)`` interval per argument in which tests draw points; (-2, 2) by default.
        kinks: points at which a unary op is not differentiable.
        expression: the op in terms of simpler ones, a function of the operands written as a rule is: what a language
            without a word for the op is given. Its numbers at the edges should be the function's.
        textbook: the rule as a textbook writes it, where ``partials`` has a form that is exact in more places.
        whole: which operand has to be a whole number, known when a source is written.
        fused: the op's number and its partial in one call, for one float: what the engine uses where it can; it has to
            have the bits of both.
        table: whether it is an entry of this package's table.

    Returns:
        A Primitive: call it with floats, Values or arrays.

    Raises:
        TypeError: for a rule that can't be called, or a function without a name, a signature or positional
            operands; ValueError: for a second entry of one name.

    >>> import autograd_lite as ag
    >>> @ag.primitive(partials=lambda out, x: (3 * x * x,))
    ... def cube(x):
    ...     return x * x * x
    >>> cube(2.0), ag.grad(cube)(2.0), ag.grad(ag.grad(cube))(2.0)
    (8.0, 12.0, 12.0)
    """

    if not callable(partials):
        raise TypeError(f"primitive takes a rule, partials=lambda out, x: (…,), not {type(partials).__name__}")

    def make(fn: Callable[..., float]) -> Primitive:
        if not callable(fn) or isinstance(fn, Operand):
            raise TypeError(f"{_USE}, not {type(fn).__name__} (was primitive written without its rule?)")
        count = arity if arity is not None else _arity(fn)
        called = name or getattr(fn, "__name__", "").rstrip("_")
        if not called:
            raise TypeError(f"{_USE}; a {type(fn).__name__} has no name: give it one, primitive(…, name=…)")
        kind = Nary if count < 0 else Primitive if count == 1 else Multi
        notation = _notation(called, count, text, latex, sympy)
        points = domain if domain is not None else ((-2.0, 2.0),) * max(count, 1)
        made = kind(called, fn, partials, count, *notation, array, precedence, points, kinks, fn.__doc__ or "")
        made.expression, made.textbook, made.whole = expression, textbook, whole
        made.fused = fused
        if table:
            if called in TABLE:
                raise ValueError(f"two primitives are named {called!r}")
            TABLE[called] = made
        return made

    return make


def _notation(name: str, count: int, text: str, latex: str, sympy: str) -> tuple[str, str, str]:
    """Text, LaTeX and SymPy of an op; the functional form where an entry has no other."""
    slots = ", ".join(f"{{{i}}}" for i in range(count)) if count >= 0 else "{args}"
    word = name.replace("_", r"\_")
    called = rf"\operatorname{{{{{word}}}}}\left({slots}\right)"
    return text or f"{name}({slots})", latex or called, sympy or f"{name}({slots})"


_USE = "@primitive(partials=lambda out, x: (…,)) stands before a function of floats"


def _arity(fn: Callable[..., float]) -> int:
    """How many arguments ``fn`` takes; -1 for any number."""
    if isinstance(fn, FunctionType) and not fn.__code__.co_kwonlyargcount:  # nearly always
        return -1 if fn.__code__.co_flags & 0x04 else fn.__code__.co_argcount
    import inspect  # slow to load

    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(f"{_USE}; the signature of {fn!r} can't be read: pass arity=…") from None
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise TypeError(f"{_USE}, and the numbers of {fn!r} must be positional: an operand has a place, not a name")
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return -1
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def as_method(primitive: Primitive) -> Callable[..., Any]:
    """The primitive as a method, its first argument the object itself: ``v.sin()`` for ``sin(v)``."""

    def method(self: Any, *args: Any, **named: Any) -> Any:
        return primitive(self, *args, **named)

    method.__name__ = method.__qualname__ = primitive.name
    method.__doc__ = primitive.__doc__
    return method


def bind_table() -> None:
    """Give each built-in rule its float form: the same code, with ``math`` where the generic functions were.

    A rule such as ``lambda out, x: (cos(x),)`` names the generic ``cos``; recording on floats would pay for a
    dispatch that is always the same. Binding replaces the names the rule sees, not the rule.
    """
    scopes: dict[int, dict[str, Any]] = {}
    for entry in TABLE.values():
        entry.permanent = True
        entry.__doc__ = f"{(entry.__doc__ or '').rstrip()}\n{_operands(entry)}{_source(entry)}"
        rule = entry.partials
        if isinstance(rule, FunctionType):
            scope = _float_scope(rule.__globals__, scopes)
            entry.float_partials = FunctionType(rule.__code__, scope, rule.__name__, rule.__defaults__)


_ELEMENTWISE = """
    Returns:
        A float, or a Value if an operand is one; of arrays an array, operands broadcast as NumPy's are.

    Raises:
        TypeError: for what is no number.
    """
_OF_ALL = """
    Args:
        xs: numbers and Values: a list or another iterable, an array of any shape, or the numbers one by one.

    Returns:
        A float, or a Value if one of them is.

    Raises:
        TypeError: for what is no number.
    """


def _operands(entry: Primitive) -> str:
    """What an entry's docstring says of its operands: the same of all ops of so many."""
    if "Args:" in (entry.__doc__ or ""):
        return ""
    if entry.arity < 0:
        return _OF_ALL
    code, given = entry.fn.__code__, entry.fn.__defaults__ or ()
    first = entry.arity - len(given)
    lines = [
        f"        {name}: a number, a Value, or an array of either"
        + (f"; {given[k - first]!r} by default." if k >= first else ".")
        for k, name in enumerate(code.co_varnames[: entry.arity])
    ]
    return "\n    Args:\n" + "\n".join(lines) + "\n" + _ELEMENTWISE


def _source(entry: Primitive) -> str:
    """Where an entry's formula is from: what its page says at its end, unless the entry says so itself."""
    _, named, source = (entry.fn.__globals__["__doc__"] or "").partition("\nSource: ")
    return f"\n    Source: {source.strip()}\n" if named and "Source:" not in (entry.__doc__ or "") else ""


def _float_scope(page: dict[str, Any], scopes: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The names of one page of the table, each primitive replaced by its float function, helpers bound alike.

    Args:
        scopes: those made so far, by the page; helpers of another page are bound to that one's.
    """
    if id(page) in scopes:
        return scopes[id(page)]
    scope = scopes[id(page)] = {}
    for name, item in page.items():
        if isinstance(item, Primitive) and not isinstance(item, Nary):
            scope[name] = item.fn
        elif isinstance(item, FunctionType) and item.__module__.startswith(_PAGES) and item.__module__ != __name__:
            scope[name] = FunctionType(item.__code__, _float_scope(item.__globals__, scopes), name, item.__defaults__)
        else:
            scope[name] = item
    return scope


#: where helpers of rules come from
_PAGES = __name__.removesuffix("primitive")
