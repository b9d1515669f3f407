#!/usr/bin/env bash
# Cython 3.3.1, compiling ordinary Python: a module in which two constant tuples differ only in the sign of a zero.
# Surprise: both functions return the same tuple: constants are merged by equality, and -0.0 == 0.0. Alone in its module,
# each is right, and a bare -0.0 always is. One would have guessed that a constant keeps its sign, as CPython's own
# compiler sees to. (So numbers that matter here are returned as C doubles: see fused_unary.pxd.)
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv v
v/bin/pip install -q --disable-pip-version-check "cython==3.3.1" "setuptools==80.9.0"
cat >zeros.py <<'PY'
def plus():
    return (0.0, 1.0)


def minus():
    return (-0.0, 1.0)


def bare():
    return -0.0
PY
ask='import zeros; print(zeros.plus(), zeros.minus(), zeros.bare())'
interpreted=$(v/bin/python -c "$ask")
v/bin/cythonize -q -i -3 zeros.py >/dev/null 2>&1
rm zeros.py
compiled=$(v/bin/python -c "$ask")
echo "CPython: $interpreted"
echo "Cython:  $compiled"
[ "$interpreted" = "(0.0, 1.0) (-0.0, 1.0) -0.0" ] && [ "$compiled" = "(0.0, 1.0) (0.0, 1.0) -0.0" ]
