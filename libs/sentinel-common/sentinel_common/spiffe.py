"""SPIFFE IDs, parsed strictly. Source: SPIFFE-ID standard, sections 2 and 2.4; choices in conformance/SPEC.md 2."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCHEME = "spiffe://"
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]+")
_SEGMENT = re.compile(r"[a-zA-Z0-9._-]+")

# 2048 bytes: the longest ID that every implementation must take (SPIFFE-ID 2.3); 255 bytes: SPIFFE-ID 2.1.
_MAX_ID_BYTES = 2048
_MAX_TRUST_DOMAIN_BYTES = 255


class SpiffeIdError(ValueError):
    """Why a text is no SPIFFE ID."""


@dataclass(frozen=True)
class SpiffeId:
    """A parsed ID. `path` is empty or starts with a slash."""

    trust_domain: str
    path: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.trust_domain}{self.path}"


def parse_spiffe_id(text: str) -> SpiffeId:
    """Parses a whole ID: no upper case in scheme or trust domain, no port, query, percent sign or trailing slash.

    :raises SpiffeIdError: with the rule that the text breaks
    """
    if text == "":
        raise SpiffeIdError("cannot be empty")
    if not text.startswith(_SCHEME):
        raise SpiffeIdError("must start with spiffe://")
    if len(text) > _MAX_ID_BYTES:
        raise SpiffeIdError(f"has more than {_MAX_ID_BYTES} bytes")
    trust_domain, slash, rest = text[len(_SCHEME) :].partition("/")
    _check_trust_domain(trust_domain)
    path = slash + rest
    if path:
        _check_path(path)
    return SpiffeId(trust_domain, path)


def parse_trust_domain(text: str) -> str:
    """The trust domain that a text names: given as itself, or as any ID in it."""
    if ":/" in text:
        return parse_spiffe_id(text).trust_domain
    _check_trust_domain(text)
    return text


def _check_trust_domain(text: str) -> None:
    if text == "":
        raise SpiffeIdError("trust domain is missing")
    if len(text) > _MAX_TRUST_DOMAIN_BYTES:
        raise SpiffeIdError(f"trust domain has more than {_MAX_TRUST_DOMAIN_BYTES} bytes")
    if not _TRUST_DOMAIN.fullmatch(text):
        raise SpiffeIdError("trust domain may hold lower-case letters, digits, dots, dashes and underscores only")


def _check_path(path: str) -> None:
    for segment in path[1:].split("/"):
        if segment == "":
            raise SpiffeIdError("path has an empty segment or a trailing slash")
        if segment in (".", ".."):
            raise SpiffeIdError("path has a dot segment")
        if not _SEGMENT.fullmatch(segment):
            raise SpiffeIdError("path segments may hold letters, digits, dots, dashes and underscores only")
