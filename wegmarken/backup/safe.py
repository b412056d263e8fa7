"""The secrets of an installation, which are kept in a safe place apart from every backup."""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Mapping
from filecmp import cmpfiles
from pathlib import Path
from typing import Final

from shared.contracts.model import PersonalClass
from shared.privacy.secrets import DIGEST_KEY, PSEUDONYM_KEY, assert_complete, load_secret, master_file
from shared.runtime.disk import sync
from wegmarken.backup.drafts import BackupRefused, drafted

PROVEN: Final = (DIGEST_KEY, PSEUDONYM_KEY)
"""What a manifest proves. The key ring proves the master keys itself."""
LASTING: Final = (*map(master_file, PersonalClass), *PROVEN)
"""What cannot be another one after a restore. Who makes and restores backups need not see the portal's and issuer's."""


def copy_secrets(secrets: Path, directory: Path) -> list[str]:
    """Copy all secrets into a new directory; their names. Raises BackupRefused, SecretInvalid, OSError."""
    with drafted(directory) as draft:
        for name in (names := _names(secrets)):
            shutil.copyfile(secrets / name, draft / name)
            (draft / name).chmod(0o600)
            sync(draft / name)
        assert_complete(draft)
        return names


def proofs(secrets: Path) -> dict[str, str]:
    """By the names of files what tells these keys from others, and not what they are. Raises SecretInvalid."""
    return {
        name: hmac.digest(load_secret(secrets, name), f"proof of {name}".encode(), "sha256").hex() for name in PROVEN
    }


def assert_fitting(kept: Path, proven: Mapping[str, str], used: Path) -> None:
    """The kept secrets are those of a backup, and those that processes will use, where there are any already.

    Raises BackupRefused, SecretInvalid.
    """
    told = proofs(kept)
    if other := [name for name, proof in proven.items() if told.get(name) != proof]:
        raise BackupRefused(f"{kept} has other secrets than the backup was made with: {', '.join(other)}")
    if not used.exists():
        assert_complete(kept)
        return
    _, other, missing = cmpfiles(kept, used, {*LASTING, *_names(kept)}, shallow=False)
    if wrong := sorted({*other, *missing} & {*LASTING, *_names(used)}):
        raise BackupRefused(f"{used}, which processes will use, has other secrets than {kept}: {', '.join(wrong)}")


def _names(secrets: Path) -> list[str]:
    return sorted(path.name for path in secrets.glob("[!.]*") if path.is_file())
