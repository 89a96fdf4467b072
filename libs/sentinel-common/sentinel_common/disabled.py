"""MTLS_ENABLED=false: said once in the log, at level warn."""

from __future__ import annotations

from sentinel_common.events import LOGGER, EventLog

_SAID: list[bool] = []


def say_disabled() -> None:
    if not _SAID:
        _SAID.append(True)
        EventLog().write("mtls-disabled")
        LOGGER.warning("mTLS: DISABLED (not secure for production)")
