"""Ids that follow from other ids."""

from __future__ import annotations

from hashlib import sha1


def named_id(namespace: str, name: str) -> str:
    """The UUID of a name within a namespace, itself a UUID: version 5 of RFC 9562, as ``uuid.uuid5`` makes it.

    Without its objects: a command needs five of them.
    """
    digest = sha1(bytes.fromhex(namespace.replace("-", "")) + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
