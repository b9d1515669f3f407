"""Sources in C as programs of their own: with a ``main``, strictly compiled, under the sanitizers.

``python -m tests.compiler.standalone 200`` makes so many random programs (``random_programs.py``), each as a value, as
its derivatives and over points, and says which differ by a bit from what ``compile(f, backend="c")`` calls.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import autograd_lite as ag
from autograd_lite.compiler import CompileError
from autograd_lite.compiler.call import c_engine
from autograd_lite.compiler.emit.targets.c import CFunction
from autograd_lite.compiler.record.structure import flatten

from . import random_programs as matrix

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wvla", "-Werror", "-O2", "-ffp-contract=off")
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
#: longer sources are not built: with what the sanitizers add, they take minutes
LONGEST = 60_000
#: how programs are printed: c_engine's SMALL, LONG and SAVING
FORMS = {
    "own": (c_engine.SMALL, c_engine.LONG, c_engine.SAVING),
    "plain": (10**9, 10**9, 1),
    "gathered": (10**9, 0, 1),
    "lifted": (4, 10**9, 1),
}
#: memory is as large as the comment says, so that the sanitizers see what is beyond it
READING = """
#include <stdio.h>
#include <stdlib.h>
static double given(void) { char text[64]; return scanf("%63s", text) == 1 ? strtod(text, NULL) : 0.0; }
static double *space(int n, int read) {
  double *p = malloc((size_t)(n > 0 ? n : 1) * sizeof *p);
  int i;
  if (p == NULL) abort();
  for (i = 0; i < n; i++) p[i] = read ? given() : -7e77;
  return p;
}
static void shown(double *p, int n) { int i; for (i = 0; i < n; i++) printf("%a\\n", p[i]); free(p); }
"""


def printed(compiled: Any) -> tuple[CFunction, Any]:
    """The function that ``source("c")`` prints, and its path."""
    found: list[CFunction] = []
    whole = CFunction.source
    with mock.patch.object(CFunction, "source", lambda self: found.append(self) or whole(self)):
        compiled.source("c")
    return found[-1], compiled._recorded().path


def with_main(function: CFunction, points: int) -> str:
    """The source, with a main that reads the arguments and prints the guards, then the results."""
    before, passed, after = [f"long points = {points};"], ["points"] * (function.lanes is not None), ["free(0);"]
    for a in function.arguments:
        size = a.size * (points if a.mapped else 1)
        if a.shape or a.mapped or a.output:
            before.append(f"double *{a.name} = space({size}, {int(not a.output)});")
            after.append(f"shown({a.name}, {size if a.output else 0});")
        else:
            before.append(f"double {a.name} = given();")
        passed.append(a.name)
    if function.guards:
        before.append(f"int guard[{points}];")
        after.insert(0, f'for (long k = 0; k < {points}; k++) printf("%d\\n", guard[k]);')
        passed.append("guard")
    if function.work:
        before.append(f"double *w = space({function.work}, 0);")
        after.append("free(w);")
        passed.append("w")
    call = f"{function.name}({', '.join(passed)})"
    call = f'printf("%a\\n", {call});' if function.returns else f"{call};"
    if function.returns and function.guards:
        after = [*after[1:], after[0]]
    lines = "\n  ".join([*before, "(void)points; (void)given; (void)space; (void)shown;", call, *after])
    return f"{function.source()}{READING}int main(void) {{\n  {lines}\n  return 0;\n}}\n"


def results(
    function: CFunction, path: Any, calls: Sequence[Sequence[Any]], compiler: str, points: int = 1
) -> Iterator[list[float] | None]:
    """What the program prints for each call; None where a guard does not hold.

    Raises:
        subprocess.CalledProcessError: if the compiler, or a sanitizer, says anything; ``stderr`` is what.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "f.c").write_text(with_main(function, points), encoding="ascii")
        command = [compiler, *STRICT, *SANITIZERS, "f.c", "-o", "f", "-lm"]
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
        for args in calls:
            blocks: list[Any] = []
            for arg in args:
                flatten(arg, blocks)
            order = [blocks[path.leaves[a.leaf].key] for a in function.arguments if not a.output]
            numbers = [float(x).hex() for block in order for x in np.ravel(block)]
            done = subprocess.run([f"{folder}/f"], input="\n".join(numbers), check=True, capture_output=True, text=True)
            found = [float.fromhex(line) for line in done.stdout.split()]
            guards, count = found, points * bool(function.guards)
            first = len(found) - count if function.returns else 0
            guards = found[first : first + count]
            yield None if any(guards) else found[:first] + found[first + count :]


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether numbers are equal, signs of zeros too."""
    pairs = list(zip(found, expected))
    alike = [a == b and math.copysign(1.0, a) == math.copysign(1.0, b) for a, b in pairs]
    return len(found) == len(expected) and all(fine or (a != a and b != b) for fine, (a, b) in zip(alike, pairs))


def differences(seed: int) -> Iterator[str]:
    """What differs in one program, printed and compiled in ways that the seed decides; "" for each that does not."""
    choices = random.Random(seed)
    form, compiler, edges = choices.choice(list(FORMS)), choices.choice(COMPILERS), choices.random() < 0.6
    f, points = matrix.function_of(seed, wide=seed % 11 == 5), matrix.inputs(seed, edges)
    batch = tuple(np.array(column, dtype=float) for column in zip(*points))
    ways = [(name, transform, points) for name, transform in matrix.transforms(seed, f)]
    ways.append(("vmap", ag.vmap((f, ag.grad(f, argnums=(0, 1)))[seed % 2]), [batch]))
    with mock.patch.multiple(c_engine, **dict(zip(("SMALL", "LONG", "SAVING"), FORMS[form]))):
        for name, transform, calls in ways:
            compiled = ag.compile(transform, backend="c")
            expected = [matrix.flat(compiled(*args)) for args in calls * 2][len(calls) :]
            try:
                function, path = printed(compiled)
            except CompileError:  # it runs eagerly
                continue
            if function.note or len(function.source()) > LONGEST:
                continue
            try:
                for args, found, wanted in zip(
                    calls, results(function, path, calls, compiler, len(points) if name == "vmap" else 1), expected
                ):
                    if found is not None:
                        fine = same(found, wanted)
                        yield "" if fine else f"{seed} {name} {form} {compiler} {args}: {found} expected {wanted}"
            except subprocess.CalledProcessError as error:
                yield f"{seed} {name} {form} {compiler}: {error.stderr[:1000]}"


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description="random programs as standalone C, under the sanitizers")
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    compared = wrong = 0
    for seed in range(asked.first, asked.first + asked.count):
        with np.errstate(all="ignore"):
            for line in differences(seed):
                compared += 1
                if line:
                    wrong += 1
                    print(line, flush=True)
    print(f"{asked.count} programs, {compared} calls, {wrong} differences")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
