"""autograd_lite's programs in C: the workloads of ``ours_compiled``, built by a C compiler in the first call."""

from __future__ import annotations

import autograd_lite as ag

from . import ours, ours_compiled
from .ours_compiled import WORK

__all__ = ["WORK", "version"]

ours_compiled.BACKEND = "c"  # every peer is a process of its own


def version() -> str:
    return f"{ours.version()}, {ag.build_info()['c_compiler']}"
