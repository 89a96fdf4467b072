"""A FileSource with its log and its counts at hand."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, Iterator, List, Tuple

from folder import FAST

from sentinel_common.config import MTLSConfig
from sentinel_common.events import EventLog
from sentinel_common.settings import Timing
from sentinel_common.source import FileSource

# One look at opening, then looks only where a test asks for them.
BY_HAND = Timing(poll_interval_ms=3_600_000, debounce_ms=3_600_000, debounce_max_ms=3_600_000, first_generation_deadline_ms=0)


class Watched:
    def __init__(self, source: FileSource, lines: List[Any]) -> None:
        self.source = source
        self.lines = lines

    @property
    def number(self) -> int:
        return self.source.current().number

    def events(self, name: str) -> List[Any]:
        return [line for line in self.lines if line["event"] == name]

    def refused(self) -> Dict[Tuple[str, ...], float]:
        rows = self.source.metrics.rows("sentinel_mtls_reloads_total")
        return {(part, reason): value for (part, result, reason), value in rows.items() if result == "refused"}


@contextlib.contextmanager
def watching(config: MTLSConfig, timing: Timing = FAST, lines: Any = None, **options: Any) -> Iterator[Watched]:
    found: List[Any] = lines if lines is not None else []
    source = FileSource.open(config.paths, timing, log=EventLog(sink=found.append), **options)
    try:
        yield Watched(source, found)
    finally:
        source.close()
