"""One printer: the statements of a program as a function, whatever the target's words."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

from ...primitives.primitive import Primitive
from ..ir.array_program import ArrayProgram
from ..ir.naming import all_names, leaf_names
from . import composed
from .functions import called_by
from .loops import Loops
from .target import SourceTarget, refusal
from .ways import Ways

__all__ = ["Printer"]


class Printer(SourceTarget):
    """A target in whose words statements are written one by one.

    Attributes:
        header: the lines that import the library.
        words: templates over ``{0}``, ``{1}`` … by op.
        functions: those that a source defines where it calls them, as text by name.
        parts: ops that its words are made of besides those of a program.
        truth: how the library says that a comparison holds of all numbers; ``{}`` if its comparisons are Python's.
        array: what makes an array of a list.
    """

    header: str
    words: Mapping[str, str]
    functions: dict[str, str]
    parts: Sequence[Primitive] = ()
    truth = "{}"
    array = "np.array"

    def own(self, prim: Primitive) -> str:
        """The library's own template for an op; empty where it has none."""
        return self.words.get(prim.name, "")

    def word(self, prim: Primitive) -> str:
        """The template of an op: the library's, or a call of the source's own function; NotImplementedError if none."""
        found = self.own(prim)
        if not found and prim.expression is None:
            raise refusal(prim, self.name)
        return found or f"_{prim.name}({', '.join(f'{{{k}}}' for k in range(prim.arity))})"

    def composes(self, prim: Primitive) -> bool:
        """Whether an op is written as a function of simpler ones."""
        return prim.expression is not None and not self.own(prim)

    def how(self, prim: Primitive) -> str:
        if prim.arity < 0 and self.general(prim):
            return "the general form of any number of operands"
        self.word(prim)
        if prim.name in self.words:
            return "its own word"
        return "the entry's expression" if self.composes(prim) else "the entry's notation in NumPy"

    @abstractmethod
    def general(self, prim: Primitive) -> bool:
        """Whether an op of any number of operands is written in another way than by a word."""

    @abstractmethod
    def statement(self, program: ArrayProgram, i: int, texts: Sequence[str]) -> tuple[str, bool]:
        """The text of a statement, and whether it is written where it is used in any case."""

    @abstractmethod
    def converted(self, program: ArrayProgram, numbers: Sequence[str], lines: Sequence[str]) -> str:
        """What makes its ``numbers`` of ``{}`` the library's: a template; empty where nothing has to."""

    def assigned(self, program: ArrayProgram, i: int, name: str, text: str, texts: Sequence[str]) -> list[str]:
        """The lines that give a statement its name."""
        return [f"{name} = {text}"]

    def output(self, program: ArrayProgram, i: int, texts: Sequence[str]) -> str:
        """A number that leaves the program, or enters a loop."""
        return texts[i]

    def imports(self, text: str) -> str:
        """What a source imports besides."""
        return ""

    def source(self, program: ArrayProgram, name: str, called: Sequence[str], ways: Ways) -> str:
        leaves = leaf_names(program.leaves)
        names = all_names(program, leaves)
        results = program.outputs[: len(program.outputs) - len(ways.guards)]
        tests = program.outputs[len(results) :]
        if results and "value" not in names and re.fullmatch(r"t\d+", names[results[0]]):
            names[results[0]] = "value"
        lines, texts = self.written(program, names, tests=tests)
        returned = [self.output(program, i, texts) for i in results]
        truths = [program.statements[i].boolean for i in tests]
        lines += ways.checks([texts[i] for i in tests], truths, self.truth, self.array)
        lines += [*_explained(called, returned), f"return {', '.join(returned)}"]
        given = [(n, leaf) for n, leaf in zip(leaves, program.leaves) if leaf.kind != "constant"]
        numbers = [n for n, leaf in given if not leaf.shape]
        made = self.converted(program, numbers, lines) if numbers else ""
        lines[:0] = _conversion(numbers, made) if made else []
        body = "\n".join("    " + line if line else "" for line in lines)
        helpers = called_by(body, {**self.functions, **self.helpers([*composed.ops_of(program), *self.parts])})
        head = self.header + self.imports(body + helpers) + helpers
        arguments = [n for n, _ in given]
        return f"{head}\n\ndef {name}({', '.join([*arguments, *ways.defaults(arguments)])}):\n{body}\n"

    def helpers(self, prims: Sequence[Primitive]) -> dict[str, str]:
        """The functions of the ops that the library has no word for, by the names that the source calls them."""

        def write(prim: Primitive) -> str:
            inner = composed.program_of(prim)
            lines, texts = self.written(inner, all_names(inner, composed.operand_names(prim)), True)
            return composed.function(prim, lines, self.output(inner, inner.outputs[0], texts))

        return composed.helpers(prims, self.composes, write)

    def written(
        self, program: ArrayProgram, names: Sequence[str], inside: bool = False, tests: Sequence[int] = ()
    ) -> tuple[list[str], list[str]]:
        """The lines of a program, and the text of each statement: its name, or an expression.

        Args:
            inside: whether it is the step of a loop, whose results are written where they go.
            tests: outputs that are guards, and written where they are tested.
        """

        def step(program: ArrayProgram, names: Sequence[str]) -> tuple[list[str], list[str]]:
            return self.written(program, names, True)

        texts: list[str] = []
        lines: list[str] = []
        uses = program.users()
        loops = Loops(program, names, self, step)
        for i, statement in enumerate(program.statements):
            if statement.op == "scan":
                lines += loops.write(i, [self.output(program, a, texts) for a in statement.args])
                texts.append("")
            elif statement.op in ("leaf", "result"):
                texts.append(names[i] if statement.op == "leaf" else loops.result(i))
            else:
                text, always = self.statement(program, i, texts)
                if always or _inlined(program, i, uses, text, inside or i in tests, self.word):
                    texts.append(text)
                    continue
                lines += self.assigned(program, i, names[i], text, texts)
                texts.append(names[i])
        return lines, texts


