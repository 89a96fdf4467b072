"""Headers by which proxies tell an identity. Nobody but the handshake tells it here, so they are removed."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

Header = Tuple[bytes, bytes]

# WSGI can't tell a dash from an underscore, so both are meant.
_SPOOFED = re.compile(
    rb"(?:x[-_]forwarded[-_]client[-_]cert|x[-_]client[-_]cert|x[-_]spiffe[-_]id|x[-_]peer[-_]spiffe[-_]id)\Z|x[-_]ssl[-_]|ssl[-_]client[-_]",
    re.IGNORECASE,
)


def is_spoofed(name: bytes) -> bool:
    return _SPOOFED.match(name) is not None


def without_spoofed(headers: Sequence[Header]) -> List[Header]:
    return [header for header in headers if not is_spoofed(header[0])]
