"""Names that name nobody: always the same under one key, not to be guessed without it."""

from __future__ import annotations

import hmac
from base64 import b32encode
from uuid import UUID


def pseudonym(key: bytes, person_id: str) -> str:
    """How auditors and explanations name a person, like "P-7K3M-Q2ZD".

    40 bits: among 10,000 persons two share one with a probability of 0.005 %.
    """
    text = b32encode(hmac.digest(key, person_id.encode(), "sha256")[:5]).decode()
    return f"P-{text[:4]}-{text[4:]}"


def keyed_id(key: bytes, kind: str, name: str) -> str:
    """The UUID of something that is told by its name, as an account is: what has one name has one stream.

    ``kind`` keeps apart what else is made with the key. A plain uuid5 of a name could be guessed back.
    """
    return str(UUID(bytes=hmac.digest(key, f"{kind}\n{name}".encode(), "sha256")[:16], version=5))
