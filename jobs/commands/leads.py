"""`ringwatch leads`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.option("--watchlists", type=options.FOLDER, help="The --out of nightly.")
@click.option("--out", type=options.FOLDER, help="A folder per authority and place goes here.")
@options.run_date
@options.settings
@click.option("--returned", type=options.FILE, help="A feedback form that came back: read it as verdicts.")
@click.option("--drop", type=options.FOLDER, help="The drop that the verdicts of --returned go into.")
def command(
    watchlists: Path | None,
    out: Path | None,
    run_date: date | None,
    settings: Path | None,
    returned: Path | None,
    drop: Path | None,
) -> None:
    """Split the night's rings to refer by authority and place; or take a feedback form back."""
    from jobs import leads as run
    from jobs import settings as settings_file

    if returned and drop:
        click.echo(run.returned(returned, drop))
    elif watchlists and out:
        click.echo(run.leads(watchlists, out, run_date, settings_file.read(settings).case.place_digits))
    else:
        raise click.UsageError("name --watchlists and --out, or --returned and --drop")
