"""Every workload on every engine that is installed, interleaved in one run: ``python -m benchmarks``."""
