"""Which line is about to turn a Value into a plain number, and what to write there instead.

Python asks for a float or an index without saying what for. The user's frame knows: the piece of source that it is at
(PEP 657) is a call of ``math.sin``, an index, a ``%`` that formats. Where there is no source the advice is general.
"""

from __future__ import annotations

import ast
import linecache
import os
import sysconfig
from types import FrameType

from ..errors import LostGradientError
from ..primitives.primitive import TABLE
from .user_frame import is_users, user_frame

__all__ = ["lost"]

_GENERAL = (
    "use the functions of autograd_lite or the method (ag.sin(v), v.sin()) instead of math's, an object array instead "
    "of a float array, or v.data for the number alone"
)
_LIBRARIES = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_LONGEST = 40  # characters of the user's source that are repeated
_CASTS = {"float", "int", "complex", "bool", "str"}
_ARRAYS = {"array", "asarray", "full", "fromiter", "astype", "array_equal", "float64", "float32", "tensor", "stack"}
#: functions of ``statistics`` and what to write instead
_STATISTICS = {
    "mean": "ag.mean", "fmean": "ag.mean, or ag.dot(weights, data) / ag.sum(weights)", "pvariance": "ag.var",
    "variance": "ag.var(data, ddof=1)", "pstdev": "ag.std", "stdev": "ag.std(data, ddof=1)",
    "geometric_mean": "ag.exp(ag.mean([ag.log(x) for x in data]))", "linear_regression": "ag.dot and ag.mean",
    "harmonic_mean": "1 / ag.mean([1 / x for x in data])", "correlation": "ag.dot, ag.mean and ag.std",
    "covariance": "ag.dot and ag.mean", "median_grouped": "ag.median", "pdf": "ag.norm_pdf((x - mu) / sigma) / sigma",
    "cdf": "ag.norm_cdf((x - mu) / sigma)", "inv_cdf": "mu + sigma * math.sqrt(2) * ag.erfinv(2 * p - 1)",
    "NormalDist": "ag.norm_pdf and ag.norm_cdf", "from_samples": "ag.mean and ag.std",
}  # fmt: skip


def lost(kind: str) -> LostGradientError:
    """The error for a Value that would become ``kind`` (float, int, complex, an index), with the cure for the line."""
    return LostGradientError(f"a Value can't become {kind} without losing its gradient: {_cure(kind)}")


def _cure(kind: str) -> str:
    if kind == "masked":
        return "numpy.ma calculates with plain numbers; write array.filled(0.0), or array.compressed(), instead"
    frame = user_frame()
    while frame.f_back is not None and _of_library(frame.f_code.co_filename):  # random.randint and plt.plot ask for us
        frame = frame.f_back
    here = _expression(frame) if is_users(frame) else None
    if isinstance(here, ast.BinOp) and isinstance(here.op, ast.Mod):
        return f"% formats plain numbers; write an f-string, f'{{{_values(here.right)}:.3f}}', or pass v.data"
    if isinstance(here, ast.Subscript):
        if kind == "an index":
            place = "v" if isinstance(here.slice, (ast.Slice, ast.Tuple)) else _text(here.slice, "i")
            return f"which element is taken has no derivative; say int({place}.data) if you mean the number"
        array = _text(here.value, "the array")
        return f"{array} holds plain floats; make it an object array (dtype=object), or store v.data"
    if isinstance(here, ast.Call):
        return _of_call(here, kind)
    if kind == "an index":
        return "a count or a place has no derivative; say int(v.data) if you mean the number"
    return _GENERAL


def _of_library(path: str) -> bool:
    return path.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in path


def _of_call(call: ast.Call, kind: str) -> str:
    called = _text(call.func, "")
    name = called.rpartition(".")[2]
    plain = len(call.args) == 1 and isinstance(call.args[0], (ast.Name, ast.Attribute, ast.Subscript))
    given = _text(call.args[0], "v") if plain else "v"
    all_given = ", ".join(_text(arg, "…") for arg in call.args)
    if called in _CASTS:
        number = f"{given}.data" if called == "float" else f"{called}({given}.data)"
        return f"{number} is the number alone, a constant from there on"
    if called == "range":
        return f"how often a loop runs has no derivative; say range(int({given}.data)) if you mean the number"
    if name in _ARRAYS:
        return (
            f"{name} makes an array of plain floats; make an object array (dtype=object, or ag.values), or pass v.data"
        )
    if name in _STATISTICS:
        return f"{called} takes plain numbers; use {_STATISTICS[name]}, or v.data for the number alone"
    if kind == "an index":
        return f"{called or 'this function'} takes a whole number; say int({given}.data) if you mean the number"
    if name in TABLE:
        method = f" or {given}.{name}()" if TABLE[name].arity == 1 and plain else ""
        return f"{called} takes plain floats; use ag.{name}({all_given}){method}, or v.data for the number alone"
    if called:
        return (
            f"{called} takes plain floats; use a function of autograd_lite (ag.sin …), declare your own with "
            f"@ag.primitive, or pass v.data for the number alone (of many, as for a plot: ag.numbers(values))"
        )
    return _GENERAL


def _expression(frame: FrameType) -> ast.expr | None:
    """The expression that a frame is evaluating; None where the source isn't known."""
    positions = list(frame.f_code.co_positions())
    at = frame.f_lasti // 2
    if not 0 <= at < len(positions):
        return None
    first, last, start, end = positions[at]
    if first is None or last is None or start is None or end is None:
        return None
    lines = [line.encode() for line in linecache.getlines(frame.f_code.co_filename, frame.f_globals)[first - 1 : last]]
    if len(lines) != last - first + 1:
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    try:
        return ast.parse(b"(" + b"".join(lines) + b"\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def _text(node: ast.AST, otherwise: str) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST else otherwise


def _values(node: ast.expr) -> str:
    """What is formatted: the operand, or of several the only one that is no constant."""
    if not isinstance(node, ast.Tuple):
        return _text(node, "v")
    variable = [element for element in node.elts if not isinstance(element, ast.Constant)]
    return _text(variable[0], "v") if len(variable) == 1 else "v"
