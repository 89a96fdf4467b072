#!/usr/bin/env bash
# Lints, type-checks and tests; further arguments go to pytest. PYTHON names another interpreter (3.9 to 3.13).
set -eu
cd "$(dirname "$0")/.."
python=$(bash scripts/venv.sh)
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
"$python" -m pytest "$@"
