"""`ringwatch diff`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@options.watchlists
@click.option(
    "--since",
    type=options.DAY,
    callback=options.to_date,
    help="Every night after this one; the newest alone if not given.",
)
@options.run_date
def command(watchlists: Path, since: date | None, run_date: date | None) -> None:
    """Say what changed since the night before, ring by ring."""
    from jobs.diff import diff as run

    run(watchlists, since, run_date)
