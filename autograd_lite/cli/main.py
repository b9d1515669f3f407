"""The command line: a derivative calculator, and the chapter's figures.

Exit codes: 0 done, 1 a file or a picture could not be made, 2 the command or the formula is wrong. Errors go to
stderr, in one line.
"""

from __future__ import annotations

import argparse
import json
import keyword
import math
import os
import re
import shlex
import sys
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..diagnostics import explain_nonfinite
from ..drawing import PALETTES, STYLES, draw
from ..engine.value import Value, constant
from ..errors import AutogradError, NonFiniteGradientWarning
from ..explorer import explore
from ..notation import clean, explain, number, symbol
from .formula import ExpressionError, evaluate

__all__ = ["main"]

_NOTHING_WRONG, _FAILED, _MISUSED = 0, 1, 2


class _Misuse(Exception):
    """What the user typed can't be meant; the message says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the arguments, without the program's name; the process's own by default.

    Returns:
        The exit code.

    >>> main(["grad", "x**2", "x=3"])
    f     = 9
    ∂f/∂x = 6
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ∂ shows ?, and nothing fails
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] in (["grad"], ["explore"]):  # a formula may begin with a minus; no other option has a single dash
        given = [f" {arg}" if re.match(r"-[^-]", arg) and arg not in ("-h", "-o") else arg for arg in given]
    if given and not given[0].startswith("-") and not re.fullmatch(r"[a-z]\w*", given[0]):
        whole = clean(shlex.join(["autograd-lite", "grad", *given]), 200)
        return _complain(_Misuse(f"{clean(given[0])!r} is no command: write {whole}"), _MISUSED)
    try:
        options = _parser().parse_args(given)
    except SystemExit as done:  # argparse has printed the help, the version or the error
        return done.code if isinstance(done.code, int) else _MISUSED
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (_Misuse, ExpressionError) as error:
        return _complain(error, _MISUSED)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # keeps the interpreter's last flush quiet
        return _NOTHING_WRONG
    except (AutogradError, OSError, ImportError) as error:
        return _complain(error, _FAILED)
    except KeyboardInterrupt:
        return 130


def _complain(error: Exception, code: int) -> int:
    print(f"autograd-lite: {clean(str(error), 500)}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-lite",
        description="Derivatives of formulas, and the graphs of the backpropagation chapter, from live Values.",
    )
    parser.add_argument("--version", action="version", version=f"autograd-lite {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in _COMMANDS:
        add(commands)
    return parser


def _version() -> str:
    return str(sys.modules[__name__.partition(".")[0]].__version__)


# --- grad -------------------------------------------------------------------------------------------------------------


def _add_grad(commands: Any) -> None:
    parser = commands.add_parser(
        "grad",
        help="a formula's value and every partial derivative",
        description="The value of a formula and its partial derivative with respect to each variable.",
        epilog='example: autograd-lite grad "exp(x) * sin(y)" x=0.5 y=pi/4 --trace',
    )
    parser.add_argument("formula", help='in Python\'s notation, as in "x**2 + sin(y)"')
    parser.add_argument("variables", nargs="*", metavar="NAME=NUMBER", help="the point, as in x=0.1 y=pi/4")
    parser.add_argument("--trace", action="store_true", help="show the forward and the backward pass step by step")
    parser.add_argument("--forward", metavar="NAME", help="show the forward-mode trace with respect to NAME")
    parser.add_argument("--format", choices=["text", "markdown", "html", "latex", "json"], default="text")
    parser.add_argument("--digits", type=int, metavar="N", help="significant digits; all by default")
    _add_picture_options(parser)
    parser.set_defaults(command=_grad)


def _add_picture_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the graph into FILE; its ending is the format")
    parser.add_argument("--style", choices=list(STYLES), default="cards", help="of the picture")
    parser.add_argument("--theme", choices=list(PALETTES), default="light", help="of the picture")


def read_formula(formula: str, assignments: Sequence[str]) -> tuple[Value, dict[str, Value]]:
    """The result of a formula at a point, as a live Value, and its variables.

    Args:
        formula: see ``expression.evaluate``.
        assignments: ``NAME=NUMBER``, where the number may be a formula without variables.

    Raises:
        ExpressionError: if the formula is wrong.
    """
    variables: dict[str, Value] = {}
    if re.fullmatch(r"\s*[^\W\d]\w*\s*=\s*-?[\d.]+\s*", formula):
        raise _Misuse(f"{clean(formula)} is a variable: the formula comes first, as in 'x**2' x=2")
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())  # as Python reads names
        if not equals or not name.isidentifier():
            raise _Misuse(f"{clean(assignment)!r} is not NAME=NUMBER, as in x=0.1")
        if name in variables:
            raise _Misuse(f"{name} is given twice")
        if keyword.iskeyword(name):
            raise _Misuse(f"{name} is a word of Python's: call it {name}_, in the formula too")
        if text.startswith("="):
            raise _Misuse(f"{clean(assignment)!r}: write {clean(name)}={clean(text.lstrip('= ')) or '0.1'}")
        several = re.sub(r"\s*[,;]\s*$|[\s,;]+(?=[^\W\d]\w*\s*=)", " ", assignment).strip()
        if several.count("=") > 1 or (several != assignment and re.search(r"[,;]\s*$", assignment)):
            raise _Misuse(f"{clean(assignment)!r}: one variable is one word of the command, as in {clean(several)}")
        if not text.strip():
            raise _Misuse(f"{clean(name)}= lacks its number: write {clean(name)}=0.1")
        try:
            variables[name] = Value(evaluate(text), label=name)
        except ExpressionError as error:
            raise ExpressionError(f"{name}: {error}") from None
    result: Value = constant(evaluate(formula, variables))
    if not result.label:
        result.label = next(name for name in ("f", "y", "z", "F", "result", "_result") if name not in variables)
    return result, variables


def _grad(options: argparse.Namespace) -> int:
    if options.digits is not None and not 1 <= options.digits <= 17:
        raise _Misuse("--digits is from 1 to 17")
    result, variables = read_formula(options.formula, options.variables)
    if options.forward is not None and options.forward not in variables:
        raise _Misuse(f"--forward: there is no variable {clean(options.forward)!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonFiniteGradientWarning)
        result.backward()
    for note in _nonfinite(result, variables):
        _complain(Warning(f"note: {note}"), 0)
    print(_answer(result, variables, options))
    if options.svg is not None:
        options.svg.write_bytes(_picture(result, options))
    return _NOTHING_WRONG


def _nonfinite(result: Value, variables: dict[str, Value]) -> list[str]:
    """What to say of a gradient that is nan or an infinity: the op where it was born."""
    bad = [v for v in variables.values() if not math.isfinite(v.grad)]
    if not bad:
        return []
    born = str(explain_nonfinite(result)).split("\n", 1)[0]
    more = f" (and of {len(bad) - 1} more)" if len(bad) > 1 else ""
    return [f"the gradient of leaf {bad[0].label!r}{more} is {bad[0].grad!r}: {born}"]


def _picture(result: Value, options: argparse.Namespace) -> bytes:
    """The graph in the format of the file's ending."""
    picture = draw(result, style=options.style, theme=options.theme)
    made: bytes = picture.pipe(format=options.svg.suffix.lstrip(".").lower() or "svg")
    return made


