"""``Module``: what owns parameters and maps inputs to outputs; ``Sequential`` and ``ModuleList``: modules in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import StateError
from .parameter import Parameter, as_numbers

__all__ = ["LoadResult", "Module", "ModuleList", "Parameters", "Sequential", "StateError"]


class LoadResult(NamedTuple):
    """What ``load_state_dict(strict=False)`` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Parameters(list[Any]):
    """A list of parameters that ``next`` takes too: ``len(model.parameters())`` and ``next(model.parameters())``."""

    def __next__(self) -> Any:
        rest = self.__dict__.setdefault("_rest", iter(self))
        return next(rest)


class Module:
    """A function with parameters. Subclass it, assign ``Parameter``s and modules, and write ``forward``.

    Parameters and modules are found among the attributes, and in lists, tuples and dicts that are public attributes; no
    registration and no ``super().__init__()`` is needed.

    Attributes:
        training: True until ``eval()``; what Dropout asks.

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

    def __call__(self, *args: Any, **named: Any) -> Any:
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

    def _members(self, kind: type) -> Iterator[tuple[str, Any]]:
        """The attributes that are of a kind, by name; those in lists, tuples and dicts too unless they are private."""
        for name, value in vars(self).items():
            if isinstance(value, kind):
                yield name, value
            elif name.startswith("_"):
                continue
            elif isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", item) for i, item in enumerate(value) if isinstance(item, kind))
            elif isinstance(value, dict):
                yield from ((f"{name}.{key}", item) for key, item in value.items() if isinstance(item, kind))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within, with their names."""
        yield from self._members(Module)

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
        """The parameters with dotted names ("0.weight"), each once: shared ones under their first name."""
        seen: set[int] = set()
        for name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for own, parameter in module._members(Parameter):
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield (f"{name}.{own}" if name else own), parameter

    def parameters(self, recurse: bool = True) -> Parameters:
        """The parameters, each once: what optimisers take."""
        return Parameters(parameter for _, parameter in self.named_parameters(recurse=recurse))

    def apply(self, fn: Callable[[Module], Any]) -> Any:
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

    # --- state ----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Any:
        """Set training mode (what Dropout asks) in every module; returns this module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Any:
        """Set evaluation mode in every module; returns this module."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to 0 (never None here, whatever ``set_to_none`` says)."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all parameters, by name: copies, as float64 arrays.

        >>> from autograd_lite import nn
        >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        return {name: parameter.data.clone() for name, parameter in self._state().items()}

    def _state(self) -> dict[str, Parameter]:
        """Every parameter under every name it has; a module that is used twice gives its parameters two names."""
        state: dict[str, Parameter] = {}
        stack: list[tuple[str, Module, tuple[int, ...]]] = [("", self, ())]
        while stack:
            name, module, around = stack.pop()
            if id(module) in around:  # it refers back to a module that it is in
                continue
            for own, parameter in module._members(Parameter):
                state[f"{name}.{own}" if name else own] = parameter
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


def _fitting(name: str, numbers: Any, parameter: Parameter) -> tuple[Any, list[str]]:
    """The numbers as an array, and what is wrong with them."""
    try:
        array = as_numbers(numbers, name).copy()  # it may be a view of another parameter of this model
    except (TypeError, ValueError, OverflowError) as error:
        return None, [f"{name} is not an array of numbers ({error})"]
    if array.shape != parameter.shape:
        return None, [f"{name} has shape {array.shape}, and the model's {parameter.shape}"]
    return array, []


class Sequential(Module):
    """Modules one after the other: each gets what the one before returned.

    Args:
        modules: the modules, or one dict of them by name.

    >>> from autograd_lite import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = dict(modules[0])
        else:
            named = {str(i): module for i, module in enumerate(modules)}
        for name, module in named.items():
            if not isinstance(module, Module):
                raise TypeError(f"Sequential takes modules, and argument {name} is a {type(module).__name__}")
        self._layers: dict[str, Module] = named

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules in order, with their names ("0", "1" …); then a subclass's own."""
        yield from self._layers.items()
        yield from super().named_children()

    def forward(self, x: Any) -> Any:
        """``x`` through all modules."""
        for module in self._layers.values():
            x = module(x)
        return x

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns the Sequential."""
        if not isinstance(module, Module):
            raise TypeError(f"Sequential takes modules, not {type(module).__name__}")
        self._layers[str(len(self._layers))] = module
        return self

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._layers.values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Sequential(dict(list(self._layers.items())[index]))
        return list(self._layers.values())[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self._layers[list(self._layers)[index]] = module

    def __getattr__(self, name: str) -> Any:
        layers = self.__dict__.get("_layers", {})
        if name in layers:
            return layers[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


class ModuleList(Sequential):
    """Modules in a list, for a ``forward`` of one's own. (A plain list of modules as an attribute does as well.)

    Args:
        modules: the modules.

    >>> from autograd_lite import nn
    >>> layers = nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 1)])
    >>> len(layers), [name for name, _ in layers.named_parameters()]
    (2, ['0.weight', '0.bias', '1.weight', '1.bias'])
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__(*modules)

    def forward(self, *args: Any, **named: Any) -> Any:
        """A list is no function."""
        raise NotImplementedError("a ModuleList is called module by module, or use nn.Sequential")

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end; returns the list."""
        for module in modules:
            self.append(module)
        return self
