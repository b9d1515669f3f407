"""The table of rules, each tried against the oracle: on floats, in programs of numbers, in programs of arrays."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.ir.array_program import ArrayProgram, Builder
from autograd_lite.compiler.ir.rules import ALWAYS, COMPLETE, NUMPY, Rules
from autograd_lite.compiler.ir.scalar_program import Leaf, Program, ProgramError, built_in
from autograd_lite.compiler.rewrite.simplify import along, fold, simplified, simplify
from autograd_lite.primitives import TABLE

from .oracle import evaluate
from .random_programs import agree, run_as

inf, nan = math.inf, math.nan
POINTS = [nan, inf, -inf, 0.0, -0.0, 1e300, -1e-300, 1.0, -2.5, 0.3]
RULES = [*ALWAYS.rules, *COMPLETE.rules, *NUMPY.rules]
EVERY = [(rule, pattern) for rule in RULES for pattern in rule.patterns]
NAMES = [f"{rule.text} {k}" for rule in RULES for k in range(len(rule.patterns))]


def variables(pattern):
    """The names of a pattern, in the order of the letters."""
    found, pending = set(), [pattern]
    while pending:
        part = pending.pop()
        if type(part) is tuple:
            pending += part[1]
        elif type(part) is str:
            found.add(part)
    return sorted(found)


def applied(pattern, given, ops):
    """A pattern of numbers: those ``given`` by name, by the functions ``ops``."""
    if type(pattern) is tuple:
        return ops(pattern[0])(*[applied(part, given, ops) for part in pattern[1]])
    return given[pattern] if type(pattern) is str else pattern


def samples(pattern, points):
    """Numbers for the names of a pattern; a comparison's are 1 and 0."""
    names = variables(pattern)
    choices = [(0.0, 1.0) if name == "t" else points for name in names]
    return [dict(zip(names, numbers)) for numbers in itertools.product(*choices)]


def holds(rule, given):
    """Whether the rule applies to these numbers."""
    return rule.condition is None or rule.condition(lambda x: True, lambda x: math.copysign(1.0, x) > 0.0, **given)


def magnitudes(pattern):
    """The pattern of abs(x) in the place of x."""
    if type(pattern) is tuple:
        return pattern[0], tuple(map(magnitudes, pattern[1]))
    return ("abs", ("x",)) if pattern == "x" else pattern


@pytest.mark.parametrize(("rule", "pattern"), EVERY, ids=NAMES)
def test_a_rule_holds_for_every_float(rule, pattern):
    tried = 0
    for given in samples(pattern, POINTS):
        if holds(rule, given):
            before = applied(pattern, given, lambda name: built_in(name).fn)
            after = float(rule.replacement(**given))
            scale = abs(before) if math.isfinite(before) else 1.0
            overflows = not math.isfinite(before) and "c * (" in rule.text  # on the way, and not at the end
            assert agree([after / (scale or 1.0)], [before / (scale or 1.0)]) or overflows, given
            tried += 1
    assert tried >= 2


@pytest.mark.filterwarnings("ignore::autograd_lite.errors.NonFiniteGradientWarning")
@pytest.mark.parametrize(("rule", "pattern"), EVERY, ids=NAMES)
def test_a_rule_keeps_derivatives(rule, pattern):
    """Of what it replaces, up to rounding, where eager code's are finite."""
    names = [name for name in variables(pattern) if name in "xyz"]
    compared = 0
    for given in samples(pattern, [0.0, 1.0, -2.5, 0.3, 1e100, -1e-100]):
        if not names or not holds(rule, given):
            continue
        leaves = [{**given, **{n: ag.Value(given[n]) for n in names}} for _ in range(2)]
        results = [
            applied(pattern, leaves[0], lambda name: COMPARED.get(name) or TABLE[name]),
            rule.replacement(**leaves[1]),
        ]
        found = []
        for result, numbers in zip(results, leaves):
            if isinstance(result, ag.Value):
                result.backward()
            found.append([numbers[n].grad for n in names])
        if all(map(math.isfinite, found[0])):
            assert agree(found[1], found[0]), (given, found)
            compared += 1
    assert compared or not names


COMPARED = {
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b, "ne": lambda a, b: a != b, "where": ag.where,
}  # fmt: skip


