#!/usr/bin/env bash
# SymPy: lambdify(x, -2*Mod(x, 3), "math") at 2 is 2, where it is -4; with "numpy" it is -4.
#
# Surprises: the text that is compiled is "-2*x % 3", which Python reads as (-2*x) % 3. 2*Mod(x, 3) and -Mod(x, 3) are
#   bracketed as they should be; a minus sign together with another factor or a denominator loses the brackets, and
#   -x/Mod(x, 3) becomes "-x/x % 3", 2 at 4 where it is -4. Which result one gets depends on the module: NumPy's
#   printer writes a function call, "math" and "mpmath" the operator, and so does pycode.
# Versions: sympy 1.14.0 (mpmath 1.3.0, numpy 2.3.5); reported as sympy issue 30389.
# Behaviour: as printed below.
# One would have guessed: that modules differ in accuracy, not in the expression they compute.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q sympy==1.14.0 mpmath==1.3.0 numpy==2.3.5
cat > "$work/see.py" <<'PY'
from sympy import Mod, Symbol, lambdify, pycode

x = Symbol("x", real=True)
cases = {2 * Mod(x, 3): True, -Mod(x, 3): True, -2 * Mod(x, 3): False, -x / Mod(x, 3): False, 1 - 2 * Mod(x, 3): False}
for expression, right in cases.items():
    exact = [float(expression.subs(x, at)) for at in (2, 4)]
    print(f"{expression} at 2 and 4: {exact}, printed as {pycode(expression)}")
    for module in ("math", "mpmath", "numpy"):
        f = lambdify(x, expression, module)
        values = [float(f(at)) for at in (2.0, 4.0)]
        print(f"    {module}: {values}")
        assert (values == exact) == (right or module == "numpy")
PY
"$work/venv/bin/python" "$work/see.py"
