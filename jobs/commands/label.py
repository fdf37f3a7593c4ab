"""`ringwatch label`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from jobs.commands import options


@click.command()
@click.argument("subject", type=options.TEXT)
@click.argument("verdict", type=click.Choice(["confirmed", "cleared", "watch", "disputed"]))
@click.option(
    "--warehouse", type=options.WAREHOUSE, required=True, help="The warehouse; the verdict is kept beside it."
)
@click.option("--note", type=options.TEXT, help="Why.")
@click.option("--typology", type=options.TEXT, help="What it is, if confirmed.")
@click.option("--analyst", type=options.TEXT, help="Who decided.")
@click.option(
    "--action-taken", type=options.TEXT, help="What the platform did, and whether only because of our own flag."
)
@click.option(
    "--decided-at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="When, in the platform's zone; now if not given.",
)
@options.settings
def command(
    subject: str,
    verdict: str,
    warehouse: Path,
    decided_at: datetime | None,
    settings: Path | None,
    **more: str | None,
) -> None:
    """Record a verdict on a ring or an account."""
    from jobs import settings as settings_file
    from jobs.label import label as run

    run(subject, verdict, warehouse, decided_at, settings_file.read(settings), **more)
