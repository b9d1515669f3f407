"""Random Python: functions as users write them, compiled against eager, while the surroundings change between calls.

``python -m tests.compiler.random_sources 2000`` runs so many and says which differ; ``test_random_sources.py`` runs
some of them. A grammar makes the source text from a seed: loops, branches, containers that are changed, objects,
closures, generators, NumPy, transforms and ``no_grad`` inside, over numbers, live Values and what is global.

In a template ``<n>`` is an expression for a number, ``<c>`` for a condition, ``<v>`` a variable that is a number,
``<l>``, ``<o>``, ``<d>``, ``<f>`` and ``<i>`` one that is a list, an object, a dict, a function, an integer;
``<+l>`` is a new one, ``<v0>`` the same wherever it stands in one template, ``<n:t>`` an expression in which ``t`` is
a number too, and ``<block>`` more statements.
"""

from __future__ import annotations

import argparse
import copy
import functools
import heapq
import itertools
import linecache
import math
import operator
import random
import re
import sys
import warnings
from collections import deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import Value

NUMBERS = """<n> + <n>; <n> - <n>; <n> * <n>; <n> / <n>; -<n>; <n> ** 2; <n> ** -1; <n> % 0.7; <n> // 1; abs(<n>)
ag.sin(<n>); ag.tanh(<n>); ag.exp(ag.tanh(<n>)); ag.log(1.0 + <n> ** 2); ag.log(<n>); ag.sqrt(<n>); ag.relu(<n>)
ag.sigmoid(<n>); ag.softplus(<n>); ag.where(<c>, <n>, <n>); ag.clip(<n>, -1.0, 1.0); ag.maximum(<n>, <n>)
max(<n>, <n>); min(<n>, 1); max(<n>, 0.0); min(max(<n>, -1.0), 1.0); <n> if <c> else <n>; (<c>) * <n>; float(<c>)
<l>[<i>]; <l>[0]; <l>[-1]; sum(<l>); sum(<n:t> for t in <l>); sum([<n:t> for t in <l>], <n>); max(<l>); ag.sum(<l>)
min(<l>, key=lambda t: abs(t)); sorted(<l>)[0]; sorted(<l>, reverse=True)[-1]; math.prod(<l>); ag.logsumexp(<l>)
sum(p * q for p, q in zip(<l>, <l>)); sum(p - q for p, q in itertools.pairwise(<l>))
list(itertools.accumulate(<l>))[-1]; functools.reduce(lambda t, u: t * 0.5 + u, <l>); sum(map(ag.sin, <l>))
sum(filter(lambda t: t > 0, <l>)); next((t for t in <l> if t > 0), <n>); len([t for t in <l> if t > 0.5]) * <n>
<l0>[max(range(len(<l0>)), key=<l0>.__getitem__)]; heapq.nlargest(2, <l>)[-1]; deque(<l>)[-1]
max(zip(<l>, <l>), key=lambda t: t[0])[1]; operator.itemgetter(1)(<l>); np.array(<l>).sum(); np.max(np.array(<l>))
np.cumsum(np.array(<l>))[-1]; np.sort(np.array(<l>))[0]; np.var(np.array(<l>)); (np.array(<l>) * <n>)[-1]
np.array(<l>) @ np.array(<l>); np.where(np.array(<l0>) > 0, np.array(<l0>), 0.5).sum()
np.array(<l0>)[np.array(<l0>) > 0].sum(); (np.array(<l>) > 0).sum() * <n>; np.maximum(np.array(<l>), 0.1).sum()
<o>.a; <o>.product; <o>.line(<n>); <o>(<n>); <o>[1]; Pair(<n>, <n>).x; Two(<n>, <n>).squares()
replace(Two(<n>, 1.0), b=<n>).b; <d>['u']; sum(<d>.values()); <d>.get('w', <n>); <f>(<n>)
(lambda *t: t[-1] * t[0])(*<l>); NUMBER; LIST[0]; sum(LIST); len(LIST); TABLE['k']; OBJECT.a; OBJECT.line(<n>)
helper(<n>); helper(<n>, <n>); LIVE[0]; sum(w * <n> for w in LIVE); NET['w']; NET['o'].line(<n>)"""

CONDITIONS = """<n> > <n>; <n> <= <n>; <n> == <n>; <n> != <n>; not <c>; <c> and <c>; <c> or <c>; -1 < <n> < <n>
bool(<n>); math.isnan(<n>); any(t > 0 for t in <l>); all(t < 1 for t in <l>); <i> % 2 == 0"""

