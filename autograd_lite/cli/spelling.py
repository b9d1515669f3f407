"""What a formula was probably meant to be: the notation of textbooks and calculators written as Python writes it.

Nothing is guessed silently: a formula that can't be read is refused, and the error shows the one that could be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection

from ..primitives import TABLE

__all__ = ["WORDS", "joined", "respelled"]

_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "−": "-", "–": "-", "π": "pi", "τ": "tau", "∞": "inf"}
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
#: what textbooks and other programs call a function
WORDS = {
    "ln": "log", "lg": "log10", "tg": "tan", "sgn": "sign", "power": "pow", "norm": "hypot", "arctan2": "atan2",
    **{f"{arc}{name}": f"a{name}" for name in ("sin", "cos", "tan") for arc in ("arc", "arcus")},
    **{f"{arc}{name}": f"a{name}" for name in ("sinh", "cosh", "tanh") for arc in ("arc", "ar")},
}  # fmt: skip
_NAMES = "|".join(sorted([*(name for name in TABLE if name.isidentifier()), *WORDS], key=len, reverse=True))
_ATOM = r"(?:\d[\w.]*|[A-Za-z_]\w*)(?:\*\*-?\d+)?(?:\*(?:\d[\w.]*|[A-Za-z_]\w*))*"
_NUMBER = r"(?<![\w.])(?>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
#: from what is written to what is meant, in this order
_RULES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\b(?:math|np|numpy|ag|torch|jnp)\.(?=[a-z])"), ""),  # np.sin(x)
    (re.compile(r"^\s*(?:d/d|∂/∂)[^\W\d]\w*\s*"), ""),  # d/dx x**2
    (re.compile(rf"\b({_NAMES})(?=\s*\()", re.IGNORECASE), lambda m: m[1].lower()),  # Sin(x)
    (re.compile(r"\b([A-Za-z_]\w*|\d+)!"), r"gamma(\1+1)"),
    (re.compile(r"^\s*(?:[A-Za-z_]\w*(?:\([\w, ]*\))?\s*)?:?=(?!=)"), ""),  # y = …, f(x) = …
    (re.compile("√"), " sqrt "),
    (re.compile(r"([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"), lambda m: "**" + m[1].translate(_SUPERSCRIPTS)),
    (re.compile(r"\^"), "**"),
    (re.compile(r"\|([^|]+)\|"), r"abs(\1)"),
    (re.compile(r"\\(?=[a-z])"), ""),  # \sin
    (re.compile(rf"\b({_NAMES})\s*\*\*\s*(\d+)\s*\(([^()]*)\)"), r"\1(\3)**\2"),  # sin^2(x)
    (re.compile(rf"\b({_NAMES})\s*\*\*\s*(\d+)\s+({_ATOM})"), r"\1(\3)**\2"),
    (re.compile(rf"({_NUMBER})\s*(?=[A-Za-z_(])"), r"\1*"),  # 2x, 2(x + 1)
    (re.compile(r"\)\s*(?=[\w(])"), ")*"),  # (x + 1)(x - 1), (x + 1)x
    (re.compile(rf"\b({_NAMES})\s+({_ATOM})"), r"\1(\2)"),  # sin x, sin 2*x
    (re.compile(rf"\b(?!(?:{_NAMES})\b)([A-Za-z_]\w*)\s*(?=\()"), r"\1*"),  # x(x + 1)
    (re.compile(rf"\b(?!(?:{_NAMES})\b)([A-Za-z_]\w*)\s+(?=[A-Za-z_(])"), r"\1*"),  # x y
    (re.compile(rf"\b({'|'.join(WORDS)})(?=\()"), lambda m: WORDS[m[1]]),
]


def respelled(text: str) -> str:
    """The formula that a text was probably meant to be, or "".

    >>> [respelled(text) for text in ("x^2", "2x", "sin x", "3 sin^2(x) + 2(x+1)", "y = x²", "e^-x", "(x")]
    ['x**2', '2*x', 'sin(x)', '3*sin(x)**2 + 2*(x+1)', 'x**2', 'e**-x', '']
    """
    made = text.strip().translate(_SIGNS)
    if len(made) > 200:
        return ""
    for pattern, better in _RULES:
        made = pattern.sub(better, made)
    made = made.strip()
    if made == text.strip() or not _reads(made):
        return ""
    return made


def joined(name: str, known: Collection[str]) -> str:
    """The advice for a name that is a function and a variable, or several variables, written together; or "".

    >>> joined("cosx", {"x"}), joined("xy", {"x", "y"}), joined("z", {"x"})
    ('; did you mean cos(x) ?', '; did you mean x*y ?', '')
    """
    for function in TABLE:
        if name.startswith(function) and name[len(function) :] in known:
            return f"; did you mean {function}({name[len(function) :]}) ?"
    if 1 < len(name) < 10 and all(letter in known for letter in name):
        return f"; did you mean {'*'.join(name)} ?"
    return ""


def _reads(text: str) -> bool:
    """Whether a text is a formula, as far as its grammar goes."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    strange = (ast.BitXor, ast.Subscript, ast.Attribute, ast.Lambda, ast.Tuple, ast.Compare)
    return all(isinstance(call.func, ast.Name) and call.func.id in TABLE for call in calls) and not any(
        isinstance(node, strange) for node in ast.walk(tree)
    )
