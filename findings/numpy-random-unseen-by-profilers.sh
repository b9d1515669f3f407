#!/usr/bin/env bash
# A profile function (sys.setprofile, cProfile) is not told of calls of NumPy's random methods.
#
# Surprises: calls of functions written in C are reported as "c_call" events, random.random() among them; np.random.rand(),
#   np.random.normal(), Generator.normal() and BitGenerator.random_raw() are not: they are Cython's own kind of method
#   (type "method" around a cython function), not CPython's, so cProfile lists none of them and no hook can count draws.
#   With numpy 1.26.4 the same calls are reported.
# Versions: numpy 2.4.6 against 1.26.4 (Python 3.11).
# Behaviour: as printed below.
# One would have guessed: that a profiler sees np.random.rand() as it sees random.random(), on any NumPy.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/see.py" <<'PY'
import random
import sys

import numpy as np

generator = np.random.default_rng(0)
calls = {
    "random.random": random.random,
    "np.random.rand": np.random.rand,
    "np.random.normal": np.random.normal,
    "Generator.normal": generator.normal,
    "BitGenerator.random_raw": generator.bit_generator.random_raw,
}
seen = []


def profile(frame, event, arg):
    if event == "c_call":
        seen.append(arg.__name__)


found = {}
for name, call in calls.items():
    seen.clear()
    sys.setprofile(profile)
    call()
    sys.setprofile(None)
    found[name] = name.split(".")[-1] in seen
print(f"numpy {np.__version__}:", found)
assert found.pop("random.random")
assert set(found.values()) == {np.__version__.startswith("1.")}, found
PY
for version in 2.4.6 1.26.4; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "numpy==$version"
    "$work/$version/bin/python" "$work/see.py"
done
