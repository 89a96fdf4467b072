"""Watches folders with inotify, where the system has it. An accelerator: the poll is what finds every change.

The calls are three lines of ctypes each; a library would bring a thread and an event model of its own.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

# linux/inotify.h: ATTRIB | CLOSE_WRITE | MODIFY | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF | ONLYDIR
_MASK = 0x4 | 0x8 | 0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x01000000


# IGNORED | Q_OVERFLOW | MOVE_SELF | DELETE_SELF
_OVER = 0x8000 | 0x4000 | 0x800 | 0x400


class Watch:
    """Folders under watch, and a pipe to wake the waiting thread with. Names and kinds of events have no meaning."""

    def __init__(self) -> None:
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else _pipe()
        self._inotify: Optional[int] = None
        self._seen: Dict[Path, Optional[Tuple[int, int]]] = {}

    @property
    def active(self) -> bool:
        """True while every folder is watched."""
        return self._inotify is not None

    @property
    def over(self) -> bool:
        """True after a watched folder has ended."""
        return self._inotify is not None and not self._seen

    def arm(self, folders: Sequence[Path]) -> Optional[str]:
        """Makes the watch anew where it is not the one of these folders; returns why that failed, or None."""
        identities = {folder: _identity(folder) for folder in folders}
        if self._inotify is not None and identities == self._seen:
            return None
        lost = "the folder is another one" if self._inotify is not None else None
        self.disarm()
        try:
            self._inotify = _inotify_init()
            for folder in folders:
                _add_watch(self._inotify, folder)
            self._seen = identities
            return lost
        except OSError as error:
            self.disarm()
            return errno.errorcode.get(error.errno or 0, "error")

    def disarm(self) -> None:
        if self._inotify is not None:
            os.close(self._inotify)
        self._inotify = None
        self._seen = {}

    def wait(self, seconds: float) -> bool:
        """Waits at most this long; True if something happened in a folder. Returns early when woken."""
        descriptors = [self._wake_read] + ([self._inotify] if self._inotify is not None else [])
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        ready = [descriptor for descriptor, _event in poll.poll(max(0.0, seconds) * 1000)]
        for descriptor in ready:
            content = _drain(descriptor)
            if descriptor == self._inotify and _ended(content):
                # A folder that is made anew can have the number of the old one: its end is what tells.
                self._seen = {}
        return self._inotify in ready

    def wake(self) -> None:
        try:
            os.write(self._wake_write, b"x")
        except (BlockingIOError, OSError):
            pass  # the pipe is full of wakes, or closed

    def close(self) -> None:
        self.disarm()
        os.close(self._wake_read)
        os.close(self._wake_write)


def _pipe() -> Tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


def _identity(folder: Path) -> Optional[Tuple[int, int]]:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _drain(descriptor: int) -> bytes:
    content = b""
    try:
        while len(content) < 1_048_576:
            content += os.read(descriptor, 65_536)
    except OSError:
        pass  # EAGAIN: empty
    return content


def _ended(content: bytes) -> bool:
    """Whether one of the events says that a watch is over: struct inotify_event is wd, mask, cookie, length, name."""
    at = 0
    while at + 16 <= len(content):
        _descriptor, mask, _cookie, length = struct.unpack_from("iIII", content, at)
        if mask & _OVER:
            return True
        at += 16 + length
    return False


def _libc() -> ctypes.CDLL:
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, "no inotify")
    return ctypes.CDLL(None, use_errno=True)


def _inotify_init() -> int:
    descriptor = int(_libc().inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    return descriptor


def _add_watch(descriptor: int, folder: Path) -> None:
    if int(_libc().inotify_add_watch(descriptor, os.fsencode(folder), _MASK)) < 0:
        raise OSError(ctypes.get_errno(), "inotify_add_watch")
