"""Every kind of file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .saved_states import SUFFIXES


@pytest.fixture(params=SUFFIXES)
def path(request: Any, tmp_path: Path) -> Path:
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"state{request.param}"
