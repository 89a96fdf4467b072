"""Runs the vectors with sentinel_common and prints what came out: python conformance/runner_python.py DIR [FILE…]

DIR holds the certificates that issue.mjs made. Exit code 1 if a result is not the one that the vector expects.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "libs" / "sentinel-common"))

from conformance_runner import data, file_swaps, handshakes  # noqa: E402

Row = tuple[str, Any, Any]

FILES: dict[str, Callable[[Any, Path], Iterator[Row]]] = {
    "spiffe-ids": data.spiffe_ids,
    "policies": data.policies,
    "identities": data.identities,
    "host-names": data.host_names,
    "file-swaps": file_swaps.run,
    "handshakes": handshakes.run,
}


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: python conformance/runner_python.py DIR [FILE…]", file=sys.stderr)
        return 2
    certificates, wanted = Path(arguments[0]), arguments[1:] or list(FILES)
    differences = 0
    for name in wanted:
        vectors = json.loads((HERE / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
        for row, result, expected in FILES[name](vectors, certificates):
            print(f"{name} {json.dumps(row)} {canonical(result)}", flush=True)
            if result != expected:
                differences += 1
                print(f"{name} {json.dumps(row)[:200]}: {canonical(result)}, expected {canonical(expected)}", file=sys.stderr)
    return 1 if differences else 0


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
