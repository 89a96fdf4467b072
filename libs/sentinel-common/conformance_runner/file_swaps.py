"""Sequences of what a folder goes through, each step one look of a FileSource."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from sentinel_common.certificate import der_of
from sentinel_common.errors import MtlsError
from sentinel_common.events import EventLog
from sentinel_common.files import Paths
from sentinel_common.settings import Timing
from sentinel_common.source import FileSource

Row = Tuple[str, Any, Any]

# No watch and no timer has a say here: a runner looks by itself.
_TIMING = Timing(poll_interval_ms=86_400_000, debounce_ms=86_400_000, debounce_max_ms=86_400_000, first_generation_deadline_ms=0)


def run(vectors: Any, certificates: Path) -> Iterator[Row]:
    names = {
        der_of(x509.load_pem_x509_certificate(path.read_bytes())): path.name[: -len(".crt")]
        for path in certificates.glob("*.crt")
        if not path.name.endswith(".chain.crt")
    }
    for sequence in vectors["sequences"]:
        with tempfile.TemporaryDirectory() as temporary:
            yield from _Sequence(sequence, Path(temporary) / "certs", certificates, names).rows()


class _Sequence:
    def __init__(self, sequence: Any, folder: Path, certificates: Path, names: Dict[bytes, str]) -> None:
        self._sequence = sequence
        self._folder = folder
        self._certificates = certificates
        self._names = names
        self._projected = sequence.get("projected", True)
        self._source: Optional[FileSource] = None
        self._counted: Dict[Tuple[str, ...], float] = {}
        self._generation = 0
        folder.mkdir()

    def rows(self) -> Iterator[Row]:
        try:
            for index, step in enumerate(self._sequence["steps"]):
                for operation in step["do"]:
                    self._do(operation)
                yield f"{self._sequence['name']} #{index}", self._look(step["expect"]), step["expect"]
        finally:
            if self._source is not None:
                self._source.close()

    def _look(self, expected: Any) -> Any:
        if self._source is None:
            try:
                self._source = FileSource.open(self._paths(), _TIMING, log=EventLog(sink=lambda _line: None))
            except MtlsError as error:
                return {"error": error.code}
        else:
            self._source.refresh()
        generation = self._source.current()
        identity = generation.identity
        result: Dict[str, Any] = {
            "generation": generation.number,
            "leaf": self._names[der_of(identity.leaf)],
            "roots": sorted(self._names[der_of(root)] for root in identity.roots),
            "reloads": self._reloads(self._source),
        }
        if any("chain" in step["expect"] for step in self._sequence["steps"]):
            result["chain"] = [self._names[der_of(certificate)] for certificate in identity.chain]
        if "ready" in expected:
            reason = self._source.not_ready_reason()
            result["ready"] = reason is None
            if reason is not None:
                result["reason"] = reason
        return result

    def _reloads(self, source: FileSource) -> List[List[str]]:
        rows = source.metrics.rows("sentinel_mtls_reloads_total")
        new = [list(labels) for labels, value in sorted(rows.items()) if value > self._counted.get(labels, 0)]
        self._counted = dict(rows)
        return new

    def _paths(self) -> Paths:
        certificate = self._folder / "tls.crt"
        return Paths(
            cert=certificate,
            key=certificate if self._sequence.get("combined") else self._folder / "tls.key",
            bundle=self._folder / "ca.crt",
            policy=self._folder / "policy.json" if self._sequence.get("policy", True) else None,
        )

    def _do(self, operation: Any) -> None:
        kind, path = operation["op"], self._folder / operation.get("file", "")
        if kind == "project":
            self._project({name: self._bytes(parts) for name, parts in operation["files"].items()})
        elif kind == "write":
            path.write_bytes(self._bytes(operation["parts"]))
        elif kind == "remove":
            path.unlink()
        elif kind == "folder":
            path.unlink(missing_ok=True)
            path.mkdir()
        elif kind == "link":
            path.unlink(missing_ok=True)
            path.symlink_to(operation["to"])
        elif kind == "mtime":
            os.utime(path, (operation["seconds"], operation["seconds"]))
        elif kind == "remove-folder":
            shutil.rmtree(self._folder)
        else:
            raise ValueError(f"unknown operation {kind}")

    def _project(self, files: Dict[str, bytes]) -> None:
        self._folder.mkdir(exist_ok=True)
        if not self._projected:
            for path in list(self._folder.iterdir()):
                if path.name not in files:
                    path.unlink()
            for name, content in files.items():
                (self._folder / name).write_bytes(content)
            return
        self._generation += 1
        target = self._folder / f"..gen{self._generation}"
        target.mkdir()
        for name, content in files.items():
            (target / name).write_bytes(content)
            if not os.path.lexists(self._folder / name):
                (self._folder / name).symlink_to(f"..data/{name}")
        link = self._folder / "..data_tmp"
        link.symlink_to(target.name)
        os.replace(link, self._folder / "..data")
        former = self._folder / f"..gen{self._generation - 1}"
        if former.exists():
            shutil.rmtree(former)

    def _bytes(self, parts: Any) -> bytes:
        return b"".join(self._part(part) for part in parts)

    def _part(self, part: Any) -> bytes:
        if isinstance(part, str):
            kind, _colon, name = part.partition(":")
            return self._named(kind, name)
        ((kind, value),) = part.items()
        if kind == "json":
            return json.dumps(value).encode()
        if kind == "half":
            content = self._part(value)
            return content[: len(content) // 2]
        if kind == "crlf":
            return self._part(value).replace(b"\n", b"\r\n")
        if kind == "bom":
            return b"\xef\xbb\xbf" + self._part(value)
        if kind == "trim":
            return self._part(value).rstrip()
        if kind == "relabel":
            return self._part(value[0]).replace(value[1].encode(), value[2].encode())
        if kind == "repeat":
            return self._part(value[0]) * int(value[1])
        raise ValueError(f"unknown part {kind}")

    def _named(self, kind: str, name: str) -> bytes:
        if kind == "text":
            return name.encode()
        if kind in ("cert", "chain", "key"):
            suffix = {"cert": ".crt", "chain": ".chain.crt", "key": ".key"}[kind]
            return (self._certificates / f"{name}{suffix}").read_bytes()
        if kind == "der":
            return der_of(x509.load_pem_x509_certificate((self._certificates / f"{name}.crt").read_bytes()))
        if kind == "encrypted-key":
            key = load_pem_private_key((self._certificates / f"{name}.key").read_bytes(), None)
            return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        raise ValueError(f"unknown part {kind}:{name}")
