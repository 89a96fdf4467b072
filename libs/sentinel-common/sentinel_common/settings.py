"""Environment variables and defaults; conformance/settings.json is the table that both languages follow."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Mapping

from sentinel_common.errors import MtlsError

DEFAULT_CERT_DIR = "/etc/sentinel/certs"
DEFAULT_CERT_PATH = f"{DEFAULT_CERT_DIR}/tls.crt"
DEFAULT_KEY_PATH = f"{DEFAULT_CERT_DIR}/tls.key"
DEFAULT_CA_CERT_PATH = f"{DEFAULT_CERT_DIR}/ca.crt"
DEFAULT_POLICY_PATH = f"{DEFAULT_CERT_DIR}/policy.json"

MODES = ("strict", "audit", "permissive", "disabled")

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True)
class Timing:
    """Times in milliseconds, sizes in bytes; the defaults are those of conformance/settings.json."""

    poll_interval_ms: int = 10_000
    poll_jitter: float = 0.1
    debounce_ms: int = 100
    debounce_max_ms: int = 500
    torn_read_retries: int = 10
    torn_read_delay_ms: int = 10
    first_generation_deadline_ms: int = 30_000
    retry_initial_ms: int = 100
    retry_max_ms: int = 2_000
    max_file_bytes: int = 1_048_576
    max_chain_certificates: int = 10
    handshake_timeout_ms: int = 5_000
    drain_grace_ms: int = 30_000
    max_denial_series: int = 200
    max_log_text_length: int = 256


def enabled_from(environment: Mapping[str, str] = os.environ) -> bool:
    """MTLS_ENABLED: unset is true; a word that is neither true nor false stops the start."""
    text = environment.get("MTLS_ENABLED")
    if text is None or text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise MtlsError("setting-invalid", f"MTLS_ENABLED is {text[:40]!r}, expected true or false")


def mode_from(environment: Mapping[str, str] = os.environ) -> str:
    """MTLS_MODE, which counts where no policy does; switching off is MTLS_ENABLED's word alone."""
    if not enabled_from(environment):
        return "disabled"
    text = environment.get("MTLS_MODE", "strict")
    if text not in MODES:
        raise MtlsError("setting-invalid", f"MTLS_MODE is {text[:40]!r}, expected one of {', '.join(MODES)}")
    if text == "disabled":
        raise MtlsError("setting-invalid", "MTLS_MODE is disabled while MTLS_ENABLED is not false; set MTLS_ENABLED=false")
    return text
