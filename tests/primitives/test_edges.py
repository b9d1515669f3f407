"""The numerical conventions as literal numbers: every kink, pole, tie, tail and overflow, checked through ``backward``.

A case is (function, operands, value, gradient): the gradient has one number per operand. Numbers are compared to the
last bit unless the case ends in a count of rounding units; nan equals nan, and +0 equals −0.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from fractions import Fraction

import pytest

import autograd_lite as ag
from autograd_lite import NonFiniteGradientWarning, Value
from autograd_lite.primitives import Primitive

NAN, INF = math.nan, math.inf
TINY, SUB = 5e-324, 1e-320
BIG = 1e200

# fmt: off
KINKS = [
    # relu, abs, sign and the steps
    (ag.relu, [0.0], 0.0, [0.0]), (ag.relu, [-0.0], 0.0, [0.0]), (ag.relu, [NAN], NAN, [NAN]),
    (ag.relu, [INF], INF, [1.0]), (ag.relu, [-INF], 0.0, [0.0]), (ag.relu, [TINY], TINY, [1.0]),
    (ag.abs, [0.0], 0.0, [0.0]), (ag.abs, [-0.0], 0.0, [0.0]), (ag.abs, [-2.0], 2.0, [-1.0]),
    (ag.abs, [NAN], NAN, [NAN]),
    (ag.abs, [-INF], INF, [-1.0]), (abs, [0.0], 0.0, [0.0]),
    (ag.sign, [0.0], 0.0, [0.0]), (ag.sign, [-3.0], -1.0, [0.0]), (ag.sign, [NAN], NAN, [NAN]),
    (ag.floor, [2.0], 2.0, [0.0]), (ag.floor, [-0.5], -1.0, [0.0]), (ag.floor, [INF], INF, [0.0]),
    (ag.ceil, [2.0], 2.0, [0.0]), (ag.ceil, [0.5], 1.0, [0.0]), (ag.ceil, [NAN], NAN, [NAN]),
    (ag.round, [2.5], 2.0, [0.0]), (ag.round, [3.5], 4.0, [0.0]), (ag.round, [0.5], 0.0, [0.0]),
    (ag.trunc, [-1.0], -1.0, [0.0]), (ag.trunc, [-1.5], -1.0, [0.0]), (math.floor, [2.0], 2.0, [0.0]),
    (math.ceil, [1.5], 2.0, [0.0]), (math.trunc, [-1.5], -1.0, [0.0]), (round, [1.5], 2.0, [0.0]),
    (ag.heaviside, [0.0, 0.5], 0.5, [0.0, 1.0]), (ag.heaviside, [1.0, 0.5], 1.0, [0.0, 0.0]),
    (ag.copysign, [0.0, 1.0], 0.0, [0.0, 0.0]), (ag.copysign, [3.0, -0.0], -3.0, [-1.0, 0.0]),
    # leaky_relu and its kind: the number of smallest norm between the two slopes
    (lambda x: ag.leaky_relu(x, 0.01), [0.0], 0.0, [0.01]), (ag.leaky_relu, [0.0], 0.0, [0.01]),
    (lambda x: ag.leaky_relu(x, 2.0), [0.0], 0.0, [1.0]), (lambda x: ag.leaky_relu(x, -0.5), [0.0], 0.0, [0.0]),
    (ag.leaky_relu, [NAN], NAN, [NAN]), (ag.leaky_relu, [-2.0, 0.1], -0.2, [0.1, -2.0]),
    (ag.elu, [0.0], 0.0, [1.0]), (lambda x: ag.elu(x, 0.5), [0.0], 0.0, [0.5]),
    (lambda x: ag.elu(x, 2.0), [0.0], 0.0, [1.0]),
    (ag.selu, [0.0], 0.0, [1.0507009873554805]), (ag.celu, [0.0], 0.0, [1.0]),
    (lambda x: ag.celu(x, 3.0), [0.0], 0.0, [1.0]),
    (ag.softsign, [0.0], 0.0, [1.0]),
    # ties: ½ each, against a constant too; 1/k of k
    (ag.maximum, [1.0, 1.0], 1.0, [0.5, 0.5]), (ag.minimum, [1.0, 1.0], 1.0, [0.5, 0.5]),
    (lambda x: ag.maximum(x, 1.0), [1.0], 1.0, [0.5]), (lambda x: ag.maximum(1.0, x), [1.0], 1.0, [0.5]),
    (lambda x: ag.minimum(x, 1.0), [1.0], 1.0, [0.5]), (lambda x: ag.minimum(1.0, x), [1.0], 1.0, [0.5]),
    (ag.maximum, [0.0, -0.0], 0.0, [0.5, 0.5]), (ag.maximum, [INF, INF], INF, [0.5, 0.5]),
    (ag.maximum, [2.0, 1.0], 2.0, [1.0, 0.0]), (ag.minimum, [2.0, 1.0], 1.0, [0.0, 1.0]),
    (ag.maximum, [NAN, 1.0], NAN, [NAN, NAN]), (ag.maximum, [1.0, NAN], NAN, [NAN, NAN]),
    (ag.minimum, [NAN, 1.0], NAN, [NAN, NAN]), (ag.minimum, [1.0, NAN], NAN, [NAN, NAN]),
    (lambda x: ag.maximum(x, NAN), [1.0], NAN, [NAN]), (lambda x: ag.maximum(NAN, x), [1.0], NAN, [NAN]),
    (ag.fmax, [NAN, 1.0], 1.0, [0.0, 1.0]), (ag.fmax, [1.0, NAN], 1.0, [1.0, 0.0]),
    (ag.fmax, [NAN, NAN], NAN, [NAN, NAN]),
    (ag.fmin, [NAN, 1.0], 1.0, [0.0, 1.0]), (ag.fmin, [1.0, NAN], 1.0, [1.0, 0.0]),
    (ag.fmin, [2.0, 1.0], 1.0, [0.0, 1.0]),
    (ag.fmax, [3.0, 3.0], 3.0, [0.5, 0.5]), (ag.fmin, [3.0, 3.0], 3.0, [0.5, 0.5]),
    (ag.max, [2.0, 5.0, 5.0, 5.0], 5.0, [0.0, 1 / 3, 1 / 3, 1 / 3]), (ag.min, [1.0, 1.0], 1.0, [0.5, 0.5]),
    (ag.max, [4.0, 4.0, 4.0, 4.0], 4.0, [0.25] * 4), (ag.max, [1.0, NAN], NAN, [NAN, NAN]),
    (ag.min, [NAN, 1.0], NAN, [NAN, NAN]),
    (lambda x: ag.max([x, 5.0, 2.0]), [5.0], 5.0, [0.5]), (ag.max, [-INF, -INF], -INF, [0.5, 0.5]),
    # clip and its kind: 0 at a bound
    (lambda x: ag.clip(x, 0.0, 1.0), [0.0], 0.0, [0.0]), (lambda x: ag.clip(x, 0.0, 1.0), [1.0], 1.0, [0.0]),
    (lambda x: ag.clip(x, 0.0, 1.0), [0.5], 0.5, [1.0]), (lambda x: ag.clip(x, 0.0, 1.0), [NAN], NAN, [NAN]),
    (ag.clip, [-3.0, -1.0, 1.0], -1.0, [0.0, 1.0, 0.0]), (ag.clip, [3.0, -1.0, 1.0], 1.0, [0.0, 0.0, 1.0]),
    (ag.clip, [-1.0, -1.0, 1.0], -1.0, [0.0, 0.0, 0.0]), (ag.clip, [0.0, 2.0, 1.0], 1.0, [0.0, 0.0, 1.0]),
    (ag.relu6, [0.0], 0.0, [0.0]), (ag.relu6, [6.0], 6.0, [0.0]), (ag.relu6, [3.0], 3.0, [1.0]),
    (ag.relu6, [NAN], NAN, [NAN]),
    (ag.hardtanh, [-1.0], -1.0, [0.0]), (ag.hardtanh, [1.0], 1.0, [0.0]), (ag.hardtanh, [0.0], 0.0, [1.0]),
    (ag.hardsigmoid, [-3.0], 0.0, [0.0]), (ag.hardsigmoid, [3.0], 1.0, [0.0]), (ag.hardsigmoid, [0.0], 0.5, [1 / 6]),
    (ag.hardswish, [-3.0], 0.0, [0.0]), (ag.hardswish, [3.0], 3.0, [1.0]), (ag.hardswish, [0.0], 0.0, [0.5]),
    (ag.hardshrink, [0.5], 0.0, [0.0]), (ag.hardshrink, [-0.5], 0.0, [0.0]), (ag.hardshrink, [0.6], 0.6, [1.0]),
    (ag.softshrink, [0.5], 0.0, [0.0]), (ag.softshrink, [2.0, 0.5], 1.5, [1.0, -1.0]),
    (ag.softshrink, [-2.0, 0.5], -1.5, [1.0, 1.0]),
    # the origin
    (ag.hypot, [0.0, 0.0], 0.0, [0.0, 0.0]), (ag.norm, [0.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
    (ag.hypot, [0.0, -2.0], 2.0, [0.0, -1.0]),
    (ag.atan2, [0.0, 0.0], 0.0, [0.0, 0.0]), (ag.atan2, [-0.0, -0.0], -math.pi, [0.0, 0.0]),
    (lambda a, b: ag.std([a, b]), [3.0, 3.0], 0.0, [0.0, 0.0]), (lambda a: ag.std([a, 3.0]), [3.0], 0.0, [0.0]),
    (lambda a, b: ag.dist([a, 1.0], [b, 1.0]), [2.0, 2.0], 0.0, [0.0, 0.0]),
    (lambda x: ag.smooth_abs(x, 0.0), [0.0], 0.0, [0.0]),
]

POWERS = [
    *[(lambda x: x**0, [x], 1.0, [0.0]) for x in (0.0, -0.0, 1.0, -2.0, INF, -INF, NAN)],
    *[(lambda x, y: x**y, [x, 0.0], 1.0, [0.0, d]) for x, d in ((0.0, 0.0), (INF, INF), (NAN, NAN), (1.0, 0.0))],
    *[(lambda y: 0.0**y, [y], v, [d]) for y, v, d in
      ((0.0, 1.0, 0.0), (2.0, 0.0, 0.0), (0.5, 0.0, 0.0), (-1.0, INF, -INF), (-0.5, INF, -INF), (INF, 0.0, 0.0))],
    (lambda x, y: x**y, [0.0, 2.0], 0.0, [0.0, 0.0]), (lambda x, y: x**y, [0.0, -1.0], INF, [-INF, -INF]),
    (lambda x: x**1, [0.0], 0.0, [1.0]), (lambda x: x**0.5, [0.0], 0.0, [INF]), (lambda x: x**2, [0.0], 0.0, [0.0]),
    (lambda x, y: x**y, [-2.0, 2.0], 4.0, [-4.0, NAN]), (lambda x: x**2, [-2.0], 4.0, [-4.0]),
    (lambda x: x**2.0, [-2.0], 4.0, [-4.0]),
    (lambda x: x**3, [-2.0], -8.0, [12.0]), (lambda x: x**-1, [-2.0], -0.5, [-0.25]),
    (lambda x: x ** (1 / 3), [-8.0], NAN, [NAN]), (lambda x: x**400, [10.0], INF, [INF]),
    (lambda x: x**401, [-10.0], -INF, [INF]),
    (lambda x: x**-1, [0.0], INF, [-INF]), (lambda x: x**-1, [-0.0], -INF, [-INF]),
    (lambda x: x**-2, [0.0], INF, [-INF]),
    (lambda x: 10.0**x, [400.0], INF, [INF]), (lambda x: x**1.5, [BIG], 1e300, [1.5e100], 4),
    (lambda x: 2**x, [3.0], 8.0, [8 * math.log(2)]),
]

POLES = [
    (ag.log, [0.0], -INF, [INF]), (ag.log, [-0.0], -INF, [INF]), (ag.log, [-1.0], NAN, [NAN]),
    (ag.log, [INF], INF, [0.0]),
    (ag.log, [NAN], NAN, [NAN]), (ag.log2, [0.0], -INF, [INF]), (ag.log10, [0.0], -INF, [INF]),
    (ag.log1p, [-1.0], -INF, [INF]),
    (ag.log1p, [-2.0], NAN, [NAN]), (lambda x: 1 / x, [0.0], INF, [-INF]), (lambda x: 1 / x, [-0.0], -INF, [-INF]),
    (lambda x: x / 0.0, [1.0], INF, [INF]), (lambda x: x / 0, [0.0], NAN, [INF]), (ag.reciprocal, [0.0], INF, [-INF]),
    (ag.reciprocal, [-0.0], -INF, [-INF]), (ag.exp, [1000.0], INF, [INF]), (ag.exp, [-1000.0], 0.0, [0.0]),
    (ag.expm1, [1000.0], INF, [INF]),
    (ag.exp2, [2000.0], INF, [INF]), (ag.sinh, [-1000.0], -INF, [INF]), (ag.cosh, [-1000.0], INF, [-INF]),
    (ag.sqrt, [0.0], 0.0, [INF]), (ag.sqrt, [-0.0], -0.0, [INF]), (ag.sqrt, [-1.0], NAN, [NAN]),
    (ag.sqrt, [INF], INF, [0.0]),
    (ag.rsqrt, [0.0], INF, [-INF]), (ag.rsqrt, [-1.0], NAN, [NAN]), (ag.cbrt, [0.0], 0.0, [INF]),
    (ag.asin, [1.0], math.pi / 2, [INF]), (ag.asin, [-1.0], -math.pi / 2, [INF]), (ag.asin, [1.5], NAN, [NAN]),
    (ag.acos, [1.0], 0.0, [-INF]), (ag.acosh, [1.0], 0.0, [INF]), (ag.acosh, [0.5], NAN, [NAN]),
    (ag.atanh, [1.0], INF, [INF]),
    (ag.atanh, [-1.0], -INF, [INF]), (ag.atanh, [2.0], NAN, [NAN]), (ag.sin, [INF], NAN, [NAN]),
    (ag.tan, [-INF], NAN, [NAN]),
    (ag.erfinv, [1.0], INF, [INF]), (ag.erfinv, [-1.0], -INF, [INF]), (ag.erfinv, [1.5], NAN, [NAN]),
    (ag.gamma, [0.0], INF, [-INF]), (ag.gamma, [-0.0], -INF, [-INF]), (ag.gamma, [-2.0], NAN, [NAN]),
    (ag.gamma, [172.0], INF, [INF]),
    (ag.lgamma, [0.0], INF, [-INF]), (ag.lgamma, [-2.0], INF, [NAN]), (ag.digamma, [0.0], -INF, [INF]),
    (ag.digamma, [-1.0], NAN, [INF]),
    (ag.xlogy, [0.0, 0.0], 0.0, [-INF, 0.0]), (ag.xlogy, [0.0, 2.0], 0.0, [math.log(2), 0.0]),
    (ag.xlogy, [0.0, NAN], NAN, [NAN, NAN]),
    (ag.xlogy, [2.0, 0.0], -INF, [-INF, INF]), (ag.xlogy, [1.0, -1.0], NAN, [NAN, NAN]),
    (ag.xlog1py, [0.0, -1.0], 0.0, [-INF, 0.0]),
    (lambda x: x % 0.0, [1.0], NAN, [NAN]), (lambda x: x // 0, [1.0], INF, [NAN]),
    (lambda x: ag.fmod(x, 0.0), [1.0], NAN, [NAN]),
    (lambda x: ag.log(ag.exp(x)), [1000.0], INF, [NAN]),  # 0·inf is propagated, not skipped
]

REMAINDERS = [
    (lambda a, b: a % b, [7.0, 3.0], 1.0, [1.0, -2.0]), (lambda a, b: a % b, [-7.0, 3.0], 2.0, [1.0, 3.0]),
    (lambda a, b: a % b, [6.0, 3.0], 0.0, [1.0, -2.0]), (lambda a, b: a % b, [7.0, -3.0], -2.0, [1.0, 3.0]),
    (lambda b: 7 % b, [3.0], 1.0, [-2.0]),
    (lambda a, b: a // b, [7.0, 2.0], 3.0, [0.0, 0.0]), (lambda a, b: a // b, [-7.0, 2.0], -4.0, [0.0, 0.0]),
    (lambda b: 7 // b, [2.0], 3.0, [0.0]),
    (lambda a, b: divmod(a, b)[0], [7.0, 2.0], 3.0, [0.0, 0.0]),
    (lambda a, b: divmod(a, b)[1], [7.0, 2.0], 1.0, [1.0, -3.0]),
    (lambda b: divmod(7, b)[1], [2.0], 1.0, [-3.0]), (lambda x: round(x, 1), [0.26], 0.3, [0.0]),
    (ag.fmod, [7.0, 3.0], 1.0, [1.0, -2.0]), (ag.fmod, [-7.0, 3.0], -1.0, [1.0, 2.0]),
    (ag.fmod, [7.0, -3.0], 1.0, [1.0, 2.0]),
    (ag.fmod, [1.0, INF], 1.0, [1.0, 0.0]), (ag.fmod, [INF, 1.0], NAN, [NAN, NAN]),
    (ag.remainder, [7.0, 4.0], -1.0, [1.0, -2.0]),
    (ag.remainder, [6.0, 4.0], -2.0, [1.0, -2.0]), (ag.remainder, [10.0, 4.0], 2.0, [1.0, -2.0]),
    (lambda a, b: a % b, [-1.0, INF], INF, [1.0, 1.0]),
]

E40, E800 = math.exp(-40.0), 0.0
TAILS = [
    # the naive formula is named by its failure: −a/b² overflows, squares overflow, 1 − tanh² is 0 from x = 20 …
    (lambda a, b: a / b, [1e200, 1e200], 1.0, [1e-200, -1e-200]), (lambda b: 1e300 / b, [1e200], 1e100, [-1e-100], 2),
    (ag.hypot, [3e200, 4e200], 5e200, [0.6, 0.8], 2), (ag.hypot, [3e-200, 4e-200], 5e-200, [0.6, 0.8], 2),
    (ag.norm, [3e200, 4e200], 5e200, [0.6, 0.8], 2),
    (ag.atan2, [3e200, 4e200], math.atan2(3, 4), [1.6e-201, -1.2e-201], 4),
    (ag.atan2, [3e-200, 4e-200], math.atan2(3, 4), [1.6e199, -1.2e199], 4),
    (ag.asinh, [1e200], math.asinh(1e200), [1e-200], 1), (ag.acosh, [1e200], math.acosh(1e200), [1e-200], 2),
    (ag.atan, [1e154], math.pi / 2, [1e-308], 4),
    (ag.tanh, [20.0], math.tanh(20.0), [4 * E40 / (1 + E40) ** 2], 1),
    (ag.tanh, [-40.0], -1.0, [4 * math.exp(-80.0)], 1), (ag.tanh, [800.0], 1.0, [0.0]),
    (ag.tanh, [INF], 1.0, [0.0]), (ag.tanh, [0.0], 0.0, [1.0]), (ag.sigmoid, [40.0], 1.0, [E40], 2),
    (ag.sigmoid, [-40.0], E40, [E40], 2),
    (ag.sigmoid, [800.0], 1.0, [0.0]), (ag.sigmoid, [-800.0], 0.0, [0.0]), (ag.sigmoid, [-INF], 0.0, [0.0]),
    (ag.sigmoid, [-740.0], math.exp(-740.0), [math.exp(-740.0)]),
    (ag.softplus, [-40.0], E40, [E40], 2), (ag.softplus, [40.0], 40.0, [1.0]), (ag.softplus, [800.0], 800.0, [1.0]),
    (ag.softplus, [-800.0], 0.0, [0.0]),
    (ag.softplus, [25.0], 25.0 + math.exp(-25.0), [1 / (1 + math.exp(-25.0))]), (ag.softplus, [-INF], 0.0, [0.0]),
    (ag.softplus, [INF], INF, [1.0]),
    (ag.logsigmoid, [-800.0], -800.0, [1.0]), (ag.logsigmoid, [40.0], -E40, [E40], 2),
    (ag.logsigmoid, [-INF], -INF, [1.0]), (ag.logsigmoid, [INF], 0.0, [0.0]),
    (ag.expm1, [-40.0], -1.0, [E40]), (ag.expm1, [1e-20], 1e-20, [1.0]), (ag.log1p, [1e-20], 1e-20, [1.0]),
    (ag.expm1, [-800.0], -1.0, [0.0]),
    (ag.gelu, [-10.0], -7.619853024160526e-23, [-7.618400096464814e-22], 4), (ag.gelu, [-INF], 0.0, [0.0]),
    (ag.gelu, [INF], INF, [1.0]), (ag.gelu, [0.0], 0.0, [0.5]),
    (ag.gelu_tanh, [-800.0], 0.0, [0.0]), (ag.gelu_tanh, [800.0], 800.0, [1.0]),
    (lambda x: ag.gelu(x, approximate="tanh"), [0.0], 0.0, [0.5]),
    (ag.silu, [-INF], 0.0, [0.0]), (ag.silu, [INF], INF, [1.0]), (ag.silu, [-40.0], -40.0 * E40, [-39.0 * E40], 4),
    (ag.mish, [-INF], 0.0, [0.0]),
    (ag.mish, [40.0], 40.0, [1.0]), (ag.mish, [-800.0], 0.0, [0.0]), (ag.elu, [-800.0], -1.0, [0.0]),
    (ag.selu, [-40.0], -1.758099340847377, [1.758099340847377 * E40], 4),
    (ag.erf, [0.0], 0.0, [2 / math.sqrt(math.pi)]),
    (ag.erfc, [20.0], 5.395865611607901e-176, [-2.1610374743867984e-174], 2), (ag.erfc, [40.0], 0.0, [0.0]),
    (ag.logsumexp, [1000.0, 1000.0], 1000.0 + math.log(2.0), [0.5, 0.5]),
    (ag.logsumexp, [-1000.0, -1000.0], -1000.0 + math.log(2.0), [0.5, 0.5]),
    (ag.logsumexp, [0.0, -40.0], E40, [1.0, E40], 2), (ag.logsumexp, [INF, 0.0], INF, [1.0, 0.0]),
    (ag.logsumexp, [-INF, 0.0], 0.0, [0.0, 1.0]),
    (ag.logsumexp, [-INF, -INF], -INF, [0.5, 0.5]), (ag.logsumexp, [NAN, 0.0], NAN, [NAN, NAN]),
    (ag.logsumexp, [INF, NAN], NAN, [NAN, NAN]),
    (ag.logaddexp, [INF, 0.0], INF, [1.0, 0.0]), (ag.logaddexp, [0.0, INF], INF, [0.0, 1.0]),
    (ag.logaddexp, [-INF, 0.0], 0.0, [0.0, 1.0]),
    (ag.logaddexp, [INF, INF], INF, [0.5, 0.5]), (ag.logaddexp, [-INF, -INF], -INF, [0.5, 0.5]),
    (ag.logaddexp, [0.0, -40.0], E40, [1.0, E40], 2),
    (ag.logaddexp2, [INF, 0.0], INF, [1.0, 0.0]), (ag.logaddexp2, [3.0, 3.0], 4.0, [0.5, 0.5]),
    (ag.logaddexp2, [0.0, 1060.0], 1060.0, [2.0**-1060, 1.0]),
    (ag.prod, [0.0, 3.0, 4.0], 0.0, [12.0, 0.0, 0.0]), (ag.prod, [0.0, 0.0, 4.0], 0.0, [0.0, 0.0, 0.0]),
    (ag.prod, [2.0, 3.0], 6.0, [3.0, 2.0]),
    (lambda a, b: ag.softmax([a, b])[0], [0.0, -40.0], 1.0, [E40, -E40], 2),
    (lambda a, b: ag.log_softmax([a, b])[0], [0.0, -40.0], -E40, [E40, -E40], 2),
    (lambda a, b: ag.log_softmax([a, b])[1], [0.0, -800.0], -800.0, [-1.0, 1.0]),
    (lambda a, b: ag.softmax([a, b])[1], [1000.0, 1000.0], 0.5, [-0.25, 0.25]),
    (ag.sinc, [0.0], 1.0, [0.0]), (ag.sinc, [1e-9], 1.0, [-math.pi**2 / 3 * 1e-9], 4), (ag.sinc, [1.0], 0.0, [-1.0]),
    (ag.sinc, [INF], 0.0, [0.0]),
    (lambda a, b: ag.std([a, b]), [1e200, 3e200], 1e200, [-0.5, 0.5], 2),
    (ag.smooth_maximum, [800.0, 0.0], 800.0, [1.0, 0.0]),
    # subnormals are kept
    (ag.sqrt, [SUB], math.sqrt(SUB), [0.5 / math.sqrt(SUB)]), (lambda x: x * 1.0, [SUB], SUB, [1.0]),
    (ag.abs, [-TINY], TINY, [-1.0]),
    (lambda x: x + 0.0, [TINY], TINY, [1.0]), (ag.sin, [SUB], SUB, [1.0]), (ag.log, [SUB], math.log(SUB), [INF]),
    (ag.maximum, [TINY, 0.0], TINY, [1.0, 0.0]),
]

CHOICES = [
    (lambda x: ag.where(x > 0, ag.sqrt(x), 0), [-1.0], 0.0, [0.0]),
    (lambda x: ag.where(x > 0, ag.sqrt(x), 0), [4.0], 2.0, [0.25]),
    (lambda x: ag.where(x > 0, lambda: ag.sqrt(x), lambda: 0.0 * x), [4.0], 2.0, [0.25]),
    (lambda x: ag.where(x > 0, lambda: ag.sqrt(x), 0), [-1.0], 0.0, [0.0]),
    (lambda x: ag.where(x > 0, lambda: ag.sqrt(x), lambda: 0.0), [-1.0], 0.0, [0.0]),
    (lambda x: ag.where(x > 0, lambda x=x: ag.sqrt(x), 0), [-1.0], 0.0, [0.0]),
    (lambda x: (lambda xs: ag.where(xs[0] > 0, lambda: ag.sqrt(xs[0]), 0))([x]), [-1.0], 0.0, [0.0]),
    (lambda x: ag.where(x > 0, x.sqrt, 0), [-1.0], 0.0, [0.0]), (lambda x: ag.where(x, 2.0, 0), [-1.0], 2.0, [0.0]),
    (lambda x: ag.where(True, x, lambda: 1 / 0), [3.0], 3.0, [1.0]),
    (lambda x: ag.where(x < 0, lambda: 1 // 0, x), [3.0], 3.0, [1.0]),
    (lambda a, b: ag.where(a > b, a, b), [1.0, 2.0], 2.0, [0.0, 1.0]),
]

#: first, second and third derivative with respect to the first operand, the others held: never a silent 0 at a pole or
#: outside the domain, and a kink's own derivatives stay 0
ORDERS = [
    (ag.log, [0.0], [INF, -INF, INF]), (ag.log, [-0.0], [INF, -INF, INF]), (ag.log, [-1.0], [NAN, NAN, NAN]),
    (ag.log2, [0.0], [INF, -INF, INF]), (ag.log2, [-1.0], [NAN, NAN, NAN]), (ag.log10, [0.0], [INF, -INF, INF]),
    (ag.log10, [-TINY], [NAN, NAN, NAN]), (ag.log1p, [-1.0], [INF, -INF, INF]), (ag.log1p, [-2.0], [NAN, NAN, NAN]),
    (ag.sqrt, [0.0], [INF, -INF, INF]), (ag.sqrt, [-0.0], [INF, -INF, INF]), (ag.sqrt, [-1.0], [NAN, NAN, NAN]),
    (ag.rsqrt, [0.0], [-INF, INF, -INF]), (ag.rsqrt, [-1.0], [NAN, NAN, NAN]), (ag.cbrt, [0.0], [INF, -INF, INF]),
    (ag.reciprocal, [0.0], [-INF, INF, -INF]), (lambda x: 1 / x, [0.0], [-INF, INF, -INF]),
    (lambda x: x**0.5, [0.0], [INF, -INF, INF]), (lambda x: x**-1, [0.0], [-INF, INF, -INF]),
    (ag.asin, [1.0], [INF, INF, INF]), (ag.asin, [-1.0], [INF, -INF, INF]), (ag.asin, [2.0], [NAN, NAN, NAN]),
    (ag.acos, [1.0], [-INF, -INF, -INF]), (ag.acos, [-1.0], [-INF, INF, -INF]), (ag.acos, [-2.0], [NAN, NAN, NAN]),
    (ag.atanh, [1.0], [INF, INF, INF]), (ag.atanh, [-1.0], [INF, -INF, INF]), (ag.atanh, [2.0], [NAN, NAN, NAN]),
    (ag.acosh, [1.0], [INF, -INF, INF]), (ag.acosh, [0.5], [NAN, NAN, NAN]),
    (ag.erfinv, [1.0], [INF, INF, INF]), (ag.erfinv, [-1.0], [INF, -INF, INF]), (ag.erfinv, [2.0], [NAN, NAN, NAN]),
    (ag.gamma, [0.0], [-INF, INF, -INF]), (ag.gamma, [200.0], [INF, INF, INF]), (ag.gamma, [-1.0], [NAN, NAN, NAN]),
    (lambda y: ag.xlogy(2.0, y), [0.0], [INF, -INF, INF]), (lambda y: ag.xlogy(2.0, y), [-1.0], [NAN, NAN, NAN]),
    (lambda y: ag.xlogy(0.0, y), [0.0], [0.0, 0.0, 0.0]), (lambda y: ag.xlog1py(2.0, y), [-1.5], [NAN, NAN, NAN]),
    (lambda x: x ** (1 / 3), [-8.0], [NAN, NAN, NAN]), (lambda x: x**0, [0.0], [0.0, 0.0, 0.0]),
    (ag.exp, [1000.0], [INF, INF, INF]), (ag.exp2, [2000.0], [INF, INF, INF]),
    (ag.abs, [0.0], [0.0, 0.0, 0.0]), (ag.relu, [0.0], [0.0, 0.0, 0.0]), (ag.softsign, [0.0], [1.0, 0.0, 0.0]),
    (lambda x: ag.hypot(x, 0.0), [0.0], [0.0, 0.0, 0.0]), (lambda x: ag.norm([x, 0.0]), [0.0], [0.0, 0.0, 0.0]),
    (lambda x: ag.atan2(x, 0.0), [0.0], [0.0, 0.0, 0.0]), (lambda x: x // 0.0, [1.0], [NAN, NAN, 0.0]),
    (lambda x: ag.std([x, 3.0]), [3.0], [0.0, 0.0, 0.0]), (lambda x: x % 0.0, [1.0], [NAN, NAN, 0.0]),
    (ag.sigmoid, [INF], [0.0, 0.0, 0.0]), (ag.silu, [-INF], [0.0, 0.0, 0.0]), (ag.tanh, [-INF], [0.0, 0.0, 0.0]),
    (ag.sin, [INF], [NAN, NAN, NAN]), (ag.log, [INF], [0.0, 0.0, 0.0]),
    (ag.atan, [INF], [0.0, 0.0, 0.0]), (ag.atan, [-INF], [0.0, 0.0, 0.0]), (ag.asinh, [INF], [0.0, 0.0, 0.0]),
    (ag.asinh, [-INF], [0.0, 0.0, 0.0]), (ag.acosh, [INF], [0.0, 0.0, 0.0]), (ag.acosh, [-INF], [NAN, NAN, NAN]),
    (lambda x: ag.hypot(x, 1.0), [-INF], [-1.0, 0.0, 0.0]), (lambda x: ag.hypot(1.0, x), [INF], [1.0, 0.0, 0.0]),
    (lambda x: ag.hypot(x, INF), [1.0], [0.0, 0.0, 0.0]), (lambda x: ag.smooth_abs(x, 1e-9), [INF], [1.0, 0.0, 0.0]),
    (lambda x: ag.atan2(x, 1.0), [INF], [0.0, 0.0, 0.0]), (lambda x: ag.atan2(1.0, x), [-INF], [0.0, 0.0, 0.0]),
]

LN2, LN3 = math.log(2.0), math.log(1.5)
#: f, the point, its second derivative, what that may be off by (relative): where a formula loses its digits
SECOND = [
    (ag.asin, 1e-20, 1e-20), (ag.acos, 1e-20, -1e-20), (ag.atanh, 1e-20, 2e-20), (ag.atan, 1e-20, -2e-20),
    (ag.tanh, 1e-20, -2e-20), (ag.sigmoid, 1e-20, -0.125e-20), (ag.sigmoid, -1e-9, 0.125e-9), (ag.sinh, 1e-20, 1e-20),
    (ag.sigmoid, 300.0, -math.exp(-300.0)), (ag.sigmoid, -300.0, math.exp(-300.0)),
    (lambda x: ag.logaddexp(x, 0.0), 300.0, math.exp(-300.0)), (ag.softplus, -300.0, math.exp(-300.0)),
    (lambda x: ag.hypot(x, 1e-9), 1.0, 1e-18), (lambda x: ag.norm([x, 1e-9, 2e-9]), 1.0, 5e-18),
    (lambda x: ag.dist([x, 1e-9], [-1.0, 0.0]), 0.0, 1e-18), (lambda x: ag.smooth_abs(x, 1e-9), 1.0, 1e-18),
    (lambda x: ag.log_softmax([x, 0.0, 1.0])[0], 50.0, -math.exp(-49.0) * (1.0 + math.exp(-1.0))),
    (lambda x: ag.logsumexp([x, 0.0]), 50.0, math.exp(-50.0)),
    (ag.exp2, 1024.2, LN2 * LN2 * 2.0**1000 * 2.0**24.2), (lambda x: 1.5**x, 1750.0, LN3**2 * 1.5**875 * 1.5**875),
    (lambda x: ag.softmax([x, 0.0])[0], 1e-12, -0.125e-12), (lambda x: ag.softmax([3e-9, x])[1], 1e-9, 0.25e-9),
    (lambda x: ag.grad(lambda t: ag.logsumexp([t, 0.0]))(x), 1e-12, -0.125e-12),
    (lambda x: ag.grad(lambda t: ag.log_softmax([1e-12, t])[0])(x), 0.0, -0.125e-12),
    (lambda x: ag.atan2(1e-155, x), 1e-300, 2e165), (lambda x: ag.atan2(x, 1e-155), 1e-308, -2e157),
    (lambda x: ag.atan2(x, 1e-200), -1e-300, 2e300), (lambda x: ag.atan2(1.0, x), 1e-300, 2e-300),
    (lambda x: ag.hypot(x, 1e-300), 1e-308, 1e300), (lambda x: ag.hypot(x, 1e-300), 1e-280, 1e240),
    (lambda x: ag.smooth_abs(x, 1e-200), 1e-100, 1e-100),
    (lambda x: ag.celu(-2.0, x), 1e-160, 0.0), (lambda x: ag.celu(-20.0, x), -3.0, -11641.066581146923),
]
# fmt: on

TABLES = {
    "kinks": KINKS,
    "powers": POWERS,
    "poles": POLES,
    "remainders": REMAINDERS,
    "tails": TAILS,
    "choices": CHOICES,
}


def cases() -> list:
    """Every case of every table, with an id that says where it stands."""
    found = []
    for title, table in TABLES.items():
        for i, case in enumerate(table):
            name = getattr(case[0], "__name__", "f").replace("<lambda>", "f")
            units = case[4] if len(case) > 4 else 0
            found.append(pytest.param(*case[:4], units, id=f"{title}{i}-{name}{case[1]}"))
    return found


def agree(got: float, expected: float, units: float) -> bool:
    return got == expected or (got != got and expected != expected) or abs(got - expected) <= units * math.ulp(expected)


@pytest.mark.parametrize(("f", "at", "value", "gradient", "units"), cases())
def test_edge(f, at, value, gradient, units):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonFiniteGradientWarning)
        xs = [Value(x) for x in at]
        y = f(*xs)
        y.backward()
    assert agree(y.data, value, units), (y.data, value)
    for x, g in zip(xs, gradient, strict=True):
        assert agree(x.grad, g, units), ([x.grad for x in xs], gradient)
    if isinstance(f, Primitive):
        assert agree(f(*at), value, units), "and the same number on plain floats"


@pytest.mark.parametrize(("f", "at", "value", "gradient", "units"), cases())
@pytest.mark.skipif(not importlib.util.find_spec("autograd_lite.functional"), reason="forward mode comes with it")
def test_edge_forward(f, at, value, gradient, units):
    """The same numbers by forward mode, one direction at a time (a zero tangent times inf is nan there, by IEEE)."""
    for i, g in enumerate(gradient):
        direction = tuple(1.0 if j == i else 0.0 for j in range(len(at)))
        y, tangent = ag.jvp(f, tuple(at), direction)
        assert agree(float(getattr(y, "data", y)), value, units)
        if all(math.isfinite(p) for j, p in enumerate(gradient) if j != i):
            assert agree(float(getattr(tangent, "data", tangent)), g, units)


def test_lazy_branches_of_numbers_give_numbers():
    def root(x):
        return ag.where(x > 0, lambda: ag.sqrt(x), lambda: 0.0)

    assert (root(4.0), root(-4.0)) == (2.0, 0.0)
    assert type(root(4.0)) is type(root(-4.0)) is float


def nested(f, x, order):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonFiniteGradientWarning)
        for _ in range(order):
            f = ag.grad(f)
        return f(x)


@pytest.mark.parametrize(("f", "at", "derivatives"), ORDERS)
def test_higher_orders(f, at, derivatives):
    found = [nested(f, at[0], order) for order in (1, 2, 3)]
    assert all(agree(a, b, 0) for a, b in zip(found, derivatives, strict=True)), (found, derivatives)
    once, twice = ag.grad(f), ag.grad(ag.grad(f))
    compiled = [nested(ag.compile(g), at[0], 0) for g in (once, twice, ag.grad(twice))]
    assert all(agree(a, b, 0) for a, b in zip(compiled, derivatives, strict=True)), (compiled, derivatives)


@pytest.mark.parametrize(("f", "at", "derivative"), SECOND)
def test_second_derivatives_keep_their_digits(f, at, derivative):
    assert nested(f, at, 2) == pytest.approx(derivative, rel=1e-12, abs=0.0)
    assert nested(ag.compile(ag.grad(ag.grad(f))), at, 0) == pytest.approx(derivative, rel=1e-12, abs=0.0)


def test_spread_far_from_zero():
    for xs in ([1e15, 1e15 + 0.125], [1e12 + 0.569, 1e12 + 0.7054, 1e12 + 0.809, 1e12 + 0.1816], [-7e13, -7e13 - 1.0]):
        exact = [Fraction(x) for x in xs]
        mean = sum(exact) / len(xs)
        var = sum((x - mean) ** 2 for x in exact) / len(xs)
        slopes = [float(2 * (x - mean) / len(xs)) for x in exact]
        for f in (ag.var, ag.compile(lambda xs: ag.var(xs))):
            assert f(xs) == pytest.approx(float(var), rel=1e-12)
            assert ag.std(xs) == pytest.approx(math.sqrt(var), rel=1e-12)
        assert ag.grad(ag.var)(xs) == pytest.approx(slopes, rel=1e-12)
        assert ag.compile(ag.grad(ag.var))(xs) == pytest.approx(slopes, rel=1e-12)


def test_hypot_of_the_smallest_numbers_has_a_slope():
    """Both quotients are 1 there, rounded: the slope is no silent 0."""
    for x, y in ((5e-324, 5e-324), (-5e-324, 5e-324), (1e-323, 5e-324)):
        for f in (ag.grad(ag.hypot), ag.compile(ag.grad(ag.hypot))):
            assert 0.5 <= abs(f(x, y)) <= 1.0
            assert math.copysign(1.0, f(x, y)) == math.copysign(1.0, x)


def test_clip_with_one_bound():
    """NumPy's ``x.clip(0.0)``, which is a ReLU."""
    for f in (lambda x: x.clip(0.0), lambda x: ag.clip(x, 0.0), lambda x: ag.clip(x, low=0.0)):
        for x in (-1.5, 2.0):
            assert f(Value(x)).data == max(x, 0.0)
            assert ag.grad(f)(x) == ag.compile(ag.grad(f))(x) == (x > 0.0)
    assert ag.clip(3.0, high=1.0) == 1.0
