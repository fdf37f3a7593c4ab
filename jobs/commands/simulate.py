"""`ringwatch simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jobs.commands import options


@click.command()
@click.option("--out", type=options.FOLDER, required=True, help="The exports and truth.parquet go here.")
@click.option("--accounts", type=int, required=True, help="How many; 1000 or more.")
@click.option("--seed", type=int, required=True, help="The same seed, the same market.")
@click.option("--nights", type=click.IntRange(min=1), default=1, show_default=True, help="Dated drops.")
@click.option("--camouflage", type=options.SHARE, default=0.0, show_default=True, help="0 loud to 1 quiet rings.")
@click.option("--mute", type=options.SHARE, default=0.0, show_default=True, help="Share of complaints never filed.")
@click.option("--dirt", is_flag=True, help="Broken rows, as real exports have them.")
@click.option(
    "--file-format",
    type=click.Choice(["csv", "parquet", "mixed"]),
    default="csv",
    show_default=True,
    help="mixed: each table in another.",
)
@click.option(
    "--world",
    type=click.Choice(["market", "agents", "bazaar"]),
    default="market",
    show_default=True,
    help="Three, made apart.",
)
def command(out: Path, **market: Any) -> None:
    """Write a labelled synthetic market and its truth."""
    from jobs.simulate import simulate as run

    run(out, **market)
