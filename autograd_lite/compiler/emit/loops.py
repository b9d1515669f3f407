"""Loops in the array libraries' words: ``for`` in NumPy and PyTorch, ``jax.lax.scan`` in JAX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..ir.array_program import ArrayProgram
from ..ir.naming import VIEWS, all_names, identifier
from ..ir.scan import Scan
from .target import SourceTarget
from .texts import LITERAL

__all__ = ["Loops", "assignments"]

#: lines and texts of a program: (program, names)
Render = Callable[[ArrayProgram, Sequence[str]], tuple[list[str], list[str]]]


class Loops:
    """The loops of one program, as it is written from top to bottom.

    Attributes:
        taken: names that are in use.
    """

    def __init__(self, program: ArrayProgram, names: Sequence[str], target: SourceTarget, render: Render) -> None:
        self.program = program
        self.target = target
        self.render = render
        self.taken = {name for name, s in zip(names, program.statements) if s.op not in ("scan", "result")}
        self.count = 0
        self.results: dict[int, list[int]] = {}
        for i, s in enumerate(program.statements):
            if s.op == "result":
                self.results.setdefault(s.args[0], []).append(i)
        self.last = program.last_uses([s.op in (*VIEWS, "result") or s.name == "stop" for s in program.statements])
        self.called: dict[tuple[int, str, int], str] = {}
        self.lists: set[str] = set()
        self.items: dict[str, str] = {}  # what the items of an array or a list are called

    def fresh(self, wanted: str) -> str:
        """A name of its own."""
        base = identifier(wanted) if wanted else "s"
        k, name = 1, base if wanted else "s1"
        if name in self.taken and wanted:
            name = f"{base}_i"
        while name in self.taken:
            k += 1
            name = f"{base}{'_' if wanted else ''}{k}"
        self.taken.add(name)
        return name

    def write(self, i: int, args: Sequence[str], loop: Scan | None = None) -> list[str]:
        """The lines of loop ``i``, given the texts of its operands; ``result`` then knows what it gives."""
        loop = loop or self.program.statements[i].attrs
        wanted = [self.program.statements[r].attrs for r in self.results.get(i, [])]
        listing = [which for what, which, _ in wanted if what == "each"]
        leaves: list[str] = []
        for k, text in enumerate(args):
            leaves.append(self._input(loop, k, text, leaves))
        step = loop.step(listing)
        step.outputs, listed = step.outputs[: len(loop.following)], step.outputs[len(loop.following) :]
        names = all_names(step, leaves, self.taken)
        self.taken.update(names)
        step.outputs += listed
        lines, texts = self.render(step, names)
        new = [texts[o] for o in step.outputs[: len(loop.following)]]
        each = {which: texts[o] for which, o in zip(listing, listed)}
        kept: list[tuple[str, str]] = []  # pairs of a list and what is put into it
        for what, which, _ in wanted:
            if what == "final":
                self.called[i, what, which] = self._end(i, which, leaves[which])
                continue
            text = leaves[which] if what == "states" else each[which]
            base = text if text.isidentifier() else "t"
            name = self.called[i, what, which] = self.fresh(f"{base.removesuffix('_i')}_steps")
            self.items[name] = base if text.isidentifier() else f"{base}_i"
            kept.append((name, text))
            self.lists.add(name)
        states = {leaves[which] for what, which, _ in wanted if what == "states"}
        write = self._scanned if self.target.name == "jax" else self._for
        ends = [(self.called[i, what, which], leaves[which]) for what, which, _ in wanted if what == "final"]
        renamed = [f"{end} = {name}" for end, name in ends if end != name]
        return [*write(loop, leaves, args, lines, new, kept, states), *renamed, *self._stacked(i)]

    def _input(self, loop: Scan, k: int, text: str, used: Sequence[str]) -> str:
        """What a step calls one of its inputs."""
        found = loop.inputs[k]
        if found.kind == "same":
            return text
        if found.kind == "carry":
            return self.fresh(found.name)
        known = self.items.get(text)
        if known is not None and known not in used:  # as the loop before called it
            return known
        base = re.match(r"[^\W\d]\w*", text)
        stem = base[0] if base is not None else ""
        if len(stem) > 1 and stem.endswith("s") and f"{stem[:-1]}" not in self.taken:
            name = self.fresh(stem[:-1])
        else:
            name = self.fresh(f"{stem}_i" if stem else "item")
        self.items.setdefault(text, name)
        return name

    def _end(self, i: int, which: int, name: str) -> str:
        """What a carried number is called after the last step: as before, unless another loop has the name by then."""
        result = next(r for r in self.results[i] if self.program.statements[r].attrs[:2] == ("final", which))
        for r in self.results[i]:
            if self.program.statements[r].attrs[:2] == ("states", which):
                readers = [j for j, s in enumerate(self.program.statements) if s.op == "scan" and r in s.args]
                if readers and min(readers) < self.last[result]:
                    return self.fresh(f"{name.removesuffix('_i')}_end")
        return name

    def result(self, r: int) -> str:
        """The text of a ``result`` statement."""
        statement = self.program.statements[r]
        what, which, _ = statement.attrs
        return self.called[statement.args[0], what, which]

    def _stacked(self, i: int) -> list[str]:
        """Lists that are read as arrays become arrays."""
        if self.target.name == "jax" or self.target.number:
            return []
        lines = []
        stack = "torch.stack" if self.target.name == "torch" else "np.array"
        for r in self.results.get(i, []):
            what, which, shape = self.program.statements[r].attrs
            users = [s for s in self.program.statements if r in s.args]
            whole = r in self.program.outputs or any(s.op != "scan" for s in users)
            if what != "final" and whole:
                name = self.called[i, what, which]
                lines.append(f"{name} = {stack}({name})  # {shape}")
        return lines

    def _for(
        self, loop: Scan, leaves: Sequence[str], args: Sequence[str], lines: Sequence[str], new: Sequence[str],
        kept: Sequence[tuple[str, str]], states: set[str],
    ) -> list[str]:  # fmt: skip
        """Python's loop: carried numbers are variables, and what is needed of every step goes into lists."""
        carried = [leaves[k] for k in loop.carried]
        result = [f"{name} = {self._number(args[k])}" for name, k in zip(carried, loop.carried) if name != args[k]]
        for name, text in kept:
            when = "before" if text in states else "in"
            result.append(f"{name} = []  # {text} {when} every step")
        each = [k for k, found in enumerate(loop.inputs) if found.kind == "each"]
        sources = [f"reversed({args[k]})" if loop.backwards else args[k] for k in each]
        items = f"zip({', '.join(sources)})" if len(each) > 1 else sources[0] if each else f"range({loop.count})"
        result.append(f"for {', '.join(leaves[k] for k in each) or '_'} in {items}:")
        body = [f"{name}.append({text})" for name, text in kept if text in states]
        body += lines
        body += [f"{name}.append({text})" for name, text in kept if text not in states]
        body += assignments(carried, new)
        if self.target.number:  # items of arrays may be any numbers
            listed = [k for k in each if args[k] not in self.lists]
            body[:0] = [f"{leaves[k]} = {self.target.number}({leaves[k]})" for k in listed]
        if self.target.evaluated:  # a kernel a step, the same for each
            made = [*carried, *(text for _, text in kept if text not in states)]
            body.append(self.target.evaluated.format(", ".join(made)))
        result += ["    " + line for line in body or ["pass"]]
        if loop.backwards:
            result += [f"{name}.reverse()" for name, _ in kept]
        return result

    def _number(self, text: str) -> str:
        """What a carried number begins with, or becomes: the library's, if it is Python's."""
        made = {"torch": "torch.tensor({}, dtype=torch.float64)", "jax": "jnp.asarray({}, float)"}
        return made.get(self.target.name, "{}").format(text) if LITERAL.fullmatch(text) else text

    def _scanned(
        self, loop: Scan, leaves: Sequence[str], args: Sequence[str], lines: Sequence[str], new: Sequence[str],
        kept: Sequence[tuple[str, str]], states: set[str],
    ) -> list[str]:  # fmt: skip
        """JAX's loop: one step is a function from what is carried and one item of each array to the same and more."""
        self.count += 1
        step = f"step{self.count}"
        carried = [leaves[k] for k in loop.carried]
        each = [k for k, found in enumerate(loop.inputs) if found.kind == "each"]
        inner = [f"{', '.join(carried)} = carried"] if len(carried) > 1 else []
        inner += [f"{', '.join(leaves[k] for k in each)} = item"] if len(each) > 1 else []
        parameters = [
            carried[0] if len(carried) == 1 else "carried",
            leaves[each[0]] if len(each) == 1 else "item" if each else "_",
        ]
        begin = _tuple([args[k] for k in loop.carried])
        inner += [*lines, f"return {_tuple(list(map(self._number, new)))}, {_tuple([text for _, text in kept])}"]
        items = _tuple([args[k] for k in each])
        options = f", length={loop.count}" if not each else ""
        options += ", reverse=True" if loop.backwards else ""
        targets = f"{_tuple(carried, '_')}, {_tuple([name for name, _ in kept], '_')}"
        return [
            "",
            f"def {step}({', '.join(parameters)}):",
            *["    " + line for line in inner],
            "",
            f"{targets} = jax.lax.scan({step}, {begin}, {items}{options})",
        ]


def _tuple(items: Sequence[str], nothing: str = "None") -> str:
    return nothing if not items else items[0] if len(items) == 1 else f"({', '.join(items)})"


def assignments(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Lines that give all names their new values, which the old ones are needed for."""
    left = {name: text for name, text in zip(names, texts) if name != text}
    reads = {name: set(re.findall(r"[^\W\d]\w*", text)) - {name} for name, text in left.items()}
    lines = []
    while left:
        ready = next((n for n in left if not any(n in reads[m] for m in left if m != n)), None)
        if ready is None:
            lines.append(f"{', '.join(left)} = {', '.join(left.values())}")
            break
        lines.append(f"{ready} = {left.pop(ready)}")
    return lines
