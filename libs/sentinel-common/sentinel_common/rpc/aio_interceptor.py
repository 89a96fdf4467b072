"""The interceptor of a grpcio server in asyncio."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, AsyncIterator, Tuple

import grpc

from sentinel_common.connections import Connection
from sentinel_common.rpc.interceptor import judged_handler
from sentinel_common.rpc.judge import CallJudge, stripped


class JudgingAioInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Has to be the first interceptor. Handlers may be coroutines, generators, or plain functions."""

    def __init__(self, judge: CallJudge) -> None:
        self._judge = judge

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(self._unknown)
        run = _function(handler)
        if not (inspect.iscoroutinefunction(run) or inspect.isasyncgenfunction(run)):
            return judged_handler(handler, self._admit_in_thread)
        return self._judged(handler, run)

    def _judged(self, handler: Any, run: Any) -> Any:
        # A stream's requests are deserialised when the handler asks for them; a single one before any call.
        defer = not handler.request_streaming and handler.request_deserializer is not None

        async def read(request: Any, context: Any) -> Any:
            if not defer:
                return request
            try:
                return handler.request_deserializer(request)
            except Exception:  # noqa: BLE001 - as grpcio does for its own call of it
                await context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")

        if inspect.isasyncgenfunction(run):

            async def generated(request: Any, context: Any) -> AsyncIterator[Any]:
                running, context = await self._admit(context)
                try:
                    async for response in run(await read(request, context), context):
                        yield response
                except asyncio.CancelledError:
                    await running.abort_if_drained(context)
                    raise
                finally:
                    running.end()

            wrapped: Any = generated
        else:

            async def awaited(request: Any, context: Any) -> Any:
                running, context = await self._admit(context)
                try:
                    return await run(await read(request, context), context)
                except asyncio.CancelledError:
                    await running.abort_if_drained(context)
                    raise
                finally:
                    running.end()

            wrapped = awaited
        make = _MAKERS[(handler.request_streaming, handler.response_streaming)]
        return make(wrapped, None if defer else handler.request_deserializer, handler.response_serializer)

    async def _admit(self, context: Any) -> Tuple[_Running, Any]:
        connection, verdict = self._judge.verdict(context.auth_context(), context.peer())
        if connection is None or not verdict.admits:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, verdict.code)
            raise AssertionError("abort raises")
        return _Running(self._judge, connection), stripped(context)

    def _admit_in_thread(self, context: Any) -> Any:
        connection, verdict = self._judge.verdict(context.auth_context(), context.peer())
        if connection is None or not verdict.admits:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, verdict.code)
        return stripped(context)

    async def _unknown(self, _requests: Any, context: Any) -> AsyncIterator[Any]:
        running, context = await self._admit(context)
        running.end()
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        yield b""  # pragma: no cover - abort raises


class _Running:
    """A call that a drain may end. grpcio tells the caller nothing of a task that is cancelled, so it is aborted."""

    def __init__(self, judge: CallJudge, connection: Connection) -> None:
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        self._drained = False
        self.end = judge.start(connection, self._cancel)

    def _cancel(self) -> None:
        self._drained = True
        if self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def abort_if_drained(self, context: Any) -> None:
        if self._drained:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the connection was drained")


_MAKERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def _function(handler: Any) -> Any:
    return handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
