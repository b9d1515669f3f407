"""Names that PyTorch's users try on modules, parameters and this package, and that are not here: what is instead."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["LAYERS", "MODULES", "PARAMETERS", "hint", "present", "refuse"]

_DEVICE = (
    "numbers are Python's float64 on one processor; ag.compile(f).source(backend='torch') is a program for tensors"
)
_HOOK = "a Value has hooks (v.register_hook), and forward is a method that a subclass writes"

#: of a module
MODULES = {
    "to": _DEVICE,
    "cpu": _DEVICE,
    "cuda": _DEVICE,
    "double": _DEVICE,
    "float": _DEVICE,
    "half": _DEVICE,
    "register_forward_hook": _HOOK,
    "register_forward_pre_hook": _HOOK,
    "register_full_backward_hook": _HOOK,
    "register_parameter": "assign an nn.Parameter to an attribute",
    "add_module": "assign the module to an attribute, or setattr(model, name, module)",
    "register_module": "assign the module to an attribute, or setattr(model, name, module)",
    "requires_grad_": "give the optimiser only the parameters that shall be trained",
}
#: of a parameter
PARAMETERS = {
    "to": _DEVICE,
    "cpu": _DEVICE,
    "cuda": _DEVICE,
    "requires_grad_": "give the optimiser only the parameters that shall be trained",
    "numpy": "p.data is a NumPy array",
    "tolist": "p.data.tolist() are the numbers, list(p) the scalars",
    "clone": "p.data.clone() is a copy of the numbers",
    "norm": "p.data.norm() is a number, (p**2).sum() ** 0.5 has a gradient",
    "view": "p.reshape",
    **{name: f"ag.{name}(p)" for name in ("max", "min", "prod", "median")},
    **{name: f"ag.{name}(p.values())" for name in ("std", "var", "softmax")},
    "fill_": "p.data.fill_, or nn.init.constant_(p, …)",
    "zero_": "p.data.zero_(), or nn.init.zeros_(p)",
    "normal_": "p.data.normal_(), or nn.init.normal_(p)",
    "uniform_": "p.data.uniform_(), or nn.init.uniform_(p)",
    "copy_": "p.data.copy_(numbers), or p.data = numbers",
    **{
        name: f"p.data.{name}, or within ag.no_grad() p {operator} …"
        for name, operator in {"add_": "+=", "sub_": "-=", "mul_": "*=", "div_": "/="}.items()
    },
    "t": "p.T",
}
_LARGE = "scalars are not for it, take PyTorch; layers here are Linear, Embedding, the norms and the activations"
_STEPS = "a cell is a few lines of Linear, tanh and sigmoid, and its steps a loop"
#: of ``nn``
LAYERS = {
    **dict.fromkeys(
        [f"{kind}{axes}d" for kind in ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "Dropout") for axes in (1, 2, 3)],
        _LARGE,
    ),
    **dict.fromkeys(["AdaptiveAvgPool2d", "BatchNorm2d", "BatchNorm3d", "Upsample", "PixelShuffle"], _LARGE),
    "Unflatten": "outputs are NumPy's arrays: out.reshape(…)",
    "Bilinear": "its sum of products is a line of a forward of one's own: x1 @ weight @ x2",
    **dict.fromkeys(["Transformer", "TransformerEncoder", "TransformerEncoderLayer", "MultiheadAttention"], _LARGE),
    **dict.fromkeys(["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"], _STEPS),
    "DataParallel": "docs/many-machines.md: a training step on several processes",
}


class _Absent:
    """An attribute that is not there, until somebody assigns it: reading it says what is instead."""

    def __init__(self, name: str, instead: str) -> None:
        self.name, self.instead = name, instead

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(hint(f"{owner.__name__}.{self.name}", self.instead))


def hint(name: str, instead: str) -> str:
    """The text of an error."""
    return f"{name} is PyTorch's and not here: {instead}"


def refuse(owner: type, instead: dict[str, str]) -> None:
    """Make a class say what is instead of each name that it has not."""
    for name, text in instead.items():
        if not hasattr(owner, name):
            setattr(owner, name, _Absent(name, text))


def present(instance: Any, instead: dict[str, str]) -> list[str]:
    """``dir`` of an instance, without the names that only say what is instead."""
    return [name for name in object.__dir__(instance) if name not in instead or hasattr(instance, name)]


def no_module(thing: object) -> str:
    """What stands where a module should, and what to write."""
    if isinstance(thing, type):
        return f"the class {thing.__name__}: write {thing.__name__}()"
    if isinstance(thing, (list, tuple)):
        return f"a {type(thing).__name__}: write a star before it, *{type(thing).__name__}"
    if callable(thing):
        return "a function: activations are modules too (nn.ReLU()), and any other goes into a module's forward"
    return f"of type {type(thing).__name__}"
