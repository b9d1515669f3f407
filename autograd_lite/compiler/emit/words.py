"""What NumPy, JAX and PyTorch call the table's functions, where that is not what the table says of arrays.

Templates are written with NumPy's module name, which becomes the library's. A name with a leading underscore is a
function that the source defines for itself, from ``functions/``.
"""

from __future__ import annotations

__all__ = ["INEXACT", "NARY", "WORDS"]

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
        "cbrt": "torch.copysign(torch.abs({0}) ** (1 / 3), {0})",
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
