"""What JAX and PyTorch call the table's functions, where they have another name or other edges than NumPy.

Templates are written with NumPy's module name, which becomes the library's. A name with a leading underscore is a
function that the source defines for itself, from ``HELPERS``.
"""

from __future__ import annotations

import re

__all__ = ["HELPERS", "INEXACT", "NARY", "WORDS", "helpers_in"]

#: where no library has the function, or has it with fewer digits
_ALL = {"sinpi": "_sinpi({0})", "cospi": "_cospi({0})", "remainder": "_remainder({0}, {1})"}

#: where JAX and PyTorch alike lack what NumPy has
_BOTH = {
    "round": "_round({0}, {1})",
    "digamma": "_digamma({0})",
    "trigamma": "_polygamma(1, {0})",
    "gamma": "_gamma({0})",
    "polygamma": "_polygamma({0}, {1})",
    "pow": "{0} ** {1}",
    "fma": "{0} * {1} + {2}",
    **_ALL,
}

#: templates by backend and primitive, where the entry's ``array`` is not the library's way; without either, an op is
#: written by its entry's ``expression``
WORDS = {
    "numpy": _ALL,
    "jax": {
        **_BOTH,
        "sigmoid": "jax.nn.sigmoid({0})",
        "norm_cdf": "jax.scipy.special.ndtr({0})",
        "erf": "jax.scipy.special.erf({0})",
        "erfc": "jax.scipy.special.erfc({0})",
        "erfinv": "jax.scipy.special.erfinv({0})",
        "lgamma": "jax.scipy.special.gammaln({0})",
    },
    "torch": {
        **_BOTH,
        "relu": "torch.relu({0})",
        "sigmoid": "torch.sigmoid({0})",
        "erf": "torch.erf({0})",
        "erfc": "torch.erfc({0})",
        "erfinv": "torch.erfinv({0})",
        "lgamma": "torch.lgamma({0})",
        "cbrt": "torch.sign({0}) * torch.abs({0}) ** (1 / 3)",
        "degrees": "torch.rad2deg({0})",
        "radians": "torch.deg2rad({0})",
        "mod": "torch.remainder({0}, {1})",
        "sign": "_sign({0})",
        "heaviside": "_heaviside({0}, {1})",
    },
}

#: primitives of any number of operands: {args} are the operands, one after the other
NARY = {
    "sum": "np.sum(_stack({args}), 0)", "fsum": "np.sum(_stack({args}), 0)", "mean": "np.mean(_stack({args}), 0)",
    "prod": "np.prod(_stack({args}), 0)", "max": "np.amax(_stack({args}), 0)", "min": "np.amin(_stack({args}), 0)",
    "logsumexp": "_logsumexp({args})", "norm": "_norm({args})", "dist": "_dist({args})", "var": "_var({args})",
    "std": "_std({args})", "softmax_of": "_softmax_of({args})", "log_softmax_of": "_log_softmax_of({args})",
    "dot": "_dot({args})", "affine": "_affine({args})",
}  # fmt: skip

#: those whose notation in NumPy is not the float function at infinities and nan: they are called as elsewhere
INEXACT = ("softmax_of", "log_softmax_of")

