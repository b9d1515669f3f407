#!/usr/bin/env bash
# Cython 3.3.1, compiling ordinary Python with x and y annotated float: 1.0 // 0.1 is 10.0, and 9.0 uncompiled.
#
# Surprises: Python's // is the floor of the exact quotient, and belongs to its %: x == (x // y) * y + x % y. Compiled,
#   it is the floor of the rounded quotient, while % is Python's still, so the two contradict each other: 1.0 // 0.1 is
#   10 and 1.0 % 0.1 is 0.09999999999999995. 1.0 // -inf is -0.0, and -1.0 uncompiled. Division by zero raises as in
#   Python: it is not the directive cdivision, which is off.
# Versions: cython 3.3.1 (Python 3.11, setuptools 80.9.0, the system's C compiler); mypyc has 9.0 and -1.0.
# Behaviour: as printed below.
# One would have guessed: that with cdivision off the division of floats is Python's, as that of ints is.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv v
v/bin/pip install -q --disable-pip-version-check "cython==3.3.1" "setuptools==80.9.0"
cat >plain.py <<'PY'
def floor_divide(x: float, y: float):
    return x // y


def rest(x: float, y: float):
    return x % y
PY
cp plain.py compiled.py
v/bin/cythonize -3 -i compiled.py >log 2>&1 || { cat log; exit 1; }
cat >see.py <<'PY'
import math

import compiled
import plain

assert compiled.__file__.endswith((".so", ".pyd")) and plain.__file__.endswith(".py")
different = [(1.0, 0.1), (6.0, 0.1), (1.0, -math.inf), (-1.0, math.inf)]
for x, y in [*different, (7.0, -2.0), (0.3, 0.1)]:
    quotients = [module.floor_divide(x, y) for module in (plain, compiled)]
    rests = [module.rest(x, y) for module in (plain, compiled)]
    print(f"{x} // {y}: {quotients[0]}, compiled {quotients[1]}; {x} % {y}: {rests[0]}, compiled {rests[1]}")
    assert (quotients[0] != quotients[1]) == ((x, y) in different) and rests[0] == rests[1]
try:
    compiled.floor_divide(1.0, 0.0)
except ZeroDivisionError as error:
    print("1.0 // 0.0, compiled:", error)
else:
    raise AssertionError
PY
v/bin/python see.py
