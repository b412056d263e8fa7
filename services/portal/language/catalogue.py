"""The German of the pages: ``locale/de/LC_MESSAGES/portal.po``, and what code and templates say.

``python -m services.portal.language.catalogue`` adds to that file what is new in code and templates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PORTAL: Final = Path(__file__).parents[1]
GERMAN: Final = PORTAL / "locale" / "de" / "LC_MESSAGES" / "portal.po"
KEYWORDS: Final = {"say": None, "say_many": (1, 2), "mark": None}
"""How sentences are marked: ``say`` and ``say_many`` (of ``Words``, and in templates), ``mark`` for constants."""
HEADER: Final = """\
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def german() -> Catalog:
    """The German file as it is."""
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de", domain="portal", abort_invalid=True)


def used() -> Iterator[str | tuple[str, ...]]:
    """Every sentence that code and templates say; those with a plural as pairs."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(
        PORTAL, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_is_ours
    )
    for _, _, sentence, _, _ in found:
        if sentence not in ("", ("", "")):
            yield sentence


def _is_ours(directory: str) -> bool:
    return Path(directory).name not in ("node_modules", "static", "__pycache__")


def add_new() -> int:
    """Add sentences without a translation yet to the German file; how many."""
    found = dict.fromkeys(used())
    with GERMAN.open("rb") as turn:
        flock(turn, LOCK_EX)
        catalog = german()
        new = [sentence for sentence in found if _key(sentence) not in catalog]
        for sentence in new:
            catalog.add(sentence)
        write(catalog)
    return len(new)


def write(catalog: Catalog) -> None:
    """The German file anew: in order of the English, without dates, so that two who add sentences seldom collide."""
    with GERMAN.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalog, width=110, sort_output=True, no_location=True, omit_header=True)


def _key(sentence: str | tuple[str, ...]) -> str:
    return sentence if isinstance(sentence, str) else sentence[0]


if __name__ == "__main__":
    print(f"{add_new()} sentences added to {GERMAN.relative_to(Path.cwd())}", file=sys.stderr)
