"""Both languages are complete, and say numbers and dates as people there write them."""

from __future__ import annotations

import re
from datetime import date

from services.portal.language.catalogue import german, used
from services.portal.language.words import words
from services.portal.web.assets import Assets
from services.portal.web.rendering import TEMPLATES, Templates

FACT = re.compile(r"\{(\w+)\}")


def texts(of: object) -> list[str]:
    return [of] if isinstance(of, str) else list(of)  # type: ignore[call-overload]


def test_every_sentence_has_its_german() -> None:
    known = german()
    found = {sentence if isinstance(sentence, str) else sentence[0] for sentence in used()}
    assert sorted(sentence for sentence in found if sentence not in known) == []
    assert [message.id for message in known if message.id and not all(texts(message.string))] == []
    assert [message.id for message in known if message.fuzzy and message.id] == []


def test_no_german_is_left_over() -> None:
    found = {sentence if isinstance(sentence, str) else sentence[0] for sentence in used()}
    assert [message.id for message in german() if message.id and texts(message.id)[0] not in found] == []


def test_a_sentence_tells_the_same_facts_in_both_languages() -> None:
    for message in german():
        english, translated = texts(message.id), texts(message.string)
        if english != [""]:
            assert {fact for text in translated for fact in FACT.findall(text)} == {
                fact for text in english for fact in FACT.findall(text)
            }, message.id


def test_numbers_dates_and_money() -> None:
    german_words, english = words("de"), words("en")
    assert german_words.date(date(2018, 11, 5)) == "05.11.2018"
    assert german_words.date("2018-11-05") == "05.11.2018"
    assert english.date("2018-11-05") == "5 Nov 2018"
    assert german_words.date(None) == "–"
    assert german_words.time("2018-07-05T12:07:00+00:00") == "05.07.2018, 14:07"
    assert german_words.number(1024) == "1.024"
    assert german_words.number("8.05") == "8,05"
    assert german_words.number("8", 2) == "8,00"
    assert english.number(1024) == "1,024"
    assert german_words.money("815185") == "815.185,00\xa0€"
    assert english.money("815185") == "€815,185.00"
    assert german_words.percent("0.332") == "33,2 %"


def test_one_and_many() -> None:
    one, many = "Too many tries. Please wait {n} second.", "Too many tries. Please wait {n} seconds."
    assert words("de").say_many(one, many, 1).endswith("1 Sekunde.")
    assert words("de").say_many(one, many, 3).endswith("3 Sekunden.")
    assert words("en").say_many(one, many, 1) == "Too many tries. Please wait 1 second."


def test_no_word_is_compiled_into_a_template() -> None:
    """What is compiled for one language serves the other, also where a filter is given a constant."""
    german_pages, english_pages = Templates(Assets.load())._environments.values()
    for path in TEMPLATES.glob("*.html"):
        source = path.read_text()
        assert german_pages.compile(source, raw=True) == english_pages.compile(source, raw=True), path.name
