"""Problem documents and the language they speak."""

from __future__ import annotations

import copy
import pickle
from uuid import uuid4

import orjson
import pytest

from shared.api.ask import Ask
from shared.api.problems import PLATFORM, Problem, problem
from shared.api.said import Said, language_of
from tests.api.sample_service import GetTalk


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "de"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("de-AT, en;q=0.9", "de"),
        ("fr, en;q=0.5, de;q=0.4", "en"),
        ("fr", "de"),
        ("*", "de"),
        ("en;q=0, de", "de"),
        ("EN", "en"),
        ("en;q=x", "de"),
        (";;;,,\x00", "de"),
    ],
)
def test_german_unless_english_is_preferred(header: str, language: str) -> None:
    assert language_of(header) == language


def test_a_sentence_knows_both_languages_also_as_a_copy() -> None:
    said = Said("{n} Tage", "{n} days").format(n=3)
    for one in (said, copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert (one, one.in_language("de"), one.in_language("en")) == ("3 days", "3 Tage", "3 days")


def test_facts_fill_the_sentence_and_a_missing_one_does_no_harm() -> None:
    entry = Problem(409, "Der Fall {case} ist {state}.", "The case {case} is {state}.")
    reply = problem("case-closed", entry, "de", correlation_id=str(uuid4()), facts={"case": "c1"})
    assert orjson.loads(reply.body)["title"] == "Der Fall c1 ist –."


@pytest.mark.parametrize("slug", PLATFORM)
def test_the_platforms_catalogue_is_complete_in_both_languages(slug: str) -> None:
    entry = PLATFORM[slug]
    assert entry.de != entry.en
    assert entry.de.endswith(".") and entry.en.endswith(".")
    assert 400 <= entry.status < 600


def test_the_table_of_entrypoints_is_checked_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="GetTalk has no field person_id"):
        Ask(kind="query", path="/x/<person_id>", form=GetTalk, roles=frozenset({"a"}))
    with pytest.raises(TypeError, match="neither public nor for any role"):
        Ask(kind="query", path="/x/<consultation_id>", form=GetTalk)
