#!/usr/bin/env bash
# Cython 3.3.1, compiling ordinary Python with x and y annotated float: x ** y is 7.999999999999998 for 2.0 ** 3.0,
# (63.99999999999998-1.57e-14j) for (-8.0) ** 2.0, and nan+nanj for 0.0 ** 0.0.
#
# Surprises: arithmetic on annotated floats becomes C's, which is the same to the last bit for + - * /; a power becomes
#   one of complex numbers, by exp and log, because the base might be negative, and is turned into a float again where
#   its imaginary part is 0. So whole powers of whole numbers aren't whole, real powers of negative numbers are
#   complex, and x ** 0.0 is not 1 at 0 and inf. The same line uncompiled, and math.pow compiled, are right.
# Versions: cython 3.3.1 (Python 3.11, setuptools 80.9.0, the system's C compiler). Documented is that a power may come
#   out complex (directive cpow), for which Python's own (-1.0) ** 0.5 is given as the model.
# Behaviour: as printed below; with the directive cpow=True it is C's pow, and right here.
# One would have guessed: pow where the result is real, and a complex number only where Python has one.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv v
v/bin/pip install -q --disable-pip-version-check "cython==3.3.1" "setuptools==80.9.0"
cat >plain.py <<'PY'
import math


def power(x: float, y: float):
    return x ** y


def c_power(x: float, y: float):
    return math.pow(x, y)
PY
cp plain.py compiled.py
{ echo "# cython: cpow=True"; cat plain.py; } >compiled_cpow.py
v/bin/cythonize -3 -i compiled.py compiled_cpow.py >log 2>&1 || { cat log; exit 1; }
cat >see.py <<'PY'
import math

import compiled
import compiled_cpow
import plain

assert compiled.__file__.endswith((".so", ".pyd")) and plain.__file__.endswith(".py")
wrong = 0
pairs = [(2.0, 3.0), (3.0, 0.5), (-8.0, 2.0), (-2.0, 3.0), (0.0, 0.0), (math.inf, 0.0), (1.0, math.inf), (0.0, 2.0)]
for x, y in pairs:
    exact, seen = plain.power(x, y), compiled.power(x, y)
    print(f"{x} ** {y}: {exact}; compiled {seen}, with cpow {compiled_cpow.power(x, y)}")
    assert compiled.c_power(x, y) == compiled_cpow.power(x, y) == exact
    wrong += seen != exact
assert wrong == 7
assert compiled.power(2.0, 3.0) < 8.0 and isinstance(compiled.power(-8.0, 2.0), complex)
assert math.isnan(compiled.power(0.0, 0.0).real)
PY
v/bin/python see.py
