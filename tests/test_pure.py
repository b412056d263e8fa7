"""A module that calls itself pure is held to it: the contract in ``.importlinter`` names it."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_whoever_says_pure_is_checked() -> None:
    rules = ConfigParser()
    rules.read(ROOT / ".importlinter")
    named = rules["importlinter:contract:pure"]["source_modules"].split()
    checked = {ROOT.joinpath(*name.split(".")) for name in named}
    pure = {path for path in (ROOT / "services").rglob("*.py") if re.search(r"\bPure\b", _docstring(path))}
    assert len(pure) > 50
    assert not [path for path in pure if checked.isdisjoint((path.with_suffix(""), *path.parents))]


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""
