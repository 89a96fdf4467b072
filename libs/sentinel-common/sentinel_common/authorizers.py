"""Who is let in, written out: there is no default, and an empty list admits nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional, Tuple

from sentinel_common.errors import MtlsError
from sentinel_common.peer import Peer
from sentinel_common.policy import ALLOWED, Verdict, denied, judge_caller, only_port
from sentinel_common.spiffe import SpiffeIdError, parse_spiffe_id, parse_trust_domain

if TYPE_CHECKING:
    from sentinel_common.generation import Generation

Authorizer = Callable[[Peer], Verdict]


def authorize_any() -> Authorizer:
    """Whoever has a certificate of the trust set. Writing this out is the decision to let every one of them in."""

    def any_peer(_peer: Peer) -> Verdict:
        return ALLOWED

    return any_peer


def is_authorize_any(authorizer: Authorizer) -> bool:
    return getattr(authorizer, "__qualname__", "") == "authorize_any.<locals>.any_peer"


def authorize_spiffe_id(*ids: str) -> Authorizer:
    """One of the IDs; with none given: nobody."""
    wanted = frozenset(_checked_id(text) for text in ids)
    return _by_identity(lambda spiffe_id: spiffe_id in wanted)


def authorize_trust_domain(trust_domain: str) -> Authorizer:
    """Any ID of the trust domain, which is given as itself or as an ID in it."""
    try:
        wanted = parse_trust_domain(trust_domain)
    except SpiffeIdError as error:
        raise MtlsError("setting-invalid", f"{trust_domain[:80]!r} is no trust domain: {error}") from None
    return _by_identity(lambda spiffe_id: parse_spiffe_id(spiffe_id).trust_domain == wanted)


def authorize_dns_name(*names: str) -> Authorizer:
    """A DNS name of the leaf that equals one of the names. A wildcard in a certificate matches nothing here."""
    wanted = frozenset(name.lower() for name in names)

    def by_name(peer: Peer) -> Verdict:
        return ALLOWED if any(name.lower() in wanted and "*" not in name for name in peer.dns_names) else denied("peer-not-listed")

    return by_name


def authorize_certificate(fingerprint: Callable[[], bytes]) -> Authorizer:
    """Exactly the certificate whose DER the function returns: development with one self-signed certificate."""
    return lambda peer: ALLOWED if peer.der == fingerprint() else denied("peer-not-listed")


def authorize_policy(current: Callable[[], Generation], port: Optional[int]) -> Authorizer:
    """The policy of the generation that stands, at a port, or at its only one. Without either nobody is let in."""

    def by_policy(peer: Peer) -> Verdict:
        policy = current().policy
        if policy is None:
            return denied("port-not-declared")
        number = port if port is not None else only_port(policy)
        return denied("port-not-declared") if number is None else judge_caller(policy, number, peer)

    return by_policy


def all_of(*authorizers: Authorizer) -> Authorizer:
    """The first denial counts; audited if one audits; with none given: nobody."""

    def every(peer: Peer) -> Verdict:
        verdict = ALLOWED if authorizers else denied("peer-not-listed")
        for authorizer in authorizers:
            found = judge(authorizer, peer)
            if found.outcome == "denied":
                return found
            if found.outcome == "audited" and verdict.outcome == "allowed":
                verdict = found
        return verdict

    return every


def any_of(*authorizers: Authorizer) -> Authorizer:
    """Allowed before audited; otherwise the last denial counts; with none given: nobody."""

    def one(peer: Peer) -> Verdict:
        verdicts: Tuple[Verdict, ...] = tuple(judge(authorizer, peer) for authorizer in authorizers)
        for outcome in ("allowed", "audited"):
            for verdict in verdicts:
                if verdict.outcome == outcome:
                    return verdict
        return verdicts[-1] if verdicts else denied("peer-not-listed")

    return one


def judge(authorizer: Authorizer, peer: Peer) -> Verdict:
    """An authorizer that raises denies; one that returns something else than a verdict raises in effect."""
    try:
        verdict = authorizer(peer)
    except Exception:  # noqa: BLE001 - whatever goes wrong in a check, nobody gets in by it
        return denied("authorizer-failed")
    return verdict if isinstance(verdict, Verdict) else denied("authorizer-failed")


def _checked_id(text: str) -> str:
    try:
        return str(parse_spiffe_id(text))
    except SpiffeIdError as error:
        raise MtlsError("setting-invalid", f"{text[:80]!r} is no SPIFFE ID: {error}") from None


def _by_identity(matches: Callable[[str], bool]) -> Authorizer:
    def by_identity(peer: Peer) -> Verdict:
        if peer.spiffe_id is None:
            return denied(peer.problem or "peer-no-identity")
        return ALLOWED if matches(peer.spiffe_id) else denied("peer-not-listed")

    return by_identity
