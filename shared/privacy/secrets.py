"""The secrets of an installation: master keys, digest and pseudonym keys, the token issuer's key pair.

One file each in the secrets directory, readable by the owner alone. A process loads only what it needs.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.contracts.model import PersonalClass
from shared.runtime import disk

DIGEST_KEY = "digest.key"
"""Keys the body digests in the envelope: a plain hash of personal data could be guessed back."""
PSEUDONYM_KEY = "pseudonym.key"
PORTAL_KEY = "portal.key"
"""From it the portal derives the keys of its users' drafts."""
ISSUER_PRIVATE = "issuer-private.pem"
ISSUER_PUBLIC = "issuer-public.pem"
SECRET_BYTES = 32


class SecretInvalid(Exception):
    """A secret's file is missing or does not hold what it should. Names the file, never its content."""


def master_file(personal_class: PersonalClass) -> str:
    """The name of the file with the master key of a class."""
    return f"master-{personal_class}.key"


KEY_FILES: Final = (*map(master_file, PersonalClass), DIGEST_KEY, PSEUDONYM_KEY, PORTAL_KEY)
"""The files that hold 32 bytes each."""


def assert_complete(secrets: Path) -> None:
    """Every secret of an installation is there: what is missing would be made anew. Raises SecretInvalid."""
    for name in KEY_FILES:
        load_secret(secrets, name)
    for name in (ISSUER_PRIVATE, ISSUER_PUBLIC):
        if not (secrets / name).is_file():
            raise SecretInvalid(f"{secrets / name} is missing")


def load_masters(secrets: Path, classes: Collection[PersonalClass]) -> dict[PersonalClass, bytes]:
    """The master keys of these classes and of no others. Raises SecretInvalid."""
    return {personal_class: load_secret(secrets, master_file(personal_class)) for personal_class in classes}


def load_secret(secrets: Path, name: str) -> bytes:
    """The 32 bytes of a ``.key`` file. Raises SecretInvalid."""
    try:
        secret = bytes.fromhex((secrets / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SecretInvalid(f"{secrets / name}: expected {SECRET_BYTES} bytes in hexadecimal")
    return secret


def create_secrets(secrets: Path) -> None:
    """Make every secret that is not there yet; what exists is never touched, so it may run at each start."""
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEY_FILES:
        _create(secrets / name, token_bytes(SECRET_BYTES).hex().encode() + b"\n")
    if not (secrets / ISSUER_PRIVATE).exists():
        private = Ed25519PrivateKey.generate()
        _create(
            secrets / ISSUER_PRIVATE,
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
    if not (secrets / ISSUER_PUBLIC).exists():
        _create(secrets / ISSUER_PUBLIC, _public_of((secrets / ISSUER_PRIVATE).read_bytes()))
    disk.sync(secrets)


def _public_of(private_pem: bytes) -> bytes:
    public = load_pem_private_key(private_pem, password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _create(path: Path, content: bytes) -> None:
    disk.create(path, content, mode=0o600)