def _conversion(numbers: Sequence[str], made: str) -> list[str]:
    """A line that makes numbers the library's, by a template or a function."""
    if len(numbers) == 1:
        return [f"{numbers[0]} = {made.format(numbers[0])}"]
    listed, function = ", ".join(numbers), made.removesuffix("({})")
    if function != made:
        return [f"{listed} = map({function}, ({listed}))"]
    return [f"{listed} = [{made.format('number')} for number in ({listed})]"]


def _explained(called: Sequence[str], texts: Sequence[str]) -> list[str]:
    """A comment that tells the derivatives apart, where one is returned under the name of another number."""
    derivatives = [name[1:] for name in called if name]
    if all(name in ("", text) for name, text in zip(called, texts)):
        return []
    listed = ", ".join(derivatives[:8] + ["…"] * (len(derivatives) > 8))
    return [f"# {'the value, and ' if '' in called else ''}the derivatives with respect to {listed}"]


_REDUCTIONS = ("sum", "amax", "amin", "prod", "logsumexp")
#: characters of an expression that is written into another one
SHORT = 60


def names_once(template: str) -> bool:
    """Whether a word names each of its operands once.

    >>> names_once("np.tanh({0})"), names_once("{0} * torch.sigmoid({0})")
    (True, False)
    """
    slots = re.findall(r"\{(\d+)\}", template)
    return len(slots) == len(set(slots))


def _inlined(
    program: ArrayProgram, i: int, uses: Sequence[Sequence[int]], text: str, inside: bool,
    word: Callable[[Primitive], str],
) -> bool:  # fmt: skip
    """Whether a statement is written where it is used: once, in an expression that names its operands once.

    So f1 = x @ W1.T + b1 is one line, and so is t = np.tanh(x * w + 0.1).
    """
    statement = program.statements[i]
    if len(uses[i]) != 1 or i in program.names or statement.op not in ("matmul", "elementwise", *_REDUCTIONS):
        return False
    if uses[i][0] < 0:
        return inside
    user = program.statements[uses[i][0]]
    if any(i < k < uses[i][0] for k in program.loops):  # after which names may stand for something else
        return False
    if user.prim is None or user.prim.arity < 0:
        return False
    if statement.op == "matmul" and statement.shape:
        return user.name == "add"
    return len(text) <= SHORT and names_once(word(user.prim))
