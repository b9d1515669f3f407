"""``Optimizer``: what every optimiser shares; groups of parameters, state, saving, loading."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from ..engine.observers import notify_tracer
from ..engine.value import Value
from ..errors import StateError
from .blocks import Array, Block, as_blocks, as_parameters, check_iterable, is_array_parameter

__all__ = ["AT_LEAST_0", "Bounds", "Optimizer", "check_number"]

#: hyper-parameters that must lie in [low, high): what torch calls them in its messages, low, high
Bounds = dict[str, tuple[str, float, float]]
AT_LEAST_0 = (0.0, math.inf)
_COMMON: Bounds = {"lr": ("learning rate", *AT_LEAST_0), "weight_decay": ("weight_decay value", *AT_LEAST_0)}


class Optimizer:
    """Base of the optimisers: subclasses say how one array is updated.

    Args:
        params: an iterable (a generator too) of Parameters, leaf Values, or object arrays of leaf Values, in any
            mixture; or of ``(name, parameter)`` pairs; or of dicts with ``"params"`` and the hyper-parameters that
            differ in that group.
        defaults: the hyper-parameters of every group that doesn't say otherwise.

    Attributes:
        param_groups: list of dicts; ``group["lr"]`` and the other hyper-parameters may be changed between steps.

    Raises:
        TypeError: for what is not an iterable of parameters.
        ValueError: for no parameters at all, one listed twice, a computed Value, or a hyper-parameter out of range.

    A parameter whose ``grad`` is None is left alone; a gradient of 0 is a gradient like any other (momentum and weight
    decay go on).

    >>> from autograd_lite import Value, optim
    >>> w = Value(3.0)
    >>> optimizer = optim.SGD([w], lr=0.1)
    >>> (w * w).backward(); optimizer.step(); round(w.data, 9)
    2.4
    """

    #: names of the state's arrays and numbers; ``step`` is a count
    _state_names: ClassVar[tuple[str, ...]] = ()
    #: those of them that are one number for a whole parameter
    _state_numbers: ClassVar[tuple[str, ...]] = ()
    #: those that must all be there once a parameter has been stepped
    _state_required: ClassVar[tuple[str, ...]] = ()
    #: the class's own hyper-parameters: their bounds, and those that are True or False
    _bounds: ClassVar[Bounds] = {}
    _flags: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._blocks: list[list[Block]] = []
        check_iterable(params, type(self).__name__)
        given = params if isinstance(params, np.ndarray) else list(params)
        grouped = not isinstance(given, np.ndarray) and any(isinstance(g, Mapping) for g in given)
        for group in given if grouped else [{"params": given}]:
            self.add_param_group(group)
        if not any(group["params"] for group in self.param_groups):
            raise ValueError(f"{type(self).__name__} got an empty parameter list: is the model's parameters() empty?")

    # --- groups ---------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with hyper-parameters of their own: a layer that is unfrozen later.

        Args:
            param_group: ``{"params": …}`` and any hyper-parameters; the rest are the optimiser's defaults.
        """
        name = type(self).__name__
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(f"{name} takes a parameter group as a dict with a 'params' entry")
        given = param_group["params"]
        given = [given] if isinstance(given, Value) or is_array_parameter(given) else list(given)
        names = [p[0] for p in given if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)]
        if names:
            if len(names) != len(given):
                raise ValueError(f"{name} takes names for all parameters of a group or for none")
            given = [p[1] for p in given]
        group = {**self.defaults, **param_group, "params": as_parameters(given, name)}
        if names:
            group["param_names"] = names
        known = {id(p) for other in self.param_groups for p in other["params"]}
        if any(id(p) in known for p in group["params"]):
            raise ValueError(f"{name}: some parameters appear in more than one parameter group")
        self._validate(group)
        self._blocks.append(self._blocks_of(group["params"]))
        self.param_groups.append(group)

    def _blocks_of(self, parameters: list[Any]) -> list[Block]:
        """What is stepped together."""
        return as_blocks(parameters)

    def _validate(self, group: Mapping[str, Any]) -> None:
        """Raise ValueError for a hyper-parameter out of range, TypeError for one that is no number."""
        for name, (words, low, high) in {**_COMMON, **self._bounds}.items():
            if name in group:
                check_number(name, words, group[name], low, high)
        if "betas" in group:
            betas = group["betas"]
            if not isinstance(betas, (tuple, list)) or len(betas) != 2:
                raise ValueError(f"Invalid betas: {betas!r} (a pair of numbers in [0, 1))")
            for i, beta in enumerate(betas):
                check_number(f"betas[{i}]", f"beta parameter at index {i}", beta, 0.0, 1.0)
        for name in ("maximize", *self._flags):
            if name in group and not isinstance(group[name], (bool, np.bool_)):
                raise TypeError(f"{name} is True or False, not {group[name]!r}")

    # --- stepping -------------------------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set every gradient to 0, before the next ``backward()`` adds to them.

        Args:
            set_to_none: accepted for PyTorch's sake; gradients are numbers here and become 0 either way.
        """
        notify_tracer("calls zero_grad()")
        for blocks in self._blocks:
            for block in blocks:
                block.zero_grad()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters, in place, from their gradients.

        Args:
            closure: computes the loss and its gradients afresh (``zero_grad``, forward, ``backward``) and returns the
                loss; called first if given.

        Returns:
            What ``closure`` returned, else None.
        """
        notify_tracer("steps an optimiser")
        loss = None if closure is None else closure()
        with np.errstate(all="ignore"):  # IEEE arithmetic: a diverging run gives inf and nan, not a warning per step
            for group, blocks in zip(self.param_groups, self._blocks):
                maximize = group["maximize"]
                for block in blocks:
                    data, grad = block.read()
                    if grad is None:
                        continue
                    self._update(group, block.state, data, -grad if maximize else grad)
                    block.write(data)
        return loss

    def _update(self, group: dict[str, Any], state: dict[str, Any], data: Array, grad: Array) -> None:
        """Update ``data`` in place; keep what the next step needs in ``state``; leave ``grad`` as it is."""
        raise NotImplementedError(f"{type(self).__name__} doesn't say how an array is updated")

    # --- saving and loading ---------------------------------------------------------------------------------------

    @property
    def state(self) -> dict[Any, dict[str, Any]]:
        """The state by parameter. The arrays of a Parameter are the live ones; those of Values are numbers."""
        found: dict[Any, dict[str, Any]] = {}
        for group, blocks in zip(self.param_groups, self._blocks):
            for block in blocks:
                if block.state:
                    for index, entry in zip(block.indices, block.split()):
                        found[group["params"][index]] = entry
        return found

    def state_dict(self) -> dict[str, Any]:
        """Everything but the parameters, as copies: ``{"state": {index: {…}}, "param_groups": [{…}]}``.

        The form is PyTorch's: parameters are counted through all groups. ``ag.save`` takes it as it is.
        """
        state: dict[int, dict[str, Any]] = {}
        groups = []
        start = 0
        for group, blocks in zip(self.param_groups, self._blocks):
            for block in blocks:
                if block.state:
                    for i, entry in zip(block.indices, block.split()):
                        state[start + i] = {
                            key: e.copy() if isinstance(e, np.ndarray) else e for key, e in entry.items()
                        }
            count = len(group["params"])
            groups.append({**_copied(group), "params": list(range(start, start + count))})
            start += count
        return {"state": dict(sorted(state.items())), "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` (or PyTorch's) gave. All of it is checked before anything is changed.

        Args:
            state_dict: hyper-parameters and state for the same parameters in the same groups.

        Raises:
            StateError: if it doesn't fit: other groups, other shapes, unknown or missing state. Nothing has changed.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or set(state_dict) != {"state", "param_groups"}:
            raise StateError(f"{name}.load_state_dict takes a dict with 'state' and 'param_groups'")
        groups = self._checked_groups(state_dict["param_groups"])
        states = self._checked_states(state_dict["state"], groups)
        for group, fresh in zip(self.param_groups, groups):
            group.update(fresh)
        for block, state in states:
            block.state = state

    def _checked_groups(self, saved: Any) -> list[dict[str, Any]]:
        name = type(self).__name__
        if not isinstance(saved, (list, tuple)) or not all(isinstance(g, Mapping) and "params" in g for g in saved):
            raise StateError(f"{name}: 'param_groups' is not a list of dicts with 'params'")
        if len(saved) != len(self.param_groups):
            raise StateError(f"{name} has {len(self.param_groups)} parameter groups, the loaded state {len(saved)}")
        fresh = []
        start = 0
        for i, (group, other) in enumerate(zip(self.param_groups, saved)):
            count = len(group["params"])
            if not isinstance(other["params"], (list, tuple)) or len(other["params"]) != count:
                raise StateError(f"{name}: group {i} has {count} parameters, another number in the loaded state")
            if list(other["params"]) != list(range(start, start + count)):
                raise StateError(f"{name}: the parameters of group {i} are not numbered {start}…{start + count - 1}")
            start += count
            new = {key: entry for key, entry in _copied(other).items() if key != "param_names"}
            if not all(isinstance(key, str) for key in new):
                raise StateError(f"{name}: group {i} has a hyper-parameter whose name is no string")
            missing = [key for key in self.defaults if key not in new and key not in ("maximize", *self._flags)]
            if missing:
                raise StateError(
                    f"{name}: group {i} of the loaded state lacks {missing[0]!r}: is it another optimiser's?"
                )
            for key in new:  # JSON has no tuples
                if isinstance(self.defaults.get(key), tuple) and isinstance(new[key], list):
                    new[key] = tuple(new[key])
            try:
                if "initial_lr" in new and hasattr(new.get("lr"), "__float__"):
                    self._validate({**group, **new, "lr": 0.0})  # a schedule may have set any rate
                else:
                    self._validate({**group, **new})
            except (TypeError, ValueError) as error:
                raise StateError(f"{name}: group {i} of the loaded state: {error}") from error
            fresh.append(new)
        return fresh

    def _checked_states(self, saved: Any, groups: list[dict[str, Any]]) -> list[tuple[Block, dict[str, Any]]]:
        name = type(self).__name__
        total = sum(len(group["params"]) for group in self.param_groups)
        if not isinstance(saved, Mapping) or not all(isinstance(entry, Mapping) for entry in saved.values()):
            raise StateError(f"{name}: 'state' is not a dict of dicts")
        strange = [k for k in saved if not isinstance(k, int) or isinstance(k, bool) or not 0 <= k < total]
        if strange:
            raise StateError(f"{name} has {total} parameters; the loaded state is for {strange[0]!r}")
        found = []
        start = 0
        for group, blocks, fresh in zip(self.param_groups, self._blocks, groups):
            for block in blocks:
                entries = [saved.get(start + i, {}) for i in block.indices]
                label = f"{name}: the state of parameter {start + block.indices[0]}"
                found.append((block, self._checked_state(entries, block, {**group, **fresh}, label)))
            start += len(group["params"])
        return found

    def _required(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        """The state that a stepped parameter of this group must have."""
        return self._state_required

    def _state_shape(self, key: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one of the state's arrays, for a parameter of this shape."""
        return shape

    def _checked_state(
        self, entries: list[Mapping[str, Any]], block: Block, group: Mapping[str, Any], label: str
    ) -> dict[str, Any]:
        """The state of one block from the state of its parameters."""
        entries = [{key: e for key, e in entry.items() if e is not None} for entry in entries]
        names = set(entries[0])
        if any(set(entry) != names for entry in entries):
            raise StateError(f"{label} and of the Values beside it have different entries")
        if names - set(self._state_names):
            raise StateError(f"{label} has an entry {min(names - set(self._state_names), key=str)!r} it can't use")
        if names and set(self._required(group)) - names:
            raise StateError(f"{label} lacks {min(set(self._required(group)) - names)!r}")
        state: dict[str, Any] = {}
        for key in entries[0]:
            values = [_as_array(entry[key], f"{label}: {key!r}") for entry in entries]
            if key == "step":
                counts = {float(a) if a.ndim == 0 else math.nan for a in values}
                if len(counts) != 1 or not (0 <= min(counts) < 2**53) or min(counts) != int(min(counts)):
                    raise StateError(f"{label}: 'step' is not one count")
                state[key] = int(min(counts))
                continue
            if key in self._state_numbers:
                if len({a.shape for a in values}) != 1 or len({float(a) for a in values if a.ndim == 0}) != 1:
                    raise StateError(f"{label}: {key!r} is not one number")
                state[key] = float(values[0])
                continue
            for array, shape in zip(values, block.shapes()):
                if array.shape != self._state_shape(key, shape):
                    raise StateError(f"{label}: {key!r} has shape {array.shape}, the parameter {shape}")
            state[key] = block.join(values)
        return state

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key not in ("params", "param_names")]
        return "\n".join([*lines, ")"])


def check_number(name: str, words: str, number: Any, low: float, high: float) -> None:
    """Raise ValueError for a hyper-parameter outside [low, high), TypeError for one that is no number."""
    if isinstance(number, (bool, str, bytes)) or not hasattr(number, "__float__"):
        raise TypeError(f"Invalid {words}: {number!r} ({name} is a number)")
    if not low <= float(number) < high and not (high == math.inf and float(number) == high and name != "lr"):
        bound = f"{low:g} ≤ {name}" + (f" < {high:g}" if high < math.inf else "")
        raise ValueError(f"Invalid {words}: {number} (it must be finite and {bound})")


def _copied(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group without its parameters; lists are copied, so that nothing is shared."""
    return {key: list(e) if isinstance(e, list) else e for key, e in group.items() if key != "params"}


def _as_array(thing: Any, label: str) -> Array:
    """A float64 copy of an array of real numbers."""
    try:
        found = np.asarray(thing)
        if found.dtype.kind not in "fiu":
            raise TypeError(f"it holds {found.dtype}")
        return np.array(found, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise StateError(f"{label} is not an array of real numbers ({error})") from error
