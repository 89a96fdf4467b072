"""A generation: what the process serves with, immutable, with a number and an id."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Optional, Tuple

from sentinel_common.certificate import der_of, serial_hash, sha256_hex, trust_fingerprint
from sentinel_common.identity import Identity
from sentinel_common.policy import Policy


@dataclass(frozen=True)
class Generation:
    """`number` is one more at each swap; `id` is a hash of chain, roots and policy, never of the key."""

    number: int
    identity: Identity
    policy: Optional[Policy]
    policy_bytes: Optional[bytes] = field(repr=False, default=None)
    taken_at: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        return generation_id(self.identity, self.policy_bytes)

    @property
    def trust_fingerprint(self) -> str:
        return trust_fingerprint(self.identity.roots)

    @property
    def serial_hash(self) -> str:
        return serial_hash(self.identity.leaf)

    @property
    def spiffe_id(self) -> str:
        return self.identity.peer.name


def generation_id(identity: Identity, policy_bytes: Optional[bytes]) -> str:
    lines = [f"chain {sha256_hex(der_of(certificate))}" for certificate in identity.chain]
    lines += sorted({f"root {sha256_hex(der_of(root))}" for root in identity.roots})
    lines.append("policy none" if policy_bytes is None else f"policy {sha256_hex(policy_bytes)}")
    return sha256_hex("".join(f"{line}\n" for line in lines).encode())[:16]


def changes(new: Generation, old: Optional[Generation]) -> Tuple[str, ...]:
    """What a swap changed: leaf (key and chain with it), roots, policy."""
    if old is None:
        return ("leaf", "roots", "policy") if new.policy is not None else ("leaf", "roots")
    found = []
    if new.identity.chain != old.identity.chain:
        found.append("leaf")
    if set(new.identity.roots) != set(old.identity.roots):
        found.append("roots")
    if new.policy_bytes != old.policy_bytes:
        found.append("policy")
    return tuple(found)
