"""The page of guarantees names tests that exist, and leaves out no part of the platform."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "guarantees.md").read_text()
ROWS = [row for row in re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE) if row[0] != "promise"]
NAMED = re.compile(r"`([\w/]+\.py)::((?:\w+::)?test_\w+)`")


@cache
def proven_in(path: Path) -> frozenset[str]:
    """The tests of a file, by name; those of a class as ``Class::name``."""
    tree = ast.parse(path.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return frozenset(_functions(tree.body)) | {
        f"{each.name}::{name}" for each in classes for name in _functions(each.body)
    }


def _functions(body: list[ast.stmt]) -> list[str]:
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize(("promise", "proofs"), ROWS, ids=[promise[:60] for promise, _ in ROWS])
def test_every_promise_is_proven_by_tests_that_exist(promise: str, proofs: str) -> None:
    found = NAMED.findall(proofs)
    assert found
    assert NAMED.sub("", proofs).strip() == "", "nothing but names of tests"
    for file, name in found:
        assert (TESTS / file).is_file(), file
        assert name in proven_in(TESTS / file), f"{file}::{name}"


def test_no_promise_is_made_twice() -> None:
    promises = [promise for promise, _ in ROWS]
    assert len(promises) == len(set(promises)) > 50


def test_every_part_of_the_platform_is_promised_something() -> None:
    promised = {Path(file).parts[0] for _, proofs in ROWS for file, _ in NAMED.findall(proofs)}
    parts = {path.parent.name for path in TESTS.glob("*/test_*.py")}
    assert parts <= promised
