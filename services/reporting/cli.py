"""``wegmarken report``: the report of this machine's data, without a server."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Literal

import click
import orjson
from rich.console import Console

from services.reporting.report import REPORTS, evaluate, on_one_day
from services.reporting.table import table
from services.reporting.views import VIEWS
from shared.api.as_of import known_at as date_or_position
from shared.api.fields import Invalid
from shared.contracts.envelope import KnownAt
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady
from shared.runtime.config import Settings


def _known_at(context: click.Context, parameter: click.Parameter, text: str | None) -> KnownAt:
    try:
        return date_or_position(text)
    except Invalid:
        raise click.BadParameter("is neither a date (YYYY-MM-DD) nor a position") from None


@click.command()
@click.option("--valid-at", type=click.DateTime(["%Y-%m-%d"]), help="All figures on this day instead.")
@click.option("--known-at", callback=_known_at, metavar="DATE|POSITION", help="As it was known then.")
@click.option("--language", type=click.Choice(["de", "en"]), default="de", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
@click.option("--report", "name", type=click.Choice(list(REPORTS)), default="goeppingen-2018", show_default=True)
def report(
    valid_at: datetime | None,
    known_at: KnownAt,
    language: Literal["de", "en"],
    as_json: bool,
    name: str,
) -> None:
    """Print the report as a table: each figure at its reference dates."""
    definition = REPORTS[name] if valid_at is None else on_one_day(REPORTS[name], valid_at.date())
    reader = ViewReader(Settings.from_environment().views_url("reporting"), VIEWS)
    try:
        with closing(reader), reader.snapshot() as now:
            document = evaluate(now, definition, known_at).document
    except ViewNotReady as view:
        raise click.ClickException(f"the view {view} is not there yet: let the projector run first") from None
    document = orjson.loads(orjson.dumps(document))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    else:
        Console().print(table(document, language))
