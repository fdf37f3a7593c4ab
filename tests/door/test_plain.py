"""CSV without quotes: wherever a block ends, Arrow gives the cells that a split at commas gives."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from jobs.door import plain
from jobs.door.plain import Plain
from jobs.door.records import Lines
from jobs.door.text import Text

TIMES = ["2025-06-30 23:59:59", "2025-06-30T00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59"]
NOT_PLAIN = [
    "2025-06-30", "2025-06-30 23:59", "2025-06-30 2359", "2025-06-30 23:59:59.5", "2025-06-30 23:59:59Z",
    "2025-06-30 23:59:590", "2025-06-31 00:00:00", "2025-06-30 24:00:00", "0000-01-01 00:00:00", "2025-06-30_00:00:00",
    "2025/06/30 00:00:00", "2025-06-3 000:00:00", "x",
]  # fmt: skip


def lines_of(path: Path, rows: list[str], many: int, end: str = "\n", last: str = "") -> Lines:
    """The file with a header, cut into pieces; marks at every line."""
    content = ["a,b,c\n", *(f"{row}{end}" for row in rows)]
    content[-1] = content[-1].removesuffix(end) + last
    raw = [line.encode() for line in content]
    path.write_bytes(b"".join(raw))
    marks = [(sum(map(len, raw[:at])), at) for at in range(len(raw))]
    return Lines(Text(path, "", path.stat().st_size, len(raw), False, False, True, marks), 1, many)


def read(lines: Lines, times: list[int]) -> tuple[list[tuple[object, ...]], int]:
    """All rows of all pieces as DuckDB sees them: cells, then times; and how many lines were refused."""
    found, refused = list[tuple[object, ...]](), 0
    with duckdb.connect(config={"threads": 1}) as con:
        for piece in lines.pieces:
            stream = Plain(lines, piece, 3, [0, 1, 2], times)
            con.register("stream", stream)
            found += con.execute("SELECT * FROM stream").fetchall()
            con.unregister("stream")
            refused += stream.refused
    return found, refused


@pytest.mark.parametrize("seed", range(8))
def test_cells_are_what_stands_between_commas(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(plain, "_BLOCK", rng.choice([7, 64, 1 << 22]))
    words = ["", "q1", "手机", " ", "'", "\\", "NULL", "nan", "x" * 200, *TIMES]
    rows = [",".join(rng.choice(words) for _ in range(rng.choice([3, 3, 3, 3, 2, 4]))) for _ in range(60)]
    end = rng.choice(["\n", "\r\n"])
    lines = lines_of(tmp_path / "f.csv", rows, rng.choice([1, 2, 4]), end, rng.choice(["", end]))

    good = [row.split(",") for row in rows if row.count(",") == 2]
    found, refused = read(lines, [])

    assert found == [tuple(cell or None for cell in row) for row in good]
    assert refused == len(rows) - len(good)


def test_a_plain_time_is_typed_and_its_text_gone(tmp_path: Path) -> None:
    found, _ = read(lines_of(tmp_path / "f.csv", [f"q,{time}," for time in ["", *TIMES]], 1), [1, 2])

    assert found == [("q", None, None, datetime.fromisoformat(t) if t else None, None) for t in ["", *TIMES]]


@pytest.mark.parametrize("odd", NOT_PLAIN)
def test_any_other_time_stays_text(odd: str, tmp_path: Path) -> None:
    found, _ = read(lines_of(tmp_path / "f.csv", [f"q,{time},{TIMES[0]}" for time in [TIMES[0], odd]], 1), [1, 2])

    typed = datetime.fromisoformat(TIMES[0])
    assert found == [("q", TIMES[0], None, None, typed), ("q", odd, None, None, typed)]


def test_as_many_letters_as_times_would_have(tmp_path: Path) -> None:
    # 18 and 20 letters, which one behind the other read like two times.
    cells = ["2025-06-30 23:59:5", "92025-06-30 23:59:59"]
    found, _ = read(lines_of(tmp_path / "f.csv", [f"q,{cell}," for cell in cells], 1), [1])

    assert [row[1] for row in found] == cells
