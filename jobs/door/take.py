"""Export files into the warehouse: a bulk statement for the many rows, then a close look at the doubtful few."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb
import polars as pl

from graph.state import stored
from jobs.door import check, personal
from jobs.door.layout import ExportFile, Place, Rows, refusal
from jobs.door.numbers import number, part, prove_order
from jobs.door.pieces import at_once
from jobs.door.store import Reject, add_rejects
from jobs.errors import ExportError

_BATCH = 20_000
_HASH_SHARE = 0.9
"""Share of a column's cells that must be hexadecimal with letters, of one length, to call that its hash format.
Of 16-digit hexadecimal hashes 0.05 % have no letter by chance; in a column of raw numbers hardly any cell has one."""
_HEXADECIMAL = "[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]*"
_BETWEEN_FIELDS = re.compile(r'[,;|\t"{}\[\]:]')


def pour(place: Place, file: ExportFile) -> None:
    """Every well-formed record into `<table>_rows`, with its number and undated, so that it counts nowhere yet.

    Raises ExportError when the records cannot be told apart.
    """
    if not _bulk(place, file):
        place.w.rows(f"DELETE FROM {place.table} WHERE file_id = $file", file=place.file_id)
        if not _bulk(place, file):
            raise refusal(file, None, "its records cannot be told apart", "Send it again")


def judge(place: Place, file: ExportFile) -> int:
    """Number and date the rows that were poured, and set aside those that break the contract; returns how many.

    Raises ExportError when a cell holds a raw personal number.
    """
    number(place, file)
    prove_order(place, file)
    aside = _set_aside_malformed(place, file) + _judge_doubtful(place, file)
    part(place, file)
    return aside


def _bulk(place: Place, file: ExportFile) -> bool:
    """All in one go. A doubtful row gets a negative `line`, and no id if one may be a raw number."""
    if sum(file.totals) == len(file.malformed):
        return True
    doubts = [condition for _, _, condition in _faults(place, file)] + ["v_suspect", file.broken]
    kept = [
        f"CASE WHEN v_suspect THEN NULL ELSE {n} END" if n in _ids(place, file) else n for n in _values(place, file)
    ]
    insert = (
        f"{_insert(place, file)} SELECT {', '.join([*kept, 'NULL, $file'])},"
        f" CASE WHEN {' OR '.join(doubts)} THEN -line ELSE line END FROM"
    )
    with file.relations() as relations:
        statements = [Rows(f"{insert} ({_typed(place, file, rows.sql)})", rows.stream) for rows in relations]
        try:
            poured = at_once(place.w, statements, file=place.file_id)
        except duckdb.InvalidInputException:
            if not file.begins:
                raise
            poured = -1, 0  # stray quotes can bring DuckDB's CSV reader to a stop
    return file.settled(*poured)


def _insert(place: Place, file: ExportFile) -> str:
    columns = (stored(c)[0] for c in place.export.columns if c.name in file.layout.ours)
    return f"INSERT INTO {place.table} ({', '.join([*columns, 'drop_date', 'file_id', 'line'])})"


def _ids(place: Place, file: ExportFile) -> list[str]:
    return [c.name for c in place.export.columns if c.type == "id" and c.name in file.layout.ours]


def _values(place: Place, file: ExportFile) -> list[str]:
    """SQL of the file's columns as they are stored, in the contract's order, from what `_typed` gives."""
    columns = [c for c in place.export.columns if c.name in file.layout.ours]
    return [c.name if c.type == "id" else f"v_{c.name}" for c in columns]


def _typed(place: Place, file: ExportFile, relation: str) -> str:
    """The raw columns; beside each that is no id its typed value as v_<name>; v_suspect: an id may be a raw number."""
    native = file.layout.natives
    values = [
        f"{check.value(c, c.name, place.zone, native.get(c.name, 'VARCHAR'))} AS v_{c.name}"
        for c in place.export.columns
        if c.type != "id" and c.name in file.layout.ours
    ]
    suspect = " OR ".join(["false", *map(check.suspect, _ids(place, file))])
    return f"SELECT *, {', '.join([*values, f'coalesce({suspect}, false) AS v_suspect'])} FROM ({relation})"


def _faults(place: Place, file: ExportFile) -> list[tuple[str, str, str]]:
    names = {n: n for n in file.layout.ours}
    types = {c.name: c.type for c in place.export.columns}
    return list(check.faults(place.export, names, {n: n if types[n] == "id" else f"v_{n}" for n in names}))


def _set_aside_malformed(place: Place, file: ExportFile) -> int:
    for lines in _batches(file.malformed):
        raws = file.raw(lines)
        for line, raw in zip(lines, raws, strict=True):
            if any(personal.looks_raw(cell) for cell in _BETWEEN_FIELDS.split(raw)):
                raise _personal(file, line, None)
        _reject(place, [Reject(line, None, file.reason, raw) for line, raw in zip(lines, raws, strict=True)])
    return len(file.malformed)


def _judge_doubtful(place: Place, file: ExportFile) -> int:
    doubtful = f"FROM {place.table} WHERE file_id = $file AND line < 0"
    found = place.w.rows(f"SELECT -line {doubtful} ORDER BY 1", file=place.file_id)
    if found:
        place.w.rows(f"DELETE {doubtful}", file=place.file_id)
    formats = _Formats(place, file)
    return sum(_judge(place, file, lines, formats) for lines in _batches([int(line) for (line,) in found]))


def _judge(place: Place, file: ExportFile, lines: Sequence[int], formats: _Formats) -> int:
    """Name the faults of these rows and set them aside; rows without a fault go back in."""
    relation, raws = file.few(lines)
    listed = ", ".join(
        f"CASE WHEN {condition} THEN {i} END" for i, (_, _, condition) in enumerate(_faults(place, file))
    )
    cells = ", ".join(f"CASE WHEN {check.suspect(n)} THEN {n} END" for n in _ids(place, file))
    place.w.make("door_judged", _typed(place, file, relation))
    rows = place.w.rows(
        f"SELECT line, {file.broken}, [{listed}]::INTEGER[], [{cells}]::VARCHAR[] FROM door_judged ORDER BY line"
    )
    if len(rows) != len(lines):
        raise refusal(file, None, "its records cannot be told apart", "Send it again")
    rejects, good = list[Reject](), list[int]()
    for position, broken, found, suspects in rows:
        line, raw = lines[position - 1], raws[position - 1]
        formats.refuse(line, dict(zip(_ids(place, file), suspects, strict=True)))
        faults = [_faults(place, file)[i] for i in found if i is not None]
        if broken:
            if any(personal.looks_raw(cell) for cell in _BETWEEN_FIELDS.split(raw)):
                raise _personal(file, line, None)
            rejects.append(Reject(line, None, file.reason, raw))
        elif faults:
            rejects += [Reject(line, column, reason, raw) for column, reason, _ in faults]
        else:
            good.append(position)
    _reject(place, rejects)
    _put_back(place, file, lines, good)
    place.w.drop("door_judged", "door_few")
    return len(rows) - len(good)


def _put_back(place: Place, file: ExportFile, lines: Sequence[int], good: Sequence[int]) -> None:
    if not good:
        return
    place.w.con.register("door_good", pl.DataFrame({"number": good, "place": [lines[n - 1] for n in good]}))
    place.w.rows(
        f"{_insert(place, file)} SELECT {', '.join(_values(place, file))}, $drop, $file, place"
        " FROM door_judged JOIN door_good ON line = number ORDER BY place",
        drop=place.drop_date,
        file=place.file_id,
    )
    place.w.con.unregister("door_good")


class _Formats:
    """Which lengths are the hash format of which column: a keyed hash may be all digits by chance."""

    def __init__(self, place: Place, file: ExportFile) -> None:
        self._place, self._file = place, file
        self._share: dict[tuple[str, int], float] = {}

    def refuse(self, line: int, suspects: dict[str, str | None]) -> None:
        """Raises ExportError for the first cell that is a raw personal number."""
        for column, cell in suspects.items():
            if (
                cell is not None
                and personal.looks_raw(cell)
                and (personal.is_phone(cell) or not self._fits(column, cell))
            ):
                raise _personal(self._file, line, column)

    def _fits(self, column: str, cell: str) -> bool:
        if not re.fullmatch(r"\d+", cell, re.ASCII):
            return False
        if (column, len(cell)) not in self._share:
            row = self._place.w.rows(
                f"SELECT count(*) FILTER (strlen({column}) = $n AND regexp_full_match({column}, '{_HEXADECIMAL}'))"
                f" / count({column}) FROM {self._place.table} WHERE file_id = $file AND drop_date IS NOT NULL",
                n=len(cell),
                file=self._place.file_id,
            )
            self._share[column, len(cell)] = float(row[0][0] or 0)
        return self._share[column, len(cell)] >= _HASH_SHARE


def _reject(place: Place, rejects: Sequence[Reject]) -> None:
    hidden = [Reject(r.line, r.column, r.reason, personal.masked(r.raw)) for r in rejects]
    add_rejects(place.w, place.drop_date, place.file_id, hidden)


def _personal(file: ExportFile, line: int, column: str | None) -> ExportError:
    what = "what looks like a raw phone, identity or card number stands where a keyed hash belongs"
    return refusal(file, line, what, "Nothing of this drop was kept. Have the export hashed at its source", column)


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]
