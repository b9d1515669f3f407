#!/usr/bin/env bash
# ONNX's reference evaluator: LogSoftmax([1000, 0]) is [0, -inf], where it is [0, -1000]; ONNX Runtime has -1000.
#
# Surprises: onnx.reference is what a runtime's results are compared to. LogSoftmax, an operator of its own because the
#   logarithm of a softmax loses what is small, is computed as just that and is -inf from -104 on in float32. So is
#   its SoftmaxCrossEntropyLoss, inf for one wrong answer that a model is sure of. Its ReduceLogSumExp is right.
# Versions: onnx 1.23.2, onnxruntime 1.32.0.
# Behaviour: as printed below.
# One would have guessed: x - ReduceLogSumExp(x), and a reference that is at least as good as what it judges.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
cat > "$work/see.py" <<'PY'
import warnings

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

warnings.simplefilter("ignore", RuntimeWarning)


def both(op, inputs, **attributes):
    kinds = [TensorProto.FLOAT if value.dtype == np.float32 else TensorProto.INT64 for value in inputs.values()]
    ins = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(inputs, kinds)]
    node = helper.make_node(op, list(inputs), ["y"], **attributes)
    graph = helper.make_graph([node], op, ins, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return ReferenceEvaluator(model).run(None, inputs)[0].ravel(), session.run(None, inputs)[0].ravel()


for gap in (1.0, 50.0, 110.0, 1000.0):
    x = np.array([[gap, 0.0]], np.float32)
    exact = -gap - np.log1p(np.exp(-gap))
    reference, runtime = both("LogSoftmax", {"x": x})
    loss = both("SoftmaxCrossEntropyLoss", {"x": x, "label": np.array([1])})[0]
    total = both("ReduceLogSumExp", {"x": x}, keepdims=0)[0]
    print(f"LogSoftmax([{gap}, 0])[1]: reference {reference[1]}, runtime {runtime[1]} (exact {exact}); "
          f"the reference's cross entropy {loss[0]}, its ReduceLogSumExp {total[0]}")
    assert abs(runtime[1] / exact - 1) < 1e-6 and abs(total[0] / -exact - 1) < 1e-6
    assert np.isneginf(reference[1]) == np.isposinf(loss[0]) == (gap > 104)
PY
"$work/venv/bin/python" "$work/see.py"
