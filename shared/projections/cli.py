"""``wegmarken views``: what there is, and rebuilding one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import click

from shared.projections import registry
from shared.projections.engine import reading
from shared.projections.read import away_is_said
from shared.projections.rebuild import Comparison, RebuildFailed, rebuild
from shared.projections.registry import Generation
from shared.projections.runner import Runner
from shared.runtime.terminal import REFUSED, fail


def views_group(open_runners: Callable[[], AbstractContextManager[Sequence[Runner]]]) -> click.Group:
    """The command group over the runners of all services, opened when a command needs them."""

    @click.group("views")
    def views() -> None:
        """The read models: list them, or rebuild one beside the live one."""

    @views.command("list")
    def list_() -> None:
        """Each view's generations: version, position, events behind, state."""
        with open_runners() as runners:
            lines = [line for runner in runners for line in _lines(runner)]
        if not lines:
            fail("no view is there yet: let the projector run first", REFUSED)
        click.echo("\n".join(lines))

    @views.command("rebuild")
    @click.argument("name")
    @click.option("--check", is_flag=True, help="Only compare; the live one stays. Exit code 1 if they differ.")
    @click.pass_context
    def rebuild_(context: click.Context, name: str, check: bool) -> None:
        """Rebuild the view NAME from the log, compare it with the live one, and switch."""
        with open_runners() as runners:
            runner = next((r for r in runners if name in {view.name for view in r.views}), None)
            if runner is None:
                known = ", ".join(sorted(view.name for r in runners for view in r.views))
                raise click.BadParameter(f"no view {name!r}; there are {known}")
            try:
                with away_is_said(runner.engine.dialect):
                    comparison = rebuild(runner, name, check=check, progress=_progress)
            except RebuildFailed as failed:
                raise click.ClickException(str(failed)) from None
        click.echo(_report(comparison))
        click.echo("only compared, the live one stays" if check else "switched")
        if check and not comparison.same:
            context.exit(1)

    return views


def _lines(runner: Runner) -> list[str]:
    with away_is_said(runner.engine.dialect):
        registry.prepare(runner.engine)
        with reading(runner.engine) as connection:
            generations = registry.generations(connection)
    return [_line(generation, runner.source.facts_after(generation.position)) for generation in generations]


def _line(generation: Generation, behind: int) -> str:
    state = "live" if generation.live else "being built"
    if generation.stopped_by is not None:
        state += f", stopped by event {generation.stopped_by} at {generation.stopped_at}"
    return (
        f"{generation.view:40} version {generation.version}  generation {generation.generation}"
        f"  position {generation.position}  behind {behind}  {state}"
    )


def _progress(position: int) -> None:
    click.echo(f"position {position}", err=True)


def _report(comparison: Comparison) -> str:
    lines = [f"{comparison.view} at position {comparison.position}: {'the same' if comparison.same else 'DIFFERENT'}"]
    for table, (live, rebuilt) in sorted(comparison.tables.items()):
        lines.append(f"  {table:30} live {live.rows:9} rows {live.digest}")
        lines.append(f"  {'':30} new  {rebuilt.rows:9} rows {rebuilt.digest}")
    return "\n".join(lines)