def _answer(result: Value, variables: dict[str, Value], options: argparse.Namespace) -> str:
    """What is printed: value and partial derivatives, or the trace."""
    if options.format == "json":
        gradient = {name: _json_number(v.grad) for name, v in variables.items()}
        return json.dumps({"value": _json_number(result.data), "gradient": gradient}, ensure_ascii=False)
    if options.forward is not None:
        if result.op is None and result is not variables[options.forward]:
            raise _Misuse(f"the formula does not depend on {options.forward}")
        trace = explain(result, mode="forward", wrt=variables[options.forward], digits=options.digits)
    elif options.trace or options.format != "text":
        trace = explain(result, digits=options.digits)
    else:
        name = symbol(result.label).text
        rows = [(name, result.data)]
        rows += [(f"∂{name}/∂{symbol(v.label).text}", v.grad) for v in variables.values()]
        width = max(len(left) for left, _ in rows)
        return "\n".join(f"{left:<{width}} = {number(right, options.digits)}" for left, right in rows)
    made: str = getattr(trace, options.format)()
    return made


def _json_number(x: float) -> float | str:
    """JSON has no nan and no infinities: they are given as text."""
    return x if math.isfinite(x) else repr(x)


# --- chapter7 ---------------------------------------------------------------------------------------------------------