STATEMENTS = """
<+n> = <n>
<v> += <n>
<v0> = <v0> * 0.5 + <n>
<+l> = [<n>, <n>, <n>]
<+l> = [<n:t> for t in <l>]
<+l> = <l>[::-1] + [<n>, <n>]
<+n>, *<+l> = [<n>, <n>, <n>]
<l>[1] = <n>
<l>[-1] *= <n>
<l>.append(<n>)
<l>.sort()
<l0>[0], <l0>[-1] = <l0>[-1], <l0>[0]
<+o> = Line(<n>, <n>)
<o>.a = <n>
<+d> = {'u': <n>, 'v': <n>}
<d>['w'] = <n>
<+n> = ag.grad(lambda t: <n:t> + 0 * t)(<n>)
<+n> = ag.jvp(lambda t: <n:t> + 0 * t, (<n>,), (1.0,))[1]
if <c>: return <n>
---
with ag.no_grad():
    <+n> = <n>
---
if <c>:
    <block>
    <v0> = <n>
else:
    <v0> = <n>
---
for <+i> in range(4):
    <block>
    <v> = <n>
---
for k, t in enumerate(<l>):
    <v0> = <v0> + <n:t>
    if <c>: break
---
<+i0> = 0
while <v0> < 1.0 and <i0> < 5:
    <i0> += 1
    <v0> = <v0> * 0.5 + <n>
---
def <+f>(t, s=<n>):
    if <c>: return <n:t>
    return <n:s> * t
---
<+n> = <n>
def <+f>(t):
    u = <n:t>
    return u * u
---
def g(n):
    t = <n>
    for j in range(n):
        yield t
        t = t * 0.5 + <n:t>
<+l> = list(g(3))
---
match (bool(<n> > 0), bool(<n> < 1)):
    case (True, _): <v0> = <n>
    case _: <v0> = <n>"""


#: what new variables are called: as a number of a list is in a program, as derivatives, temporaries and builtins are
CALLED = """p_0 p_1 x_0 m_1 dp dx t1 t2 value f0 W0 b0 b0_1 n seed out row y0 u v total gain lane step a b w_1 _v0
_state _float result exp dvalue jnp np_ P_w OB_a q_ p__1"""

#: parameters of the function, and the variables that it begins with
SIGNATURES = {
    "x": ({"v": ["x"]}, ""),
    "x, y": ({"v": ["x", "y"]}, ""),
    "x, s=0.5": ({"v": ["x", "s"]}, ""),
    "p": ({"v": ["q"], "l": ["p"]}, "p = list(p)\nq = p[0] * 1.0"),
    "x, p": ({"v": ["x"], "l": ["p"]}, "p = list(p)"),
    "data": ({"v": ["q"], "l": ["m"]}, "q = data['n'] * 1.0\nm = list(data['m'])"),
}


class Line:
    """An object of the user's."""

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b

    def line(self, x: Any) -> Any:
        return self.a * x + self.b

    @property
    def product(self) -> Any:
        return self.a * self.b

    def __call__(self, x: Any) -> Any:
        return self.a - x * self.b

    def __getitem__(self, k: int) -> Any:
        return (self.a, self.b)[k]


Pair = namedtuple("Pair", "x y")


@dataclass
class Two:
    """A dataclass of the user's."""

    a: Any
    b: Any

    def squares(self) -> Any:
        return self.a * self.a + self.b * self.b


def templates(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in line.split("; ")]


class Grammar:
    """Templates of numbers, of conditions, of statements.

    ``before`` is source that is there already; ``given`` are numbers that functions are often called with.
    """

    def __init__(self, numbers: str, conditions: str, statements: str, before: str, given: tuple[float, ...]) -> None:
        self.of = {"n": templates(numbers), "c": templates(conditions)}
        first, *self.blocks = statements.strip().split("\n---\n")
        self.lines = first.splitlines()
        self.before, self.given = before, given


EVERYTHING = Grammar(
    NUMBERS, CONDITIONS, STATEMENTS, "def helper(t, u=0.3):\n    return t * u + NUMBER\n", (0.0, 1.0, -1.0)
)
SIMPLE = re.compile(r"[\w.]+")

Names = dict[str, list[str]]


def needed(template: str) -> list[str]:
    """The kinds of variables that there have to be; an integer may be a 0."""
    return re.findall(r"<([vlodf])\d?>", template)


