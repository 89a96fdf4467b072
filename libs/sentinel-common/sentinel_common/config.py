"""MTLSConfig: where the files are, and how the process holds to them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Optional, Tuple, Union

from sentinel_common.files import Paths
from sentinel_common.settings import (
    DEFAULT_CA_CERT_PATH,
    DEFAULT_CERT_PATH,
    DEFAULT_KEY_PATH,
    DEFAULT_POLICY_PATH,
    Timing,
    enabled_from,
    mode_from,
)

PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class MTLSConfig:
    """Paths and choices of a process.

    `verify_client` and `verify_server` stand for the API of before: this library never leaves a peer unverified, so
    False is refused where it would have meant that. `policy_path` None: nobody is let in by policy.json, an
    authorizer has to be given.
    """

    cert_path: Path
    key_path: Path
    ca_cert_path: Path
    verify_client: bool = True
    verify_server: bool = True
    policy_path: Optional[Path] = None
    enabled: bool = True
    mode: str = "strict"
    min_version: str = "TLSv1.3"
    timing: Timing = field(default_factory=Timing)

    def __post_init__(self) -> None:
        for name in ("cert_path", "key_path", "ca_cert_path"):
            object.__setattr__(self, name, Path(getattr(self, name)))
        if self.policy_path is not None:
            object.__setattr__(self, "policy_path", Path(self.policy_path))

    @property
    def paths(self) -> Paths:
        return Paths(cert=self.cert_path, key=self.key_path, bundle=self.ca_cert_path, policy=self.policy_path)

    def load_cert_chain(self) -> Tuple[bytes, bytes]:
        """Chain and key of the standing generation as PEM, validated: what is half-written never gets here."""
        from sentinel_common.runtime import runtime_of

        identity = runtime_of(self).source.current().identity
        return identity.chain_pem(), identity.key.pem()

    def load_ca_cert(self) -> bytes:
        """All roots of the standing generation as PEM."""
        from sentinel_common.runtime import runtime_of

        return runtime_of(self).source.current().identity.roots_pem()


def mtls_config_from_env(
    cert_path: Optional[PathLike] = None,
    key_path: Optional[PathLike] = None,
    ca_cert_path: Optional[PathLike] = None,
    verify_client: bool = True,
    verify_server: bool = True,
    *,
    policy_path: Optional[PathLike] = None,
    min_version: str = "TLSv1.3",
    timing: Timing = Timing(),
    environment: Mapping[str, str] = os.environ,
) -> MTLSConfig:
    """Arguments first, then environment, then the default paths. An empty MTLS_POLICY_PATH means: no policy.

    :raises MtlsError: `setting-invalid` for a value of MTLS_ENABLED or MTLS_MODE that is none
    """
    return MTLSConfig(
        cert_path=Path(cert_path or environment.get("MTLS_CERT_PATH") or DEFAULT_CERT_PATH),
        key_path=Path(key_path or environment.get("MTLS_KEY_PATH") or DEFAULT_KEY_PATH),
        ca_cert_path=Path(ca_cert_path or environment.get("MTLS_CA_CERT_PATH") or DEFAULT_CA_CERT_PATH),
        verify_client=verify_client,
        verify_server=verify_server,
        policy_path=_policy_path(policy_path, environment),
        enabled=enabled_from(environment),
        mode=mode_from(environment),
        min_version=min_version,
        timing=timing,
    )


def _policy_path(given: Optional[PathLike], environment: Mapping[str, str]) -> Optional[Path]:
    named = given if given is not None else environment.get("MTLS_POLICY_PATH")
    if named is not None:
        return Path(named) if os.fspath(named) else None
    # A policy that is not there lets nobody in, so looking for it opens nothing.
    return Path(DEFAULT_POLICY_PATH) if os.path.lexists(DEFAULT_POLICY_PATH) else None
