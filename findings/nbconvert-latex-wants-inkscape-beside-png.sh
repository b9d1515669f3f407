#!/usr/bin/env bash
# nbconvert's LaTeX asks for Inkscape for every output that has an SVG, also where the same output has a PNG.
#
# Surprises: a display that offers image/svg+xml beside image/png (or text/plain) can't be converted without Inkscape:
#   the SVG is turned into a PDF before anybody chooses what is shown.
# Versions: nbconvert 7.17.2 (Python 3.11).
# Behaviour: as printed below. An application/pdf in the bundle is what keeps it from asking.
# One would have guessed: that another picture in the bundle is enough.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'nbconvert==7.17.2' 'nbformat==5.10.4' 2>/dev/null
cat >convert.py <<'PY'
import base64
import sys

import nbformat
from nbconvert import LatexExporter

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def converted(**more):
    data = {"image/svg+xml": SVG, "text/plain": "a picture", **more}
    output = nbformat.v4.new_output("display_data", data=data)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    try:
        LatexExporter().from_notebook_node(book)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "converted"


seen = {"SVG": converted(), "SVG and PNG": converted(**{"image/png": PNG})}
seen["SVG and PDF"] = converted(**{"application/pdf": base64.b64encode(b"%PDF-1.4").decode()})
for what, said in seen.items():
    print(f"{what}: {said}")
sys.exit(not ("Inkscape" in seen["SVG"] and "Inkscape" in seen["SVG and PNG"] and seen["SVG and PDF"] == "converted"))
PY
if command -v inkscape >/dev/null; then echo "Inkscape is here: nothing to see"; exit 0; fi
JUPYTER_PREFER_ENV_PATH=1 venv/bin/python convert.py
