"""Names of the user's code as identifiers of C."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from ...ir.array_program import ArrayProgram
from ...ir.naming import identifier, leaf_names

__all__ = ["RESERVED", "argument_names", "c_identifier", "mentions", "statement_names", "table", "unique"]

#: the functions of math.h, which C has for float (expf) and long double (expl) too
_MATH = """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp2 expm1 fabs fdim finite
    floor fma fmax fmin fmod frexp gamma hypot ilogb isinf isnan j0 j1 jn ldexp lgamma llrint llround log log10 log1p
    log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalb scalbln scalbn
    significand sin sinh sqrt tan tanh tgamma trunc y0 y1 yn
    """
#: what else C99 and the headers that a source includes call by its own name, and with common extensions; and names that
#: sources use themselves
_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false
    asm typeof main w points guard result value n BIG_ENDIAN BUFSIZ BYTE_ORDER EOF FILE FILENAME_MAX FOPEN_MAX INFINITY
    LITTLE_ENDIAN L_ctermid L_tmpnam MB_CUR_MAX NAN NFDBITS NULL PDP_ENDIAN P_tmpdir TMP_MAX WCONTINUED WEXITED WNOHANG
    WNOWAIT WSTOPPED WUNTRACED errno i386 linux math_errhandling unix div_t double_t float_t fpos_t ldiv_t lldiv_t
    off_t ptrdiff_t size_t ssize_t va_list wchar_t abort abs alloca atexit atof atoi atol atoll bcmp bcopy bsearch
    bzero calloc clearenv clearerr div dprintf ecvt exit exp10 fclose fcvt fdopen feof ferror fflush ffs ffsl ffsll
    fgetc fgetpos fgets fileno fmemopen fopen fpclassify fprintf fputc fputs fread free freopen fscanf fseek fseeko
    fsetpos ftell ftello fwrite gcvt getc getchar getdelim getenv getline gets getsubopt getw index initstate isfinite
    isgreater isless isnormal labs ldiv llabs lldiv malloc mblen mbstowcs mbtowc memccpy memchr memcmp memcpy memmove
    memset mkdtemp mkstemp mktemp pclose perror popen pow10 printf pselect putc putchar putenv puts putw qsort rand
    random realloc realpath remove rename renameat rewind rindex scanf select setbuf setenv setstate setvbuf signbit
    signgam sincos snprintf sprintf srand srandom sscanf stderr stdin stdout stpcpy stpncpy strcasecmp strcat strchr
    strcmp strcoll strcpy strcspn strdup strerror strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk
    strrchr strsep strsignal strspn strstr strtod strtof strtok strtol strtold strtoll strtoul strtoull strxfrm system
    tempnam tmpfile tmpnam ungetc unsetenv valloc vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf wcstombs
    wctomb
    """
RESERVED = frozenset([*_WORDS.split(), *(f"{name}{kind}" for name in _MATH.split() for kind in ("", "f", "l"))])
#: families of macros
_MACROS = re.compile(r"(EXIT|FD|FE|FP|HUGE|M|MATH|RAND|SEEK)_[A-Z0-9_]+")


def c_identifier(name: str) -> str:
    """A name in the letters of C, and none of C's own: "β0" is beta0, "exp" is exp_.

    >>> c_identifier("β0"), c_identifier("double"), c_identifier("weight[3, 1]")
    ('beta0', 'double_', 'weight_3_1')
    """
    text = "".join(c if c.isascii() else _letter(c) for c in identifier(name))
    text = re.sub(r"\W", "_", text)
    if text in RESERVED or _MACROS.fullmatch(text) or text.lower().startswith(("ag_", "_")) or not text[:1].isalpha():
        text = f"{text}_" if text[:1].isalpha() and text[:3].lower() != "ag_" else f"v_{text.lstrip('_')}"
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
