"""The channel that follows the identity, in asyncio."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Optional

import grpc

from sentinel_common.config import MTLSConfig
from sentinel_common.lease import Leases
from sentinel_common.rpc.channel import ChannelFactory, Options, until_done


class _Lazy:
    """A channel that is made in the loop, at its first use."""

    def __init__(self, factory: ChannelFactory) -> None:
        self._factory = factory
        self.made: Any = None

    def channel(self) -> Any:
        if self.made is None:
            self.made = self._factory.make(grpc.aio.secure_channel)
        return self.made


class RotatingAioChannel(grpc.aio.Channel):  # type: ignore[misc]
    """A channel as of grpc.aio.secure_channel, for a target that policy.json declares. Made in a running loop."""

    def __init__(self, config: MTLSConfig, target: str, options: Options = (), address: Optional[str] = None) -> None:
        factory = ChannelFactory(config, target, options, address)
        factory.check()
        self._check = factory.check
        self._loop = asyncio.get_running_loop()
        self._leases = Leases(factory.runtime, lambda: _Lazy(factory), self._close_soon)

    @property
    def _current(self) -> Any:
        return self._leases.current.held.channel()

    def _close_soon(self, held: _Lazy) -> None:
        """Swaps are told in the thread of the source; a channel belongs to its loop."""
        if not self._loop.is_closed() and held.made is not None:
            channel = held.made
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(channel.close()))

    async def __aenter__(self) -> RotatingAioChannel:
        return self

    async def __aexit__(self, *_error: Any) -> None:
        await self.close()

    async def close(self, grace: Optional[float] = None) -> None:
        made = self._leases.current.held.made
        self._leases.close()
        if made is not None:
            await made.close(grace)

    def get_state(self, try_to_connect: bool = False) -> Any:
        return self._current.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: Any) -> None:
        await self._current.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._current.channel_ready()

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._callable(("unary_unary", method), lambda channel: channel.unary_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._callable(("unary_stream", method), lambda channel: channel.unary_stream(method, *args, **kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._callable(("stream_unary", method), lambda channel: channel.stream_unary(method, *args, **kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._callable(("stream_stream", method), lambda channel: channel.stream_stream(method, *args, **kwargs))

    def _callable(self, key: Any, make: Callable[[Any], Any]) -> Callable[..., Any]:
        unique = (*key, object())

        def start(*args: Any, **kwargs: Any) -> Any:
            self._check()
            lease = self._leases.acquire()
            return until_done(lease, lambda: lease.callable(unique, lambda held: make(held.channel()))(*args, **kwargs))

        return start
