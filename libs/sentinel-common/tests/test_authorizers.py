from __future__ import annotations

from typing import Any

import pytest
from folder import Projected
from pki import Authority, spiffe_id
from serving import bare_context, get, serving

from sentinel_common.authorizers import (
    all_of,
    any_of,
    authorize_any,
    authorize_dns_name,
    authorize_spiffe_id,
    authorize_trust_domain,
    judge,
)
from sentinel_common.errors import MtlsError
from sentinel_common.peer import Peer, read_peer
from sentinel_common.policy import ALLOWED, Verdict, audited, denied
from sentinel_common.runtime import runtime_of


@pytest.fixture()
def web(root: Authority) -> Peer:
    return read_peer(root.issue("web", dns=("web.prod.svc",)).der)


def test_an_id_a_trust_domain_and_a_dns_name_admit_who_has_them(web: Peer, root: Authority) -> None:
    nobody = read_peer(root.issue("web", uris=[]).der)
    assert judge(authorize_spiffe_id(spiffe_id("api"), spiffe_id("web")), web) == ALLOWED
    assert judge(authorize_spiffe_id(spiffe_id("api")), web) == denied("peer-not-listed")
    assert judge(authorize_spiffe_id(), web) == denied("peer-not-listed")
    assert judge(authorize_spiffe_id(spiffe_id("web")), nobody) == denied("peer-no-identity")
    assert judge(authorize_trust_domain("sentinel.test"), web) == ALLOWED
    assert judge(authorize_trust_domain("other.test"), web) == denied("peer-not-listed")
    assert judge(authorize_dns_name("WEB.prod.svc"), web) == ALLOWED
    assert judge(authorize_dns_name(), web) == denied("peer-not-listed")
    assert judge(authorize_any(), nobody) == ALLOWED


def test_combinators_follow_the_table(web: Peer) -> None:
    def always(verdict: Verdict) -> Any:
        return lambda _peer: verdict

    allow, deny, deny_other, audit = always(ALLOWED), always(denied("a")), always(denied("b")), always(audited("c"))
    assert judge(all_of(), web) == denied("peer-not-listed")
    assert judge(any_of(), web) == denied("peer-not-listed")
    assert judge(all_of(allow, deny, deny_other), web) == denied("a")
    assert judge(all_of(allow, audit, allow), web) == audited("c")
    assert judge(all_of(allow, allow), web) == ALLOWED
    assert judge(any_of(deny, deny_other), web) == denied("b")
    assert judge(any_of(deny, audit, allow), web) == ALLOWED
    assert judge(any_of(deny, audit), web) == audited("c")


def test_an_authorizer_that_raises_or_returns_something_else_denies(web: Peer) -> None:
    def raises(_peer: Peer) -> Verdict:
        raise RuntimeError

    for broken in (raises, lambda _peer: True, lambda _peer: None):
        assert judge(broken, web) == denied("authorizer-failed")  # type: ignore[arg-type]
        assert judge(all_of(authorize_any(), broken), web) == denied("authorizer-failed")  # type: ignore[arg-type]


def test_a_text_that_is_no_id_stops_the_start() -> None:
    for make in (lambda: authorize_spiffe_id("web"), lambda: authorize_trust_domain("Sentinel")):
        with pytest.raises(MtlsError, match="setting-invalid"):
            make()


def test_in_mode_audit_without_a_policy_the_authorizer_is_told_of_and_lets_through(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root])
    config = folder.config(policy=False, mode="audit")
    with serving(config, authorizer=authorize_spiffe_id(spiffe_id("web"))) as server:
        assert get(server.ports[0], bare_context([root], root.issue("batch"))).startswith(b"HTTP/1.1 200")
        metrics = runtime_of(config).metrics
        assert metrics.value("sentinel_mtls_handshakes_total", "server", "audited", "peer-not-listed") == 1
        assert metrics.value("sentinel_mtls_denials_total", "8443", spiffe_id("batch"), "peer-not-listed", "false") == 1
        assert get(server.ports[0], bare_context([root])) == b""


def test_letting_anybody_in_has_to_be_written_out_and_is_logged(
    folder: Projected, root: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write(root.issue("api"), [root])
    with serving(folder.config(policy=False), authorizer=authorize_any()) as server:
        assert get(server.ports[0], bare_context([root], root.issue("batch", uris=[]))).startswith(b"HTTP/1.1 200")
    assert '"event": "authorizer-any"' in caplog.text
