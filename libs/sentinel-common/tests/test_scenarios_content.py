"""Failure scenarios 20 to 35: what stands in certificates. Real handshakes at a real server."""

from __future__ import annotations

import datetime
from typing import Any, Callable

import pytest
from cryptography import x509
from folder import Projected, policy, until
from opening import BY_HAND, watching
from pki import TRUST_DOMAIN, Authority, Leaf, new_key, self_signed, spiffe_id
from serving import bare_connect, bare_context, bare_get, get, opened, serving

from sentinel_common.clients.sockets import connect
from sentinel_common.errors import MtlsError, PeerRefusedError
from sentinel_common.runtime import runtime_of
from sentinel_common.source import FileSource

OK = b"HTTP/1.1 200"


def refusal(folder: Projected, root: Authority, leaf: Leaf) -> str:
    """The code with which a server refuses this caller; empty if it is let in."""
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:
        answer = get(server.ports[0], bare_context([root], leaf))
        rows = until(lambda: runtime_of(folder.config()).metrics.rows("sentinel_mtls_handshakes_total"))
        ((_side, result, reason),) = rows
        assert answer.startswith(OK) == (result == "accepted")
        return "" if result == "accepted" else reason


def test_20_an_expired_own_certificate_is_served_on_but_the_process_is_not_ready(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    clock = [datetime.datetime.now(datetime.timezone.utc)]
    with watching(folder.config(), BY_HAND, now=lambda: clock[0]) as watched:
        assert watched.source.not_ready_reason() is None
        clock[0] += datetime.timedelta(hours=17)
        watched.source._turn(0.0)
        assert len(watched.events("certificate-expires-soon")) == 1, "a third of its life is left"
        clock[0] += datetime.timedelta(hours=17)
        assert watched.source.not_ready_reason() == "leaf-expired"
    folder.write(root.issue("api", from_hours=-2, hours=-1), [root], policy())
    with watching(folder.config(), BY_HAND) as watched:
        assert watched.number == 1
        assert watched.source.not_ready_reason() == "leaf-expired"
        assert watched.events("leaf-outside-validity")


def test_21_a_certificate_that_is_not_valid_yet_waits_for_its_time_while_the_old_one_serves(folder: Projected, root: Authority) -> None:
    clock = [datetime.datetime.now(datetime.timezone.utc)]
    folder.write(root.issue("api"), [root], policy())
    with watching(folder.config(), BY_HAND, now=lambda: clock[0]) as watched:
        folder.write(root.issue("api", from_hours=1), [root], policy())
        watched.source.refresh()
        assert watched.number == 1
        assert watched.refused() == {("identity", "leaf-not-yet-valid"): 1}
        clock[0] += datetime.timedelta(hours=2)
        watched.source.refresh()
        assert watched.number == 2


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda root: root.issue("web", from_hours=-2, hours=-0.01), "peer-expired"),
        (lambda root: root.issue("web", from_hours=0.01), "peer-not-yet-valid"),
        (lambda root: root.issue("web", eku=("server",)), "peer-wrong-usage"),
        (lambda root: root.issue("web", ca=True), "peer-is-ca"),
        (lambda root: root.issue("web", usage=("digital_signature", "key_cert_sign")), "peer-key-usage"),
        (lambda root: root.issue("web", usage=("key_encipherment",)), "peer-wrong-usage"),
        (lambda root: root.issue("web", usage=None), "peer-key-usage"),
        (lambda root: root.issue("web", eku=None), ""),
        (lambda root: root.issue("web", uris=[], subject=spiffe_id("web")), "peer-no-identity"),
        (lambda root: root.issue("web", uris=[], dns=["*.prod.svc", "web.prod.svc"]), "peer-no-identity"),
    ],
    ids=["22-expired", "22-not-yet", "23-usage", "24-ca", "24-sign", "25-no-digital", "25-none", "23-no-eku", "27-cn", "28-wildcard"],
)
def test_22_23_24_25_27_28_a_caller_is_judged_by_its_certificate(
    folder: Projected, root: Authority, make: Callable[[Any], Leaf], code: str
) -> None:
    assert refusal(folder, root, make(root)) == code


def test_23_a_server_that_shows_a_client_certificate_is_refused_by_our_client(
    folder: Projected, peer_folder: Projected, root: Authority
) -> None:
    folder.write(root.issue("web"), [root], policy("web", calls=[("api", "localhost", 1)]))
    assert client_refusal(folder, root, root.issue("api", eku=("client",))) == "peer-wrong-usage"


