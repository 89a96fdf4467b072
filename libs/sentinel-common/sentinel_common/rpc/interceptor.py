"""The interceptor of a grpcio server with threads: each call is judged before its request is read."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import grpc

from sentinel_common.rpc.judge import CallJudge, stripped


class JudgingInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]
    """Has to be the first interceptor, so that no other one sees a call that is not admitted."""

    def __init__(self, judge: CallJudge) -> None:
        self._judge = judge

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        return judged_handler(continuation(handler_call_details), self._admit)

    def _admit(self, context: Any) -> Any:
        connection, verdict = self._judge.verdict(context.auth_context(), context.peer())
        if connection is None or not verdict.admits:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, verdict.code)
        else:
            end = self._judge.start(connection, context.cancel)
            if not context.add_callback(end):
                end()
        return stripped(context)


def judged_handler(handler: Any, admit: Callable[[Any], Any]) -> Any:
    """The same handler behind a judgement. A method that does not exist is told of to admitted callers only."""
    if handler is None:

        def unknown(_requests: Any, context: Any) -> Iterator[Any]:
            admit(context)
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
            yield b""  # pragma: no cover - abort raises

        return grpc.stream_stream_rpc_method_handler(unknown)
    if handler.request_streaming:
        return _streaming(handler, admit)
    return _unary(handler, admit)


def _streaming(handler: Any, admit: Callable[[Any], Any]) -> Any:
    """Requests of a stream are read, and deserialised, when the handler asks for them."""
    if handler.response_streaming:

        def stream_stream(requests: Any, context: Any) -> Iterator[Any]:
            context = admit(context)
            yield from handler.stream_stream(requests, context)

        return grpc.stream_stream_rpc_method_handler(stream_stream, handler.request_deserializer, handler.response_serializer)

    def stream_unary(requests: Any, context: Any) -> Any:
        return handler.stream_unary(requests, admit(context))

    return grpc.stream_unary_rpc_method_handler(stream_unary, handler.request_deserializer, handler.response_serializer)


def _unary(handler: Any, admit: Callable[[Any], Any]) -> Any:
    """grpcio would deserialise a single request before it calls anybody, so that is done here, after the judgement."""

    def read(request: bytes, context: Any) -> Any:
        if handler.request_deserializer is None:
            return request
        try:
            return handler.request_deserializer(request)
        except Exception:
            context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
            raise

    if handler.response_streaming:

        def unary_stream(request: bytes, context: Any) -> Iterator[Any]:
            context = admit(context)
            yield from handler.unary_stream(read(request, context), context)

        return grpc.unary_stream_rpc_method_handler(unary_stream, None, handler.response_serializer)

    def unary_unary(request: bytes, context: Any) -> Any:
        context = admit(context)
        return handler.unary_unary(read(request, context), context)

    return grpc.unary_unary_rpc_method_handler(unary_unary, None, handler.response_serializer)
