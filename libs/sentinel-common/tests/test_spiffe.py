"""The vectors that were collected from go-spiffe and the standard, where they lie beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sentinel_common.spiffe import SpiffeIdError, parse_spiffe_id, parse_trust_domain

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases" / "spiffe-id"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="shared/cases is not beside this repository; conformance/vectors is")


def cases(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


@needs_cases
def test_all_ids_of_the_collection_parse_as_there() -> None:
    vectors = cases("vectors.json")
    assert len(vectors) == 577
    for vector in vectors:
        try:
            parsed = parse_spiffe_id(vector["input"])
            found: Any = (True, parsed.trust_domain, parsed.path)
        except SpiffeIdError:
            found = (False, None, None)
        assert found == (vector["valid"], vector.get("trustDomain"), vector.get("path")), vector


@needs_cases
def test_all_trust_domains_of_the_collection_parse_as_there() -> None:
    vectors = cases("trust-domains.json")
    assert len(vectors) == 307
    for vector in vectors:
        try:
            found: Any = (True, parse_trust_domain(vector["input"]))
        except SpiffeIdError:
            found = (False, None)
        assert found == (vector["valid"], vector.get("trustDomain")), vector


def test_limits_of_length_are_those_of_the_standard() -> None:
    assert parse_spiffe_id("spiffe://" + "a" * 255 + "/x")
    with pytest.raises(SpiffeIdError, match="255"):
        parse_spiffe_id("spiffe://" + "a" * 256 + "/x")
    longest = "spiffe://a/" + "x" * (2048 - 11)
    assert str(parse_spiffe_id(longest)) == longest
    with pytest.raises(SpiffeIdError, match="2048"):
        parse_spiffe_id(longest + "x")
    for text in ("spiffe://a/b\n", "\nspiffe://a/b", "spiffe://a\n/b"):
        with pytest.raises(SpiffeIdError):
            parse_spiffe_id(text)