def _add_chapter7(commands: Any) -> None:
    parser = commands.add_parser(
        "chapter7",
        help="draw the chapter's graphs, with a page that shows them with their traces",
        description="Write the figures of the backpropagation chapter as SVG, and index.html with their traces.",
    )
    parser.add_argument("--out", type=Path, default=Path("figures"), metavar="DIRECTORY", help="default: figures")
    parser.add_argument("figures", nargs="*", metavar="NUMBER", help="some figures, as in 7.4 7.5; all by default")
    parser.add_argument("--only", nargs="+", default=[], metavar="NUMBER", help="the same")
    parser.set_defaults(command=_chapter7)


def _chapter7(options: argparse.Namespace) -> int:
    from .. import chapter7  # its networks need NumPy, and the other commands don't

    try:
        report = chapter7.write(options.out, [*options.figures, *options.only])
    except ValueError as error:
        raise _Misuse(str(error)) from None
    for note in report.notes:
        _complain(Warning(f"note: {note}"), 0)
    print(f"{len(report.files)} files in {options.out}: open {options.out / 'index.html'}")
    return _NOTHING_WRONG


# --- explore ----------------------------------------------------------------------------------------------------------


def _add_explore(commands: Any) -> None:
    parser = commands.add_parser(
        "explore",
        help="a page that steps through a formula's forward and backward pass, with sliders",
        description="Write one HTML file that plays the forward and the backward pass of a formula. It works offline.",
        epilog='example: autograd-lite explore "exp(x) * sin(y)" x=0.5 y=pi/4 -o steps.html',
    )
    parser.add_argument("formula", help='in Python\'s notation, as in "x**2 + sin(y)"')
    parser.add_argument("variables", nargs="*", metavar="NAME=NUMBER", help="the point, as in x=0.1 y=pi/4")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("steps.html"), metavar="FILE", help="default: steps.html"
    )
    parser.add_argument("--forward", metavar="NAME", help="begin with forward mode, with respect to NAME")
    parser.add_argument("--title", default="", help="heading of the page; the formula by default")
    parser.add_argument("--theme", choices=["auto", "light", "dark"], default="auto", help="the reader's by default")
    parser.set_defaults(command=_explore)


def _explore(options: argparse.Namespace) -> int:
    result, variables = read_formula(options.formula, options.variables)
    if options.forward is not None and options.forward not in variables:
        raise _Misuse(f"--forward: there is no variable {clean(options.forward)!r}")
    mode = "reverse" if options.forward is None else "forward"
    try:
        page = explore(
            result, mode=mode, wrt=options.forward, theme=options.theme,
            title=options.title or clean(f"{symbol(result.label).text} = {options.formula.strip()}", 120),
        )  # fmt: skip
    except ValueError as error:  # a variable that the formula does not use
        raise _Misuse(str(error)) from None
    page.save(options.out)
    print(f"wrote {options.out}: open it in a browser")
    return _NOTHING_WRONG


#: each adds its command to the parser
_COMMANDS: list[Callable[[Any], None]] = [_add_grad, _add_explore, _add_chapter7]
