"""Markdown pages whose Python is run: what a comment after an expression says is what comes out."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import linecache
import re

import pytest

VALUE = re.compile(r"-?\d[\w.+-]*|'.*'|\[.*\]|\(.*\)|True|False|None|-?inf|nan")


def blocks(text, language="python"):
    """The fenced blocks of a language, in order; without those after ``<!-- not run -->`` or ``<!-- edit: … -->``."""
    text = re.sub(r"^<!-- edit: .*-->$", "<!-- not run -->", text, flags=re.MULTILINE)
    return re.findall(rf"(?<!<!-- not run -->\n)^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run(block, scope):
    """Run a block statement by statement; an expression's value or print must be what the comment after it says.

    Returns how many were compared.
    """
    if block.startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(block, scope, "page", None, 0)
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        assert doctest.DocTestRunner(optionflags=flags).run(test, clear_globs=False).failed == 0
        return sum(bool(example.want) for example in test.examples)
    compared = 0
    lines = block.split("\n")
    for statement in ast.parse(block).body:
        code = ast.unparse(statement)
        if not isinstance(statement, ast.Expr):
            name = f"<statement {len(linecache.cache)} of a page>"  # its source can be read, as in a notebook
            linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
            exec(compile(code, name, "exec"), scope)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = eval(code, scope)
        comment = lines[statement.end_lineno - 1][statement.end_col_offset :].strip().removeprefix("# ")
        if VALUE.fullmatch(comment):
            said = eval(comment, {"inf": float("inf"), "nan": float("nan")})
            assert value == (pytest.approx(said, rel=1e-15) if isinstance(said, float) else said), code
            compared += 1
        below = []
        for line in lines[statement.end_lineno :]:
            if not line.startswith("#"):
                break
            below.append(line[2:])
        if below:
            assert [line.rstrip() for line in printed.getvalue().rstrip().split("\n")] == below
            compared += 1
    return compared
