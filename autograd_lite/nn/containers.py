"""Containers: modules in a row, in a list, by name; parameters in a list."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, Generic, overload

from .habits import MODULES, hint, no_module
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVar  # with a default, so that ``nn.Sequential`` alone is a type

    Out = TypeVar("Out", default=Any)
else:
    from typing import TypeVar

    Out = TypeVar("Out")

__all__ = ["ModuleDict", "ModuleList", "ParameterList", "Sequential"]


class Sequential(Module, Generic[Out]):
    """Modules one after the other: each gets what the one before returned.

    Args:
        modules: the modules, or one dict of them by name.

    Raises:
        TypeError: for what is no module.

    >>> from autograd_lite import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    if TYPE_CHECKING:  # a call gives what the last module gives

        def __call__(self, input: Any) -> Out: ...

    @overload
    def __init__(self, modules: Mapping[str, Module], /) -> None: ...
    @overload
    def __init__(self, *modules: *tuple[*tuple[Module, ...], Callable[[Any], Out]]) -> None: ...
    @overload
    def __init__(self, *modules: Module) -> None: ...
    def __init__(self, *modules: Any) -> None:  # type: ignore[misc]
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = dict(modules[0])
        else:
            named = {str(i): module for i, module in enumerate(modules)}
        for name, module in named.items():
            if not isinstance(module, Module):
                raise TypeError(f"Sequential takes modules, and argument {name} is {no_module(module)}")
        self._layers: dict[str, Module] = named

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules in order, with their names ("0", "1" …); then a subclass's own."""
        yield from self._layers.items()
        yield from super().named_children()

    def forward(self, input: Any) -> Any:
        """``input`` through all modules."""
        for module in self._layers.values():
            input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns the Sequential."""
        if not isinstance(module, Module):
            raise TypeError(f"Sequential takes modules, not {no_module(module)}")
        self._layers[str(len(self._layers))] = module
        return self

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._layers.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(dict(list(self._layers.items())[index]))
        return list(self._layers.values())[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self._layers[list(self._layers)[index]] = module

    def __getattr__(self, name: str) -> Any:
        layers = self.__dict__.get("_layers", {})
        if name in layers:
            return layers[name]
        mine = type(self).__name__
        raise AttributeError(
            hint(f"{mine}.{name}", MODULES[name]) if name in MODULES else f"{mine} has no attribute {name!r}"
        )


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


class ModuleDict(Module):
    """Modules by name, for a ``forward`` of one's own. (A plain dict of modules as an attribute does as well.)

    Args:
        modules: a dict, or pairs of name and module.

    Raises:
        TypeError: for a name with a dot, or what is no module.

    >>> from autograd_lite import nn
    >>> heads = nn.ModuleDict({"mean": nn.Linear(2, 1), "scale": nn.Linear(2, 1)})
    >>> "mean" in heads, [name for name, _ in heads.named_parameters()]
    (True, ['mean.weight', 'mean.bias', 'scale.weight', 'scale.bias'])
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self._layers: dict[str, Module] = {}
        self.update(modules)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        yield from self._layers.items()
        yield from super().named_children()

    def forward(self, *args: Any, **named: Any) -> Any:
        """A dict is no function."""
        raise NotImplementedError("a ModuleDict is called module by module: modules[name](x)")

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or replace those of the same names."""
        for name, module in dict(modules).items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        return self._layers[name]

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise TypeError(f"ModuleDict takes names without dots, not {name!r}")
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict takes modules, and {name} is {no_module(module)}")
        self._layers[name] = module

    def __delitem__(self, name: str) -> None:
        del self._layers[name]

    def __contains__(self, name: object) -> bool:
        return name in self._layers

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._layers.keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._layers.values()

    def items(self) -> ItemsView[str, Module]:
        """Pairs of name and module."""
        return self._layers.items()


class ParameterList(Module):
    """Parameters in a list. (A plain list of Parameters as an attribute does as well.)

    Args:
        parameters: Parameters, or arrays of numbers, which become some.

    >>> from autograd_lite import nn
    >>> powers = nn.ParameterList([[1.0], [2.0, 3.0]])
    >>> len(powers), [name for name, _ in powers.named_parameters()]
    (2, ['0', '1'])
    """

    def __init__(self, parameters: Iterable[Any] = ()) -> None:
        self._list: list[Parameter] = []
        self.extend(parameters)

    def _members(self, kind: type) -> Iterator[tuple[str, Any]]:
        yield from ((str(i), item) for i, item in enumerate(self._list) if isinstance(item, kind))
        yield from super()._members(kind)

    def forward(self, *args: Any, **named: Any) -> Any:
        """A list is no function."""
        raise NotImplementedError("a ParameterList holds parameters: use them in a forward of your own")

    def append(self, parameter: Any) -> ParameterList:
        """Add a parameter at the end; returns the list."""
        self._list.append(parameter if isinstance(parameter, Parameter) else Parameter(parameter))
        return self

    def extend(self, parameters: Iterable[Any]) -> ParameterList:
        """Add parameters at the end; returns the list."""
        for parameter in parameters:
            self.append(parameter)
        return self

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._list)

    @overload
    def __getitem__(self, index: int) -> Parameter: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        return ParameterList(self._list[index]) if isinstance(index, slice) else self._list[index]

    def __setitem__(self, index: int, parameter: Any) -> None:
        self._list[index] = parameter if isinstance(parameter, Parameter) else Parameter(parameter)
