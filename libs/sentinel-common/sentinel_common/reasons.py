"""What OpenSSL and the socket say of a failed handshake, as codes."""

from __future__ import annotations

import ssl
from typing import Optional

from sentinel_common.errors import PeerRefusedError

# Numbers of openssl/x509_vfy.h.
_VERIFY = {
    **dict.fromkeys((2, 7, 18, 19, 20, 21, 27, 28, 30, 31), "peer-chain-untrusted"),
    **dict.fromkeys((9, 11), "peer-not-yet-valid"),
    **dict.fromkeys((10, 12), "peer-expired"),
    **dict.fromkeys((24, 26, 79), "peer-wrong-usage"),
    **dict.fromkeys((62, 63, 64), "peer-name-mismatch"),
}

_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "peer-no-certificate",
    "HTTP_REQUEST": "plaintext",
    "HTTPS_PROXY_REQUEST": "plaintext",
    "WRONG_VERSION_NUMBER": "plaintext",
    "PACKET_LENGTH_TOO_LONG": "plaintext",
    "RECORD_LAYER_FAILURE": "plaintext",
    "UNSUPPORTED_PROTOCOL": "protocol-version",
    "VERSION_TOO_LOW": "protocol-version",
    "WRONG_SSL_VERSION": "protocol-version",
    "NO_PROTOCOLS_AVAILABLE": "protocol-version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "protocol-version",
    "CA_KEY_TOO_SMALL": "peer-chain-invalid",
    "EE_KEY_TOO_SMALL": "peer-chain-invalid",
    "CA_MD_TOO_WEAK": "peer-chain-invalid",
    "UNEXPECTED_EOF_WHILE_READING": "handshake-closed",
}


def handshake_code(error: BaseException) -> str:
    """The code of a handshake that ended with this error."""
    if isinstance(error, PeerRefusedError):
        return error.code
    if isinstance(error, ssl.SSLCertVerificationError):
        # Whatever else OpenSSL finds is a rule of X.509 that the chain breaks.
        return _VERIFY.get(error.verify_code, "peer-chain-invalid")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return "handshake-closed"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "handshake-timeout"
    if isinstance(error, ssl.SSLError):
        return _of_reason(error.reason)
    # A socket that ends without a word is OSError(0).
    return "handshake-closed" if isinstance(error, OSError) else "handshake-failed"


def _of_reason(reason: Optional[str]) -> str:
    text = reason or ""
    if text in _REASONS:
        return _REASONS[text]
    return "peer-alert" if "ALERT" in text else "handshake-failed"
