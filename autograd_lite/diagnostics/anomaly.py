"""Where a nan or an infinity was born: while recording (``detect_anomaly``), and afterwards (``explain_nonfinite``)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from ..engine.grad_mode import Scope
from ..engine.sweeps import Info, Node, topological_order
from ..engine.user_frame import user_source
from ..errors import AnomalyDivisionError, AnomalyError, AnomalyOverflowError, AnomalyValueError

__all__ = ["Check", "NonFinite", "detect_anomaly", "explain_nonfinite"]

_PLAIN: dict[str, Callable[..., Any]] = {
    "div": operator.truediv, "pow": operator.pow, "mod": operator.mod, "floordiv": operator.floordiv,
    "reciprocal": lambda x: 1.0 / x, "rsqrt": lambda x: 1.0 / math.sqrt(x),
}  # fmt: skip


def _finite(x: float) -> bool:
    return x - x == 0.0


class Check:
    """The observer of ``detect_anomaly``: notes the user's line, and raises where a nan or an infinity is born."""

    checks = True

    def __call__(self, node: Node) -> None:
        source = user_source()
        if source:
            if not isinstance(node._info, Info):
                node._info = Info(node._info or "")
            node._info.source = source
        found = _born(node)
        if found:
            what, kind = found
            raise kind(what + (f"\n  at {source}" if source else ""))

    def before_sweep(self, root: Node) -> None:
        """``backward()`` is about to run: the graph may have been recorded outside, and an adjoint may overflow."""
        found = explain_nonfinite(root)
        if found and found.kind != "leaf":
            born = _born(found.node) if found.kind != "adjoint" else None
            at = f"\n  at {found.source}" if found.source else ""
            raise (born[1] if born else AnomalyOverflowError)(found.what + at)


def _born(node: Any) -> tuple[str, type[AnomalyError]] | None:
    """What is wrong at ``node``, and the exception for it, if its operands are all finite and it is not."""
    out = node._data
    partials: tuple[float, ...] = node.local_partials
    if _finite(out) and all(map(_finite, partials)):
        return None
    numbers = [x._number() if isinstance(x, Node) else x for x in node.args]
    if not all(map(_finite, numbers)):
        return None
    called = describe(node)
    if not _finite(out):
        return f"{called} is {out!r}", _class_of(node.op, numbers, out)
    parent, p = next((parent, p) for parent, p in zip(node.parents, partials) if not _finite(p))
    kind: type[AnomalyError] = AnomalyValueError if p != p else AnomalyDivisionError
    if any(abs(x) > 1e100 for x in numbers) and p == p:
        kind = AnomalyOverflowError
    name = repr(parent.label) if parent.label else "its operand"
    return f"{called} = {out!r}: the partial derivative with respect to {name} is {p!r}", kind


def _class_of(op: Any, numbers: list[float], out: float) -> type[AnomalyError]:
    """The exception for what plain Python raises at this point."""
    plain = (_PLAIN.get(op.name) or getattr(math, op.name, None)) if op.is_ours else None
    try:
        if callable(plain):
            plain(*numbers)
    except ZeroDivisionError:
        return AnomalyDivisionError
    except OverflowError:
        return AnomalyOverflowError
    except (ValueError, TypeError):
        pass
    else:
        return AnomalyValueError if out != out else AnomalyOverflowError
    return AnomalyValueError if out != out or callable(plain) else AnomalyOverflowError


def describe(node: Any) -> str:
    """A node with its operands: ``log('width' = 0.0)``, after its own label if it has one."""
    shown = [_operand(x) for x in node.args[:6]] + (["…"] if len(node.args) > 6 else [])
    text = f"{node.op.name}({', '.join(shown)})"
    return f"{node.label!r} = {text}" if node.label else text


def _operand(x: Any) -> str:
    if not isinstance(x, Node):
        return repr(x)
    label = getattr(x, "label", "")
    return f"{label!r} = {x._number()!r}" if label else repr(x._number())


