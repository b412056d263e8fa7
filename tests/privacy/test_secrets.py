"""The secrets of an installation, and pseudonyms made with one of them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from shared.contracts.model import PersonalClass
from shared.privacy.pseudonyms import keyed_id, pseudonym
from shared.privacy.secrets import (
    DIGEST_KEY,
    ISSUER_PRIVATE,
    ISSUER_PUBLIC,
    PORTAL_KEY,
    PSEUDONYM_KEY,
    SecretInvalid,
    create_secrets,
    load_masters,
    load_secret,
)


def test_every_secret_is_made_once_for_the_owner_alone(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert set(before) == {
        "master-identity.key",
        "master-statistics.key",
        "master-health.key",
        "master-employee.key",
        DIGEST_KEY,
        PSEUDONYM_KEY,
        PORTAL_KEY,
        ISSUER_PRIVATE,
        ISSUER_PUBLIC,
    }
    create_secrets(secrets)
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o600}
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_a_lost_secret_alone_is_made_anew(secrets: Path) -> None:
    kept = load_secret(secrets, PSEUDONYM_KEY)
    (secrets / DIGEST_KEY).unlink()
    (secrets / ISSUER_PUBLIC).unlink()
    create_secrets(secrets)
    assert load_secret(secrets, PSEUDONYM_KEY) == kept
    private = load_pem_private_key((secrets / ISSUER_PRIVATE).read_bytes(), password=None)
    public = load_pem_public_key((secrets / ISSUER_PUBLIC).read_bytes())
    assert isinstance(private, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)
    public.verify(private.sign(b"probe"), b"probe")


def test_processes_that_start_at_once_share_one_set(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create_secrets, [tmp_path / "new"] * 8))
    masters = load_masters(tmp_path / "new", list(PersonalClass))
    assert len(set(masters.values())) == 4
    assert len(list((tmp_path / "new").iterdir())) == 9  # no drafts are left
    private = load_pem_private_key((tmp_path / "new" / ISSUER_PRIVATE).read_bytes(), password=None)
    public = load_pem_public_key((tmp_path / "new" / ISSUER_PUBLIC).read_bytes())
    assert isinstance(private, Ed25519PrivateKey)
    assert private.public_key() == public


def test_a_process_loads_only_the_masters_it_asks_for(secrets: Path) -> None:
    assert set(load_masters(secrets, [PersonalClass.STATISTICS])) == {PersonalClass.STATISTICS}
    assert load_masters(secrets, []) == {}


@pytest.mark.parametrize("content", [None, "", "ab" * 31, "zz" * 32, "ä"])
def test_a_bad_secret_is_named_and_not_shown(secrets: Path, content: str | None) -> None:
    path = secrets / DIGEST_KEY
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SecretInvalid) as refused:
        load_secret(secrets, DIGEST_KEY)
    assert str(refused.value) == f"{path}: expected 32 bytes in hexadecimal"


def test_a_pseudonym_is_stable_and_needs_its_key() -> None:
    people = [f"00000000-0000-4000-8000-{n:012}" for n in range(2000)]
    names = [pseudonym(b"k" * 32, person) for person in people]
    assert all(re.fullmatch(r"P-[A-Z2-7]{4}-[A-Z2-7]{4}", name) for name in names)
    assert names == [pseudonym(b"k" * 32, person) for person in people]
    assert len(set(names)) == 2000
    assert not set(names) & {pseudonym(b"x" * 32, person) for person in people}


def test_one_name_of_one_kind_has_one_id_under_one_key() -> None:
    key, another = b"k" * 32, b"K" * 32
    found = keyed_id(key, "employee", "muster")
    assert found == keyed_id(key, "employee", "muster") == str(UUID(found))
    others = (keyed_id(another, "employee", "muster"), keyed_id(key, "team", "muster"), keyed_id(key, "employee", "m"))
    assert len({found, *others}) == 4
