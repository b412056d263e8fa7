"""Tokens without HTTP: what is remembered, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.service import tokens
from shared.service.tokens import Actor, TokenExpired, TokenRejected, TokenVerifier, issue

PRIVATE = Ed25519PrivateKey.generate()
PRIVATE_PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(PUBLIC_PEM)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds by which the machine's clock is moved."""
    shift, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    yield shift


def signed(**claims: object) -> str:
    now = int(time.time())
    everything = {"iss": "wegmarken", "sub": "probe", "roles": [], "iat": now, "exp": now + 60} | claims
    present = {name: value for name, value in everything.items() if value is not None}
    return jwt.encode({"alg": "Ed25519"}, present, OKPKey.import_key(PRIVATE_PEM), algorithms=["Ed25519"])


def test_a_token_says_who_asks(verifier: TokenVerifier) -> None:
    assert verifier.verify(issue(PRIVATE_PEM, "probe", ["b", "a"])) == Actor("probe", frozenset({"a", "b"}))
    bound = issue(PRIVATE_PEM, "probe", ["a"], ags="08117014")
    assert verifier.verify(bound) == Actor("probe", frozenset({"a"}), "08117014")


def test_a_verified_token_is_remembered_until_it_expires(verifier: TokenVerifier, clock: list[float]) -> None:
    token = issue(PRIVATE_PEM, "probe", ["a"], minutes=1)
    assert verifier.verify(token) is verifier.verify(token)
    clock[0] = 59
    verifier.verify(token)
    clock[0] = 61
    for _ in range(2):
        with pytest.raises(TokenExpired):
            verifier.verify(token)


def test_only_so_many_are_remembered(clock: list[float]) -> None:
    verifier = TokenVerifier(PUBLIC_PEM, remembered=3)
    issued = [issue(PRIVATE_PEM, f"probe{n}", ["a"]) for n in range(5)]
    actors = [verifier.verify(token) for token in issued]
    assert verifier.verify(issued[4]) is actors[4]
    assert verifier.verify(issued[0]) is not actors[0]
    assert len(verifier._known) == 3


def test_the_last_used_is_forgotten_last() -> None:
    verifier = TokenVerifier(PUBLIC_PEM, remembered=2)
    busy, idle, new = (issue(PRIVATE_PEM, name, []) for name in ("busy", "idle", "new"))
    actor = verifier.verify(busy)
    verifier.verify(idle)
    verifier.verify(busy)
    verifier.verify(new)
    assert verifier.verify(busy) is actor


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": "elsewhere"},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "x" * 129},
        {"sub": "two\nlines"},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"roles": None},
        {"roles": "operator"},
        {"roles": [1]},
        {"ags": 8117014},
        {"nbf": 4_000_000_000},
    ],
)
def test_a_signed_token_may_still_be_nonsense(verifier: TokenVerifier, claims: dict[str, object]) -> None:
    with pytest.raises(TokenRejected):
        verifier.verify(signed(**claims))


def test_an_expired_token_is_told_apart(verifier: TokenVerifier) -> None:
    with pytest.raises(TokenExpired):
        verifier.verify(signed(exp=int(time.time()) - 1))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "\x00", "ü", "e30.e30.", "." * 4000])
def test_what_is_no_token_is_rejected(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(TokenRejected):
        verifier.verify(token)


def test_issuing_is_for_five_minutes() -> None:
    claims = jwt.decode(
        issue(PRIVATE_PEM, "probe", []), OKPKey.import_key(PUBLIC_PEM), algorithms=[tokens.ALGORITHM]
    ).claims
    assert claims["exp"] - claims["iat"] == 300
