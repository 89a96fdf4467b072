"""PEM, read strictly: as many blocks as BEGIN lines, each of a label that the file may hold."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import List, Optional, Tuple

_BOM = b"\xef\xbb\xbf"
_BEGIN = re.compile(rb"-----BEGIN ([^\r\n]*?)-----[ \t]*\Z")
_END = re.compile(rb"-----END ([^\r\n]*?)-----[ \t]*\Z")

KEY_LABELS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
ENCRYPTED_KEY_LABEL = "ENCRYPTED PRIVATE KEY"


class PemError(ValueError):
    """Why a file is no well-formed PEM."""


@dataclass(frozen=True)
class PemBlock:
    """One block. `der` is empty for a block with encryption headers, whose content means nothing without them."""

    label: str
    der: bytes
    encrypted: bool


def read_pem(content: bytes) -> Tuple[PemBlock, ...]:
    """All blocks of a file; text outside of them is ignored.

    :raises PemError: for a BEGIN without END, other labels at the end, a stray END, or base64 that is not strict
    """
    blocks: List[PemBlock] = []
    label: Optional[str] = None
    body: List[bytes] = []
    text = content[len(_BOM) :] if content.startswith(_BOM) else content
    for line in text.replace(b"\r\n", b"\n").split(b"\n"):
        begin = _BEGIN.match(line)
        if begin:
            if label is not None:
                raise PemError(f"block {label} has no END line")
            label, body = begin.group(1).decode("latin-1"), []
            continue
        end = _END.match(line)
        if label is None:
            if line.startswith(b"-"):
                raise PemError("an END line without a BEGIN line" if end else "a cut BEGIN or END line")
            continue
        if not end:
            body.append(line)
            continue
        if end.group(1).decode("latin-1") != label:
            raise PemError(f"block {label} ends with another label")
        blocks.append(_block(label, body))
        label = None
    if label is not None:
        raise PemError(f"block {label} has no END line")
    if content.count(b"-----BEGIN ") != len(blocks):
        raise PemError(f"{content.count(b'-----BEGIN ')} BEGIN lines, but {len(blocks)} whole blocks")
    return tuple(blocks)


def _block(label: str, body: List[bytes]) -> PemBlock:
    if any(line.startswith(b"Proc-Type:") and b"ENCRYPTED" in line for line in body):
        return PemBlock(label, b"", True)
    try:
        der = base64.b64decode(b"".join(body), validate=True)
    except binascii.Error:
        raise PemError(f"block {label} is not strict base64") from None
    if not der:
        raise PemError(f"block {label} is empty")
    return PemBlock(label, der, label == ENCRYPTED_KEY_LABEL)


def to_pem(label: str, der: bytes) -> bytes:
    """One block, made anew from what was parsed."""
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = b"\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label.encode(), lines, label.encode())
