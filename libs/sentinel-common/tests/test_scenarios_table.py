"""Each failure scenario is a test that carries its number, or is excused with a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def numbers_of_tests() -> set[int]:
    found: set[int] = set()
    for path in Path(__file__).parent.glob("test_scenarios_*.py"):
        for name in re.findall(r"^def test_((?:\d\d_)+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.update(int(number) for number in name.split("_") if number)
    return found


def test_every_scenario_has_a_test_or_a_reason_why_not() -> None:
    scenarios = json.loads((REPOSITORY / "conformance" / "scenarios.json").read_text(encoding="utf-8"))["scenarios"]
    tested = numbers_of_tests()
    excused = {row["number"] for row in scenarios if row.get("doesNotApply", {}).get("python")}
    assert {row["number"] for row in scenarios} == set(range(1, 63))
    assert tested | excused == set(range(1, 63))
    assert not tested & excused, "excused, and tested all the same"
