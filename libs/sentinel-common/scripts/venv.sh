#!/usr/bin/env bash
# Makes the virtual environment of the tests from requirements-dev.txt and prints the path of its python.
# PYTHON names the interpreter (default python3); each minor version has an environment of its own.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
folder=".venv-$version"
wanted=$(cat requirements-dev.txt <("$python" --version) | sha256sum)
if [ "$(cat "$folder/stamp" 2> /dev/null || true)" != "$wanted" ]; then
  echo "making $folder from requirements-dev.txt" >&2
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt >&2
  echo "$wanted" > "$folder/stamp"
fi
echo "$PWD/$folder/bin/python"
