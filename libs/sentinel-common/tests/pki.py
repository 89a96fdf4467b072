"""Certificates made at test time, with whatever is to be wrong with them."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from typing import Any, Optional, Sequence, Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TRUST_DOMAIN = "sentinel.test"


def spiffe_id(service: str) -> str:
    return f"spiffe://{TRUST_DOMAIN}/ns/prod/sa/{service}"


def new_key(kind: str = "P-256") -> Any:
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"P-192": ec.SECP192R1, "P-256": ec.SECP256R1, "P-384": ec.SECP384R1}[kind]())


def key_pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class Leaf:
    certificate: x509.Certificate
    key: Any
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def cert_pem(self) -> bytes:
        return b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        return key_pem(self.key)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def serial(self) -> int:
        return self.certificate.serial_number


_UNSET = object()


class Authority:
    """A root or an intermediate."""

    def __init__(self, name: str = "root", *, above: Optional["Authority"] = None, key: Any = None, days: float = 3650) -> None:
        self.key = key if key is not None else new_key()
        self.above = above
        self.certificate = build(
            subject=name,
            public_key=self.key.public_key(),
            issuer=above.certificate.subject if above else None,
            signer=above.key if above else self.key,
            ca=True,
            usage=("key_cert_sign", "crl_sign"),
            hours=days * 24,
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        return () if self.above is None else (self.certificate, *self.above.intermediates)

    def issue(
        self,
        service: str = "api",
        *,
        uris: Optional[Sequence[str]] = None,
        dns: Sequence[str] = ("localhost",),
        ips: Sequence[str] = ("127.0.0.1",),
        subject: Optional[str] = None,
        eku: Optional[Sequence[str]] = ("server", "client"),
        usage: Optional[Sequence[str]] = ("digital_signature",),
        ca: bool = False,
        key: Any = None,
        from_hours: float = -1,
        hours: float = 24,
    ) -> Leaf:
        key = key if key is not None else new_key()
        certificate = build(
            subject=service if subject is None else subject,
            public_key=key.public_key(),
            issuer=self.certificate.subject,
            signer=self.key,
            uris=[spiffe_id(service)] if uris is None else uris,
            dns=dns,
            ips=ips,
            eku=eku,
            usage=usage,
            ca=ca,
            from_hours=from_hours,
            hours=hours,
        )
        return Leaf(certificate, key, self.intermediates)


def self_signed(service: str = "self", **options: Any) -> Leaf:
    key = new_key()
    certificate = build(
        subject=service, public_key=key.public_key(), issuer=None, signer=key, uris=[spiffe_id(service)], dns=("localhost",), **options
    )
    return Leaf(certificate, key)


def build(
    *,
    subject: str,
    public_key: Any,
    issuer: Optional[x509.Name],
    signer: Any,
    uris: Sequence[str] = (),
    dns: Sequence[str] = (),
    ips: Sequence[str] = (),
    eku: Optional[Sequence[str]] = None,
    usage: Optional[Sequence[str]] = ("digital_signature",),
    ca: bool = False,
    from_hours: float = -1,
    hours: float = 24,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer if issuer is not None else name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(hours=from_hours))
        .not_valid_after(now + datetime.timedelta(hours=hours))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    )
    names: list[Union[x509.DNSName, x509.UniformResourceIdentifier, x509.IPAddress]] = [
        *(x509.DNSName(value) for value in dns),
        *(x509.UniformResourceIdentifier(value) for value in uris),
        *(x509.IPAddress(ipaddress.ip_address(value)) for value in ips),
    ]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    if usage is not None:
        every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        flags = {flag: flag in usage for flag in (*every, "key_cert_sign", "crl_sign")}
        builder = builder.add_extension(x509.KeyUsage(**flags, encipher_only=False, decipher_only=False), True)
    if eku is not None:
        oids = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
        builder = builder.add_extension(x509.ExtendedKeyUsage([oids[value] for value in eku]), False)
    return builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
