"""requests and urllib3: pools that follow the identity, and take no roots but the bundle's."""

from __future__ import annotations

from typing import Any, Optional
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from sentinel_common.authorizers import Authorizer
from sentinel_common.clients._calls import Calls
from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.lease import Leases


def mtls_session(config: MTLSConfig, *, authorizer: Optional[Authorizer] = None) -> requests.Session:
    """A session for https calls that policy.json declares; plain http has no adapter in it."""
    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", MtlsAdapter(config, authorizer=authorizer))
    return session


class MtlsAdapter(HTTPAdapter):
    """Mount it at https://. Each identity has an adapter of its own underneath."""

    def __init__(self, config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> None:
        calls = Calls(config, authorizer)
        self._leases = Leases(calls.runtime, lambda: _GenerationAdapter(calls, **options), lambda adapter: adapter.close())
        super().__init__()

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        lease = self._leases.acquire()
        try:
            response: requests.Response = lease.held.send(request, *args, **kwargs)
            return response
        finally:
            lease.end()

    def close(self) -> None:
        self._leases.close()
        super().close()


class _GenerationAdapter(HTTPAdapter):
    def __init__(self, calls: Calls, **options: Any) -> None:
        self._calls = calls
        super().__init__(**options)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = _Pools(self._calls, num_pools=connections, maxsize=maxsize, block=block, **kwargs)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        verify = kwargs.get("verify", args[2] if len(args) > 2 else True)
        if verify is False or kwargs.get("cert") is not None or (len(args) > 3 and args[3] is not None):
            raise MtlsError("setting-invalid", "verify=False and cert= have no place here; the files and policy.json say whom to trust")
        return super().send(request, *args, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """requests would load the public roots of certifi here."""


class _Pools(urllib3.PoolManager):
    """Connections by port, with the context of that port whatever was asked for."""

    def __init__(self, calls: Calls, **options: Any) -> None:
        super().__init__(**options)
        self._calls = calls

    def connection_from_host(self, host: Any, port: Any = None, scheme: Any = "http", pool_kwargs: Any = None) -> Any:
        number = int(port) if port else 443
        self._calls.check(str(scheme), str(host), number)
        return super().connection_from_host(host, number, "https", {**self.connection_pool_kw, "ssl_context": self._calls.context(number)})


class MtlsPoolManager:
    """urllib3: `request` of a PoolManager, for https calls that policy.json declares."""

    def __init__(self, config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> None:
        calls = Calls(config, authorizer)
        self._leases = Leases(calls.runtime, lambda: _Pools(calls, **options), lambda pools: pools.clear())

    def request(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        if urlsplit(url).scheme != "https":
            raise MtlsError("setting-invalid", "this client calls https only")
        lease = self._leases.acquire()
        try:
            response: urllib3.BaseHTTPResponse = lease.held.request(method, url, **options)
            return response
        finally:
            lease.end()

    def close(self) -> None:
        self._leases.close()
