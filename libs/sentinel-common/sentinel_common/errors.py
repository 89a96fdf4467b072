"""One error type with a code, so that callers, logs and metrics say the same."""

from __future__ import annotations

import ssl


class MtlsError(Exception):
    """A refusal. `code` is one of conformance/codes.json; `path` is the file that it is about, if any.

    It is no OSError on purpose: an old `except FileNotFoundError` that falls back to plain text must not catch it.
    """

    def __init__(self, code: str, detail: str, path: str | None = None) -> None:
        super().__init__(": ".join(part for part in (code, path, detail) if part))
        self.code = code
        self.detail = detail
        self.path = path


class PeerRefusedError(ssl.SSLCertVerificationError):
    """The handshake of TLS went through, but the peer is not one that this process talks to.

    A kind of ssl.SSLError, because that is what servers and HTTP clients handle at this place.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(1, f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.reason = code.upper().replace("-", "_")
        self.library = "SENTINEL"
        self.verify_code = 50  # X509_V_ERR_APPLICATION_VERIFICATION, so that readers of SSLError find a number
        self.verify_message = detail
