"""How well rings keep their names over twelve nights, beside matching by best Jaccard alone.

    python tests/benches/register.py [accounts] [seeds] [world]

Of the planted rings found on two following nights, the share that has one name on both; names that were ever given to
two planted rings; merges and splits whose lineage is not told. Prints one Markdown row a kind of market, sums over
seeds. Synthetic markets; see `ringwatch simulate --help`.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import cast

import polars as pl

from jobs import published
from jobs.nightly import nightly
from jobs.settings import Settings
from jobs.simulate import simulate
from jobs.simulate.options import WorldName

FOUND = 0.5
"""Jaccard overlap from which a planted ring counts as found."""
Rings = dict[str, frozenset[str]]
KINDS = (("loud", 0.0, 0.0), ("quiet", 1.0, 0.5))


@dataclass
class Tally:
    """What became of names."""

    pairs: int = 0
    kept: int = 0
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def moved(self) -> int:
        """Names that two planted rings have borne."""
        return sum(len(planted) > 1 for planted in self.owners.values())


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def found(rings: Rings, planted: Rings) -> dict[str, str]:
    """Planted ring -> the name of the ring that shows it, where one does."""
    out = {}
    for ring, accounts in planted.items():
        best = max(((jaccard(accounts, a), name) for name, a in rings.items() if a & accounts), default=(0.0, ""))
        if best[0] >= FOUND:
            out[ring] = best[1]
    return out


def count(nights: list[Rings], planted: Rings) -> Tally:
    """Follow planted rings through the nights."""
    tally, before = Tally(), dict[str, str]()
    for night in nights:
        now = found(night, planted)
        for ring in now.keys() & before.keys():
            tally.pairs += 1
            tally.kept += now[ring] == before[ring]
        for ring, name in now.items():
            tally.owners[name].add(ring)
        before = now
    return tally


def by_best_jaccard(nights: list[Rings]) -> list[Rings]:
    """The same rings named the plain way: each takes the name of the ring of the night before it is most like."""
    names, number, out = Rings(), 0, []
    for night in nights:
        renamed = Rings()
        for accounts in night.values():
            like = max(((jaccard(accounts, a), n) for n, a in names.items() if a & accounts), default=(0.0, ""))
            number += 1
            name = like[1] if like[0] > 0 and like[1] not in renamed else f"J-{number}"
            renamed[name] = accounts
        names = renamed
        out.append(renamed)
    return out


def untold(folders: list[pl.DataFrame]) -> Iterator[str]:
    """Rings whose lineage is not told: one that holds most of a ring of the night before does not name it."""
    for before, now in pairwise(folders):
        past = {i: frozenset(a) for i, a in before.select("ring_id", "accounts").iter_rows()}
        for ring_id, accounts, previous in now.select("ring_id", "accounts", "previous_ring_ids").iter_rows():
            for old, members in past.items():
                shared = len(members & set(accounts))
                if 2 * shared > min(len(members), len(accounts)) and shared > 1 and old not in previous:
                    yield f"{ring_id} of {old}"


def published_rings(market: Path, work: Path) -> list[pl.DataFrame]:
    """`rings` of every night, run in order."""
    nightly(market, work / "warehouse.duckdb", work / "out", None, True, Settings())
    return [published.tables(published.night(work / "out", d), "rings")[0] for d in published.dates(work / "out")]


def main(accounts: int, seeds: int, world: WorldName) -> None:
    """Make the markets, run the nights, print the table."""
    print("| market | found on two following nights | kept the name | best Jaccard | names moved | best Jaccard |"
          " lineage untold | lifecycles |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for kind, camouflage, mute in KINDS:
        ours, plain, silent, lives = Tally(), Tally(), 0, Counter[str]()
        moved = [0, 0]
        for seed in range(201, 201 + seeds):
            with tempfile.TemporaryDirectory() as folder:
                work = Path(folder)
                market = work / "market"
                simulate(market, accounts=accounts, seed=seed, nights=12, camouflage=camouflage, mute=mute, world=world)
                truth = pl.read_parquet(market / "truth.parquet")
                frames = published_rings(market, work)
            planted = {
                i: frozenset(a) for i, a in truth.group_by("ring_id").agg("account_id").sort("ring_id").iter_rows()
            }
            nights = [
                {i: frozenset(a) for i, a in frame.sort("ring_id").select("ring_id", "accounts").iter_rows()}
                for frame in frames
            ]
            for n, (total, tally) in enumerate(
                ((ours, count(nights, planted)), (plain, count(by_best_jaccard(nights), planted)))
            ):
                total.pairs += tally.pairs
                total.kept += tally.kept
                moved[n] += tally.moved
            silent += len(list(untold(frames)))
            for frame in frames[1:]:
                lives.update(frame["lifecycle"])
        told = ", ".join(f"{life} {n}" for life, n in sorted(lives.items()))
        print(
            f"| {world}, {kind} | {ours.pairs} | {ours.kept / ours.pairs:.4f} | {plain.kept / plain.pairs:.4f} |"
            f" {moved[0]} | {moved[1]} | {silent} | {told} |",
            flush=True,
        )


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    world = cast("WorldName", given.get(3, "market"))
    main(int(given.get(1, 10_000)), int(given.get(2, 5)), world)
