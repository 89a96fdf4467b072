"""Log events: JSON, one line each, through the standard logging module. Never PEM, DER or a key."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Callable, Mapping, Optional, Union

Value = Union[str, int, float, None, "list[str]"]
Sink = Callable[[Mapping[str, Value]], None]

# events.json: which level each event has.
LEVELS: Mapping[str, str] = {
    "generation-taken": "info",
    "reload-refused": "error",
    "chain-unrelated": "warn",
    "leaf-outside-validity": "error",
    "certificate-expires-soon": "warn",
    "watch-lost": "warn",
    "folder-not-projected": "warn",
    "handshake-refused": "warn",
    "peer-denied": "warn",
    "peer-audited": "warn",
    "drain-started": "info",
    "drain-ended": "info",
    "plain-listener": "warn",
    "mtls-disabled": "warn",
    "authorizer-any": "warn",
}

_LOGGING = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}

LOGGER = logging.getLogger("sentinel_common.mtls")


class EventLog:
    """Writes events; texts are cut and their control characters escaped, whoever they come from."""

    def __init__(self, max_text: int = 256, sink: Optional[Sink] = None) -> None:
        self._max_text = max_text
        self._sink = sink

    def write(self, event: str, **fields: Value) -> None:
        level = LEVELS[event]
        line: dict[str, Value] = {"time": rfc3339(datetime.now(timezone.utc)), "level": level, "event": event}
        line.update({name: self._clean(value) for name, value in fields.items()})
        if self._sink is not None:
            self._sink(line)
        else:
            LOGGER.log(_LOGGING[level], "%s", json.dumps(line))

    def _clean(self, value: Value) -> Value:
        if isinstance(value, str):
            return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in value[: self._max_text])
        return value


def rfc3339(when: datetime) -> str:
    return when.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
