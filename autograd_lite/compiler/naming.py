"""Names for statements: the user's labels, the chapter's f and h, and what is left."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence

from ..primitives import activations
from .program import Leaf
from .statements import ArrayProgram, Builder

__all__ = ["VIEWS", "all_names", "identifier", "leaf_names", "name_forward"]

#: what generated sources call by its own name
_RESERVED = {
    "np", "jnp", "torch", "jax", "drjit", "Float64", "float", "range", "map", "slice", "tuple", "cumprod", "logsumexp",
    "on_tensors", "HELPERS", "TABLE",
}  # fmt: skip
VIEWS = ("reshape", "transpose", "index", "broadcast")
_ACTIVATIONS = {*activations.__all__, "tanh", "sin", "exp", "cos", "sigmoid"}


def identifier(label: str) -> str:
    """A label as a Python identifier: "weight[3, 1]" is weight_3_1, "f₀" is f0 (Python itself reads names in NFKC)."""
    plain = unicodedata.normalize("NFKC", label)
    text = re.sub("_+", "_", "".join(c if ("a" + c).isidentifier() else "_" for c in plain)).strip("_")
    if not text.isidentifier():
        text = "v" + text
    return text + "_" if keyword.iskeyword(text) or text in _RESERVED else text


def leaf_names(leaves: Sequence[Leaf]) -> list[str]:
    """What the source calls the leaves: labels where they are told apart by them; W1, b1, W2 … else."""
    wanted = [identifier(leaf.name) if leaf.name else "" for leaf in leaves]
    taken: set[str] = set()
    arrays = {name for leaf, name in zip(leaves, wanted) if leaf.shape and name}
    matrices = vectors = 0
    result = []
    for leaf, name in zip(leaves, wanted):
        if leaf.kind == "parameter":
            matrices += len(leaf.shape) > 1
            vectors += len(leaf.shape) == 1
            if not name or wanted.count(name) > 1 or name in ("weight", "bias"):
                name = f"W{matrices}" if len(leaf.shape) > 1 else f"b{vectors}" if leaf.shape else "p"
        found = re.fullmatch(r"(.+)_\d+", name)
        if found is not None and found[1] in arrays:  # x_0 is what the first number of x is called
            name += "_"
        base, k = name or "v", 1
        while name in taken or not name:
            name, k = f"{base}_{k}", k + 1
        taken.add(name)
        result.append(name)
    return result


def name_forward(builder: Builder, names: dict[int, str], taken: set[str]) -> None:
    """Name the statements so far: f1 for the first matrix product with its bias, h1 for its activation, and so on."""
    count = 0
    for i, statement in enumerate(builder.statements):
        if statement.op == "leaf" or i in names or statement.op in VIEWS or statement.op == "constant":
            continue
        below = [builder.statements[a] for a in statement.args]
        if statement.name == "add" and any(s.op == "matmul" for s in below):
            count += 1
            names[i] = f"f{count}"
            for a in statement.args:
                if builder.statements[a].op == "matmul":
                    names.pop(a, None)
        elif len(below) == 1 and statement.name in _ACTIVATIONS and names.get(statement.args[0], "").startswith("f"):
            names[i] = "h" + names[statement.args[0]][1:]
        if names.get(i) in taken:
            del names[i]
        if i in names:
            taken.add(names[i])


def all_names(program: ArrayProgram, leaves: Sequence[str], elsewhere: Iterable[str] = ()) -> list[str]:
    """A name of its own for every statement, none of them used ``elsewhere``."""
    result: list[str] = []
    taken = {*leaves, *elsewhere}
    count = 0
    for i, statement in enumerate(program.statements):
        if statement.op == "leaf":
            result.append(leaves[statement.attrs])
            continue
        name = identifier(program.names[i]) if i in program.names else ""
        base, k = name, 1
        while name and name in taken:
            k += 1
            name = f"{base}_{k}"
        while not name or name in taken:
            count += 1
            name = f"t{count}"
        taken.add(name)
        result.append(name)
    return result
