"""One look at the files: what of it is good, and what stands afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Dict, Optional, Tuple

from sentinel_common.errors import MtlsError
from sentinel_common.files import Paths, Snapshot
from sentinel_common.generation import Generation
from sentinel_common.identity import Identity, read_identity
from sentinel_common.policy import Policy
from sentinel_common.policy_reader import parse_policy

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Refusal:
    """Why a part was refused. `bytes_digest` tells whether the same failure of the same bytes was told before."""

    part: str
    code: str
    path: str
    detail: str
    bytes_digest: str

    def same_as(self, other: Optional[Refusal]) -> bool:
        return other is not None and (self.code, self.bytes_digest) == (other.code, other.bytes_digest)


@dataclass(frozen=True)
class Look:
    """The parts that are good, and the refusals of those that are not."""

    identity: Optional[Identity]
    policy: Optional[Policy]
    policy_bytes: Optional[bytes]
    refusals: Tuple[Refusal, ...]


def judge_snapshot(snapshot: Snapshot, paths: Paths, standing: Optional[Generation], max_chain: int, now: Now = utc_now) -> Look:
    """Identity and policy are judged alone; the policy against the identity that the generation will have."""
    refusals = []
    identity: Optional[Identity] = None
    try:
        identity = _identity(snapshot, paths, max_chain)
        _check_times(identity, standing, now())
    except MtlsError as error:
        identity = None
        refusals.append(_refusal("identity", error, snapshot, ("cert", "key", "bundle")))
    policy: Optional[Policy] = None
    policy_bytes: Optional[bytes] = None
    if paths.policy is not None:
        try:
            policy_bytes = _content(snapshot, paths, "policy")
            policy = parse_policy(policy_bytes)
            _check_same_identity(policy, identity or (standing.identity if standing is not None else None), paths)
        except MtlsError as error:
            policy, policy_bytes = None, None
            refusals.append(_refusal("policy", error, snapshot, ("policy",), str(paths.policy)))
    return Look(identity, policy, policy_bytes, tuple(refusals))


def torn_look(error: MtlsError, paths: Paths) -> Look:
    return Look(None, None, None, (Refusal("identity", error.code, str(paths.cert.parent), error.detail, ""),))


def _content(snapshot: Snapshot, paths: Paths, part: str) -> bytes:
    fault = snapshot.faults.get(part)
    if fault is not None:
        raise MtlsError(fault.code, fault.detail, str(paths.of(part)))
    return snapshot.content[part]


def _identity(snapshot: Snapshot, paths: Paths, max_chain: int) -> Identity:
    content: Dict[str, bytes] = {part: _content(snapshot, paths, part) for part in ("cert", "key", "bundle")}
    try:
        return read_identity(content, max_chain)
    except MtlsError as error:
        part = error.code.split("-")[0]
        path = paths.of(part) if part in ("cert", "key", "bundle") else paths.cert
        raise MtlsError(error.code, error.detail, str(path)) from None


def _check_times(identity: Identity, standing: Optional[Generation], now: datetime) -> None:
    problem = identity.time_problem(now)
    # A process without a valid certificate takes what it gets, and says by `ready` that it can't serve.
    if problem is not None and standing is not None and standing.identity.time_problem(now) is None:
        raise MtlsError(problem, f"valid from {identity.not_before:%Y-%m-%dT%H:%M:%SZ} to {identity.not_after:%Y-%m-%dT%H:%M:%SZ}")


def _check_same_identity(policy: Policy, identity: Optional[Identity], paths: Paths) -> None:
    if identity is not None and identity.peer.spiffe_id != policy.spiffe_id:
        raise MtlsError("policy-other-identity", f"is for {policy.spiffe_id}, the certificate is {identity.peer.name}", str(paths.policy))


def _refusal(part: str, error: MtlsError, snapshot: Snapshot, parts: Tuple[str, ...], path: str = "") -> Refusal:
    digest = hashlib.sha256()
    for name in parts:
        digest.update(hashlib.sha256(snapshot.content.get(name, b"")).digest())
    return Refusal(part, error.code, error.path or path, error.detail, digest.hexdigest())
