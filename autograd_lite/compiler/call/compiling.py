"""``compile``, as users call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from . import lanes, sparse  # noqa: F401  (the compiled vmaps and Jacobians)
from .compiled import Compiled

if TYPE_CHECKING:
    from ...functional.typed import Batched, Derivative, Number, Recorded, Rows, Stacked, Vector
    from .typed import CompiledBatch, CompiledDerivative, CompiledFunction, Out, P

__all__ = ["compile"]

_NOTHING: Any = object()


@overload
def compile(  # type: ignore[overload-overlap]
    f: Derivative[Number, Recorded, Vector, Stacked], *, strict: bool = False, backend: str = "default"
) -> CompiledDerivative[Number, Recorded, Vector, Stacked]: ...
@overload
def compile(  # type: ignore[overload-overlap]
    f: Batched[Rows], *, strict: bool = False, backend: str = "default"
) -> CompiledBatch[Rows]: ...
@overload
def compile(f: Callable[P, Out], *, strict: bool = False, backend: str = "default") -> CompiledFunction[P, Out]: ...
@overload
def compile(
    *, strict: bool = False, backend: str = "default"
) -> Callable[[Callable[P, Out]], CompiledFunction[P, Out]]: ...
def compile(f: Any = _NOTHING, *, strict: bool = False, backend: str = "default") -> Any:
    """A function that computes what ``f`` does, by the arrays that were hiding in its scalars.

    The first call with arguments of new shapes records ``f`` on Values, finds the array statements (a layer of
    neurons is a matrix product) and writes a program; later calls run that. An ``if`` on numbers, ``a if x > 0 else
    b`` too, of which both sides only give values to local variables, return or ``continue``, is a choice like
    ``ag.where``: both sides are in the program, if they are made of numbers, arithmetic, functions of this package,
    NumPy's elementwise ones, items, attributes, and the user's functions of this kind, and their source is there.
    What is read with ``.data`` is a number of the program without a derivative. Other control flow on numbers, and
    digits that only a float has (``int(x.data)``, a text, a parameter's array), are checked at each call, and another
    way through ``f`` is another recording. What the function closes over may change: parameters and Values are read
    at each call, and a changed constant is recorded anew. Integers are numbers too, and the labels of a loss or the
    indices of an Embedding are inputs like any other; those by which ``f`` itself counts or indexes are constants,
    and each of them is a recording of its own; so are those that floats would round.

    What a program can't hold runs eagerly from then on: a function that draws random numbers, takes items from an
    iterator, reads a clock or a file, changes what it closes over or its arguments, reads or changes gradients, steps
    an optimiser, uses numbers as keys or on another thread, returns objects that hide numbers (closures, generators),
    or takes more than a few ways through its branches. One ``CompileWarning`` names the line and the cure; the results
    are the function's own in any case. State that one call fills (a cache) is no obstacle to the next.

    Args:
        f: a function of numbers, nested lists, dicts or arrays of them; or ``ag.grad(f)``, ``ag.value_and_grad(f)``,
            ``ag.vmap(f)`` of one, whose derivatives are then taken on the array program; or ``ag.jacobian(f)``,
            ``ag.hessian(f)``, which take as few sweeps as a colouring of their sparsity pattern has colours.
            Left out, as in ``@ag.compile(strict=True)``, what is returned compiles the function that it is given.
        strict: raise a ``CompileError`` where the function would run eagerly.
        backend: "default", NumPy or an interpreter; "c", which builds each program with the machine's C compiler
            (``CC``, cc, gcc or clang) when it is first needed, and is "default", with one warning, where there is none;
            or "auto", which is "default" until calls have taken as long as a build does, and then "c" for those
            programs whose results that doesn't change by a bit: straight-line ones of numbers.

    Returns:
        A ``Compiled``: call it like ``f``. Where ``f`` would return a Value, because it closes over Values or
        parameters, so does it: ``loss.backward()`` adds to their gradients. So do transforms of such functions, whose
        derivatives are found by the plain transform when a sweep asks for them; within ``no_grad`` they give numbers.
        To a type checker it takes and gives what ``f`` is declared for, and of other numbers Any.

    Raises:
        CompileError: from a call, if ``strict``. What ``f`` raises itself is raised by the call.

    Warns:
        CompileWarning: once, if the function runs eagerly from here on, or not in C; once, if an integer argument
            indexes a plain list, so that each of its values is a recording of its own.

    Results are new at each call: a list or array that ``f`` hands back as it is, one of its arguments say, is a copy,
    and what stands in a result twice stands there in two copies.

    Not detected: printing and other side effects outside the program, which happen when recording only, once or
    more; functions put in the place of those of a library.

    >>> import autograd_lite as ag
    >>> g = ag.compile(ag.grad(lambda x: x * ag.sin(x)))
    >>> g(0.0), round(g(1.0), 6)
    (0.0, 1.381773)
    """
    if f is _NOTHING:
        return lambda f: Compiled(f, strict, None, backend)
    return Compiled(f, strict, None, backend)
