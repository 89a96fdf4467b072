"""Names, levels, defaults and codes are those of the tables that all languages share."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from folder import Projected, policy
from pki import Authority
from serving import opened

from sentinel_common.config import mtls_config_from_env
from sentinel_common.events import LEVELS
from sentinel_common.metrics import METRICS
from sentinel_common.settings import Timing

CONFORMANCE = Path(__file__).resolve().parents[3] / "conformance"
SOURCES = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parent.parent / "sentinel_common").rglob("*.py"))


def table(name: str) -> Any:
    return json.loads((CONFORMANCE / f"{name}.json").read_text(encoding="utf-8"))


def test_metrics_have_the_names_types_labels_and_help_of_the_table() -> None:
    rows = {row["name"]: (row["type"], tuple(row["labels"]), row["help"]) for row in table("metrics")["metrics"]}
    assert dict(METRICS) == rows


def test_events_have_the_levels_and_the_fields_of_the_table() -> None:
    events = table("events")["events"]
    assert dict(LEVELS) == {name: row["level"] for name, row in events.items()}
    written = re.findall(r'write\(\s*"([a-z-]+)"(.*?)\)\n', SOURCES, re.DOTALL)
    assert written
    for name, arguments in written:
        fields = re.findall(r"(\w+)=", arguments.replace("==", ""))
        if "if enforced" not in arguments:
            assert set(fields) <= set(events[name]["fields"]), name


def test_defaults_are_those_of_the_table() -> None:
    def snake(name: str) -> str:
        return re.sub(r"[A-Z]", lambda found: f"_{found.group().lower()}", name)

    defaults = {snake(name): value for name, value in table("settings")["defaults"].items()}
    assert defaults.pop("min_version") == mtls_config_from_env(environment={}).min_version
    assert dataclasses.asdict(Timing()) == defaults


def test_every_code_that_is_used_stands_in_the_table_and_the_other_way_round() -> None:
    codes = set(table("codes")["codes"])
    parts = {
        f"{part}-{end}"
        for part in ("cert", "key", "bundle", "policy")
        for end in ("missing", "unreadable", "too-large", "empty", "malformed")
    }
    assert parts - {"policy-malformed"} <= codes
    used = set(
        re.findall(
            r'"((?:cert|key|bundle|policy|peer|chain|leaf|port|call|authorizer|setting|handshake|files|connect|protocol)-[a-z-]+)"', SOURCES
        )
    )
    used |= {"plaintext"} & set(re.findall(r'"(plaintext)"', SOURCES))
    used -= {name for name in used if name in LEVELS} | {"policy-changed"}
    assert used <= codes
    assert codes - used - parts == set()


def test_what_is_rendered_is_prometheus_text_with_every_metric(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with opened(folder.config()) as runtime:
        runtime.metrics.count_denial("8443", 'a"b\\c\nd', "peer-not-listed", True)
        text = runtime.metrics.render()
    for name in METRICS:
        assert f"# TYPE {name} {METRICS[name][0]}\n" in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{(\w+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+]+', line), line
    assert r'peer="a\"b\\c\nd"' in text


def test_after_as_many_denials_as_may_be_told_apart_the_peer_is_other(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with opened(folder.config()) as runtime:
        for number in range(1000):
            runtime.metrics.count_denial("8443", f"spiffe://a/{number}", "peer-not-listed", True)
        rows = runtime.metrics.rows("sentinel_mtls_denials_total")
    assert len(rows) == 201
    assert rows[("8443", "other", "peer-not-listed", "true")] == 800
