"""Record numbers that count what was set aside, and the proof that they lead back to the file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from jobs.door.layout import ExportFile, Place, parts
from jobs.errors import RingwatchError

_BLOCK = 4096
_SMALL, _PROBES = 50_000, 64


def number(place: Place, file: ExportFile) -> None:
    """Date every row that is not doubtful, and let its number count the malformed records before it."""
    place.w.rows(
        f"UPDATE {place.table} SET drop_date = $drop WHERE file_id = $file AND line > 0",
        file=place.file_id,
        drop=place.drop_date,
    )
    if file.malformed and file.begins:
        _make_room(place, np.asarray(file.malformed, dtype=np.int64), [*file.begins, sum(file.totals)])


def prove_order(place: Place, file: ExportFile) -> None:
    """Compare the keys of a few rows with what stands on their lines in the file: evidence rests on these numbers.

    What DuckDB reads with one thread it cannot have shuffled; so small files, of which there may be thousands, pass.
    """
    rows = f"{place.table} WHERE file_id = $file AND line > 0"
    keys = ", ".join(c.name for c in place.export.columns if c.name in place.export.key and c.type == "id")
    count, last = place.w.rows(f"SELECT count(*), max(line) FROM {rows}", file=place.file_id)[0]
    if count < _SMALL:
        return
    wanted = np.linspace(1, last, _PROBES, dtype=np.int64).tolist()
    found = place.w.rows(
        f"SELECT line, {keys} FROM {rows} AND line IN $wanted ORDER BY 1", file=place.file_id, wanted=wanted
    )
    relation, _ = file.few([line for line, *_ in found])
    read = place.w.rows(f"SELECT line, {keys} FROM ({relation}) ORDER BY 1")
    place.w.drop("door_few")
    if [row[1:] for row in found] != [row[1:] for row in read]:
        rel = file.received[0].source.rel
        raise RingwatchError(f"file {rel}: line numbers do not lead back to its lines. Please report it")


def part(place: Place, file: ExportFile) -> None:
    """Give rows and rejects of files that were read together their own file and their number in it."""
    if len(file.received) == 1:
        return
    place.w.con.register("door_parts", parts(file))
    for table in (place.table, "rejects_rows"):
        place.w.rows(
            f"UPDATE {table} SET file_id = p.file_id, line = line - p.before FROM door_parts p"
            f" WHERE {table}.file_id = $file AND line > p.before AND line <= p.until",
            file=place.file_id,
        )
    place.w.con.unregister("door_parts")


def _make_room(place: Place, malformed: np.ndarray[tuple[int], np.dtype[np.int64]], bounds: Sequence[int]) -> None:
    """Move the numbers behind each malformed record up by one, as far as its relation goes (`bounds`: records before
    each, and all), by a join on blocks of numbers."""
    of = np.searchsorted(bounds, malformed) - 1
    before = np.arange(1, len(malformed) + 1) - np.searchsorted(malformed, bounds, side="right")[of]
    low = malformed - before + 1  # the first well-formed row behind it, as numbered so far
    high = np.minimum(np.append(low[1:] - 1, bounds[-1]), np.asarray(bounds)[of + 1])
    spans = np.maximum(high // _BLOCK - low // _BLOCK + 1, 0) * (low <= high)
    owner = np.repeat(np.arange(len(low)), spans)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(spans) - spans, spans)
    frame = {
        "block": low[owner] // _BLOCK + offset,
        "low": low[owner],
        "high": high[owner],
        "up": before[owner],
    }
    place.w.con.register("door_shift", pl.DataFrame(frame))
    place.w.rows(
        f"UPDATE {place.table} SET line = line + sign(line) * up FROM door_shift"
        f" WHERE file_id = $file AND abs(line) // {_BLOCK} = block AND abs(line) BETWEEN low AND high",
        file=place.file_id,
    )
    place.w.con.unregister("door_shift")