_SHARED = {
    "_round": '''
def _round(x, digits):
    """x rounded to so many decimals, half to even."""
    scale = 10.0 ** abs(digits)
    scaled = np.where(_number(digits) >= 0.0, x * scale, x / scale)
    near = np.round(scaled)
    return np.where(np.abs(scaled) < 2.0**52, np.where(_number(digits) >= 0.0, near / scale, near * scale), x)
''',
    "_remainder": '''
def _remainder(a, b):
    """What is left of a by the nearest multiple of b, of two as near the even one; exact, as in IEEE 754."""
    a, size = _number(a), np.abs(_number(b))
    r = np.fmod(np.abs(a), 2.0 * size)
    r = np.where(2.0 * r > size, np.where(2.0 * (r - size) >= size, r - size - size, r - size), r)
    return np.copysign(_number(1.0), a) * r
''',
    "_turned": '''
def _turned(x):
    """What is left of x by the nearest even number."""
    r = x - 2.0 * np.round(0.5 * x)
    return np.where(r == 0.0, np.copysign(r, x), r)
''',
    "_sinpi": '''
def _sinpi(x):
    """sin(pi x), exactly 0 at whole numbers."""
    r = _turned(_number(x))
    return np.sin(np.pi * np.where(np.abs(r) > 0.5, np.copysign(1.0 - np.abs(r), r), r))
''',
    "_cospi": '''
def _cospi(x):
    """cos(pi x), exactly 0 halfway between whole numbers."""
    return np.sin(np.pi * (0.5 - np.abs(_turned(_number(x)))))
''',
    "_polygamma": '''
def _polygamma(n, x):
    """The n-th derivative of digamma, reflected below 0: there it needs the n-th derivative of the cotangent."""
    slope = [0.0, 1.0]  # a polynomial in cot(pi x)
    for _ in range(n):
        slope = [k * c for k, c in enumerate(slope)][1:]
        slope = [-(a + b) for a, b in zip(slope + [0.0, 0.0], [0.0, 0.0] + slope)]
    below = x < 0.5
    cot = 1.0 / np.tan(np.pi * (x - np.round(x)))
    reflected = (-1.0) ** n * polygamma(n, np.where(below, 1.0 - x, x))
    reflected = reflected - np.pi ** (n + 1) * sum(c * cot**k for k, c in enumerate(slope))
    pole = np.inf if n % 2 else np.where(x == 0.0, -np.copysign(_number(np.inf), x), np.nan)
    reflected = np.where(x == np.round(x), pole, reflected)
    result = np.where(below, reflected, polygamma(n, np.where(below | (x == np.inf), 1.0, x)))
    return np.where(x == np.inf, 0.0, np.where(x == -np.inf, np.nan, result))
''',
    "_norm": '''
def _norm(*xs):
    """The length of a vector, without overflow."""
    total = np.abs(_number(xs[0])) if xs else _number(0.0)
    for x in xs[1:]:
        total = np.hypot(total, _number(x))
    return total
''',
    "_dist": '''
def _dist(*xs):
    """The distance of two points, one after the other."""
    half = len(xs) // 2
    return _norm(*[a - b for a, b in zip(xs[:half], xs[half:])])
''',
    "_dot": '''
def _dot(*xs):
    """The sum of the products of the first half with the second."""
    half = len(xs) // 2
    return sum((a * b for a, b in zip(xs[:half], xs[half:])), 0.0)
''',
    "_affine": '''
def _affine(*xs):
    """The dot product of all but the last number, plus that."""
    return _dot(*xs[:-1]) + xs[-1]
''',
    "_deviations": '''
def _deviations(xs):
    """The numbers less their mean, twice: far from 0 the mean itself is rounded."""
    mean = sum(xs) / len(xs)
    xs = [x - mean for x in xs]
    mean = sum(xs) / len(xs)
    return [x - mean for x in xs]
''',
    "_var": '''
def _var(*xs):
    """The variance; the last number is the correction of the degrees of freedom."""
    *xs, correction = xs
    return sum(d * d for d in _deviations(xs)) / (len(xs) - correction)
''',
    "_std": '''
def _std(*xs):
    """The standard deviation; the last number is the correction of the degrees of freedom."""
    *xs, correction = xs
    return _norm(*_deviations(xs)) / np.sqrt(_number(len(xs) - correction))
''',
    "_exponentials": '''
def _exponentials(xs):
    """exp(x - top) for each number, where top is the largest; and top."""
    top = np.amax(xs, 0)
    return np.where(xs == top, 1.0, np.exp(xs - top)), top
''',
    "_logsumexp": '''
def _logsumexp(*xs):
    """log(exp(x1) + exp(x2) + ...), without overflow."""
    terms, top = _exponentials(_stack(*xs))
    return top + np.log(np.sum(terms, 0))
''',
    "_softmax_of": '''
def _softmax_of(*xs):
    """The first number's share of the exponentials."""
    terms, top = _exponentials(_stack(*xs))
    return terms[0] / np.sum(terms, 0)
''',
    "_log_softmax_of": '''
def _log_softmax_of(*xs):
    """The logarithm of the first number's share of the exponentials."""
    xs = _stack(*xs)
    terms, top = _exponentials(xs)
    return np.where(xs[0] == top, -np.log1p(np.sum(terms[1:], 0)), xs[0] - top - np.log(np.sum(terms, 0)))
''',
}

