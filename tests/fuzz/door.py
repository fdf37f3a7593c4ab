"""Throw mutated drops at the door and compare all that it did with a slow reader of the same bytes.

    python tests/fuzz/door.py [seed] [drops] [first]

Every row of a drop has been tampered with, lines and bytes of some. The law: of every file, rows read = loaded +
superseded + set aside, each row where the slow reader says, with its line, its values or its faults; what is refused
leaves the warehouse as it was; nothing but the door's own refusal comes out. The seed is printed; `first` repeats a
drop of that seed by its number. Rows are synthetic.
"""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))
from graph.exports import EXPORTS
from graph.state import stored
from jobs.door import pieces, text, together
from jobs.door.loading import load
from jobs.door.settings import DoorSettings
from jobs.errors import ExportError
from jobs.warehouse import Warehouse
from tests.door.mutate import drop
from tests.door.slow_reader import Expected, RefusedError, expected

NIGHT = "2025-06-22"
RENEWED_AFTER = 100
"""Drops until the warehouse is thrown away: what is loaded anew leaves deleted rows behind, and deleting gets slow."""
_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)
"""Where files are memory: thousands of small drops would mostly wait for the disk to confirm them."""
Rows = list[tuple[Any, ...]]


def fuzz(seed: int, drops: int, first: int = 0) -> Counter[str]:
    """Load so many mutated drops of this seed. Returns counts; raises AssertionError for the first broken law."""
    counts = Counter[str]()
    for start in range(first, first + drops, RENEWED_AFTER):
        with (
            tempfile.TemporaryDirectory(dir=_MEMORY) as folder,
            Warehouse.open(Path(folder) / "w.duckdb", threads=3) as w,
        ):
            for number in range(start, min(start + RENEWED_AFTER, first + drops)):
                try:
                    # The files of every third drop are read together as far as they can be, of every second in pieces.
                    with (
                        patch.object(together, "FEW", together.FEW if number % 3 else 0),
                        patch.object(pieces, "_LEAST", 1 if number % 2 else pieces._LEAST),
                        patch.object(text, "CHUNK", 1 << (20 if number % 2 == 0 else 9)),
                    ):
                        counts += _one(w, Path(folder) / "exports", drop(random.Random(f"{seed}/{number}")))
                except Exception as error:
                    raise AssertionError(f"repeat with: python tests/fuzz/door.py {seed} 1 {number}") from error
    return counts


