"""`ringwatch status`."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands import options


@click.command()
@options.watchlists
@click.option("--warehouse", type=options.WAREHOUSE, help="Say its size as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--max-age-days", type=click.IntRange(min=0), help="End with 1 when the last good night is older, or there is none."
)
def command(watchlists: Path, warehouse: Path | None, as_json: bool, max_age_days: int | None) -> None:
    """Say which night is the last good one, how old it is, and what its gates said."""
    from jobs.status import status as run

    run(watchlists, warehouse, as_json, max_age_days)