_OWN = {
    "numpy": {
        "_number": '''
def _number(x):
    """In double precision."""
    return np.asarray(x, float)
''',
        "_raised": '''
def _raised(x, y):
    """x ** y; of one exponent for many, if it is 0.5, np.power is np.sqrt: nan at -inf, and -0.0 at -0.0."""
    one = np.size(y) == 1 or 0 in np.asarray(y).strides
    return (np.float_power if one else np.power)(x, y)
''',
        "_stack": '''
def _stack(*xs):
    """The operands as one array, along a new first axis."""
    return np.stack(np.broadcast_arrays(*xs))
''',
    },
    "jax": {
        "_number": '''
def _number(x):
    """In double precision."""
    return jnp.asarray(x, float)
''',
        "_stack": '''
def _stack(*xs):
    """The operands as one array, along a new first axis."""
    return jnp.stack(jnp.broadcast_arrays(*xs))
''',
        "_digamma": '''
def _digamma(x):
    """With its poles: -inf at 0.0, inf at -0.0; and inf at inf."""
    found = jax.scipy.special.digamma(jnp.where(x == jnp.inf, 1.0, x))
    return jnp.where(x == jnp.inf, x, jnp.where(x == 0.0, -jnp.copysign(jnp.inf, x), found))
''',
        "_gamma": '''
def _gamma(x):
    """With its poles: inf at 0.0, -inf at -0.0, nan at the negative whole numbers."""
    pole = jnp.where(x == 0.0, jnp.copysign(jnp.inf, x), jnp.nan)
    return jnp.where((x == jnp.floor(x)) & (x <= 0.0), pole, jax.scipy.special.gamma(x))
''',
        "polygamma": "\nfrom jax.scipy.special import polygamma\n",
    },
    "torch": {
        "_number": '''
def _number(x):
    """A number as a tensor in double precision."""
    return torch.as_tensor(x, dtype=torch.float64)
''',
        "_stack": '''
def _stack(*xs):
    """The operands as one tensor, along a new first axis."""
    return torch.stack(torch.broadcast_tensors(*map(_number, xs)))
''',
        "_sign": '''
def _sign(x):
    """1, 0 or -1, and nan for nan."""
    return torch.where(x != x, x, torch.sign(x))
''',
        "_heaviside": '''
def _heaviside(x, middle):
    """0 below 0 and 1 above, middle at 0, nan for nan."""
    return torch.where(x != x, x, torch.heaviside(x, _number(middle)))
''',
        "_digamma": '''
def _digamma(x):
    """nan at the negative whole numbers."""
    return torch.where((x == torch.floor(x)) & (x < 0.0), torch.nan, torch.digamma(x))
''',
        "_gamma": '''
def _gamma(x):
    """By its logarithm, whose sign alternates below 0; nan at the negative whole numbers."""
    sign = torch.where(x < 0.0, 1.0 - 2.0 * torch.remainder(torch.floor(x), 2.0), torch.copysign(_number(1.0), x))
    pole = (x == torch.floor(x)) & (x < 0.0)
    return torch.where(pole, torch.nan, sign * torch.exp(torch.lgamma(x)))
''',
        "polygamma": '''
def polygamma(n, x):
    """By the zeta function: PyTorch's own has half the digits for n = 1."""
    sign = 1.0 if n % 2 else -1.0
    return sign * math.gamma(n + 1.0) * torch.special.zeta(_number(n + 1.0), x)
''',
        "math": "\nimport math\n",
    },
}

_MODULES = {"numpy": "np", "jax": "jnp", "torch": "torch"}

#: functions that a source defines for itself, by backend and name
HELPERS = {
    backend: {**own, **{name: re.sub(r"\bnp\.", f"{_MODULES[backend]}.", text) for name, text in _SHARED.items()}}
    for backend, own in _OWN.items()
}


def helpers_in(body: str, known: dict[str, str]) -> str:
    """The definitions of what a source calls, of those ``known`` by name; what others call comes first."""
    found: list[str] = []

    def add(text: str, own: str) -> None:
        for name in known:
            if (
                name != own
                and name not in found
                and re.search(rf"(?<![\w.]){name}\(|\bmap\({name}\b|(?<![\w.]){name}\.", text)
            ):
                add(known[name], name)
                found.append(name)

    add(body, "")
    imports = [known[name] for name in found if "\ndef " not in known[name]]
    return "".join([*imports, *("\n" + known[name] for name in found if "\ndef " in known[name])])
