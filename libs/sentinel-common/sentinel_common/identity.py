"""Own chain, key and trust set, made from bytes; every rule of conformance/SPEC.md 1.2 and 1.3."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import SignatureAlgorithmOID

from sentinel_common.certificate import chains_to, der_of, is_ca, issued_by, not_after, not_before, public_key_der, self_signed
from sentinel_common.errors import MtlsError
from sentinel_common.load import CIPHERS, load_identity
from sentinel_common.peer import Peer, read_peer
from sentinel_common.pem import KEY_LABELS, PemBlock, PemError, read_pem, to_pem

_WEAK_SIGNATURES = frozenset(
    {SignatureAlgorithmOID.RSA_WITH_MD5, SignatureAlgorithmOID.RSA_WITH_SHA1, SignatureAlgorithmOID.ECDSA_WITH_SHA1}
)

_Label = Callable[[str], bool]

_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})


@dataclass(frozen=True)
class Identity:
    """What the process serves with. The key has no place in repr, and its PEM is made only for TLS."""

    leaf: x509.Certificate
    chain: Tuple[x509.Certificate, ...]
    roots: Tuple[x509.Certificate, ...]
    key: PrivateKey
    unrelated: int

    @property
    def not_before(self) -> datetime:
        return not_before(self.leaf)

    @property
    def not_after(self) -> datetime:
        return not_after(self.leaf)

    @property
    def peer(self) -> Peer:
        """The leaf as others see it."""
        return read_peer(der_of(self.leaf))

    @property
    def is_own_root(self) -> bool:
        """One self-signed certificate as identity and only root: development."""
        return self.roots == (self.leaf,)

    def time_problem(self, now: datetime) -> Optional[str]:
        if now > self.not_after:
            return "leaf-expired"
        return "leaf-not-yet-valid" if now < self.not_before else None

    def chain_pem(self) -> bytes:
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)

    def roots_pem(self) -> bytes:
        return b"".join(root.public_bytes(Encoding.PEM) for root in self.roots)


class PrivateKey:
    """Keeps a key out of repr, logs and comparisons."""

    def __init__(self, key: PrivateKeyTypes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<private key>"

    def public_der(self) -> bytes:
        return public_key_der(self._key.public_key())

    def pem(self) -> bytes:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def is_weak(self) -> bool:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.key_size < 2048
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.curve.name not in _CURVES
        return not isinstance(self._key, ed25519.Ed25519PrivateKey)


def read_identity(content: Dict[str, bytes], max_chain: int) -> Identity:
    """Judges the three files as one; times are judged by the caller, who knows what stands.

    :raises MtlsError: the first rule that is broken, in the order of the specification
    """
    certificates = _certificates(content["cert"], "cert", lambda label: label == "CERTIFICATE", skip=_is_key_label)
    key = _private_key(content["key"])
    roots = _unique(_certificates(content["bundle"], "bundle", lambda label: label == "CERTIFICATE", skip=lambda _label: False))
    if key.is_weak():
        raise MtlsError("key-weak", "expected RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519")
    public = key.public_der()
    leaf = next((certificate for certificate in certificates if _public_der(certificate) == public), None)
    if leaf is None:
        raise MtlsError("key-mismatch", f"the key belongs to none of {len(certificates)} certificates")
    chain = _chain(leaf, certificates)
    if len(chain) > max_chain:
        raise MtlsError("chain-too-long", f"{len(chain)} certificates, at most {max_chain}")
    for root in roots:
        if not is_ca(root) and root != leaf:
            raise MtlsError("bundle-not-ca", "a certificate of the bundle is no CA")
    if is_ca(leaf) and leaf not in roots:
        raise MtlsError("leaf-is-ca", "the own certificate is a CA")
    if not chains_to(leaf, chain, roots, weak=True):
        raise MtlsError("chain-untrusted", "the own chain does not end in the own bundle")
    _check_loads(chain, key)
    unrelated = sum(1 for certificate in _unique(certificates) if certificate not in chain)
    return Identity(leaf=leaf, chain=chain, roots=roots, key=key, unrelated=unrelated)


def _check_loads(chain: Sequence[x509.Certificate], key: PrivateKey) -> None:
    """In a context of its own: a failed load would leave a live one broken. Newer releases of OpenSSL load SHA-1."""
    if any(certificate.signature_algorithm_oid in _WEAK_SIGNATURES for certificate in chain):
        raise MtlsError("chain-weak", "a certificate of the own chain is signed with SHA-1 or MD5")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(CIPHERS)
    try:
        load_identity(context, key.pem() + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain))
    except ssl.SSLError as error:
        raise MtlsError("chain-weak", f"TLS does not take the own chain: {error.reason}") from None


def _is_key_label(label: str) -> bool:
    return label.endswith("PRIVATE KEY") or label == "EC PARAMETERS"


def _blocks(content: bytes, part: str) -> Tuple[PemBlock, ...]:
    try:
        blocks = read_pem(content)
    except PemError as error:
        raise MtlsError(f"{part}-malformed", str(error)) from None
    if not blocks:
        raise MtlsError(f"{part}-malformed", "no PEM block")
    return blocks


def _certificates(content: bytes, part: str, wanted: _Label, skip: _Label) -> Tuple[x509.Certificate, ...]:
    found: List[x509.Certificate] = []
    for block in _blocks(content, part):
        if wanted(block.label):
            found.append(_certificate(block.der, part, len(found) + 1))
        elif not skip(block.label):
            raise MtlsError(f"{part}-malformed", f"a block of label {block.label[:40]!r}")
    if not found:
        raise MtlsError(f"{part}-malformed", "no certificate")
    return tuple(found)


def _certificate(der: bytes, part: str, number: int) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Parsed lazily by the library, and must not fail later.
        _ = (certificate.public_key(), certificate.extensions, certificate.subject, certificate.issuer, not_before(certificate))
        _ = (not_after(certificate), certificate.serial_number)
        return certificate
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise MtlsError(f"{part}-malformed", f"certificate {number} does not parse") from None


def _private_key(content: bytes) -> PrivateKey:
    keys: List[PemBlock] = []
    for block in _blocks(content, "key"):
        if block.encrypted:
            raise MtlsError("key-encrypted", "the key needs a passphrase; write it without one, the folder is private to the pod")
        if block.label in KEY_LABELS:
            keys.append(block)
        elif block.label not in ("EC PARAMETERS", "CERTIFICATE"):
            raise MtlsError("key-malformed", f"a block of label {block.label[:40]!r}")
    if len(keys) != 1:
        raise MtlsError("key-malformed", f"{len(keys)} private keys, expected one")
    try:
        return PrivateKey(load_pem_private_key(to_pem(keys[0].label, keys[0].der), password=None))
    except UnsupportedAlgorithm:
        raise MtlsError("key-weak", "a kind of key that TLS peers do not take") from None
    except (ValueError, TypeError):
        raise MtlsError("key-malformed", "the key does not parse") from None


def _public_der(certificate: x509.Certificate) -> bytes:
    return public_key_der(certificate.public_key())


def _unique(certificates: Sequence[x509.Certificate]) -> Tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys(certificates))


def _chain(leaf: x509.Certificate, certificates: Sequence[x509.Certificate]) -> Tuple[x509.Certificate, ...]:
    """The leaf, then issuer after issuer, as found; self-signed ones and repetitions are left out."""
    chain = [leaf]
    candidates = [certificate for certificate in _unique(certificates) if certificate != leaf and not self_signed(certificate)]
    while True:
        issuer = next(
            (candidate for candidate in candidates if candidate not in chain and issued_by(chain[-1], candidate, weak=True)), None
        )
        if issuer is None:
            return tuple(chain)
        chain.append(issuer)
