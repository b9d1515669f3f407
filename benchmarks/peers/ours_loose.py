"""autograd_lite's eager engine on networks of loose Values in plain loops, as readers of micrograd write them."""

from __future__ import annotations

from ..scalar import work
from .ours import Ours, version

__all__ = ["WORK", "version"]

WORK = {name: make for name, make in work(Ours()).items() if name in ("moons_step", "fig78_step", "fig77_sample")}
