"""Vectors that need neither files nor sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator, Tuple

from cryptography import x509

from sentinel_common.certificate import der_of
from sentinel_common.errors import MtlsError
from sentinel_common.peer import Peer, matches_host, read_peer
from sentinel_common.policy import Policy, Verdict, find_call, judge_caller, judge_server
from sentinel_common.policy_reader import parse_policy
from sentinel_common.spiffe import SpiffeIdError, parse_spiffe_id, parse_trust_domain

Row = Tuple[str, Any, Any]


def spiffe_ids(vectors: Any, _certificates: Path) -> Iterator[Row]:
    for vector in vectors["ids"]:
        try:
            parsed = parse_spiffe_id(vector["input"])
            result: Any = {"trustDomain": parsed.trust_domain, "path": parsed.path}
        except SpiffeIdError:
            result = {"invalid": True}
        yield vector["input"], result, vector["expect"]
    for vector in vectors["trustDomains"]:
        try:
            result = {"trustDomain": parse_trust_domain(vector["input"])}
        except SpiffeIdError:
            result = {"invalid": True}
        yield f"td:{vector['input']}", result, vector["expect"]


def policies(vectors: Any, _certificates: Path) -> Iterator[Row]:
    for vector in vectors["documents"]:
        content = bytes.fromhex(vector["hex"]) if "hex" in vector else vector["text"].encode("utf-8")
        try:
            parse_policy(content)
            result: Any = {"ok": True}
        except MtlsError as error:
            result = {"code": error.code}
        yield vector["name"], result, vector["expect"]
    for vector in vectors["evaluations"]:
        policy = parse_policy(json.dumps(vector["policy"]).encode())
        for index, check in enumerate(vector["checks"]):
            verdict = _evaluate(policy, check)
            yield f"{vector['name']} #{index}", {"decision": verdict.outcome, "code": verdict.code}, check["expect"]


def _evaluate(policy: Policy, check: Any) -> Verdict:
    named = check["peer"]
    peer = Peer(
        der=b"",
        fingerprint="",
        spiffe_id=named if isinstance(named, str) else None,
        problem=None if isinstance(named, str) else named["code"],
    )
    if "host" not in check:
        return judge_caller(policy, check["port"], peer)
    try:
        calls = find_call(policy, check["host"], check["callPort"])
    except MtlsError as error:
        return Verdict("denied", error.code)
    return judge_server(calls, peer)


def identities(vectors: Any, certificates: Path) -> Iterator[Row]:
    for vector in vectors["cases"]:
        peer = _peer(certificates, vector["certificate"])
        yield vector["name"], {"spiffeId": peer.spiffe_id} if peer.problem is None else {"code": peer.problem}, vector["expect"]


def host_names(vectors: Any, certificates: Path) -> Iterator[Row]:
    for vector in vectors["cases"]:
        yield vector["name"], {"match": matches_host(_peer(certificates, vector["certificate"]), vector["host"])}, vector["expect"]


def _peer(certificates: Path, name: str) -> Peer:
    return read_peer(der_of(x509.load_pem_x509_certificate((certificates / f"{name}.crt").read_bytes())))