class NonFinite:
    """What ``explain_nonfinite`` found. True if there is something to explain; ``str()`` is the explanation.

    Attributes:
        node: where the first nan or infinity was born; None if everything is finite.
        kind: "leaf" (it is a leaf's number), "value" (an op's result), "partial" (an op's partial derivative),
            "adjoint" (only the gradient overflows on its way back), or "".
        path: the nodes from there to the output, both included.
        source: the user's line, if the graph was recorded under ``detect_anomaly``.
    """

    def __init__(self, node: Any, kind: str, what: str, path: list[Any]) -> None:
        self.node = node
        self.kind = kind
        self.path = path
        self.what = what
        self.source: str = node._info.source if node is not None and isinstance(node._info, Info) else ""

    def __bool__(self) -> bool:
        return self.node is not None

    def __str__(self) -> str:
        if self.node is None:
            return self.what
        lines = [f"{self.what}", *([f"recorded at {self.source}"] if self.source else []), "on the way to the output:"]
        steps = self.path if len(self.path) <= 20 else [*self.path[:10], None, *self.path[-9:]]
        for step in steps:
            if step is None:
                lines.append(f"  … {len(self.path) - 19} more …")
            else:
                lines.append(f"  {describe(step) if step.op is not None else _leaf(step)} is {step._number()!r}")
        return "\n".join(lines)

    __repr__ = __str__


def _leaf(node: Any) -> str:
    return f"leaf {node.label!r}" if node.label else "a leaf without a label"


def explain_nonfinite(y: Any) -> NonFinite:
    """Where the first nan or infinity in the graph of ``y`` was born, in a graph recorded without any mode.

    Args:
        y: the output.

    Returns:
        A report: print it, or read its ``node``, ``kind`` and ``path``. It is false when all values, partial
        derivatives and adjoints are finite.

    Raises:
        TypeError: for what is no Value.

    >>> import autograd_lite as ag
    >>> x = ag.Value(0.0, label="x")
    >>> y = (ag.log(x) * 2.0).named("y")
    >>> print(ag.explain_nonfinite(y))
    log('x' = 0.0) is -inf
    on the way to the output:
      log('x' = 0.0) is -inf
      'y' = mul(-inf, 2.0) is -inf
    """
    if not isinstance(y, Node):
        raise TypeError(f"explain_nonfinite takes the output as a Value, not {type(y).__name__}")
    nodes = topological_order(y)
    for node in nodes:
        if node.op is None:
            if not _finite(node._number()):
                return NonFinite(node, "leaf", f"{_leaf(node)} is {node._number()!r}", _path(node, y))
            continue
        found = _born(node)
        if found:
            kind = "partial" if _finite(node._data) else "value"
            return NonFinite(node, kind, found[0], _path(node, y))
    adjoints: dict[int, float] = {id(y): 1.0}
    for node in reversed(nodes):
        g = adjoints[id(node)]
        if not _finite(g):
            called = describe(node) if node.op is not None else _leaf(node)
            what = f"{called}: every value is finite, but its adjoint is {g!r}"
            return NonFinite(node, "adjoint", what, _path(node, y))
        for parent, p in zip(node.parents, node.local_partials):
            adjoints[id(parent)] = adjoints.get(id(parent), 0.0) + g * p
    return NonFinite(None, "", "every value, partial derivative and adjoint is finite", [])


def _path(node: Any, y: Any) -> list[Any]:
    """A shortest way from ``node`` up to ``y``."""
    above: dict[int, Any] = {id(y): None}
    waiting = [y]
    for current in waiting:  # grows: breadth first
        if current is node:
            break
        for parent in current.parents:
            if id(parent) not in above:
                above[id(parent)] = current
                waiting.append(parent)
    path = [node]
    while above[id(path[-1])] is not None:
        path.append(above[id(path[-1])])
    return path


def detect_anomaly(f: Callable[..., Any] | None = None) -> Any:
    """Within it, the first op whose finite operands make a nan or an infinity raises, and so does the first op with
    finite operands that has such a partial derivative. ``backward()`` looks at its whole graph first, whether or not
    it was recorded here, and raises for an adjoint that overflows too. A context manager and a decorator, for this
    thread only.

    The message names the op, its operands and labels, and the line of the user's program. The exception is also a
    ValueError, OverflowError or ZeroDivisionError, whichever plain Python raises there. Nodes recorded within it
    remember their line (``explain_nonfinite`` shows it), so recording takes several times as long.

    Args:
        f: the function, when used as ``@detect_anomaly`` without parentheses.

    Raises:
        AnomalyError: from the op.

    >>> import autograd_lite as ag
    >>> with ag.detect_anomaly():
    ...     ag.log(ag.Value(0.0, label="width"))
    Traceback (most recent call last):
        ...
    autograd_lite.errors.AnomalyValueError: log('width' = 0.0) is -inf...
    """
    scope = Scope(Check())
    return scope if f is None else scope(f)
