"""``Module``: what owns parameters and maps inputs to outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any, NamedTuple, Self, TypeVar

from ..errors import StateError
from .habits import MODULES, present, refuse
from .parameter import Parameter, as_numbers

__all__ = ["LoadResult", "Module", "Parameters", "StateError", "positive"]

P = TypeVar("P")


def positive(where: str, **counts: Any) -> None:
    """ValueError for a number of things that is not a positive int, by the name of the argument."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
            raise ValueError(f"{where}: {name} is a positive int, not {count!r}")


class LoadResult(NamedTuple):
    """What ``load_state_dict(strict=False)`` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Parameters(list[P]):
    """A list of parameters that ``next`` takes too: ``len(model.parameters())`` and ``next(model.parameters())``."""

    def __next__(self) -> P:
        rest: Iterator[P] = self.__dict__.setdefault("_rest", iter(self))
        return next(rest)


class Module:
    """A function with parameters. Subclass it, assign ``Parameter``s and modules, and write ``forward``.

    Parameters and modules are found among the attributes, and in lists, tuples and dicts that are public attributes; no
    registration and no ``super().__init__()`` is needed.

    Attributes:
        training: True until ``eval()``; what Dropout asks.

    Raises:
        TypeError: for an attribute that would take a Parameter out of the model.

    >>> from autograd_lite import nn
    >>> class Scaled(nn.Module):
    ...     def __init__(self):
    ...         self.scale = nn.Parameter([1.0, 2.0])
    ...         self.inner = nn.Linear(2, 3)
    ...     def forward(self, x):
    ...         return self.inner(x * self.scale)
    >>> [(name, p.shape) for name, p in Scaled().named_parameters()]
    [('scale', (2,)), ('inner.weight', (3, 2)), ('inner.bias', (3,))]
    >>> Scaled()([1.0, 1.0]).shape
    (3,)
    """

    training: bool = True

    def forward(self, *args: Any, **named: Any) -> Any:
        """The function; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: write def forward(self, x)")

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        return self.forward(*args, **named)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            value.label = value.label or name
        elif value is not None and isinstance(self.__dict__.get(name), Parameter):
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter, and {type(value).__name__} would take it out of the "
                f"model: write its numbers, {name}.data = …, or assign an nn.Parameter"
            )
        object.__setattr__(self, name, value)

    # --- what a module is made of ----------------------------------------------------------------------------------

    def _members(self, kind: type) -> Iterable[tuple[str, Any]]:
        """The attributes that are of a kind, by name; those in lists, tuples and dicts too unless they are private."""
        found: list[tuple[str, Any]] = []
        for name, value in vars(self).items():
            if isinstance(value, kind):
                found.append((name, value))
            elif isinstance(value, (list, tuple, dict)) and not name.startswith("_"):
                items = value.items() if isinstance(value, dict) else enumerate(value)
                found.extend([(f"{name}.{key}", item) for key, item in items if isinstance(item, kind)])
        return found

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within, with their names."""
        return iter(self._members(Module))

    def children(self) -> Iterator[Module]:
        """The modules directly within."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all within, each once, with dotted names; this one's is "" (or ``prefix``)."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            within = [(f"{name}.{child}" if name else child, item) for child, item in module.named_children()]
            stack.extend(reversed(within))

    def modules(self) -> Iterator[Module]:
        """This module and all within, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names ("0.weight"), each once: shared ones under their first name.

        Args:
            prefix: the name of this module itself.
            recurse: whether those of modules within are among them.
        """
        seen: set[int] = set()
        for name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for own, parameter in module._members(Parameter):
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield (f"{name}.{own}" if name else own), parameter

    def parameters(self, recurse: bool = True) -> Parameters[Parameter]:
        """The parameters, each once: what optimisers take; with ``recurse=False`` this module's own only."""
        return Parameters(parameter for _, parameter in self.named_parameters(recurse=recurse))

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` on every module within, in order, then on this one; returns this module.

        >>> from autograd_lite import nn
        >>> def init(layer):
        ...     if isinstance(layer, nn.Linear):
        ...         layer.bias.data.fill_(0.0)
        >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU()).apply(init)[0].bias.data.tolist()
        [0.0, 0.0, 0.0]
        """
        for module in list(self._inside_out()):
            fn(module)
        return self

    def _inside_out(self) -> Iterator[Module]:
        """The modules within, each after those within it, then this one; each once."""
        seen = {id(self)}
        stack = [(self, self.children())]
        while stack:
            module, rest = stack[-1]
            child = next((child for child in rest if id(child) not in seen), None)
            if child is None:
                stack.pop()
                yield module
            else:
                seen.add(id(child))
                stack.append((child, child.children()))

    # --- buffers: numbers that are saved and not trained -------------------------------------------------------------

    def register_buffer(self, name: str, numbers: Any) -> None:
        """Make an attribute of numbers that ``state_dict`` has and no optimiser steps.

        Args:
            name: of the attribute.
            numbers: an array, or what becomes one (float64).

        Raises:
            ValueError: for what is no name, or that of a parameter or a module.

        >>> from autograd_lite import nn
        >>> layer = nn.Identity(); layer.register_buffer("seen", [0.0, 0.0])
        >>> layer.state_dict()
        {'seen': array([0., 0.])}
        """
        if not name.isidentifier() or isinstance(self.__dict__.get(name), (Parameter, Module)):
            raise ValueError(f"{type(self).__name__} can't have a buffer named {name!r}")
        setattr(self, name, as_numbers(numbers, name).copy())
        names: list[str] = self.__dict__.setdefault("_buffers", [])
        if name not in names:
            names.append(name)

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """The buffers of this module and all within, with dotted names; this one's is ``prefix``."""
        for name, module in self.named_modules(prefix):
            for own in module.__dict__.get("_buffers", ()):
                yield (f"{name}.{own}" if name else own), getattr(module, own)

    def buffers(self) -> Iterator[Any]:
        """The buffers of this module and all within."""
        return (numbers for _, numbers in self.named_buffers())

    # --- state ----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode (what Dropout asks) in every module; returns this module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode in every module; returns this module."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to 0 (never None here, whatever ``set_to_none`` says)."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all parameters and buffers, by name: copies, as float64 arrays.

        >>> from autograd_lite import nn
        >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        return {name: slot.data.clone() for name, slot in self._state().items()}

    def _state(self) -> dict[str, Parameter | _Slot]:
        """Every parameter and buffer under every name it has; a module that is used twice gives its own two names."""
        state: dict[str, Parameter | _Slot] = {}
        stack: list[tuple[str, Module, tuple[int, ...]]] = [("", self, ())]
        while stack:
            name, module, around = stack.pop()
            if id(module) in around:  # it refers back to a module that it is in
                continue
            for own, parameter in module._members(Parameter):
                state[f"{name}.{own}" if name else own] = parameter
            for own in module.__dict__.get("_buffers", ()):
                state[f"{name}.{own}" if name else own] = _Slot(module, own)
            within = [
                (f"{name}.{child}" if name else child, item, (*around, id(module)))
                for child, item in module.named_children()
            ]
            stack.extend(reversed(within))
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Copy the numbers of a ``state_dict`` into the parameters.

        Args:
            state_dict: arrays by name.
            strict: insist on the same names; otherwise take what fits.

        Returns:
            The names that were missing and those that were not expected.

        Raises:
            StateError: for other names or shapes, or what is not numbers; nothing has been changed then.
        """
        own = self._state()
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        problems = []
        if strict and missing:
            problems.append(f"missing: {', '.join(missing)}")
        if strict and unexpected:
            problems.append(f"not in the model: {', '.join(unexpected)}")
        arrays: dict[str, Any] = {}
        for name, parameter in own.items():
            if name in state_dict:
                arrays[name], problem = _fitting(name, state_dict[name], parameter)
                problems.extend(problem)
        if problems:
            raise StateError(f"the state dict doesn't fit {type(self).__name__}: {'; '.join(problems)}")
        for name, array in arrays.items():
            own[name].data = array
        return LoadResult(missing, unexpected)

    def __dir__(self) -> list[str]:
        return present(self, MODULES)

    # --- text -----------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr; a subclass may write it."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self.named_children()]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        body = "\n  ".join([extra, *lines] if extra else lines)
        return f"{type(self).__name__}(\n  {body}\n)"


refuse(Module, MODULES)


class _Slot:
    """A buffer as a state dict sees it: numbers that can be read and replaced."""

    def __init__(self, module: Module, name: str) -> None:
        self._module, self._name = module, name

    @property
    def data(self) -> Any:
        from .buffer import Buffer

        return as_numbers(getattr(self._module, self._name), self._name).view(Buffer)

    @data.setter
    def data(self, numbers: Any) -> None:
        setattr(self._module, self._name, as_numbers(numbers, self._name).copy())

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = as_numbers(getattr(self._module, self._name), self._name).shape
        return shape


def _fitting(name: str, numbers: Any, parameter: Parameter | _Slot) -> tuple[Any, list[str]]:
    """The numbers as an array, and what is wrong with them."""
    try:
        array = as_numbers(numbers, name).copy()  # it may be a view of another parameter of this model
    except (TypeError, ValueError, OverflowError) as error:
        return None, [f"{name} is not an array of numbers ({error})"]
    if array.shape != parameter.shape:
        return None, [f"{name} has shape {array.shape}, and the model's {parameter.shape}"]
    return array, []
