"""Every refusal has its words, in both languages, and a status that fits."""

from __future__ import annotations

import re
from pathlib import Path

import services.casework
from services.casework.problems import PROBLEMS

SOURCES = [path.read_text(encoding="utf-8") for path in Path(services.casework.__path__[0]).rglob("*.py")]
RULES = {rule for source in SOURCES for rule in re.findall(r'Refused\(\s*"([a-z-]+)"', source)}


def test_every_rule_has_words_and_every_word_a_rule() -> None:
    assert PROBLEMS.keys() == RULES


def test_statuses_follow_the_names() -> None:
    for rule, problem in PROBLEMS.items():
        if rule.startswith("unknown-"):
            assert problem.status == 404, rule
        elif rule.startswith("not-your-") or rule == "reason-required":
            assert problem.status == 403, rule
        else:
            assert problem.status == 409, rule


def test_both_languages_name_the_same_facts() -> None:
    for rule, problem in PROBLEMS.items():
        named = [set(re.findall(r"\{(\w+)\}", text)) for text in (problem.de, problem.en)]
        assert named[0] == named[1], rule
        assert problem.de != problem.en and problem.de.endswith(".") and problem.en.endswith("."), rule
