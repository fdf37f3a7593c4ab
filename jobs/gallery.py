"""Writes docs/gallery.md and its pictures from a published night: python -m jobs.gallery docs

Without --watchlists from the nights of data/sample. Each picture is a PNG for the page and an SVG for a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graph.displays import plain
from graph.explore import Night, NoDeskError, NotThereError, Ring, dates, open_night
from jobs.desk import ask, judgement, open_desk
from jobs.errors import UsageError

if TYPE_CHECKING:
    from graph.canvas import Picture
    from graph.words import Language

FEWEST, MOST = 5, 20
"""Accounts of a ring that fills half a page: smaller shows nothing, larger cannot be read at a README's width."""
CAPACITIES = (50, 100, 200)
CHANGES: tuple[dict[str, float], ...] = (
    {"score.half": 8.0}, {"rings.entry": 1.5}, {"rings.entry": 4.0}, {"rings.look": 8.0}, {"rings.trust": 0.0},
)  # fmt: skip
DPI = 90

HEAD = """# Gallery

All pictures are of the **synthetic** market in `data/sample`: nobody and nothing in them is real. They are drawn by
`make gallery`, as PNG for this page and as SVG for a report (`docs/pictures`). In a notebook each is one call; labels
are Chinese or English as the night's settings say. Colours are told apart with every common colour blindness.
"""


@dataclass(frozen=True)
class Plate:
    """One picture of the page: file name, heading, what to see in it, and the call that draws it."""

    name: str
    heading: str
    said: str
    call: str
    picture: Picture


def pick(night: Night, fewest: int = FEWEST, most: int = MOST) -> Ring:
    """The first ring of so many accounts, by default of a readable size. Raises NotThereError if there is none."""
    for ring_id, size in night.rings().sort("rank").select("ring_id", "n_accounts").iter_rows():
        if fewest <= size <= most:
            return night.ring(ring_id)
    raise NotThereError(f"{night.folder.name} has no ring of {fewest} to {most} accounts")


def of_rings(night: Night, language: Language) -> Iterator[Plate]:
    """The pictures of single rings."""
    ring = pick(night)
    weighed = ask(night.weigh)
    yield Plate(
        "ring", "A ring",
        "Payment accounts on the left, accounts by role in the middle, devices, contacts and the rest on the right; the"
        " wider a line, the more the tie says. A thick frame: without it the ring falls apart.",
        "night.ring(ring_id).draw()", ring.draw(language),
    )  # fmt: skip
    if weighed is not None:
        yield Plate(
            "ring-and-around", "What was left out",
            "The same ring with, faintly, hubs that too many share to be a tie, and accounts outside to which a tie was"
            " cut.",
            "night.ring(ring_id).draw(weighed=night.weigh())", ring.draw(language, weighed),
        )  # fmt: skip
    yield Plate(
        "timeline", "When",
        "One row an account, the first to act on top: ties in use, registrations, acts by typology, closings, and"
        " orders still open.",
        "night.ring(ring_id).timeline()", ring.timeline(language),
    )  # fmt: skip
    yield Plate(
        "score", "Why this score",
        "Each bar is a kind of act against the platform's own rate, in natural log-odds; they add up to the evidence,"
        " and the scale below says which score it gives.",
        "night.ring(ring_id).score_bar(weighed=night.weigh())", ring.score_bar(language, weighed),
    )  # fmt: skip
    try:
        large = pick(night, 40, 10**9)
    except NotThereError:
        return
    yield Plate(
        "large-ring", "A large ring",
        "A referral tree reads from top to bottom. Above sixty nodes the picture says what it leaves out.",
        "night.ring(ring_id).draw()", large.draw(language),
    )  # fmt: skip


def of_the_list(night: Night, language: Language) -> Iterator[Plate]:
    """The pictures of the whole list, over weeks and settings."""
    from graph import quality_chart, trend_chart, trends  # noqa: PLC0415 - matplotlib is for those who draw

    nights = [open_night(night.folder.parent, day) for day in dates(night.folder.parent)]
    yield Plate(
        "morning", "The morning",
        "What to look at first: money that can still be saved, and what was lost lately.",
        "night.draw()", night.draw(language),
    )  # fmt: skip
    yield Plate(
        "weeks", "Typologies over the weeks",
        "What the listed rings did, with the seasons of the great sales behind it.",
        "weeks_chart(weekly_acts(night), \"en\")", trend_chart.weeks_chart(trends.weekly_acts(night), language),
    )  # fmt: skip
    yield Plate(
        "operators", "Operators that come back",
        "Accounts held together by owner, licence, phone or payee, of which some were closed and others go on.",
        "operators_chart(repeat_operators(nights), \"en\")",
        trend_chart.operators_chart(trends.repeat_operators(nights), language),
    )  # fmt: skip
    found = ask(night.what_if, *CHANGES) or []
    known = [set(weighed.accounts["account_id"]) for weighed in found]
    moves = {
        w.setting(): (len(known[0] - now), len(now - known[0])) for w, now in zip(found[1:], known[1:], strict=True)
    }
    yield Plate(
        "settings", "What if a setting moved",
        "How many accounts would leave and enter the list.",
        "night.what_if({\"rings.entry\": 4.0}, …)", quality_chart.swing(moves, language),
    )  # fmt: skip
    judged = ask(judgement, night)
    right = judged.of(night.table("accounts").sort("rank")["account_id"]) if judged else []
    yield Plate(
        "precision", "How often the list is right",
        "Precision among the first n accounts, here against the synthetic market's truth.",
        "capacity(…)", quality_chart.capacity(right, CAPACITIES, language),
    )  # fmt: skip


def page(plates: list[Plate]) -> str:
    """The page in Markdown."""
    parts = [f"## {p.heading}\n\n{p.said}\n\n    {p.call}\n\n![{p.heading}](pictures/{p.name}.png)\n" for p in plates]
    return "\n".join([HEAD, *parts])


@click.command()
@click.argument("docs", type=click.Path(path_type=Path, file_okay=False))
@click.option("--watchlists", type=click.Path(path_type=Path, file_okay=False), help="The sample's if not given.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
def main(docs: Path, watchlists: Path | None, language: str) -> None:
    """Write gallery.md and pictures/ into the folder DOCS."""
    spoken: Language = "zh" if language == "zh" else "en"
    try:
        night = open_desk(watchlists)
        plates = [*of_rings(night, spoken), *of_the_list(night, spoken)]
    except (NotThereError, NoDeskError, UsageError) as missing:
        raise click.UsageError(plain(str(missing))) from missing
    (docs / "pictures").mkdir(parents=True, exist_ok=True)
    for plate in plates:
        (docs / "pictures" / f"{plate.name}.png").write_bytes(plate.picture.png(DPI))
        (docs / "pictures" / f"{plate.name}.svg").write_bytes(plate.picture.svg())
    (docs / "gallery.md").write_text(page(plates), encoding="utf-8")


if __name__ == "__main__":
    main()
