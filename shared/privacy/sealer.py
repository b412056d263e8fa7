"""Seals and opens the personal fields of events with the keys of a key ring (AES-256-GCM)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag

from shared.contracts.model import Hidden, PersonalClass
from shared.privacy.keyring import NONCE_BYTES, KeyName, KeyRing


class KeyRingSealer:
    """A ``shared.contracts.codec.Sealer``: a cipher is 12 bytes nonce, the ciphertext, 16 bytes tag.

    It is bound to its event id, class, subject and field names: moved elsewhere, it does not open.
    """

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    def prepare(self, names: Iterable[KeyName]) -> None:
        """Make the keys for what will be sealed next in one transaction instead of one for each."""
        self._keyring.ensure(names)

    def seal(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], plain: bytes
    ) -> bytes:
        """Raises SubjectErased, MasterMissing, KeyRingUnavailable."""
        key = self._keyring.key(subject, personal_class, True)
        nonce = os.urandom(NONCE_BYTES)
        return nonce + key.encrypt(nonce, plain, _place(personal_class, subject, event_id, names))

    def open(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], cipher: bytes
    ) -> bytes | Hidden:
        """Raises ValueError for a cipher that is not from here, KeyMissing, KeyRingUnavailable."""
        key = self._keyring.key(subject, personal_class)
        if isinstance(key, Hidden):
            return key
        try:
            place = _place(personal_class, subject, event_id, names)
            return key.decrypt(cipher[:NONCE_BYTES], cipher[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise ValueError(f"a {personal_class} cipher of event {event_id} was altered or moved") from None


class ClosedSealer:
    """A ``Sealer`` without keys, for readers of ids and dates alone: everything personal stays sealed."""

    def prepare(self, names: Iterable[KeyName]) -> None:
        """There is nothing to make."""

    def seal(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], plain: bytes
    ) -> bytes:
        raise TypeError("a reader without keys cannot record personal data")

    def open(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], cipher: bytes
    ) -> Hidden:
        return Hidden.SEALED


def _place(personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...]) -> bytes:
    return "\x1f".join((event_id, personal_class, subject, *names)).encode()
