"""Reads policy.json as strictly as its schema, conformance/policy.schema.json."""

from __future__ import annotations

import json
from typing import Callable, Dict, List, Mapping, NoReturn, Optional, Tuple, TypeVar

from sentinel_common.errors import MtlsError
from sentinel_common.policy import Allowed, Call, Policy, ServerPort, host_key
from sentinel_common.settings import MODES
from sentinel_common.spiffe import SpiffeIdError, parse_spiffe_id


def parse_policy(content: bytes) -> Policy:
    """Reads as strictly as the schema: an unknown field, mode or version is an error, never a default.

    :raises MtlsError: `policy-malformed`, `policy-version`, `policy-mode` or `policy-identity`
    """
    root = _object(_parse(content), "policy.json")
    if _integer(root.get("version")) != 1:
        raise MtlsError("policy-version", "another version than 1")
    # Modes and identities of the whole file are told first, whatever else is wrong with it.
    _check_everywhere(root, "mode", _check_mode)
    _check_everywhere(root, "spiffeId", _check_identity)
    fields = _Fields(root, ("version", "fleet", "environment", "service", "spiffeId", "mode", "server", "client"))
    policy = Policy(
        fleet=fields.text("fleet"),
        environment=fields.text("environment"),
        service=fields.text("service"),
        spiffe_id=fields.text("spiffeId"),
        mode=fields.text("mode"),
        server=fields.items("server", _server_port),
        client=fields.items("client", _call),
    )
    _check_calls(policy.client)
    return policy


def _parse(content: bytes) -> object:
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is no JSON")

    try:
        # utf-8, not utf-8-sig: a byte order mark is no JSON.
        return json.loads(content.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise MtlsError("policy-malformed", f"no JSON: {type(error).__name__}") from None


def _check_everywhere(root: Mapping[str, object], name: str, check: Callable[[str], None]) -> None:
    """The field `name` of the file, of its ports, of their callers, and of its calls, in this order."""
    places: List[object] = [root]
    for port in _list(root.get("server")):
        places.append(port)
        places.extend(_list(port.get("allow")) if isinstance(port, dict) else [])
    places.extend(_list(root.get("client")))
    for place in places:
        value = place.get(name) if isinstance(place, dict) else None
        if isinstance(value, str):
            check(value)


def _list(value: object) -> List[object]:
    return value if isinstance(value, list) else []


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise MtlsError("policy-mode", f"an unknown mode, expected one of {', '.join(MODES)}")


def _check_identity(text: str) -> None:
    try:
        parsed = parse_spiffe_id(text)
    except SpiffeIdError as error:
        raise MtlsError("policy-identity", f"a spiffeId {error}") from None
    if not parsed.path:
        raise MtlsError("policy-identity", "a spiffeId names a trust domain, not a workload")


_T = TypeVar("_T")


class _Fields:
    """An object of the file whose fields are all known, each read by its type."""

    def __init__(self, value: Mapping[str, object], known: Tuple[str, ...]) -> None:
        if not set(value) <= set(known):
            raise MtlsError("policy-malformed", f"an unknown field beside {', '.join(known)}; a new meaning needs a new version")
        self._value = value

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str) or value == "":
            raise MtlsError("policy-malformed", f"field {name} is {_kind(value)}, expected a text")
        return value

    def port(self, name: str) -> int:
        number = _integer(self._value.get(name))
        if number is None or not 1 <= number <= 65535:
            raise MtlsError("policy-malformed", f"field {name} is {_kind(self._value.get(name))}, expected a port")
        return number

    def optional_port(self, name: str) -> Optional[int]:
        return self.port(name) if name in self._value else None

    def items(self, name: str, read: Callable[[object], _T]) -> Tuple[_T, ...]:
        value = self._value.get(name)
        if not isinstance(value, list):
            raise MtlsError("policy-malformed", f"field {name} is {_kind(value)}, expected a list")
        return tuple(read(item) for item in value)


def _server_port(value: object) -> ServerPort:
    fields = _Fields(_object(value, "a server port"), ("name", "port", "mode", "plainPort", "allow"))
    return ServerPort(
        name=fields.text("name"),
        port=fields.port("port"),
        mode=fields.text("mode"),
        allow=fields.items("allow", _allowed),
        plain_port=fields.optional_port("plainPort"),
    )


def _allowed(value: object) -> Allowed:
    fields = _Fields(_object(value, "an allow entry"), ("spiffeId", "mode"))
    return Allowed(spiffe_id=fields.text("spiffeId"), mode=fields.text("mode"))


def _call(value: object) -> Call:
    fields = _Fields(_object(value, "a client entry"), ("service", "name", "port", "host", "spiffeId", "mode"))
    return Call(
        service=fields.text("service"),
        name=fields.text("name"),
        port=fields.port("port"),
        host=fields.text("host"),
        spiffe_id=fields.text("spiffeId"),
        mode=fields.text("mode"),
    )


def _check_calls(calls: Tuple[Call, ...]) -> None:
    seen: Dict[Tuple[str, int], str] = {}
    for call in calls:
        expected = seen.setdefault((host_key(call.host), call.port), call.spiffe_id)
        if expected != call.spiffe_id:
            raise MtlsError("policy-malformed", "two calls to one host and port expect different identities")


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise MtlsError("policy-malformed", f"{what} is no object")
    return value


def _integer(value: object) -> Optional[int]:
    """8000.0 is the integer 8000 in JSON; true is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        return None
    return int(value)


def _kind(value: object) -> str:
    """What stands there, never the value itself: somebody may have pasted a key."""
    return "missing" if value is None else f"a {type(value).__name__} that does not fit"
