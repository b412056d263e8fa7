"""A stand-in behind TLS, with one user who may come in."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True, slots=True)
class Secured:
    """``certificate``, ``key`` and ``authority``: PEM files. The certificate is one for 127.0.0.1."""

    certificate: Path
    key: Path
    authority: Path
    user: str = "admin"
    password: str = "changeit"

    def server_credentials(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self.key.read_bytes(), self.certificate.read_bytes())])

    @property
    def authorization(self) -> str:
        """The header by which the user says who they are."""
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"

    def url(self, targets: str) -> str:
        """The connection string of these nodes."""
        return f"kurrentdb://{self.user}:{self.password}@{targets}?TlsCaFile={self.authority}"
