"""Names for statements: the user's labels, the chapter's f and h, and what is left."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence

from ...primitives import activations, logistic
from .array_program import ArrayProgram, Builder, Statement
from .scalar_program import Leaf

__all__ = ["VIEWS", "Adjoint", "all_names", "identifier", "leaf_names", "name_forward", "through", "weights_of"]

#: what generated sources call by its own name
_RESERVED = {
    "np", "jnp", "torch", "jax", "drjit", "Float64", "float", "range", "map", "slice", "tuple", "cumprod", "logsumexp",
    "on_tensors", "HELPERS", "TABLE",
}  # fmt: skip
VIEWS = ("reshape", "transpose", "index", "broadcast")
_ACTIVATIONS = {*activations.__all__, *logistic.__all__, "tanh", "sin", "exp", "cos", "sigmoid"}


class Adjoint(str):
    """The name of a derivative: ``dx``, which is that of ``of``, as long as it is not made a plain text."""

    __slots__ = ("of",)

    def __new__(cls, of: str) -> Adjoint:
        made = super().__new__(cls, f"d{of}")
        made.of = of
        return made

    of: str


def identifier(label: str) -> str:
    """A label as a Python identifier: "weight[3, 1]" is weight_3_1, "f₀" is f0 (Python itself reads names in NFKC)."""
    plain = unicodedata.normalize("NFKC", label)
    text = re.sub("_+", "_", "".join(c if ("a" + c).isidentifier() else "_" for c in plain)).strip("_")
    if not text.isidentifier():
        text = "v" + text
    return text + "_" if keyword.iskeyword(text) or text in _RESERVED else text


def leaf_names(leaves: Sequence[Leaf]) -> list[str]:
    """What the source calls the leaves: labels where they are told apart by them; W0, b0, W1 … else, as the chapter."""
    wanted = [identifier(leaf.name) if leaf.name else "" for leaf in leaves]
    arrays = {name for leaf, name in zip(leaves, wanted) if leaf.shape and name}
    taken: set[str] = set()
    matrices = vectors = 0
    result = []
    for leaf, name in zip(leaves, wanted):
        if leaf.kind == "parameter":
            number = matrices if len(leaf.shape) > 1 else max(vectors, matrices - 1)  # a layer may have no bias
            matrices += len(leaf.shape) > 1
            vectors = number + 1 if len(leaf.shape) == 1 else vectors
            if not name or wanted.count(name) > 1 or name in ("weight", "bias"):
                name = f"W{number}" if len(leaf.shape) > 1 else f"b{number}" if leaf.shape else "p"
        name = _free(name or "v", taken, arrays, bool(leaf.shape))
        taken.add(name)
        arrays |= {name} if leaf.shape else set()
        result.append(name)
    return result


def _free(wanted: str, taken: set[str], arrays: set[str], many: bool) -> str:
    """A name that no other leaf has, nor a number of one: x_0 is what the first number of x is called."""

    def clashes(name: str) -> bool:
        whole = re.fullmatch(r"(.+)_\d+", name)
        numbers = many and any(re.fullmatch(re.escape(name) + r"_\d+", other) for other in taken)
        return name in taken or numbers or (whole is not None and whole[1] in arrays)

    name, k = wanted, 1
    while clashes(name):
        if k == 1 and (wanted in arrays or re.fullmatch(r".+_\d+", name)):
            wanted, name = f"{wanted}_", f"{wanted}_"
        else:
            name, k = f"{wanted}_{k}", k + 1
    return name


def name_forward(builder: Builder, names: dict[int, str], taken: set[str]) -> None:
    """Name the statements so far as the chapter does: f0 for a first layer's sums, h1 for their activation, then f1."""
    statements = builder.statements
    count = 0
    for i, statement in enumerate(statements):
        if statement.op == "leaf" or i in names or statement.op in VIEWS or statement.op == "constant":
            continue
        products = [a for a in statement.args if statements[a].op == "matmul"]
        layers = [w for a in products for b in statements[a].args if (w := weights_of(statements, b)) >= 0]
        constants = [a for a in statement.args[1:] if statements[a].op != "constant"]
        if statement.op == "matmul":  # a layer without a bias
            own = [_layer(statements, a, names) for a in statement.args]
            if max(own) >= 0:
                names[i] = f"f{max(own)}"
        elif statement.name == "add" and layers:
            taken -= {names.pop(a, "") for a in products}
            number = _layer(statements, layers[0], names)
            names[i] = f"f{number if number >= 0 and f'f{number}' not in taken else count}"
            count = max(count, number) + 1
        elif statement.args and not constants and statement.name in _ACTIVATIONS:
            found = re.fullmatch(r"f(\d+)", names.get(statement.args[0], ""))
            if found is not None:
                names[i] = f"h{int(found[1]) + 1}"
        if names.get(i) in taken:
            del names[i]
        if i in names:
            taken.add(names[i])


def _layer(statements: Sequence[Statement], i: int, names: dict[int, str]) -> int:
    """The number of the layer whose weights a statement is: 3 of W3; -1 if it is none."""
    found = re.fullmatch(r"W(\d+)", names.get(weights_of(statements, i), ""))
    return int(found[1]) if found is not None else -1


def through(statements: Sequence[Statement], i: int, ops: Sequence[str]) -> int:
    """What a statement is made of by these operations of one operand, and no others."""
    while statements[i].op in ops:
        i = statements[i].args[0]
    return i


def weights_of(statements: Sequence[Statement], i: int) -> int:
    """The leaf of two axes that a statement is a view of, as of weights; -1 if it is none."""
    i = through(statements, i, VIEWS)
    return i if statements[i].op == "leaf" and len(statements[i].shape) > 1 else -1


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
