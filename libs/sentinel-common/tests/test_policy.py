"""policy.json under random damage: an error with a code, or a policy that the schema would take; never anything else."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from folder import policy

from sentinel_common.errors import MtlsError
from sentinel_common.peer import Peer
from sentinel_common.policy import judge_caller
from sentinel_common.policy_reader import parse_policy

SEED = 20_261_124
CODES = {"policy-malformed", "policy-version", "policy-mode", "policy-identity"}
ODD = [None, True, 0, -1, 1.5, 65536, "", "x", [], {}, [None], "disabled", "spiffe://a", "strict ", 1e400, "\ud800"]


def places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        found.append((value, key))
        found += places(value[key])
    return found


def test_a_damaged_policy_admits_nobody_that_the_whole_one_does_not() -> None:
    chance = random.Random(SEED)
    stranger = Peer(der=b"", fingerprint="", spiffe_id="spiffe://sentinel.test/ns/prod/sa/stranger", problem=None)
    whole = policy(calls=[("api", "api.prod.svc", 8443)])
    taken = 0
    for _ in range(5000):
        damaged = copy.deepcopy(whole)
        holder, key = chance.choice(places(damaged))
        if chance.random() < 0.3:
            del holder[key]
        elif chance.random() < 0.2 and isinstance(holder, dict):
            holder["unknown"] = 1
        else:
            holder[key] = chance.choice(ODD)
        try:
            parsed = parse_policy(json.dumps(damaged).encode("utf-8", "surrogatepass"))
        except MtlsError as error:
            assert error.code in CODES
            continue
        taken += 1
        assert not judge_caller(parsed, 8443, stranger).admits
    assert 0 < taken < 2500


def test_bytes_that_are_cut_or_changed_never_raise_anything_but_the_error() -> None:
    chance = random.Random(SEED)
    content = json.dumps(policy()).encode()
    for _ in range(5000):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            parse_policy(bytes(damaged[: chance.randint(0, len(damaged))]))
        except MtlsError as error:
            assert error.code in CODES
    for bomb in (b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b'"' + b"\\u0000" * 1000 + b'"'):
        try:
            parse_policy(bomb)
        except MtlsError as error:
            assert error.code in CODES
