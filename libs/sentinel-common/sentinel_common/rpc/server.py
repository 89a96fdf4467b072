"""Servers of grpcio with credentials and interceptor in place."""

from __future__ import annotations

from concurrent import futures
from typing import Any, List, Optional, Sequence, Tuple

import grpc

from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig
from sentinel_common.rpc.aio_interceptor import JudgingAioInterceptor
from sentinel_common.rpc.channel import Options
from sentinel_common.rpc.credentials import server_credentials
from sentinel_common.rpc.interceptor import JudgingInterceptor
from sentinel_common.rpc.judge import CallJudge
from sentinel_common.runtime import runtime_of

# A connection of an hour ends by itself, so that peers take up new identities even if nobody drains them.
_MAX_AGE_MS = 3_600_000


def call_judge(config: MTLSConfig, port: Optional[int], authorizer: Optional[Authorizer]) -> CallJudge:
    """:raises MtlsError: `authorizer-missing`"""
    runtime = runtime_of(config)
    return CallJudge(runtime, runtime.authorizer(authorizer, port), port)


def secure_server(
    config: MTLSConfig,
    max_workers: int,
    port: Optional[int],
    authorizer: Optional[Authorizer],
    interceptors: Sequence[Any],
    options: Options,
) -> Tuple[Any, grpc.ServerCredentials]:
    judging = JudgingInterceptor(call_judge(config, port, authorizer))
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=max_workers),
        interceptors=(judging, *interceptors),
        options=_options(config, options),
    )
    return server, server_credentials(config)


def secure_aio_server(
    config: MTLSConfig, port: Optional[int], authorizer: Optional[Authorizer], interceptors: Sequence[Any], options: Options
) -> Tuple[Any, grpc.ServerCredentials]:
    judging = JudgingAioInterceptor(call_judge(config, port, authorizer))
    server = grpc.aio.server(interceptors=(judging, *interceptors), options=_options(config, options))
    return server, server_credentials(config)


def _options(config: MTLSConfig, given: Options) -> List[Tuple[str, Any]]:
    defaults = {"grpc.max_connection_age_ms": _MAX_AGE_MS, "grpc.max_connection_age_grace_ms": config.timing.drain_grace_ms}
    return list({**defaults, **dict(given)}.items())
