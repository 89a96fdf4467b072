"""uvloop has a TLS protocol of its own, which keeps methods of the TLS object: the judgement must hold there too."""

from __future__ import annotations

import pytest
from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import bare_connect, bare_context, bare_get, get, serving

from sentinel_common.runtime import runtime_of

uvloop = pytest.importorskip("uvloop", reason="uvloop has no package for this system")


def test_with_uvloop_callers_are_judged_connections_drained_and_silent_ones_dropped(
    folder: Projected, root: Authority, other_root: Authority
) -> None:
    leaf = other_root.issue("api")
    folder.write(leaf, [root, other_root], policy())
    with serving(folder.config(), run=uvloop.run, http="httptools") as server:
        port, metrics = server.ports[0], runtime_of(folder.config()).metrics
        web = bare_context([other_root], root.issue("web"))
        assert get(port, web).endswith(spiffe_id("web").encode())
        assert get(port, bare_context([other_root], root.issue("batch"))) == b""
        assert get(port, bare_context([other_root])) == b""
        with bare_connect(port, web) as kept, bare_connect(port, web) as silent:
            assert bare_get(kept).startswith(b"HTTP/1.1 200")
            folder.write(leaf, [other_root], policy())
            until(lambda: metrics.value("sentinel_mtls_drained_connections_total", "server", "root-removed") == 2)
            assert bare_get(kept).startswith(b"HTTP/1.1 403")
            silent.settimeout(10)
            assert silent.recv(10) == b""
        assert get(port, web) == b""
