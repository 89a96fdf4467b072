#!/usr/bin/env bash
# Lints, type-checks and tests; further arguments go to pytest. PYTHON names another interpreter (3.9 to 3.13).
set -eu
cd "$(dirname "$0")/.."
python=$(bash scripts/venv.sh)
# what else is written in Python here; a wheel's sources may stand alone
others=$(ls -d ../../e2e ../../bench 2> /dev/null || true)
# shellcheck disable=SC2086 # one argument a folder
"$python" -m ruff check --config pyproject.toml . $others
# shellcheck disable=SC2086
"$python" -m ruff format --config pyproject.toml --check . $others
"$python" -m mypy
"$python" -m pytest "$@"