def client_refusal(folder: Projected, root: Authority, server: Leaf, host: str = "localhost") -> str:
    """The code with which our client refuses this server; empty if it talks to it."""
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    folder.write(root.issue("web"), [root], policy("web", calls=[("api", host, port)]))
    context = bare_context([root], server, server=True)

    def answer() -> None:
        try:
            raw, _address = listener.accept()
            with context.wrap_socket(raw, server_side=True) as tls:
                tls.recv(100)
                tls.sendall(b"hello")
        except OSError:
            pass

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with opened(folder.config()), connect(folder.config(), host, port, address=("127.0.0.1", port), timeout=5) as tls:
            tls.sendall(b"hello")
            assert tls.recv(100) == b"hello"
            return ""
    except PeerRefusedError as error:
        return error.code
    except OSError as error:
        from sentinel_common.reasons import handshake_code

        return handshake_code(error)
    finally:
        thread.join()
        listener.close()


def test_26_another_ca_a_self_signed_caller_and_a_ca_of_the_same_name_are_refused(folder: Projected, root: Authority) -> None:
    for leaf in (Authority("elsewhere").issue("web"), self_signed("web"), Authority("root one").issue("web")):
        assert refusal(folder, root, leaf) == "peer-chain-untrusted"


def test_27_a_server_with_a_common_name_only_is_refused(folder: Projected, root: Authority) -> None:
    assert client_refusal(folder, root, root.issue("api", dns=(), ips=(), subject="localhost")) == "peer-name-mismatch"


def test_28_a_wildcard_of_a_server_stands_for_one_label_and_matches_no_allow_list(folder: Projected, root: Authority) -> None:
    one = root.issue("api", dns=("*.prod.svc",), ips=())
    assert client_refusal(folder, root, one, "api.prod.svc") == ""
    assert client_refusal(folder, root, one, "a.api.prod.svc") == "peer-name-mismatch"
    assert client_refusal(folder, root, root.issue("api", dns=("*.svc",), ips=()), "prod.svc") == "peer-name-mismatch"
    from sentinel_common.authorizers import authorize_dns_name, judge
    from sentinel_common.peer import read_peer

    peer = read_peer(root.issue("web", dns=("*.prod.svc",)).der)
    assert not judge(authorize_dns_name("api.prod.svc", "*.prod.svc"), peer).admits
    assert judge(authorize_dns_name("web.prod.svc"), read_peer(root.issue("web", dns=("WEB.prod.svc",)).der)).admits


@pytest.mark.parametrize(
    ("uris", "code"),
    [
        ([], "peer-no-identity"),
        ([spiffe_id("web"), spiffe_id("api")], "peer-many-identities"),
        ([spiffe_id("web"), "https://web.test/"], "peer-many-identities"),
        ([spiffe_id("web").replace(TRUST_DOMAIN, "other.test")], "peer-not-listed"),
        ([spiffe_id("web") + "/"], "peer-invalid-identity"),
        (["SPIFFE" + spiffe_id("web")[6:]], "peer-invalid-identity"),
        ([spiffe_id("web").replace(TRUST_DOMAIN, TRUST_DOMAIN.upper())], "peer-invalid-identity"),
        ([spiffe_id("w%65b")], "peer-invalid-identity"),
        ([spiffe_id("api/../web")], "peer-invalid-identity"),
        ([f"spiffe://{TRUST_DOMAIN}"], "peer-invalid-identity"),
        ([spiffe_id("web") + "?x"], "peer-invalid-identity"),
        ([spiffe_id("web") + "\n"], "peer-invalid-identity"),
        ([spiffe_id("web")], ""),
    ],
)
def test_29_the_one_uri_name_is_the_identity_or_nobody_is(folder: Projected, root: Authority, uris: list[str], code: str) -> None:
    assert refusal(folder, root, root.issue("api", uris=uris)) == code


def test_30_an_identity_inside_of_another_name_is_none(folder: Projected, root: Authority) -> None:
    forged = f", URI:{spiffe_id('web')}"
    for dns in (f"x{forged}", f'"x"{forged}', f"x\x00{forged}", f"x\\{forged}"):
        assert refusal(folder, root, root.issue("batch", uris=[], dns=[dns])) == "peer-no-identity"
    assert refusal(folder, root, root.issue("batch", uris=[f"{spiffe_id('batch')}{forged}"])) == "peer-invalid-identity"


