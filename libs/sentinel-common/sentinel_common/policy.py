"""policy.json, version 1: whom this process admits at which port, and whom it may call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Dict, FrozenSet, Mapping, Optional, Tuple

from sentinel_common.errors import MtlsError
from sentinel_common.peer import Peer

# Of several entries for one port the first of these counts.
_STRICTNESS = ("strict", "permissive", "audit", "disabled")


@dataclass(frozen=True)
class Allowed:
    spiffe_id: str
    mode: str


@dataclass(frozen=True)
class ServerPort:
    name: str
    port: int
    mode: str
    allow: Tuple[Allowed, ...]
    plain_port: Optional[int] = None


@dataclass(frozen=True)
class Call:
    service: str
    name: str
    port: int
    host: str
    spiffe_id: str
    mode: str


@dataclass(frozen=True)
class Policy:
    fleet: str
    environment: str
    service: str
    spiffe_id: str
    mode: str
    server: Tuple[ServerPort, ...]
    client: Tuple[Call, ...]

    @cached_property
    def ports(self) -> Mapping[int, Tuple[str, FrozenSet[str]]]:
        """Mode and callers by port number; of several entries for one number the strictest mode, and all callers."""
        found: Dict[int, Tuple[str, FrozenSet[str]]] = {}
        for entry in self.server:
            mode, callers = found.get(entry.port, (entry.mode, frozenset()))
            listed = {allowed.spiffe_id for allowed in entry.allow if allowed.mode != "disabled"}
            found[entry.port] = (min(mode, entry.mode, key=_STRICTNESS.index), callers | listed)
        return found


@dataclass(frozen=True)
class Verdict:
    """`outcome` is allowed, audited (let through, told as if denied) or denied; `code` is ok when allowed."""

    outcome: str
    code: str

    @property
    def admits(self) -> bool:
        return self.outcome != "denied"


ALLOWED = Verdict("allowed", "ok")


def denied(code: str) -> Verdict:
    return Verdict("denied", code)


def audited(code: str) -> Verdict:
    return Verdict("audited", code)


def judge_caller(policy: Policy, port: int, peer: Peer) -> Verdict:
    """What SPEC 3.1 says of a caller that passed TLS at a port."""
    found = policy.ports.get(port)
    if found is None:
        return denied("port-not-declared")
    mode, callers = found
    if mode == "disabled":
        return denied("port-disabled")
    if peer.problem is None and peer.spiffe_id in callers:
        return ALLOWED
    code = peer.problem or "peer-not-listed"
    return audited(code) if mode == "audit" else denied(code)


def only_port(policy: Policy) -> Optional[int]:
    """Where nobody said which port is served: the policy's, if it has one only."""
    return next(iter(policy.ports)) if len(policy.ports) == 1 else None


def find_call(policy: Policy, host: str, port: Optional[int]) -> Tuple[Call, ...]:
    """The declared calls to a host and port; with `port` None to any port of the host.

    :raises MtlsError: `call-not-declared` or `call-disabled`, before a connection is made
    """
    wanted = host_key(host)
    calls = tuple(call for call in policy.client if host_key(call.host) == wanted and port in (None, call.port))
    if not calls:
        raise MtlsError("call-not-declared", f"policy.json declares no call to {host[:256]}:{port if port is not None else '*'}")
    enabled = tuple(call for call in calls if call.mode != "disabled")
    if not enabled:
        raise MtlsError("call-disabled", f"policy.json declares {host[:256]} without mutual TLS; this library never calls in plain text")
    return enabled


def host_key(host: str) -> str:
    return host.lower()[:-1] if host.endswith(".") else host.lower()


def judge_server(calls: Tuple[Call, ...], peer: Peer, name_matches: bool = True) -> Verdict:
    """What SPEC 3.2 says of a server that passed TLS: its name, its identity. `calls` are those of `find_call`."""
    expected = {call.spiffe_id for call in calls}
    refuse = audited if all(call.mode == "audit" for call in calls) else denied
    if not name_matches:
        return refuse("peer-name-mismatch")
    if peer.problem is not None:
        return refuse(peer.problem)
    return ALLOWED if peer.spiffe_id in expected else refuse("peer-not-expected")
