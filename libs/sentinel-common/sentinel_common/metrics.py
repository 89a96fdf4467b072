"""Metrics in Prometheus' text format 0.0.4, under the names of conformance/metrics.json."""

from __future__ import annotations

import threading
from typing import Callable, Dict, Iterable, List, Mapping, Tuple

Labels = Tuple[str, ...]
Rows = Iterable[Tuple[Labels, float]]

# name: (type, labels, help)
METRICS: Mapping[str, Tuple[str, Labels, str]] = {
    "sentinel_mtls_identity_info": (
        "gauge",
        ("spiffe_id", "serial_hash", "trust_fingerprint", "generation_id"),
        "Identity that is really served; always 1.",
    ),
    "sentinel_mtls_generation": ("gauge", (), "Number of the generation that is served; 0 before the first."),
    "sentinel_mtls_generation_timestamp_seconds": ("gauge", (), "When the generation that is served was taken."),
    "sentinel_mtls_certificate_not_after_seconds": ("gauge", (), "End of validity of the certificate that is served."),
    "sentinel_mtls_certificate_not_before_seconds": ("gauge", (), "Start of validity of the certificate that is served."),
    "sentinel_mtls_trust_roots": ("gauge", (), "Number of roots that are trusted."),
    "sentinel_mtls_ready": ("gauge", (), "1 while there is a generation with a valid certificate."),
    "sentinel_mtls_watch_active": ("gauge", (), "1 while every folder is watched; 0 means that only the poll finds changes."),
    "sentinel_mtls_mode": ("gauge", ("mode",), "Mode of this process; always 1."),
    "sentinel_mtls_reloads_total": (
        "counter",
        ("part", "result", "reason"),
        "Looks at the files that took or refused something: part identity or policy, result taken or refused, reason ok or a code.",
    ),
    "sentinel_mtls_handshakes_total": (
        "counter",
        ("side", "result", "reason"),
        "Handshakes: side server or client, result accepted, audited or refused, reason ok or a code.",
    ),
    "sentinel_mtls_denials_total": (
        "counter",
        ("port", "peer", "reason", "enforced"),
        "Denials of peers that passed TLS, and in mode audit what would have been one.",
    ),
    "sentinel_mtls_connections": ("gauge", ("side", "generation"), "Open connections by the generation under which they were made."),
    "sentinel_mtls_negotiated_total": (
        "counter",
        ("side", "version", "group"),
        "Accepted handshakes by TLS version and group; group is unknown where the runtime does not tell.",
    ),
    "sentinel_mtls_drained_connections_total": (
        "counter",
        ("side", "reason"),
        "Connections ended by a swap: reason root-removed, policy-changed or identity-changed.",
    ),
    "sentinel_mtls_plain_connections_total": (
        "counter",
        ("port",),
        "Connections to a plain listener beside a TLS port in mode permissive; 0 from its start on.",
    ),
}


class Metrics:
    """Counters that are kept here, and gauges that are asked for when somebody reads."""

    def __init__(self, max_denial_series: int = 200) -> None:
        self._lock = threading.Lock()
        self._counters: Dict[str, Dict[Labels, float]] = {name: {} for name, row in METRICS.items() if row[0] == "counter"}
        self._handshakes = self._counters["sentinel_mtls_handshakes_total"]
        self._negotiated = self._counters["sentinel_mtls_negotiated_total"]
        self._gauges: Dict[str, Callable[[], Rows]] = {}
        self._max_denial_series = max_denial_series

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        with self._lock:
            rows = self._counters[name]
            rows[labels] = rows.get(labels, 0) + by

    def count_accepted(self, side: str, result: str, reason: str, version: str, group: str) -> None:
        """A handshake that let its peer in: two rows in one step, since every connection passes here."""
        handshake, negotiated = (side, result, reason), (side, version, group)
        with self._lock:
            rows = self._handshakes
            rows[handshake] = rows.get(handshake, 0) + 1
            rows = self._negotiated
            rows[negotiated] = rows.get(negotiated, 0) + 1

    def count_denial(self, port: str, peer: str, reason: str, enforced: bool) -> None:
        """After `max_denial_series` different rows the peer is "other": a hostile peer must not fill the memory."""
        name, labels = "sentinel_mtls_denials_total", (port, peer, reason, "true" if enforced else "false")
        with self._lock:
            rows = self._counters[name]
            if labels not in rows and len(rows) >= self._max_denial_series:
                labels = (port, "other", reason, labels[3])
            rows[labels] = rows.get(labels, 0) + 1

    def gauge(self, name: str, read: Callable[[], Rows]) -> None:
        self._gauges[name] = read

    def value(self, name: str, *labels: str) -> float:
        """One row; 0 if it was never counted."""
        return dict(self._rows(name)).get(labels, 0)

    def rows(self, name: str) -> Dict[Labels, float]:
        return dict(self._rows(name))

    def render(self) -> str:
        lines: List[str] = []
        for name, (kind, label_names, text) in METRICS.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            for labels, value in self._rows(name):
                pairs = ",".join(f'{key}="{_escape(label)}"' for key, label in zip(label_names, labels))
                lines.append(f"{name}{{{pairs}}} {_number(value)}" if pairs else f"{name} {_number(value)}")
        return "\n".join(lines) + "\n"

    def _rows(self, name: str) -> List[Tuple[Labels, float]]:
        read = self._gauges.get(name)
        if read is not None:
            return list(read())
        with self._lock:
            return sorted(self._counters.get(name, {}).items())


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