class Author:
    """Writes a function; every choice comes from one generator, so that a seed is a program."""

    def __init__(self, seed: int, grammar: Grammar = EVERYTHING) -> None:
        self.grammar = grammar
        self.choices = random.Random(seed)
        self.unused = self.choices.sample(CALLED.split(), 36)

    def function(self) -> tuple[str, str, bool]:
        """Its source, its parameters, and whether it returns one number."""
        signature = self.choices.choice(list(SIGNATURES))
        names, begin = SIGNATURES[signature]
        names = {kind: list(names.get(kind, [])) for kind in "vlodfi"}
        lines = [*begin.splitlines(), *self.block(names, 2)]
        single = self.choices.random() < 0.75
        many = self.choices.choice(["[<n>, <n>]", "(<n>, [<n>])", "{'a': <n>, 'b': <n>}"])
        lines.append(self.filled("return " + ("<n>" if single else many), names, 2))
        return f"def f({signature}):\n" + "".join(f"    {line}\n" for line in lines), signature, single

    def block(self, names: Names, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.choices.randint(2, 5) if depth == 2 else 1):
            compound = depth and self.choices.random() < 0.4
            template = self.choices.choice(self.grammar.blocks if compound else self.grammar.lines)
            if all(names[kind] for kind in needed(template)):
                lines += self.statement(template, names, depth)
        return lines or ["pass"]

    def statement(self, template: str, names: Names, depth: int) -> list[str]:
        kept: dict[str, str] = {}
        inner = {kind: list(known) for kind, known in names.items()} if "\n" in template else names
        lines: list[str] = []
        for line in template.splitlines():
            if line.strip() == "<block>":
                indent = line[: line.index("<")]
                lines += [indent + text for text in self.block({k: list(v) for k, v in inner.items()}, depth - 1)]
            else:
                lines.append(self.filled(line, inner, 2, kept))
        if template.startswith("def <+f>") or "\ndef <+f>" in template or template.startswith("with"):
            names.update({kind: [*known] for kind, known in inner.items()})
        elif "<+l> = list(g" in template:
            names["l"].append(inner["l"][-1])
        return lines

    def filled(self, template: str, names: Names, depth: int, kept: dict[str, str] | None = None) -> str:
        """A template with its places filled; new variables are known from the next line on."""
        new: list[tuple[str, str]] = []
        known = {} if kept is None else kept

        def place(match: re.Match[str]) -> str:
            fresh, kind, number, local = match.groups()
            if number and kind + number in known:
                return known[kind + number]
            text = self.new(kind, new) if fresh else self.text(kind, names, depth, local)
            if number:
                known[kind + number] = text
            return text

        found = re.sub(r"<(\+?)([nclodfvi])(\d?)(?::(\w))?>", place, template)
        for kind, name in new:
            names["v" if kind == "n" else kind].append(name)
        return found

    def new(self, kind: str, new: list[tuple[str, str]]) -> str:
        name = self.unused.pop() if self.unused and kind in "nl" else f"{kind}{self.choices.randrange(10**6)}"
        new.append((kind, name))
        return name

    def text(self, kind: str, names: Names, depth: int, local: str | None) -> str:
        if kind in "vlodfi":
            return self.choices.choice(names[kind] or ["0"])
        if local:
            names = {**names, "v": [*names["v"], local, local]}
        if kind == "n" and (depth == 0 or self.choices.random() < 0.2):
            return self.choices.choice([*names["v"], self.choices.choice(["0.5", "2.0", "-1.5", "3", "0.0"])])
        usable = [t for t in self.grammar.of[kind] if all(names[k] for k in needed(t))]
        text = self.filled(self.choices.choice(usable), names, max(depth - 1, 0))
        return text if SIMPLE.fullmatch(text) else f"({text})"


class World:
    """What a function finds around it, and what changes there between calls."""

    def __init__(self, source: str, name: str, before: str = EVERYTHING.before) -> None:
        self.live = [Value(0.4), Value(-0.9), Value(1.1), Value(0.6), Value(-0.3)]
        self.space: dict[str, Any] = {
            "ag": ag, "np": np, "math": math, "functools": functools, "itertools": itertools, "heapq": heapq,
            "operator": operator, "deque": deque, "replace": replace, "Line": Line, "Pair": Pair, "Two": Two,
            "NUMBER": 0.7, "LIST": [0.3, -0.4, 1.2], "TABLE": {"k": 0.9}, "OBJECT": Line(0.5, -0.2),
            "LIVE": self.live[:2], "NET": {"w": self.live[2], "o": Line(*self.live[3:])},
        }  # fmt: skip
        for text, file in ((before, "<before>"), (source, name)):
            linecache.cache[file] = (len(text), None, text.splitlines(True), file)
            exec(compile(text, file, "exec"), self.space)
        self.f = self.space["f"]

    def change(self, choices: random.Random) -> None:
        """One thing, most of the time none."""
        number, space = choices.uniform(-1.0, 1.0), self.space
        match choices.randrange(24):
            case 0:
                space["NUMBER"] = number
            case 1:
                space["LIST"][choices.randrange(len(space["LIST"]))] = number
            case 2:
                space["LIST"].append(number)
            case 3:
                space["TABLE"]["k"] = number
            case 4:
                space["OBJECT"].a = number
            case 5:
                space["OBJECT"] = Line(number, 0.3)
            case 6:
                space["helper"].__defaults__ = (number,)
            case 7:
                choices.choice(self.live).data = number
            case 8:
                space["NET"]["w"] = space["LIVE"][0] * 0.5


