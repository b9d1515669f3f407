"""One page a peer: ``version()`` and ``WORK``, makers of the step of each workload it can do."""

PEERS = [
    "ours",
    "ours_compiled",
    "hand_python",
    "hand_numpy",
    "hand_c",
    "micrograd",
    "micrograd_nogc",
    "minigrad",
    "oxigrad",
    "micrograd_rust",
    "xad",
    "torch_scalars",
    "torch_tensors",
    "hips_scalars",
    "hips_arrays",
    "mygrad",
    "casadi",
    "jax_jit",
    "drjit",
    "ddx",
]
