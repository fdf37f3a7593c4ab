"""Writes the README's picture from a published night: python -m jobs.gallery --watchlists out --out docs/pictures"""

from __future__ import annotations

from pathlib import Path

import click

from graph.explore import NotThereError, Ring, open_night

FEWEST, MOST = 5, 20
"""Accounts of a ring that fills half a page: smaller shows nothing, larger cannot be read at a README's width."""


def pick(watchlists: Path) -> Ring:
    """The newest night's first ring of a readable size. Raises NotThereError if it has none."""
    night = open_night(watchlists)
    for ring_id, size in night.rings().sort("rank").select("ring_id", "n_accounts").iter_rows():
        if FEWEST <= size <= MOST:
            return night.ring(ring_id)
    raise NotThereError(f"{night.folder.name} has no ring of {FEWEST} to {MOST} accounts")


@click.command()
@click.option("--watchlists", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
def main(watchlists: Path, out: Path, language: str) -> None:
    """Draw the top ring of a readable size as ring.svg and ring.png."""
    try:
        picture = pick(watchlists).draw("zh" if language == "zh" else "en")
    except NotThereError as missing:
        raise click.UsageError(str(missing)) from missing
    out.mkdir(parents=True, exist_ok=True)
    (out / "ring.svg").write_bytes(picture.svg())
    (out / "ring.png").write_bytes(picture.png())


if __name__ == "__main__":
    main()