def test_31_an_empty_allow_list_denies_everybody(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy(allow=()))
    with serving(folder.config()) as server:
        assert get(server.ports[0], bare_context([root], root.issue("web"))) == b""
        assert get(server.ports[0], bare_context([root], root.issue("api"))) == b""


def test_32_an_allow_list_that_changes_ends_open_connections_of_the_dropped_only(folder: Projected, root: Authority) -> None:
    leaf = root.issue("api")
    folder.write(leaf, [root], policy(allow=("web", "batch")))
    with serving(folder.config()) as server:
        port = server.ports[0]
        with (
            bare_connect(port, bare_context([root], root.issue("web"))) as web,
            bare_connect(port, bare_context([root], root.issue("batch"))) as batch,
        ):
            assert bare_get(web).startswith(OK)
            assert bare_get(batch).startswith(OK)
            folder.write(leaf, [root], policy(allow=("batch",)))
            until(lambda: runtime_of(folder.config()).source.current().number == 2)
            assert bare_get(web).startswith(b"HTTP/1.1 403")
            assert bare_get(web) == b""
            assert bare_get(batch).startswith(OK)


@pytest.mark.parametrize("kind", ["RSA-2048", "P-384", "Ed25519"])
def test_33_strong_keys_of_all_kinds_serve_and_call(folder: Projected, root: Authority, kind: str) -> None:
    folder.write(root.issue("api", key=new_key(kind)), [root], policy())
    with serving(folder.config()) as server:
        assert get(server.ports[0], bare_context([root], root.issue("web", key=new_key(kind)))).startswith(OK)


@pytest.mark.parametrize("kind", ["RSA-1024", "P-192"])
def test_33_weak_keys_are_refused_as_own_and_as_peer(folder: Projected, root: Authority, kind: str) -> None:
    folder.write(root.issue("api", key=new_key(kind)), [root], policy())
    with pytest.raises(MtlsError, match="key-weak"):
        FileSource.open(folder.config().paths, BY_HAND)
    if kind == "RSA-1024":
        folder.write(root.issue("api"), [root], policy())
        with serving(folder.config()) as server:
            context = bare_context([root])
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            import tempfile
            from pathlib import Path

            leaf = root.issue("web", key=new_key(kind))
            with tempfile.TemporaryDirectory() as temporary:
                (Path(temporary) / "pair").write_bytes(leaf.cert_pem + leaf.key_pem)
                context.load_cert_chain(Path(temporary) / "pair")
            assert get(server.ports[0], context) == b""
            metrics = runtime_of(folder.config()).metrics
            assert until(lambda: metrics.value("sentinel_mtls_handshakes_total", "server", "refused", "peer-chain-invalid"))


def test_35_chains_of_a_caller_follow_the_rules_of_x509(folder: Projected, root: Authority) -> None:
    intermediate = Authority("intermediate", above=root)
    assert refusal(folder, root, intermediate.issue("web")) == ""
    leaf = intermediate.issue("web")
    assert refusal(folder, root, Leaf(leaf.certificate, leaf.key)) == "peer-chain-untrusted", "the intermediate is missing"
    # Cross-signed: the new root's key, certified by the old root.
    new = Authority("new root")
    cross = Authority("new root", above=root, key=new.key)
    assert refusal(folder, root, cross.issue("web")) == ""
    # Path length: an intermediate that may have none below it.
    key = new_key()
    short = _with_path_length(root, key)
    below = Authority("below", above=short)
    assert refusal(folder, root, below.issue("web")) == "peer-chain-invalid"
    deep = root
    for number in range(101):
        deep = Authority(f"deep {number}", above=deep)
    assert refusal(folder, root, deep.issue("web")) in ("peer-chain-invalid", "handshake-failed")


def _with_path_length(root: Authority, key: Any) -> Authority:
    made = Authority("short", above=root, key=key)
    certificate = made.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(True, 0), True)
    )
    for extension in certificate.extensions:
        if not isinstance(extension.value, x509.BasicConstraints):
            builder = builder.add_extension(extension.value, extension.critical)
    from cryptography.hazmat.primitives import hashes

    made.certificate = builder.sign(root.key, hashes.SHA256())
    return made
