"""Prints the digests of a planted night's watchlists; run as a program, under whatever hash seed it is given."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl

from jobs.warehouse import Warehouse
from tests.graph.planted import family, honest, loners, quiet, ring
from tests.graph.tables_in import Row, account, chat, device, order, published


def many_ties() -> list[Row]:
    """Pairs held together by things of five spaces, so that the order of adding up could show."""
    rows = []
    for i in range(0, 30, 2):
        for side in (i, i + 1):
            a = f"m{side:02}"
            held = {"owner_id": f"o{i}", "licence_id": f"l{i // 4}", "phone_id": f"n{i // 4}"}
            rows += [account(a, registered_at=-7.0 * side, **held), device(a, f"d{i}", side, 170)]
            rows.append(chat(f"c{a}", a, "x", "url", f"u{i // 6}", 50 + side))
            for k in range(5):
                placed, pocket = 20 + side + k, f"p{i // 6}"
                confirmed = placed + (0.1 if k < 3 else 4)
                rows.append(order(f"{a}.{k}", f"b{side}{k}", a, placed, payee_id=pocket, confirmed_at=confirmed))
    return rows


def market() -> list[Row]:
    return [*ring(), *quiet(), *honest(60), *family(), *loners(1), *many_ties()]


def digests(db: Warehouse, rows: Sequence[Row]) -> dict[str, str]:
    """SHA-256 of each watchlist, lines of the exports left out: they are those of the rows' order."""
    lists = published(db, rows)
    return {
        name: hashlib.sha256(_text(frame.drop("line", strict=False)).encode()).hexdigest()
        for name, frame in lists.items()
    }


def _text(frame: pl.DataFrame) -> str:
    # Whole precision: a rounded figure would hide a sum that was added up in another order.
    return json.dumps(frame.rows(), default=str)


def shuffled(seed: int) -> list[Row]:
    """The market's rows in another order."""
    rows = market()
    Random(seed).shuffle(rows)
    return rows


if __name__ == "__main__":
    with (
        TemporaryDirectory() as folder,
        Warehouse.open(Path(folder) / "warehouse.duckdb", threads=int(sys.argv[1])) as db,
    ):
        print(json.dumps(digests(db, shuffled(int(sys.argv[2])))))
