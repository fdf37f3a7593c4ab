"""What a hundred verdicts are worth: account average precision on later nights with them and without.

    python tests/benches/verdicts.py [accounts] [seeds]

After the first night a hundred accounts are drawn by chance from its list and decided as the truth has it; two more
nights follow. Also without the accounts that were decided on, so that verdicts are not praised for repeating
themselves. Prints one Markdown row a kind of market, means over seeds, and what the seed gained that gained least, on
all accounts. Synthetic markets; see `ringwatch simulate`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl

from jobs import published, verdict_journal
from jobs.evaluate import measure
from jobs.nightly import nightly
from jobs.settings import Settings
from jobs.simulate import simulate

VERDICTS = 100
KINDS = (("loud", 0.0, 0.0), ("quiet", 1.0, 0.5))


def decide(home: Path, truth: pl.DataFrame, seed: int) -> set[str]:
    """Give the verdicts on the newest night, a day later; whom they are on."""
    night = published.dates(home / "out")[-1]
    listed = published.tables(published.folder_of(home / "out", night), "accounts")[0]["account_id"].sort().to_list()
    drawn = Random(seed).sample(listed, min(VERDICTS, len(listed)))
    planted = set(truth["account_id"])
    at = f"{night + timedelta(days=1)}T12:00:00"
    for account in drawn:
        verdict = "confirmed" if account in planted else "cleared"
        verdict_journal.append(home / "w.duckdb", {"subject_id": account, "verdict": verdict, "decided_at": at})
    return set(drawn)


def precision(home: Path, nights: list[date], truth: pl.DataFrame, without: set[str]) -> float:
    """Mean over nights of the account average precision."""
    total = 0.0
    for night in nights:
        rings, accounts = published.tables(published.folder_of(home / "out", night), "rings", "accounts")
        others = ~pl.col("account_id").is_in(sorted(without))
        result = measure(rings, accounts.filter(others), truth.filter(others))
        total += result.average_precision or 0.0
    return total / len(nights)


def one(market: Path, work: Path, seed: int) -> tuple[float, float, float, float]:
    """Average precision without and with verdicts, on all accounts and on those not decided on."""
    truth = pl.read_parquet(market / "truth.parquet")
    nights = sorted(date.fromisoformat(folder.name) for folder in market.iterdir() if folder.is_dir())
    plain, told = work / "plain", work / "told"
    nightly(market, plain / "w.duckdb", plain / "out", nights[0], False, Settings())
    shutil.copytree(plain, told)
    decided = decide(told, truth, seed)
    for home in (plain, told):
        for night in nights[1:]:
            nightly(market, home / "w.duckdb", home / "out", night, False, Settings())
    figures = [precision(home, nights[1:], truth, who) for who in (set[str](), decided) for home in (plain, told)]
    return figures[0], figures[1], figures[2], figures[3]


def main(accounts: int, seeds: int) -> None:
    """Make the markets, run the nights, print the table."""
    print("| market | without | with verdicts | others, without | others, with | least gain of a seed |")
    print("|---|---|---|---|---|---|")
    for kind, camouflage, mute in KINDS:
        rows = []
        for seed in range(301, 301 + seeds):
            with tempfile.TemporaryDirectory() as folder:
                work = Path(folder)
                simulate(work / "market", accounts=accounts, seed=seed, nights=3, camouflage=camouflage, mute=mute)
                rows.append(one(work / "market", work, seed))
        means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        least = min(told - plain for plain, told, *_ in rows)
        print(f"| {kind} | " + " | ".join(f"{mean:.4f}" for mean in means) + f" | {least:+.4f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
