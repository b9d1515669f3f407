"""Compile the hot rooms with mypyc where a C compiler is at hand; install the plain source everywhere else.

``AUTOGRAD_LITE_PURE=1`` asks for the plain source; ``AUTOGRAD_LITE_NATIVE=1`` makes a failing build an error instead
of a plain install. Everything else about the package is in ``pyproject.toml``.
"""

import os
import platform
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

from build_native import improve, keep_to_main

#: what a sweep and a recording run through; the rest of the house is not hot
HOT_ROOMS = [
    f"autograd_lite/{room}.py"
    for room in (
        "primitives/base",
        "primitives/fused_unary",
        "primitives/fused_binary",
        "primitives/sums",
        "engine/nodes",
        "engine/sweeps",
        "engine/methods",
        "engine/value",
        "nn/layer_nodes",
        "compiler/run/cells",
        "compiler/run/interpreter",
    )
]

#: the commands, setuptools' own among them, that need the modules; the others would wait for mypyc for nothing
BUILDING = {"build", "build_ext", "bdist_wheel", "editable_wheel", "install", "develop"}


def plain(error):
    """Say why there is no native build here; raise where one was demanded."""
    if os.environ.get("AUTOGRAD_LITE_NATIVE") == "1":
        raise error
    print(f"autograd_lite: no native build here ({error!r}); the plain source is installed", file=sys.stderr)


class OptionalBuild(build_ext):
    """Build all extensions or none: half of them is a package that can't be imported."""

    def run(self):
        try:
            super().run()
        except Exception as error:  # of whatever kind: a compiler, a linker, a disk that is full
            plain(error)
            for module in self.extensions:  # what was built before the one that failed, and what an older build left
                name = self.get_ext_fullname(module.name)
                for place in (Path(self.build_lib), Path()):
                    (place / self.get_ext_filename(name)).unlink(missing_ok=True)
            self.extensions = self.distribution.ext_modules = []
            wheel = self.distribution.get_command_obj("bdist_wheel", create=False)
            if wheel is not None:
                wheel.root_is_pure = True  # what is installed anywhere is called py3-none-any


def extensions():
    """The native modules, none where they can't or shouldn't be built."""
    wanted = os.environ.get("AUTOGRAD_LITE_NATIVE") == "1"
    if os.environ.get("AUTOGRAD_LITE_PURE") == "1" or platform.python_implementation() != "CPython":
        return []
    if not BUILDING.intersection(sys.argv):  # asked for names and requirements only
        return []
    try:
        from mypyc.build import mypycify

        # the types of the other rooms are checked in CI; here only the hot ones decide
        flags = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
        made = mypycify([*flags, *HOT_ROOMS], opt_level="3", debug_level="0")
        for source in {source for extension in made for source in extension.sources}:
            if "__native" in source:
                missed = improve(source, HOT_ROOMS)
            else:
                missed = [] if keep_to_main(source) else ["keep_to_main"]
            if missed and wanted:
                raise SystemExit(
                    f"mypyc writes other C than build_native.py looks for: nothing for {', '.join(missed)}"
                )
        return made
    except (Exception, SystemExit) as error:  # mypyc ends the process where it can't compile
        plain(error)
        return []


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
