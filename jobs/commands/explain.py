"""`ringwatch explain`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("account", type=options.TEXT)
@options.watchlists
@click.option("--warehouse", type=options.WAREHOUSE, required=True, help="The warehouse that the night was run on.")
@click.option("--for-subject", is_flag=True, help="The person's own facts alone, without any other id.")
@options.run_date
@click.option("--settings", type=options.FILE, help="The settings of that night.")
def command(
    account: str,
    watchlists: Path,
    warehouse: Path,
    for_subject: bool,
    run_date: date | None,
    settings: Path | None,
) -> None:
    """Say what a night held about one account, and why it is or is not listed."""
    from jobs import settings as settings_file
    from jobs.explain import explain as run

    run(account, watchlists, warehouse, run_date, settings_file.read(settings), for_subject=for_subject)
