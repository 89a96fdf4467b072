#!/usr/bin/env bash
# Pins pyproject.toml's extras and requirements-dev.in into requirements-dev.txt, for every Python that is supported.
set -eu
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
python3 -m venv "$tool"
"$tool/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9
"$tool/bin/uv" pip compile pyproject.toml requirements-dev.in --all-extras --universal --python-version 3.9 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file requirements-dev.txt
