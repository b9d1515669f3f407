"""Compile the hot modules with Cython where a C compiler is at hand; install the plain source everywhere else.

``AUTOGRAD_LITE_PURE=1`` asks for the plain source; ``AUTOGRAD_LITE_NATIVE=1`` makes a failing build an error instead
of a plain install. Everything else about the package is in ``pyproject.toml``.
"""

import os
import platform
import re
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

#: what a sweep and a recording run through; each has a ``.pxd`` beside it that gives its classes and loops C types
HOT_MODULES = [
    "primitives/base",
    "primitives/fused_unary",
    "primitives/fused_binary",
    "primitives/sums",
    "engine/nodes",
    "engine/sweeps",
    "engine/tape",
    "engine/methods",
    "engine/value",
    "engine/nary",
    "engine/packs",
    "nn/buffer_leaf",
    "nn/layer_nodes",
    "compiler/record/numbering",
    "compiler/rewrite/sums",
    "compiler/run/cells",
    "compiler/run/interpreter",
]

#: where Cython writes its C; a source distribution carries it, so that a C compiler is all that it needs
GENERATED = "generated"

DIRECTIVES = {
    "annotation_typing": False,  # the types are in the .pxd files; an annotation is a comment, as in Python
    "auto_pickle": False,  # engine/pickling.py knows how
    "nonecheck": True,  # an AttributeError, as in Python, and never a crash
}

#: the commands, setuptools' own among them, that need the modules; the others would wait for Cython for nothing
BUILDING = {"build", "build_ext", "bdist_wheel", "editable_wheel", "install", "develop", "sdist"}


def plain(error):
    """Say why there is no native build here; raise where one was demanded."""
    if os.environ.get("AUTOGRAD_LITE_NATIVE") == "1":
        raise error
    print(f"autograd_lite: no native build here ({error!r}); the plain source is installed", file=sys.stderr)


def remove_compiled(place, keep=()):
    """Delete the compiled modules of older builds under ``place``, but for those in ``keep``."""
    for found in [*Path(place).glob("*__mypyc*"), *Path(place, "autograd_lite").rglob("*")]:
        if found.name.endswith(tuple(EXTENSION_SUFFIXES)) and found.resolve() not in keep:
            found.unlink()


class OptionalBuild(build_ext):
    """Build all extensions or none: half of them is a package that can't be imported."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self):
        wanted = [self.get_ext_filename(self.get_ext_fullname(module.name)) for module in self.extensions]
        places = [self.build_lib, "."] if self.inplace else [self.build_lib]
        for place in places:
            remove_compiled(place, keep={Path(place, name).resolve() for name in wanted})
        try:
            super().run()
        except Exception as error:  # of whatever kind: a compiler, a linker, a disk that is full
            plain(error)
            for place in places:
                remove_compiled(place)
            self.extensions = self.distribution.ext_modules = []
            wheel = self.distribution.get_command_obj("bdist_wheel", create=False)
            if wheel is not None:
                wheel.root_is_pure = True  # what is installed anywhere is called py3-none-any


class BuildPython(build_py):
    """A build of the plain source, or the tree of an editable one, has no compiled module of an older build in it."""

    def run(self):
        super().run()
        if not self.distribution.ext_modules:
            remove_compiled("." if self.editable_mode else self.build_lib)


def extensions():
    """The native modules, none where they can't or shouldn't be built."""
    if os.environ.get("AUTOGRAD_LITE_PURE") == "1" or platform.python_implementation() != "CPython":
        return []
    if not BUILDING.intersection(sys.argv):  # asked for names and requirements only
        return []
    try:
        return described()
    except (Exception, SystemExit) as error:
        plain(error)
        return []


def described():
    """The extensions, their C written by Cython, or as the source distribution brought it."""
    # a product and a sum rounded once instead of twice would give other bits on other machines
    flags = [] if sys.platform == "win32" else ["-O2", "-g0", "-ffp-contract=off"]
    made = [
        Extension(
            f"autograd_lite.{module}".replace("/", "."),
            [f"autograd_lite/{module}.py"],
            include_dirs=["autograd_lite/engine"],
            depends=sorted(map(str, Path("autograd_lite/engine").glob("*.h"))),
            extra_compile_args=flags,
        )
        for module in HOT_MODULES
    ]
    try:
        from Cython.Build import cythonize
    except ImportError:
        for extension, module in zip(made, HOT_MODULES):
            extension.sources = [f"{GENERATED}/autograd_lite/{module}.c"]
            if not Path(extension.sources[0]).is_file():
                raise
        return made
    return cythonize(made, build_dir=GENERATED, language_level=3, compiler_directives=DIRECTIVES, quiet=True)


def description():
    """The README for a package index, which has none of the repository's pictures."""
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    return re.sub(r"<picture>.*?</picture>\n*", "", text, flags=re.DOTALL)


if __name__ == "__main__":
    setup(
        ext_modules=extensions(),
        cmdclass={"build_ext": OptionalBuild, "build_py": BuildPython},
        long_description=description(),
        long_description_content_type="text/markdown",
    )
