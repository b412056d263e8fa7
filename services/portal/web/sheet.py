"""Tables as files that a German or English spreadsheet opens as they are. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

from services.portal.language.words import Words


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]], words: Words) -> bytes:
    """A table as CSV, with the separator and the decimal mark of the language; UTF-8 that says so at its beginning."""
    separator, decimal_mark = (";", ",") if words.language == "de" else (",", ".")
    out = StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([as_text(cell) for cell in head])
    writer.writerows([as_cell(cell, decimal_mark) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_cell(cell: object, decimal_mark: str) -> object:
    """A number with the language's decimal mark, so that it is one in a spreadsheet, too; what is text, no formula."""
    if isinstance(cell, float | Decimal):
        return format(Decimal(str(cell)), "f").replace(".", decimal_mark)
    return as_text(cell)


def as_text(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