def _one(w: Warehouse, exports: Path, files: Mapping[str, bytes]) -> Counter[str]:
    write(exports / NIGHT, files)
    sure, may_refuse = oracle(files)
    before = kept(w)
    counts = Counter({"drops": 1, "files": len(files)})
    try:
        load(w, exports, DoorSettings(), until=None)
    except ExportError as error:
        assert sure is None or any(why in str(error) for why in may_refuse), f"refused without need: {error}"
        assert kept(w) == before, "a refused drop changed the warehouse"
        return counts + Counter({"refused": 1, "rows": sum(len(e.records) for e in (sure or {}).values())})
    assert sure is not None, "a file that no reader can read was taken"
    for name, (read, loaded, superseded, aside) in law(w).items():
        counts += Counter({"rows": read, "loaded": loaded, "superseded": superseded, "set aside": aside})
        if sure[name].exact:
            compare(w, name, sure[name], read)
    if all(e.exact for e in sure.values()):
        for export in EXPORTS:
            assert latest(w, export.name) == last_lines(export.name, sure), f"{export.name}: another row of a key won"
        counts["compared"] += 1
    return counts


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """These files and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def oracle(files: Mapping[str, bytes]) -> tuple[dict[str, Expected] | None, set[str]]:
    """What each file must become, None if the drop must be refused; and for what it may be refused."""
    try:
        found = {name: expected(name, data) for name, data in files.items()}
    except RefusedError:
        return None, set()
    return found, {why for e in found.values() for why in e.may_refuse}


def kept(w: Warehouse) -> Rows:
    """Enough of the warehouse to see that nothing changed."""
    if not w.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'files'"):
        return []
    tables = " UNION ALL ".join(
        f"SELECT '{e.name}', count(*), sum(line), max(file_id) FROM {e.name}_rows" for e in EXPORTS
    )
    rows = w.rows(
        f"{tables} UNION ALL SELECT 'rejects', count(*), sum(line), max(file_id) FROM rejects_rows ORDER BY 1"
    )
    return [*rows, *w.rows("SELECT * FROM files ORDER BY file_id")] if any(row[1] for row in rows) else []


def law(w: Warehouse) -> dict[str, tuple[int, int, int, int]]:
    """Read, loaded, superseded and set aside of every file, counted here from the rows themselves."""
    found = {}
    for path, table, file_id, read, loaded, superseded, aside in w.rows(
        "SELECT path, table_name, file_id, rows_read, loaded, superseded, set_aside FROM files"
    ):
        assert read == loaded + superseded + aside, f"{path}: rows do not add up"
        lines = [n for (n,) in w.rows(f"SELECT line FROM {table}_rows WHERE file_id = $file", file=file_id)]
        rejected = {n for (n,) in w.rows("SELECT line FROM rejects_rows WHERE file_id = $file", file=file_id)}
        assert len(set(lines)) == len(lines) == loaded, f"{path}: rows stored twice"
        assert len(rejected) == aside, f"{path}: rejects miscounted"
        assert not rejected & set(lines), f"{path}: loaded and set aside"
        assert rejected | set(lines) <= set(range(1, read + 1)), f"{path}: a line that is not there"
        found[Path(path).name] = (read, loaded, superseded, aside)
    return found


def compare(w: Warehouse, name: str, sure: Expected, read: int) -> None:
    """One file against the slow reader: how many records, whose faults are whose, the raw text, the values."""
    assert read == len(sure.records), f"{name}: {read} records read instead of {len(sure.records)}"
    rejects = w.rows(
        "SELECT line, column_name, reason, raw FROM rejects_rows JOIN files USING (file_id)"
        " WHERE path LIKE '%/' || $name",
        name=name,
    )
    faults = {(line, column, why) for line, record in enumerate(sure.records, 1) for column, why in record.faults}
    assert {row[:3] for row in rejects} == faults, (
        f"{name}: {sorted({row[:3] for row in rejects} ^ faults, key=str)[:4]}"
    )
    for line, _, _, raw in rejects:
        text = sure.records[line - 1].raw
        assert text is None or raw == text or sum(c.isdigit() for c in text) > 10, f"{name}: raw text of line {line}"
    names = [c.name for c in sure.export.columns]
    columns = ", ".join(stored(c)[0] for c in sure.export.columns)
    for line, *values in w.rows(
        f"SELECT line, {columns} FROM {sure.export.name}_rows JOIN files USING (file_id) WHERE path LIKE '%/' || $name",
        name=name,
    ):
        cells = sure.records[line - 1].values or {}
        assert values == [cells.get(n) for n in names], f"{name}: values of line {line}"


def latest(w: Warehouse, table: str) -> set[tuple[str, int]]:
    """(file, line) of the rows that are loaded."""
    found = w.rows(f"SELECT path, line FROM {table}_rows JOIN files USING (file_id)")
    return {(Path(path).name, line) for path, line in found}


def last_lines(table: str, sure: Mapping[str, Expected]) -> set[tuple[str, int]]:
    """(file, line) of the rows that should be: of each key the last one without a fault, files in name order."""
    won: dict[tuple[object, ...], tuple[str, int]] = {}
    for name in sorted(name for name in sure if name.startswith(table)):
        for line, record in enumerate(sure[name].records, 1):
            if record.values is not None and not record.faults:
                won[tuple(record.values[k] for k in sure[name].export.key)] = (name, line)
    return set(won.values())


def main(seed: int, drops: int, first: int) -> None:
    """Print the seed, do it, print the counts."""
    print(f"seed {seed}, drops {first} to {first + drops - 1}", flush=True)
    started = time.perf_counter()
    counts = fuzz(seed, drops, first)
    told = ", ".join(f"{counts[name]:,} {name}" for name in counts)
    print(f"{told}; {time.perf_counter() - started:.0f} s; no law broken")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [secrets.randbelow(1 << 32), 2500, 0][len(given) :]))
