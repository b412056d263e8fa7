"""A recorded state for people to read: a nested document line by line, with what changed at its last step. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.portal.answers import Answer, is_id
from services.portal.language import terms
from services.portal.language.terms.platform import STREAMS
from services.portal.language.words import Words, mark

_OF_THE_STREAM: Final[Mapping[str, str]] = {"opened_on": mark("Opened on")}
"""Fields that are called otherwise where they tell of the stream itself, and not of an entry in it."""
UNREADABLE: Final[Mapping[str, str]] = {
    "sealed": mark("sealed: cannot be read here"),
    "erased": mark("erased: cannot be read by anybody"),
}
"""What stands where a value cannot be shown."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of a document: a field with its value, or (``value`` None) the head of the lines that are deeper.

    ``name`` is the code name, ``label`` its words. ``before`` is the value of one step earlier, if that was another.
    """

    depth: int
    name: str
    label: str
    value: str | None = None
    before: str | None = None
    is_new: bool = False
    is_gone: bool = False
    is_hidden: bool = False

    @property
    def is_changed(self) -> bool:
        return self.is_new or self.is_gone or self.before is not None


def stream(words: Words, name: str) -> str:
    """What a stream is about, by its name or kind."""
    kind = name.partition("-")[0]
    return words.say(STREAMS.get(kind, kind))


def document(words: Words, state: Answer, before: Answer | None) -> list[DocumentLine]:
    """A state line by line, marked where it differs from the one ``before``; the first (None) has no marks."""
    return list(_lines(words, state, state if before is None else before, 0))


def how_many_changed(lines: Sequence[DocumentLine]) -> int:
    """Fields that are new, gone or other; heads do not count."""
    return sum(line.is_changed and (line.value is not None or line.is_gone) for line in lines)


def value(words: Words, field: str, of: Any) -> str:
    """A value in words: as ``terms.value``, and what cannot be read, and values that are made of several."""
    match of:
        case str() if of in UNREADABLE:
            return words.say(UNREADABLE[of])
        case str() if field == "municipalities":
            return terms.municipality(of)
        case str() if _DAY.fullmatch(of):
            return words.date(of)
        case str() if is_id(of):
            return of
        case int() if not isinstance(of, bool):
            return words.number(of)
        case list() | tuple() if of:
            return ", ".join(value(words, field, each) for each in of)
        case Mapping():
            return ": ".join(value(words, name, each) for name, each in of.items())
        case _:
            return terms.value(words, field, of)


def _lines(words: Words, state: Answer, before: Answer, depth: int) -> Iterator[DocumentLine]:
    for name in (*state, *(name for name in before if name not in state)):
        if isinstance(state.get(name), Mapping):
            yield DocumentLine(depth, name, head(words, name), is_new=not isinstance(before.get(name), Mapping))
            then = before.get(name)
            yield from _lines(words, state[name], then if isinstance(then, Mapping) else {}, depth + 1)
        else:
            yield _line(words, name, state, before, depth)


def _line(words: Words, name: str, state: Answer, before: Answer, depth: int) -> DocumentLine:
    if name not in state:
        then = before[name]
        gone = None if isinstance(then, Mapping) else value(words, name, then)
        return DocumentLine(depth, name, head(words, name), gone, is_gone=True)
    now, then = state[name], before.get(name)
    return DocumentLine(
        depth,
        name,
        words.say(_OF_THE_STREAM[name]) if depth == 0 and name in _OF_THE_STREAM else terms.label(words, name),
        value(words, name, now),
        before=value(words, name, then) if name in before and then != now else None,
        is_new=name not in before,
        is_hidden=isinstance(now, str) and now in UNREADABLE,
    )


def head(words: Words, name: str) -> str:
    """What a part is called: a field's words, a scope's, or the beginning of an entry's id."""
    if is_id(name):
        return words.say("Entry {id}", id=name[:8])
    return terms.term(words, "scope", name) if name in terms.TERMS["scope"] else terms.label(words, name)
