"""Reads the folder of a process as one generation: pinned to `..data`, capped, regular files only."""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

from sentinel_common.errors import MtlsError
from sentinel_common.settings import Timing

PARTS = ("cert", "key", "bundle", "policy")


@dataclass(frozen=True)
class Paths:
    cert: Path
    key: Path
    bundle: Path
    policy: Optional[Path] = None

    def of(self, part: str) -> Optional[Path]:
        return {"cert": self.cert, "key": self.key, "bundle": self.bundle, "policy": self.policy}[part]

    def folders(self) -> Tuple[Path, ...]:
        """Folders that the paths lie in, without repetition, in the order of the parts."""
        found = [path.parent for path in (self.cert, self.key, self.bundle, self.policy) if path is not None]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class FileFault:
    """Why one file could not be read."""

    code: str
    detail: str


@dataclass(frozen=True)
class Snapshot:
    """What one look found: per part either bytes or a fault."""

    content: Dict[str, bytes]
    faults: Dict[str, FileFault]


class _Torn(Exception):
    """The folder changed while it was read."""


def read_snapshot(paths: Paths, timing: Timing, sleep: Callable[[float], None] = time.sleep) -> Snapshot:
    """Reads all files of one projection.

    :raises MtlsError: `files-torn` if the folder changed at every attempt
    """
    for attempt in range(timing.torn_read_retries + 1):
        if attempt:
            sleep(timing.torn_read_delay_ms / 1000)
        try:
            return _read_once(paths, timing)
        except _Torn:
            continue
    raise MtlsError("files-torn", f"changed during {timing.torn_read_retries + 1} attempts to read them together", str(paths.cert.parent))


def _read_once(paths: Paths, timing: Timing) -> Snapshot:
    pins = {folder: _pin(folder) for folder in paths.folders()}
    content: Dict[str, bytes] = {}
    faults: Dict[str, FileFault] = {}
    identities: Dict[Path, Optional[Tuple[int, int, int, int]]] = {}
    for part in PARTS:
        path = paths.of(part)
        if path is None:
            continue
        pinned = pins[path.parent]
        target = (pinned or path.parent) / path.name
        if pinned is None:
            identities[target] = _identity(target)
        try:
            content[part] = _read_file(target, part, timing.max_file_bytes)
        except MtlsError as error:
            faults[part] = FileFault(error.code, error.detail)
    for folder, pinned in pins.items():
        # The pinned folder is emptied after a swap: what is missing in it may be so for that. Or a ..data came meanwhile.
        if (pinned is None or faults or not pinned.is_dir()) and _pin(folder) != pinned:
            raise _Torn
    if any(_identity(target) != before for target, before in identities.items()):
        raise _Torn
    return Snapshot(content, faults)


def _pin(folder: Path) -> Optional[Path]:
    """The folder that `..data` points to, or None where there is no `..data`."""
    data = folder / "..data"
    if not os.path.lexists(data):
        return None
    try:
        return data.resolve(strict=True)
    except (OSError, RuntimeError):
        # Dangling or a loop: kubelet's swap is one rename, so this is a moment of another kind of writer.
        raise _Torn from None


def _identity(path: Path) -> Optional[Tuple[int, int, int, int]]:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read_file(path: Path, part: str, cap: int) -> bytes:
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise MtlsError(f"{part}-missing", "no such file") from None
    except OSError as error:
        raise MtlsError(f"{part}-unreadable", errno.errorcode.get(error.errno or 0, "error")) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise MtlsError(f"{part}-unreadable", "no regular file")
        if found.st_size > cap:
            raise MtlsError(f"{part}-too-large", f"{found.st_size} bytes, at most {cap}")
        content = _read_all(descriptor, cap + 1)
    except OSError as error:
        raise MtlsError(f"{part}-unreadable", errno.errorcode.get(error.errno or 0, "error")) from None
    finally:
        os.close(descriptor)
    if len(content) > cap:
        raise MtlsError(f"{part}-too-large", f"more than {cap} bytes")
    if not content.strip():
        raise MtlsError(f"{part}-empty", "nothing but white space")
    return content


def _read_all(descriptor: int, limit: int) -> bytes:
    parts = []
    while limit > 0:
        part = os.read(descriptor, min(limit, 65_536))
        if not part:
            break
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
