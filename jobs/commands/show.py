"""`ringwatch show`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("ring_id", type=options.TEXT)
@options.watchlists
@options.run_date
def command(ring_id: str, watchlists: Path, run_date: date | None) -> None:
    """Show one ring: why, why not, who, and by which ties."""
    from jobs.show import show as run

    run(ring_id, watchlists, run_date)