def program_of(pattern):
    """The pattern as a scalar program of its names."""
    names = [name for name in variables(pattern) if name not in ("c", "d")]
    leaves = [Leaf("argument", name, (), k, k) for k, name in enumerate(names)]
    numbers = [0.5, 2.0]
    prims, args = [], []
    constants = []

    def constant(x):
        leaves.append(Leaf("constant", repr(x), (), x, len(leaves)))
        constants.append(leaves[-1].base)
        return leaves[-1].base

    found = {"c": constant(numbers[0]), "d": constant(numbers[1])}
    order = []

    def place(part):
        if type(part) is float:
            return ("leaf", constant(part))
        if type(part) is str:
            return ("leaf", found[part] if part in found else names.index(part))
        inner = [place(p) for p in part[1]]
        if (part[0], inner) not in order:
            order.append((part[0], inner))
        return ("op", order.index((part[0], inner)))

    place(pattern)
    first = len(leaves)
    for name, inner in order:
        prims.append(built_in(name))
        args.append(tuple(at if kind == "leaf" else first + at for kind, at in inner))
    if "t" in names:  # a comparison, of a number
        at = names.index("t")
        moved = [tuple(a + 1 if a >= first else first if a == at else a for a in row) for row in args]
        prims, args = [built_in("gt"), *prims], [(at, found["c"]), *moved]
    return Program(leaves, prims, args, [first + len(prims) - 1])


@pytest.mark.parametrize(("rule", "pattern"), [pair for pair in EVERY if pair[0] not in NUMPY.rules])
def test_a_rule_is_found_in_programs_of_numbers_and_of_arrays(rule, pattern):
    program = program_of(magnitudes(pattern) if "unsigned" in rule.text else pattern)
    easier = along(program, Rules([*ALWAYS.rules, *COMPLETE.rules]))
    names = [[prim.name for prim in found.prims] for found in (program, easier)]
    assert names[0] != names[1] or easier.args != program.args
    for numbers in itertools.product(POINTS, repeat=sum(leaf.kind == "argument" for leaf in program.leaves)):
        before, after = evaluate(program, numbers)[0], evaluate(easier, numbers)[0]
        assert agree(after, before) or not math.isfinite(before[0]), numbers
    builder = Builder(rules=Rules([*ALWAYS.rules, *COMPLETE.rules]))
    made = [builder.constant(leaf.key) if leaf.kind == "constant" else builder.leaf(k, (3,))
            for k, leaf in enumerate(program.leaves)]  # fmt: skip
    for prim, args in zip(program.prims, program.args):
        made.append(builder.constant(builder.elementwise(prim, [made[a] for a in args])))
    written = {s.name for s in builder.statements}
    assert not ({"square", "identity", "pos", "fsum", "mean", "prod"} & written)


def test_rows_of_data_stay_alike_before_they_are_lifted():
    """What is special about one row would make it different from others."""
    xs, ys = np.array([1.0, 2.0, -1.0, 0.5] * 30), np.ones(120)

    def loss(w):
        return ag.sum([(w[0] * x + w[1] * 1.0 - y) ** 2 for x, y in zip(xs.tolist(), ys.tolist())])

    compiled = ag.compile(ag.value_and_grad(loss))
    compiled([0.3, 0.2])
    assert len(compiled.source().splitlines()) < 25
    (found, slopes), (value, wanted) = compiled([0.3, 0.2]), ag.value_and_grad(loss)([0.3, 0.2])
    assert agree([found, *slopes], [value, *wanted])


def test_cells_have_nothing_that_needs_not_be_computed():
    def f(x, y):
        z = ag.pow(x, 1.0) * 1.0 + ag.identity(y) / 1.0
        return ag.neg(-z) + ag.sum([z]) * ag.where(1.0, z, ag.log(y))

    with run_as("cells"):
        compiled = ag.compile(ag.value_and_grad(f, argnums=(0, 1)))
        for point in ((0.5, 2.0), (-1.0, 0.3)):
            (value, slopes), (wanted, others) = compiled(*point), ag.value_and_grad(f, argnums=(0, 1))(*point)
            assert agree([value, *slopes], [wanted, *others])
        engine = compiled.last.run.__self__
        assert {prim.name for prim in engine.program.prims} <= {"add", "mul", "sum", "dot", "affine"}


def test_a_program_without_anything_to_do_stays_itself():
    program = program_of(("mul", ("x", "y")))
    assert fold(program) is program
    assert simplify(program) is program
    builder = Builder()
    x = builder.leaf(0, (3,))
    arrays = ArrayProgram([Leaf("argument", "x", (3,), 0)], builder, [ag.sin(x)], {})
    assert simplified(arrays, COMPLETE) is arrays
    assert simplified(arrays, NUMPY) is arrays


@pytest.mark.parametrize(
    ("args", "outputs", "said"),
    [
        ([(0,)], [1], "has 1 operand"),
        ([(0, 1)], [1], "not defined before"),
        ([(0, 0)], [2], "output %2 is not defined"),
    ],
)
def test_a_program_is_checked_when_it_is_built(args, outputs, said):
    with pytest.raises(ProgramError, match=said):
        Program([Leaf("argument", "x", (), 0)], [TABLE["add"]], args, outputs)
