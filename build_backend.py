"""The build backend: setuptools', except that a compiled wheel brings the pure one (``py3-none-any``) with it.

So ``python -m build`` leaves both in ``dist/``: one for this machine, one for every other. ``AUTOGRAD_LITE_PURE=1`` and
``AUTOGRAD_LITE_NATIVE=1`` (see ``setup.py``) ask for one of them alone; pip, which installs one, gets one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

ANYWHERE = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel that was asked for, and the pure one beside it; return the name of the first."""
    name: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    alone = os.environ.get("AUTOGRAD_LITE_NATIVE") == "1" or "PIP_BUILD_TRACKER" in os.environ  # pip installs one
    if not name.endswith("-none-any.whl") and not alone:
        # in a process of its own: setuptools remembers the directories that it has made
        environment = dict(os.environ, AUTOGRAD_LITE_PURE="1")
        subprocess.run([sys.executable, "-c", ANYWHERE, wheel_directory], env=environment, check=True)
    return name
