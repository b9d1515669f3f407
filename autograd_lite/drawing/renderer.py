"""Who draws: a setting, a system ``dot``, graphviz-pure, or our own layout, which needs no program at all.

The environment variable ``AUTOGRAD_LITE_DOT`` decides if it is set: the path of a ``dot`` program, or ``builtin`` for
our own layout.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graphviz import FORMATS
from graphviz.backend import dot_command

from ..errors import RenderError

__all__ = ["INSTALL", "PATIENCE", "Renderer", "TooSlow", "check_format", "find_renderer", "run", "use"]

INSTALL = (
    "install Graphviz (apt install graphviz, brew install graphviz, or https://graphviz.org/download) so that a "
    "program named dot is on PATH, or set AUTOGRAD_LITE_DOT to its path"
)
#: formats of graphviz-pure 0.2
_PURE_FORMATS = {
    "canon", "dot", "dot_json", "gv", "jpe", "jpeg", "jpg", "json", "json0", "plain", "plain-ext", "png", "svg", "xdot",
    "xdot1.2", "xdot1.4", "xdot_json",
}  # fmt: skip
_SOURCE_FORMATS = {"dot", "gv", "canon"}
#: seconds that a program has: for SVG, which our own layout draws too, and for what only the program can make
PATIENCE, _TIMEOUT = 5.0, 300.0


class TooSlow(RenderError):
    """A program needed longer than it was given."""


@dataclass(frozen=True)
class Renderer:
    """What draws the pictures here.

    Attributes:
        name: "dot", "graphviz-pure" or "builtin" (our own layout).
        path: of its program; "" for our own layout.
    """

    name: str
    path: str = ""

    @property
    def version(self) -> str:
        """Its version; "unknown" if it does not say, "" for our own layout, which has this package's."""
        if self.name == "graphviz-pure":
            return importlib.metadata.version("graphviz-pure")
        return _version(self.path) if self.path else ""

    def formats(self) -> set[str] | None:
        """The formats it writes; None when that is Graphviz's own business."""
        if self.name == "builtin":
            return {"svg", *_SOURCE_FORMATS}
        return _PURE_FORMATS if self.name == "graphviz-pure" else None


def find_renderer() -> Renderer:
    """What will draw: the program in ``AUTOGRAD_LITE_DOT``, a ``dot`` on PATH, graphviz-pure, or our own layout.

    Raises:
        RenderError: if ``AUTOGRAD_LITE_DOT`` names a program that is not there.

    >>> find_renderer().name in {"dot", "graphviz-pure", "builtin"}
    True
    """
    setting = os.environ.get("AUTOGRAD_LITE_DOT", "").strip()
    if setting == "builtin":
        return Renderer("builtin")
    if setting:
        program = shutil.which(setting)
        if program is None:
            raise RenderError(
                f"AUTOGRAD_LITE_DOT is {setting!r}, and no program is there: set it to the path of Graphviz's dot, to "
                f"'builtin' for the layout that needs no program, or unset it"
            )
        return Renderer(_kind(program), program)
    program = shutil.which("dot")
    if program is not None:
        return Renderer("dot", program)
    program = _pure()
    return Renderer("graphviz-pure", program) if program else Renderer("builtin")


def _kind(program: str) -> str:
    return "graphviz-pure" if Path(program).stem == "graphviz-pure" else "dot"


def _pure() -> str:
    """The program of graphviz-pure, found through its installation: PATH often lacks the environment's programs."""
    try:
        files = importlib.metadata.distribution("graphviz-pure").files or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    for file in files:
        if file.name in {"graphviz-pure", "graphviz-pure.exe"}:
            program = Path(str(file.locate())).resolve()
            if os.access(program, os.X_OK):
                return str(program)
    return ""


@functools.lru_cache(maxsize=8)
def _version(program: str) -> str:
    try:
        done = subprocess.run([program, "-V"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    found = re.search(rb"version (\S+)", done.stderr + done.stdout)
    return found[1].decode("ascii", "replace") if found else "unknown"


_binary_lock = threading.RLock()


@contextmanager
def use(renderer: Renderer) -> Iterator[None]:
    """Within the block, the ``graphviz`` package calls this program."""
    with _binary_lock:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = Path(renderer.path)
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before


def check_format(renderer: Renderer, format: str) -> None:
    """RenderError if ``renderer`` can't write the format, saying what to install."""
    formats = renderer.formats()
    if formats is None or format in formats:
        return
    who = "our own layout" if renderer.name == "builtin" else renderer.name
    if format not in FORMATS:
        raise RenderError(f"there is no picture format {format!r}: write svg, png or pdf")
    pure = " (for png, pip install graphviz-pure is enough)" if format in _PURE_FORMATS else ""
    raise RenderError(f"{who} can't write {format}: {INSTALL}{pure}; or write svg, which needs no program")


def run(renderer: Renderer, source: str, format: str, engine: str = "dot", patience: float | None = None) -> bytes:
    """``source`` drawn by the program of ``renderer``; what it says on stderr is shown only if it fails.

    Args:
        renderer: who draws.
        source: in DOT.
        format, engine: Graphviz's names.
        patience: seconds that the program has; five minutes by default.

    Raises:
        TooSlow: if it needs longer.
        RenderError: for a format that it can't write, or if it fails.
    """
    check_format(renderer, format)
    command = [renderer.path, f"-K{engine}", f"-T{format}"]
    limit = _TIMEOUT if patience is None else patience
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise TooSlow(
            f"{renderer.name} ({renderer.path}) has not drawn this graph in {limit:g} seconds: draw fewer values, or "
            f"write svg with our own layout (set AUTOGRAD_LITE_DOT to builtin)"
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise RenderError(f"{renderer.path} can't be run: {error}") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip()[-800:]
        raise RenderError(f"{renderer.name} ({renderer.path}) failed to write {format}: {said or done.returncode}")
    return done.stdout