def arguments(
    signature: str, choices: random.Random, lift: Callable[[float], Any], often: tuple[float, ...]
) -> tuple[Any, ...]:
    """Numbers, some of them ``often``; as ``lift`` makes them."""

    def number() -> Any:
        return lift(choices.choice([*often, *(choices.uniform(-2.0, 2.0) for _ in range(5))]))

    def row() -> list[Any]:
        return [number() for _ in range(3)]

    given = {"x": number, "y": number, "p": row, "data": lambda: {"m": row(), "n": number()}}
    names = [name for name in signature.split(", ") if name in given]
    return (*(given[name]() for name in names), *([number()] if "s" in signature and choices.random() < 0.5 else []))


def parts(x: Any) -> list[Any]:
    """The numbers of a result, in order."""
    if isinstance(x, (list, tuple)):
        return [number for item in x for number in parts(item)]
    if isinstance(x, dict):
        return [number for key in x for number in [key, *parts(x[key])]]
    return parts(x.tolist()) if isinstance(x, np.ndarray) and x.shape else [x]


def close(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or isinstance(a, complex):
        return isinstance(a, complex) or a == b
    a, b = (float(x.data if isinstance(x, Value) else x) for x in (a, b))
    within = 1e-7 * max(abs(a), abs(b)) + 1e-9
    return a == b or (a != a and b != b) or abs(a - b) <= within < math.inf


def outcome(f: Callable[..., Any], given: tuple[Any, ...], leaves: list[Value]) -> list[Any]:
    """The numbers that a call gives and the gradients that it leaves; the name of what it raises."""
    for leaf in leaves:
        leaf.grad = 0.0
    try:
        found = parts(f(*given))
        numbers = [x.data if isinstance(x, Value) else x for x in found]
        if any(isinstance(x, Value) for x in found):
            sum((x * (k + 1.0) for k, x in enumerate(found) if not isinstance(x, str)), 0.0).backward()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return [*numbers, *(leaf.grad for leaf in leaves)]


def forms(signature: str, single: bool) -> dict[str, Any]:
    """What is compiled: with numbers, and as they are with Values as arguments, leaves and others."""
    found: dict[str, Any] = {"numbers": lambda f: f, "leaves": lambda f: f, "nodes": lambda f: f}
    if single:
        found |= {"grad": ag.grad, "value_and_grad": ag.value_and_grad}
        found |= {"hessian": ag.hessian} if signature in ("x", "p") else {}
    elif signature == "x":
        found["jacobian"] = ag.jacobian
    return found


#: what plain numbers raise, and a program's, which are as IEEE 754 has them, don't
ARITHMETIC = ("ZeroDivisionError", "OverflowError", "ValueError")


def differences(seed: int, calls: int = 6, grammar: Grammar = EVERYTHING) -> Iterator[str]:
    """Where compiled and eager code differ."""
    source, signature, single = Author(seed, grammar).function()
    for form, transform in forms(signature, single).items():
        if form == "numbers" and ".data" in source:
            continue
        world = World(source, f"<random source {seed}>", grammar.before)
        eager, compiled = transform(world.f), ag.compile(transform(world.f))
        choices = random.Random(seed)
        for call in range(calls):
            world.change(choices)
            leaves: list[Value] = []

            def lift(x: float, form: str = form, leaves: list[Value] = leaves, call: int = call) -> Any:
                if form not in ("leaves", "nodes"):
                    return x
                leaves.append(Value(x))
                return ag.tanh(leaves[-1]) * 1.5 if form == "nodes" and call % 2 and x == x else leaves[-1]

            given = arguments(signature, choices, lift, grammar.given)
            wanted = outcome(eager, copy.copy(given), [*world.live, *leaves])
            found = outcome(compiled, copy.copy(given), [*world.live, *leaves])
            if wanted[0] in ARITHMETIC or any(
                word in str(wanted[1:2]) for word in ("ufunc", "attribute 'data'", "complex")
            ):
                continue  # where the number is not used the program has no such operation
            if len(wanted) != len(found) or not all(map(close, wanted, found)):
                yield f"seed {seed}, {form}, call {call} of {given}:\n{source}eager {wanted}\ncompiled {found}"
                break


def main(grammar: Grammar = EVERYTHING) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = 0
    for seed in range(asked.first, asked.first + asked.count):
        for text in differences(seed, grammar=grammar):
            wrong += 1
            print(text, flush=True)
    print(f"{asked.count} functions, {wrong} differences")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
