"""The folder of a process, written as the kubelet does; and waiting with a deadline, never asleep for a guess."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Optional

from pki import Authority, Leaf, spiffe_id

from sentinel_common.config import MTLSConfig
from sentinel_common.settings import Timing

# Short enough for tests, and of the same shape as the defaults.
FAST = Timing(
    poll_interval_ms=200,
    debounce_ms=10,
    debounce_max_ms=100,
    first_generation_deadline_ms=3000,
    retry_initial_ms=10,
    retry_max_ms=50,
    handshake_timeout_ms=1000,
    drain_grace_ms=500,
)


class Projected:
    """A volume of the kubelet: a folder with links through `..data`, which one rename swaps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = 0
        path.mkdir(parents=True, exist_ok=True)

    def swap(self, files: Dict[str, bytes]) -> None:
        self._number += 1
        target = self.path / f"..gen{self._number}"
        target.mkdir()
        for name, content in files.items():
            (target / name).write_bytes(content)
            if not os.path.lexists(self.path / name):
                (self.path / name).symlink_to(f"..data/{name}")
        former = self.path / os.readlink(self.path / "..data") if os.path.lexists(self.path / "..data") else None
        (self.path / "..data_tmp").symlink_to(target.name)
        os.replace(self.path / "..data_tmp", self.path / "..data")
        if former is not None:
            shutil.rmtree(former)

    def write(self, leaf: Leaf, roots: Iterable[Authority], policy: Optional[Dict[str, Any]] = None, **more: bytes) -> None:
        files = {"tls.crt": leaf.cert_pem, "tls.key": leaf.key_pem, "ca.crt": b"".join(root.pem for root in roots)}
        if policy is not None:
            files["policy.json"] = json.dumps(policy).encode()
        self.swap({**files, **more})

    def config(self, timing: Timing = FAST, policy: bool = True, **options: Any) -> MTLSConfig:
        path = self.path
        return MTLSConfig(
            path / "tls.crt",
            path / "tls.key",
            path / "ca.crt",
            policy_path=path / "policy.json" if policy else None,
            timing=timing,
            **options,
        )


def policy(
    service: str = "api", allow: Iterable[str] = ("web",), port: int = 8443, calls: Iterable[Any] = (), mode: str = "strict", **more: Any
) -> Dict[str, Any]:
    """policy.json of a service with one port; `calls` are (service, host, port)."""
    listed = [{"spiffeId": spiffe_id(name), "mode": "strict"} for name in allow]
    return {
        "version": 1,
        "fleet": "test",
        "environment": "prod",
        "service": service,
        "spiffeId": spiffe_id(service),
        "mode": mode,
        "server": [{"name": "https", "port": port, "mode": mode, "allow": listed, **more}],
        "client": [
            {"service": name, "name": "https", "port": number, "host": host, "spiffeId": spiffe_id(name), "mode": mode}
            for name, host, number in calls
        ],
    }


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What the condition returned once it was true; fails after the deadline."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not so after {seconds} s: {condition}"
        time.sleep(0.002)
