"""Which drop brought a newer row of the same key: noted once when a drop comes in, so that no night compares all keys.

A row's `replaced` is the date of the next drop that has its key, NULL while none has. A file is `noted` when all its
rows say so; until then, and where the rows of other drops lie elsewhere, nights compare keys themselves.
"""

from __future__ import annotations

from datetime import date

from graph.exports import EXPORTS, Export
from jobs.warehouse import Warehouse


def note(w: Warehouse) -> None:
    """Bring every row's `replaced` up to date with the drops that are there. What is noted is not looked at again."""
    for export in EXPORTS:
        if _at_hand(w, export):
            with w.transaction():
                _note(w, export)


def _note(w: Warehouse, export: Export) -> None:
    # A drop that was loaded anew may have lost keys, and one that was pruned has lost all.
    there = f"(SELECT drop_date FROM files WHERE table_name = '{export.name}' AND noted)"
    # NOT IN an empty list holds for NULL as well.
    stale = f"r.replaced IS NOT NULL AND r.replaced NOT IN {there}"
    if w.rows(f"SELECT 1 FROM {export.name}_rows AS r WHERE {stale} LIMIT 1"):
        _follow(w, export, stale)
    fresh = w.rows(
        "SELECT DISTINCT drop_date FROM files WHERE table_name = $table AND noted IS NULL ORDER BY 1",
        table=export.name,
    )
    for (drop,) in fresh:
        _replace(w, export, drop)
    if fresh:
        w.rows("UPDATE files SET noted = true WHERE table_name = $table", table=export.name)


def _replace(w: Warehouse, export: Export, drop: date) -> None:
    oldest, newest_noted = w.rows(
        "SELECT min(drop_date), max(drop_date) FILTER (WHERE noted) FROM files WHERE table_name = $table",
        table=export.name,
    )[0]
    if oldest < drop:
        w.rows(
            f"UPDATE {export.name}_rows AS r SET replaced = $drop"
            f" FROM (SELECT {', '.join(export.key)} FROM {export.name}_rows WHERE drop_date = $drop) AS n"
            f" WHERE {_same('r', 'n', export)} AND r.drop_date < $drop AND (r.replaced IS NULL OR r.replaced > $drop)",
            drop=drop,
        )
    # Of later drops that are not noted either, each will find these rows when its turn comes.
    if newest_noted and drop < newest_noted:
        _follow(w, export, f"r.drop_date = DATE '{drop}'")


def _follow(w: Warehouse, export: Export, which: str) -> None:
    """Look for the next row of the same key for some rows; rare, for drops come in order and stay."""
    table = f"{export.name}_rows"
    w.rows(
        f"UPDATE {table} SET replaced = later.drop_date FROM ("
        f" SELECT r.rowid AS row, min(n.drop_date) AS drop_date FROM {table} AS r LEFT JOIN {table} AS n"
        f" ON {_same('r', 'n', export)} AND n.drop_date > r.drop_date WHERE {which} GROUP BY r.rowid"
        f") AS later WHERE {table}.rowid = later.row"
    )


def _same(a: str, b: str, export: Export) -> str:
    return " AND ".join(f"{a}.{key} = {b}.{key}" for key in export.key)


def _at_hand(w: Warehouse, export: Export) -> bool:
    """Are the rows of every file here? With another engine those of older drops lie in parts."""
    missing = w.rows(
        "SELECT 1 FROM files WHERE table_name = $table AND loaded > 0"
        f" AND file_id NOT IN (SELECT DISTINCT file_id FROM {export.name}_rows) LIMIT 1",
        table=export.name,
    )
    return not missing
