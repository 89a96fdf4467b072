"""Channels that follow the identity. grpcio can't change credentials in a channel, so a swap makes a new one;
the former one ends with its last call."""

from __future__ import annotations

from typing import Any, Callable, Optional, Sequence, Tuple

import grpc

from sentinel_common.clients.sockets import check_call
from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.gate import ClientGate
from sentinel_common.lease import Lease, Leases
from sentinel_common.rpc.credentials import channel_credentials
from sentinel_common.runtime import runtime_of

Options = Sequence[Tuple[str, Any]]


class ChannelFactory:
    """Makes channels to one target with the identity of the moment."""

    def __init__(self, config: MTLSConfig, target: str, options: Options, address: Optional[str]) -> None:
        self.config = config
        self.runtime = runtime_of(config)
        self._target = address if address is not None else target
        # A pool of its own: grpcio shares connections of equal targets, also of channels with another identity.
        self._options = [("grpc.use_local_subchannel_pool", 1), *options]
        self._host, self._gate = _gate(config, target)
        if any(name == "grpc.ssl_target_name_override" for name, _value in options):
            raise MtlsError("setting-invalid", "grpc.ssl_target_name_override: say address= to connect elsewhere under the target's name")
        if address is not None:
            self._options += [("grpc.ssl_target_name_override", self._host), ("grpc.default_authority", target)]

    def check(self) -> None:
        """:raises MtlsError: `call-not-declared` or `call-disabled`"""
        check_call(self._gate, self._host)

    def make(self, secure_channel: Callable[..., Any]) -> Any:
        return secure_channel(self._target, channel_credentials(self.config), options=self._options)


def _gate(config: MTLSConfig, target: str) -> Tuple[str, ClientGate]:
    authority = target.rpartition("/")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        raise MtlsError("setting-invalid", f"target {target[:100]!r} has no port; write host:port, as in policy.json")
    return host.strip("[]"), ClientGate(runtime_of(config), port=int(port))


class RotatingChannel(grpc.Channel):  # type: ignore[misc]
    """A channel as of grpc.secure_channel, for a target that policy.json declares."""

    def __init__(self, config: MTLSConfig, target: str, options: Options = (), address: Optional[str] = None) -> None:
        factory = ChannelFactory(config, target, options, address)
        factory.check()
        # Every call is held to the policy of its moment.
        self.check = factory.check
        self.leases = Leases(factory.runtime, lambda: factory.make(grpc.secure_channel), lambda channel: channel.close())

    def subscribe(self, callback: Any, try_to_connect: Optional[bool] = None) -> None:
        self.leases.current.held.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Any) -> None:
        self.leases.current.held.unsubscribe(callback)

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Unary(self, ("unary_unary", method), lambda channel: channel.unary_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Stream(self, ("unary_stream", method), lambda channel: channel.unary_stream(method, *args, **kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Unary(self, ("stream_unary", method), lambda channel: channel.stream_unary(method, *args, **kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Stream(self, ("stream_stream", method), lambda channel: channel.stream_stream(method, *args, **kwargs))

    def close(self) -> None:
        self.leases.close()

    def __enter__(self) -> RotatingChannel:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()


class _Callable:
    def __init__(self, channel: RotatingChannel, key: Any, make: Callable[[Any], Any]) -> None:
        self._check = channel.check
        self._leases = channel.leases
        self._key = (*key, id(self))
        self._make = make


class _Unary(_Callable):
    """Calls with one response: blocking, with their call object, or as a future."""

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._check()
        lease = self._leases.acquire()
        try:
            return lease.callable(self._key, self._make)(request, *args, **kwargs)
        finally:
            lease.end()

    def with_call(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._check()
        lease = self._leases.acquire()
        try:
            return lease.callable(self._key, self._make).with_call(request, *args, **kwargs)
        finally:
            lease.end()

    def future(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._check()
        lease = self._leases.acquire()
        return until_done(lease, lambda: lease.callable(self._key, self._make).future(request, *args, **kwargs))


class _Stream(_Callable):
    """Calls whose responses are a stream; the lease holds until its end."""

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._check()
        lease = self._leases.acquire()
        return until_done(lease, lambda: lease.callable(self._key, self._make)(request, *args, **kwargs))


def until_done(lease: Lease, start: Callable[[], Any]) -> Any:
    try:
        call = start()
    except BaseException:
        lease.end()
        raise
    if hasattr(call, "add_done_callback"):
        call.add_done_callback(lease.end)
    elif not call.add_callback(lease.end):
        lease.end()
    return call
