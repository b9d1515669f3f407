"""The rare halves of ``Value.backward()``: gradients that are Values themselves, and the warning about bad ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import NonFiniteGradientWarning
from .observers import notify_tracer, observers, without_observers
from .sweeps import LOCK, Node, gradient_nodes, refuse_reentry, reverse_nodes
from .user_frame import warn_at_user

__all__ = ["backward_on_nodes", "before_sweep", "warn_nonfinite"]


def backward_on_nodes(root: Node, seed: Any, constant: Callable[[Any], Any]) -> list[Node]:
    """``backward(create_graph=True)``: adjoints as Values, then one commit; returns the leaves that are not finite.

    Args:
        root: the node to differentiate.
        seed: its adjoint, a number or a node.
        constant: makes a node of a number; a node stays what it is.
    """
    refuse_reentry()
    with LOCK:  # nothing but a call: see the loop in ``graph._commit``
        return _commit_nodes(root, seed, constant)


def _commit_nodes(root: Node, seed: Any, constant: Callable[[Any], Any]) -> list[Node]:
    """The same, with the lock."""
    with without_observers("checks"):  # a rule may pass through a pole that its result doesn't see
        adjoints = reverse_nodes([(root, constant(seed))], constant)
    reached = [node for node in gradient_nodes(root) if id(node) in adjoints]
    before = [node._gradient() for node in reached]
    after: list[Any] = []
    for node, old in zip(reached, before):
        g = constant(adjoints[id(node)])
        after.append(g if node._prim is not None or (type(old) is float and old == 0.0) else old + g)
        node._adjoint = g._number()
    bad = [node for node in reached if node._prim is None and node._adjoint - node._adjoint != 0.0]
    changes = list(zip(reached, before, after))  # now: the undoing may have to do without memory
    try:
        for node, _, grad in changes:
            node._set_gradient(grad)
    except BaseException:
        for node, grad, _ in changes:
            node._set_gradient(grad)
        raise
    return bad


def before_sweep(root: Node) -> None:
    """Let the observers of this thread look at the graph first (``detect_anomaly`` raises if it holds a nan)."""
    notify_tracer("calls backward()")
    for observer in observers():
        look = getattr(observer, "before_sweep", None)
        if look is not None:
            look(root)


def warn_nonfinite(leaves: list[Node]) -> None:
    """Warn once, at the user's line, that a leaf's gradient is nan or an infinity."""
    leaf: Any = leaves[0]
    gradient = leaf._gradient()
    gradient = gradient._number() if isinstance(gradient, Node) else gradient
    name = repr(leaf.label) if leaf.label else f"with value {leaf.data!r}"
    more = f" (and of {len(leaves) - 1} more)" if len(leaves) > 1 else ""
    warn_at_user(
        f"the gradient of leaf {name}{more} is {gradient!r}: ag.explain_nonfinite(y) names the op where the first "
        f"nan or inf was born; with ag.detect_anomaly(): raises there",
        NonFiniteGradientWarning,
    )
