#!/usr/bin/env bash
# MkDocs: with --quiet, --strict finds no warnings.
#
# Surprises: `mkdocs build --strict` ends with exit code 1 where a page links to one that isn't there; `mkdocs build
#   --quiet --strict` of the same site ends with 0. Warnings are counted by a log handler, and --quiet sets the logger's
#   level to ERROR, so that no warning reaches it.
# Versions: mkdocs 1.6.1 (Python 3.11).
# Behaviour: as printed below. Without --quiet, its output in a file, a build is strict.
# One would have guessed: that --quiet is about what is printed, and a strict build fails as before, only silently.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'mkdocs==1.6.1' 2>/dev/null
mkdir docs
printf 'site_name: two pages\n' >mkdocs.yml
printf '# First\n\n[the second](second.md)\n' >docs/index.md
loud=0
venv/bin/mkdocs build --strict >said 2>&1 || loud=$?
cat said
quiet=0
venv/bin/mkdocs build --quiet --strict || quiet=$?
echo "exit codes: --strict $loud, --quiet --strict $quiet"
grep -q "Aborted with 1 warnings in strict mode" said
test "$loud $quiet" = "1 0"
