#!/usr/bin/env bash
# ONNX Runtime: Sigmoid(-17) in float32 is 8.9e-8, where it is 4.1e-8, and Sigmoid(-20) is 0, where it is 2.1e-9.
#
# Surprises: a float32 number has its seven digits at 1e-9 as anywhere; a model that ends in a sigmoid and is scored by
#   -log(p) is fine in training and infinite after the export. In float64 digits are lost likewise: 9.35e-14 at -30,
#   where it is 9.36e-14, and 0 at -50. Softmax([-20, 0]) of the same runtime, which is the same number, is right, and
#   so is ONNX's reference evaluator.
# Versions: onnxruntime 1.32.0, onnx 1.23.2 (CPU provider, x86_64).
# Behaviour: as printed below: an approximation that is good in absolute terms, near 0 of 1 - y as much as of y.
# One would have guessed: relative accuracy, as exp(x)/(1 + exp(x)) has it for negative x.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import math

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

points = [-50.0, -30.0, -20.0, -17.0, -1.0]


def model(op, kind):
    x, y = (helper.make_tensor_value_info(name, kind, [None, None]) for name in "xy")
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"])], op, [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(op, values, kind=TensorProto.FLOAT):
    session = onnxruntime.InferenceSession(model(op, kind).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": values})[0]


for dtype, kind in ((np.float32, TensorProto.FLOAT), (np.float64, TensorProto.DOUBLE)):
    column = np.array(points, dtype)[:, None]
    here = run("Sigmoid", column, kind)[:, 0]
    reference = ReferenceEvaluator(model("Sigmoid", kind)).run(None, {"x": column})[0][:, 0]
    softmax = run("Softmax", np.hstack([column, 0 * column]), kind)[:, 0]
    for x, value, ref, soft in zip(points, here, reference, softmax):
        exact = math.exp(x) / (1 + math.exp(x))
        print(f"{dtype.__name__} at {x}: {value:.6g}; softmax {soft:.6g}, reference {ref:.6g}, exact {exact:.6g}")
        assert max(abs(ref / exact - 1), abs(soft / exact - 1)) < 1e-6
        off = abs(value / exact - 1)
        if dtype is np.float32:
            assert off < 1e-6 if x == -1 else off > 0.5
        else:
            assert off > 0.5 if x == -50 else off > 1e-6 if x == -30 else off < 1e-5
PY
"$work/venv/bin/python" "$work/see.py"
