"""Refusals as RFC 9457 problem documents, in German and English.

A problem's slug is its name for ever: its ``type`` is ``urn:wegmarken:problem:<slug>``. The platform's
own are below; each service brings a catalogue of its domain refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marshmallow import ValidationError

from shared.api.reply import Reply
from shared.api.said import Language, Said

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:wegmarken:problem:"
MOST_ERRORS: Final = 50
"""Errors listed in one answer; more help nobody."""
LONGEST_PATH: Final = 100
"""Characters of a path in an answer: it may echo an unknown field's name of any length."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A catalogue entry: status, and one sentence in each language.

    The sentences may name the refusal's facts in braces: ``"Fall {case} ist nicht offen."``
    """

    status: int
    de: str
    en: str

    def says(self, language: Language, facts: Mapping[str, object]) -> str:
        """The sentence with the facts filled in; a fact the refusal did not bring shows as a dash."""
        return (self.de if language == "de" else self.en).format_map(_Facts(facts))


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "–"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. ``path`` is dotted (``steps.0.step``) or a header's name."""

    path: str
    message: str


class Declined(Exception):
    """The platform itself turns a request down: ``slug`` names an entry of ``PLATFORM``."""

    def __init__(self, slug: str, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(slug)
        self.slug, self.headers = slug, headers


INVALID: Final = Said("ist ungültig", "is invalid")
RETRY: Final = (("Retry-After", "1"),)

PLATFORM: Final[Mapping[str, Problem]] = {
    "malformed-json": Problem(400, "Der Inhalt ist kein gültiges JSON.", "The body is not valid JSON."),
    "not-utf-8": Problem(400, "Die Anfrage ist nicht in UTF-8 geschrieben.", "The request is not written in UTF-8."),
    "malformed-request": Problem(400, "Die Anfrage ist kein gültiges HTTP.", "The request is not valid HTTP."),
    "unauthenticated": Problem(401, "Bitte melden Sie sich an.", "Please log in."),
    "token-expired": Problem(401, "Die Anmeldung ist abgelaufen.", "The login has expired."),
    "forbidden": Problem(403, "Dazu fehlt Ihnen die Berechtigung.", "You do not have the right to do this."),
    "not-found": Problem(404, "Das gibt es hier nicht.", "There is no such thing here."),
    "method-not-allowed": Problem(405, "So kann das nicht angefragt werden.", "This cannot be asked for in this way."),
    "conflict": Problem(
        409,
        "Andere haben gleichzeitig daran gearbeitet. Bitte noch einmal versuchen.",
        "Others were working on it at the same time. Please try again.",
    ),
    "subject-erased": Problem(
        409, "Die Daten dieser Person wurden gelöscht.", "The data of this person have been erased."
    ),
    "clock-goes-back": Problem(
        409, "Die Uhr steht auf {today} und geht nicht zurück.", "The clock stands at {today} and does not go back."
    ),
    "clock-not-manual": Problem(
        409, "Die Uhr wird hier nicht von Hand gestellt.", "The clock is not set by hand here."
    ),
    "body-too-large": Problem(
        413,
        "Der Inhalt ist zu groß, oder seine Länge fehlt.",
        "The body is too large, or its length is missing.",
    ),
    "unsupported-media-type": Problem(415, "Erwartet wird application/json.", "application/json is expected."),
    "invalid-fields": Problem(422, "Angaben sind unvollständig oder ungültig.", "Fields are missing or invalid."),
    "key-reused": Problem(
        422,
        "Dieser Idempotency-Key gehört zu einer anderen Anfrage.",
        "This Idempotency-Key belongs to another request.",
    ),
    "internal": Problem(500, "Ein unerwarteter Fehler ist aufgetreten.", "An unexpected error occurred."),
    "store-unavailable": Problem(
        503,
        "Gerade kann nichts gespeichert oder gelesen werden. Es wurde nichts verändert.",
        "Nothing can be stored or read right now. Nothing was changed.",
    ),
    "broker-unavailable": Problem(
        503, "Der Nachrichtenverteiler antwortet gerade nicht.", "The message broker does not answer right now."
    ),
    "newer-release": Problem(
        503,
        "Gerade wird auf eine neue Version umgestellt. Bitte gleich noch einmal versuchen; es wurde nichts verändert.",
        "A new version is being introduced right now. Please try again in a moment; nothing was changed.",
    ),
    "view-behind": Problem(
        503,
        "Die Ansicht ist noch nicht auf dem verlangten Stand.",
        "The view has not reached the requested position yet.",
    ),
    "access-not-recorded": Problem(
        503,
        "Der Zugriff konnte nicht protokolliert werden und wurde deshalb verweigert.",
        "The access could not be recorded and was refused for that reason.",
    ),
    "refused": Problem(409, "Die Regel „{rule}“ lässt das nicht zu.", "The rule “{rule}” does not allow this."),
}


def problem(
    slug: str,
    entry: Problem,
    language: Language,
    *,
    correlation_id: str,
    facts: Mapping[str, object] | None = None,
    errors: Sequence[FieldError] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> Reply:
    """The problem document as an answer.

    ``title`` is the sentence, ``facts`` the refusal's plain values, ``errors`` one path and message per
    field, ``instance`` the correlation id under which the log knows the request.
    """
    facts = facts or {}
    document: dict[str, Any] = {
        "type": TYPE + slug,
        "title": entry.says(language, facts),
        "status": entry.status,
        "instance": f"urn:uuid:{correlation_id}",
    }
    if facts:
        document["facts"] = {name: _plain(fact) for name, fact in facts.items()}
    if errors:
        document["errors"] = [{"path": error.path, "message": error.message} for error in errors]
        document["detail"] = "; ".join(f"{error.path}: {error.message}" for error in errors[:3])
    return Reply.json(
        document, status=entry.status, media_type=MEDIA_TYPE, headers=(("Content-Language", language), *headers)
    )


def field_errors(invalid: ValidationError, language: Language) -> list[FieldError]:
    """What marshmallow found, flat: one entry per field and message, in order of path."""
    found = sorted(_flat(invalid.messages, ()), key=lambda item: item[0])
    return [FieldError(path[:LONGEST_PATH], _said(message, language)) for path, message in found[:MOST_ERRORS]]


def _plain(fact: object) -> object:
    return fact if isinstance(fact, str | int | float | date | None) else str(fact)


def _flat(messages: object, path: tuple[str, ...]) -> Iterable[tuple[str, object]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, path if name == "_schema" else (*path, str(name)))
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _flat(inner, path)
    else:
        yield ".".join(path), messages


def _said(message: object, language: Language) -> str:
    """A library's own sentence, which knows English only, is not passed on: it may quote the value."""
    return (message if isinstance(message, Said) else INVALID).in_language(language)
