"""`ringwatch prune`."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands import options


@click.command()
@options.watchlists
@click.option(
    "--warehouse", type=options.WAREHOUSE, required=True, help="The warehouse; rows of drops that go leave it."
)
@click.option("--exports", type=options.FOLDER, help="The --exports of nightly; without it no drop goes.")
@click.option("--cases", type=options.FOLDER, help="The --out of case: bundles, and the log of what is held.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@options.settings
def command(
    watchlists: Path, warehouse: Path, exports: Path | None, cases: Path | None, dry_run: bool, settings: Path | None
) -> None:
    """Remove drops, nights and bundles older than the settings say."""
    from jobs import settings as settings_file
    from jobs.prune import prune as run

    plan = run(watchlists, warehouse, exports, cases, settings_file.read(settings), dry_run=dry_run)
    verb = "would go" if dry_run else "gone"
    names = {"night": map(str, plan.nights), "drop": map(str, plan.drops), "bundle": (b.name for b in plan.bundles)}
    for kind, things in names.items():
        for thing in things:
            click.echo(f"{kind} {thing}: {verb}")
    for kept, release in plan.held:
        click.echo(f"{kept}: held until {release.keep_until}, cited by the bundle {release.case_id}")
    for table, keys in plan.last_seen.items():
        if keys:
            click.echo(f"{table}: {keys:,} that no younger drop tells of {'would be' if dry_run else 'are'} forgotten")
    click.echo(f"{len(plan.nights)} nights, {len(plan.drops)} drops, {len(plan.bundles)} bundles {verb}")
