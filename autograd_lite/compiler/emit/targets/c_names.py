"""Names of the user's code as identifiers of C."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from ...ir.array_program import ArrayProgram
from ...ir.naming import identifier, leaf_names

__all__ = ["RESERVED", "argument_names", "c_identifier", "mentions", "statement_names", "table", "unique"]

#: what C99 and the headers that a source includes call by its own name; and names that sources use themselves
_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false
    asm typeof main NULL NAN INFINITY HUGE_VAL w points guard result value n
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh div erf erfc exp exp2 expm1 fabs fdim floor fma
    fmax fmin fmod fpclassify frexp hypot ilogb isfinite isgreater isinf isless isnan isnormal j0 j1 jn ldexp lgamma
    llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo
    rint round scalbln scalbn signbit sin sinh sqrt tan tanh tgamma trunc y0 y1 yn gamma drem significand signgam
    abort abs atexit atof atoi atol bsearch calloc exit free getenv index labs ldiv llabs lldiv malloc mblen qsort rand
    realloc srand strtod strtof strtol strtold strtoul system memchr memcmp memcpy memmove memset strcat strchr strcmp
    strcoll strcpy strcspn strerror strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtok strxfrm rindex
    fclose fflush fgetc fgets fopen fprintf fputc fputs fread fscanf fseek ftell fwrite getc getchar gets perror printf
    putc putchar puts remove rename rewind scanf setbuf setvbuf snprintf sprintf sscanf stdin stdout stderr tmpfile
    tmpnam ungetc vfprintf vprintf vsnprintf vsprintf size_t ptrdiff_t wchar_t FILE EOF errno unix linux
    """
RESERVED = frozenset(_WORDS.split())


def c_identifier(name: str) -> str:
    """A name in the letters of C, and none of C's own: "β0" is beta0, "exp" is exp_.

    >>> c_identifier("β0"), c_identifier("double"), c_identifier("weight[3, 1]")
    ('beta0', 'double_', 'weight_3_1')
    """
    text = "".join(c if c.isascii() else _letter(c) for c in identifier(name))
    text = re.sub(r"\W", "_", text)
    if text in RESERVED or text.startswith(("ag_", "_")) or not text[:1].isalpha():
        text = f"{text}_" if text[:1].isalpha() and not text.startswith("ag_") else f"v_{text.lstrip('_')}"
    return text


def _letter(c: str) -> str:
    """A letter of another alphabet by the name that it has there: beta of GREEK SMALL LETTER BETA."""
    found = re.search(r"LETTER (?:FINAL )?(\w+)", unicodedata.name(c, ""))
    return found[1].lower() if found is not None else f"u{ord(c):x}"


def unique(wanted: Iterable[str], taken: set[str]) -> list[str]:
    """Each name, with a number where it is taken; ``taken`` then has them too."""
    result = []
    for base in wanted:
        name, k = base, 1
        while name in taken:
            k += 1
            name = f"{base}_{k}"
        taken.add(name)
        result.append(name)
    return result


def mentions(lines: Iterable[str], name: str) -> bool:
    """Whether lines read a name."""
    return any(re.search(rf"(?<![\w@]){re.escape(name)}\b", line) for line in lines)


def table(kind: str, name: str, items: Sequence[str]) -> str:
    """The declaration of a constant array."""
    rows = ["  " + ", ".join(items[k : k + 8]) for k in range(0, len(items), 8)]
    return f"static const {kind} {name}[{len(items)}] = {{\n" + ",\n".join(rows) + "\n};"


def argument_names(leaves: Sequence[object], taken: set[str]) -> list[str]:
    """What the leaves of a program are called."""
    return unique(map(c_identifier, leaf_names(leaves)), taken)  # type: ignore[arg-type]


def statement_names(program: ArrayProgram, taken: set[str]) -> list[str]:
    """A name for every statement: the user's, or t1, t2 …"""
    wanted = []
    count = 0
    for i in range(len(program.statements)):
        if i in program.names:
            wanted.append(c_identifier(program.names[i]))
        else:
            count += 1
            wanted.append(f"t{count}")
    return unique(wanted, set(taken))
