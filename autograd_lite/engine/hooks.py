"""Gradient hooks: functions that see a node's adjoint when it is complete, and may replace it.

Sweeps without hooks are one tight loop; ``STATE.hooks`` has the hooks (and checkpoints) that live, and only when there
are some does a sweep go node by node.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from .sweeps import STATE, Info, Node

__all__ = ["Handle", "Hooks", "register", "watch"]

Hook = Callable[[Any], Any]


def watch(thing: object) -> None:
    """Sweeps stop for hooks and checkpoints as long as ``thing`` lives. (It is taken off the list by a C function.)"""
    STATE.hooks.add(weakref.ref(thing, STATE.hooks.discard))


class Hooks(list[Hook]):
    """The hooks of one node."""

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(self) -> None:
        super().__init__()
        watch(self)

    def __reduce__(self) -> Any:
        return (Hooks, (), None, iter(self))


class Handle:
    """What ``register_hook`` returns: ``remove()`` takes the hook away; so does leaving it as a context."""

    def __init__(self, hooks: Hooks, hook: Hook) -> None:
        self._hooks = hooks
        self._hook: Hook | None = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        for i, hook in enumerate(self._hooks):
            if hook is self._hook:
                del self._hooks[i]
                break
        self._hook = None

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register(node: Node, hook: Hook) -> Handle:
    """Add ``hook`` to the hooks of ``node``; see ``Value.register_hook``."""
    if not callable(hook):
        raise TypeError(f"register_hook takes a function of the adjoint, not {type(hook).__name__}")
    info = node._info
    if not isinstance(info, Info):
        info = Info(info or "")
        node._info = info
    if info.hooks is None:
        info.hooks = Hooks()
    hooks = info.hooks
    assert isinstance(hooks, Hooks)
    hooks.append(hook)
    return Handle(hooks, hook)
