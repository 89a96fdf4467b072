"""Gives chain and key to a context of `ssl`, which takes them from a path only."""

from __future__ import annotations

import os
import ssl
import tempfile

# TLS 1.2 by option only: forward secrecy and AEAD; TLS 1.3 suites are OpenSSL's own.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"


def load_identity(context: ssl.SSLContext, pem: bytes) -> None:
    """Through an anonymous file in memory, so that no key is written to a disk.

    :raises ssl.SSLError: OpenSSL does not take them
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("identity", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory() as folder:  # mode 0700
        path = os.path.join(folder, "identity.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
