"""Compile the hot rooms with mypyc where a C compiler is at hand; install the plain source everywhere else.

``AUTOGRAD_LITE_PURE=1`` asks for the plain source; ``AUTOGRAD_LITE_NATIVE=1`` makes a failing build an error instead
of a plain install. Everything else about the package is in ``pyproject.toml``.
"""

import ast
import os
import platform
import re
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

#: what a sweep and a recording run through; the rest of the house is not hot
HOT_ROOMS = [
    f"autograd_lite/{room}.py"
    for room in (
        "primitives/base",
        "primitives/fused",
        "primitives/kernels",
        "nodes",
        "graph",
        "methods",
        "value",
        "nn/neuron",
    )
]


class OptionalBuild(build_ext):
    """Build the extensions, or say why not and go on with the plain source."""

    def run(self):
        try:
            super().run()
        except Exception as error:
            self._plain(error)

    def build_extension(self, ext):
        try:
            super().build_extension(ext)
        except Exception as error:
            self._plain(error)

    def _plain(self, error):
        if os.environ.get("AUTOGRAD_LITE_NATIVE") == "1":
            raise error
        print(f"autograd_lite: no native build here ({error}); the plain source is installed", file=sys.stderr)
        self.extensions = []


def docstrings(room):
    """The docstrings of a room: by function, by class, and by (class, method)."""
    found = {}
    for item in ast.parse(Path(room).read_text(encoding="utf-8")).body:
        if isinstance(item, (ast.FunctionDef, ast.ClassDef)):
            found[item.name] = ast.get_docstring(item, clean=False)
        if isinstance(item, ast.ClassDef):
            for inner in item.body:  # the first of a property's functions is its getter, and has the text
                if isinstance(inner, ast.FunctionDef):
                    found.setdefault(f"{item.name}.{inner.name}", ast.get_docstring(inner, clean=False))
    return {name: text for name, text in found.items() if text}


def put_docstrings_back(source, rooms):
    """Write the docstrings, which mypyc leaves out, into the C source it made: help() shows the same on every build."""
    texts = {Path(room).stem: docstrings(room) for room in rooms}

    def quoted(room, name):
        text = texts.get(room.split("___")[-1], {}).get(name)
        return text and "".join(
            chr(byte) if 31 < byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode()
        )

    def documented(match):
        head, room, name, signature = match.groups()
        text = quoted(room, name.replace("___", "."))
        return f'{head}{signature}{text}")' if text else match.group(0)

    def of_class(match):
        text = next((t for room in texts if (t := quoted(room, match[2]))), None)
        return f'{match[1]}{match[3]}{text}")' if text else match.group(0)

    def of_property(match):
        text = quoted(match[2], f"{match[3]}.{match[4]}")
        return f'{match[1]}"{text}", NULL}}' if text else match.group(0)

    code = Path(source).read_text(encoding="utf-8")
    call = r'PyDoc_STR\((".*?\\n--\\n\\n)"\)'
    rooms_of = "|".join(rf"(?:\w+___)?{re.escape(stem)}" for stem in texts)
    code = re.sub(
        rf"(\(PyCFunction\)CPyPy_({rooms_of})___(\w+),\s*METH_[^,]*,\s*PyDoc_STR\()" + call[len(r"PyDoc_STR\(") :],
        documented,
        code,
    )
    code = re.sub(
        r'(\.tp_name = "(\w+)",(?:(?!\.tp_name).)*?\.tp_doc = PyDoc_STR\()(".*?\\n--\\n\\n)"\)',
        of_class,
        code,
        flags=re.S,
    )
    code = re.sub(
        rf"(\(getter\)({rooms_of})___([A-Z]\w*?)_get_(\w+),\s*(?:\(setter\)\w+|NULL),\s*)NULL,\s*NULL\}}",
        of_property,
        code,
    )
    Path(source).write_text(code, encoding="utf-8")


def extensions():
    """The native modules, none where they can't or shouldn't be built."""
    wanted = os.environ.get("AUTOGRAD_LITE_NATIVE") == "1"
    if os.environ.get("AUTOGRAD_LITE_PURE") == "1" or platform.python_implementation() != "CPython":
        return []
    try:
        from mypyc.build import mypycify

        # the types of the other rooms are checked in CI; here only the hot ones decide
        flags = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
        made = mypycify([*flags, *HOT_ROOMS], opt_level="3", debug_level="0")
        for source in {source for extension in made for source in extension.sources if "__native" in source}:
            put_docstrings_back(source, HOT_ROOMS)
        return made
    except (ImportError, SystemExit, OSError) as error:
        if wanted:
            raise
        print(f"autograd_lite: no native build here ({error}); the plain source is installed", file=sys.stderr)
        return []


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
