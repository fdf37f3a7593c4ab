"""Many small files: read together, with every file's counts, lines and faults its own."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jobs.door import together
from jobs.door.loading import load
from jobs.door.settings import DoorSettings
from jobs.errors import ExportError
from jobs.warehouse import Warehouse
from tests.door.drops import ACCOUNTS, ORDERS, loaded, order, rejects, write_drop

FILES = 24
"""More than are read one by one."""


def rows_of(number: int) -> list[str]:
    """File `number` has so many rows modulo 4; the second one is broken, the third repeats the first of file 0."""
    rows = [order(f"q{number}"), order(f"b{number}", amount="x"), order("q0", amount=f"{number}"), order(f"z{number}")]
    return rows[: number % 4 + 1]


def as_text(number: int) -> str:
    return "\n".join([ORDERS, *rows_of(number)]) + "\n"


def objects(number: int) -> list[dict[str, str]]:
    return [
        {k: v for k, v in zip(ORDERS.split(","), row.split(","), strict=True) if v or k == "votes_buyer"}
        for row in rows_of(number)
    ]


def write(folder: Path, kind: str) -> None:
    write_drop(folder, orders_csv=None)
    for number in range(FILES):
        path = folder / f"orders {number:03} 单.{kind}"
        if kind == "csv":
            path.write_text(as_text(number))
        elif kind == "csv.gz":
            path.write_bytes(gzip.compress(as_text(number).encode("utf-8-sig")))
        elif kind == "ndjson":
            path.write_text("".join(json.dumps(o) + "\n" for o in objects(number)))
        else:
            pl.DataFrame(objects(number), schema=dict.fromkeys(ORDERS.split(","), pl.String)).write_parquet(path)


def what_is_kept(w: Warehouse) -> list[list[tuple[Any, ...]]]:
    """Rows, rejects and files, without what differs from one writing to the next."""
    return [
        w.rows("SELECT * EXCLUDE (file_id), path FROM orders_rows JOIN files f USING (file_id) ORDER BY path, line"),
        w.rows("SELECT path, line, column_name, reason FROM rejects_rows JOIN files USING (file_id) ORDER BY ALL"),
        w.rows("SELECT * EXCLUDE (file_id) FROM files ORDER BY path"),
        w.rows("SELECT path FROM files ORDER BY file_id"),
    ]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "ndjson", "parquet"])
def test_together_or_alone_is_the_same(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x", kind)
    seen = []
    for few in (together.FEW, 10 * FILES):
        monkeypatch.setattr(together, "FEW", few)
        with Warehouse.open(tmp_path / f"{few}.duckdb", threads=2) as w:
            load(w, tmp_path / "x", DoorSettings(), until=None)
            seen.append(what_is_kept(w))
    assert seen[0] == seen[1]
    kept = seen[0][0]
    assert [row[-1] for row in kept if row[0] == "q0"] == [f"orders {FILES - 1:03} 单.{kind}"]
    assert len(seen[0][1]) == sum(number % 4 > 0 for number in range(FILES))


@contextmanager
def counted(w: Warehouse) -> Iterator[Counter[str]]:
    """How many statements of each kind are run."""
    counts, plain = Counter[str](), w.rows

    def rows(sql: str, **params: object) -> list[tuple[Any, ...]]:
        counts[sql.split(maxsplit=1)[0]] += 1
        return plain(sql, **params)

    w.rows = rows  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        w.rows = plain  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_the_number_of_statements_does_not_grow_with_the_files(tmp_path: Path, kind: str) -> None:
    found = []
    for files in (20, 120):
        folder = write_drop(tmp_path / str(files), orders_csv=None)
        for number in range(files):
            path = folder / f"orders_{number}.{kind}"
            rows = [order(f"q{number}"), order(f"r{number}", amount="-1")]
            if kind == "csv":
                path.write_text("\n".join([ORDERS, *rows]))
            else:
                frame = pl.DataFrame([r.split(",") for r in rows], schema=ORDERS.split(","), orient="row")
                frame.write_parquet(path) if kind == "parquet" else frame.write_ndjson(path)
        with Warehouse.open(tmp_path / f"{files}.duckdb", threads=2) as w, counted(w) as counts:
            report = load(w, folder, DoorSettings(), until=None)
            assert sum(f.loaded for f in report.files if f.table == "orders") == files
            assert sum(f.set_aside for f in report.files if f.table == "orders") == files
            found.append(counts.total())
    assert found[1] <= found[0] + 30


def test_files_of_other_columns_keep_what_they_do_not_carry(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "x", accounts_csv=None)
    for number in range(FILES):
        names, cells = ACCOUNTS.split(","), [f"ab{number}", "person", "2024-01-01", f"t{number}"]
        cut = slice(0, 3 if number % 2 else 4)
        (folder / f"accounts_{number:02}.csv").write_text(f"{','.join(names[cut])}\n{','.join(cells[cut])}\n")
        known = {"id" if number % 2 else "account_id": f"nd{number}", "kind": "shop", "registered_at": "2024-01-01"}
        (folder / f"accounts_{number:02}.ndjson").write_text(json.dumps({**known, **({"x": 1} if number % 3 else {})}))
    with loaded(tmp_path, folder, rename={"accounts": {"id": "account_id"}}) as (w, report):
        assert w.rows("SELECT count(*), count(phone_id) FROM accounts_rows") == [(2 * FILES, FILES // 2)]
        carried = w.rows("SELECT list_contains(columns, 'phone_id'), count(*) FROM files GROUP BY 1 ORDER BY 1")
        assert carried == [(False, FILES + FILES // 2 + 3), (True, FILES // 2)]
        unknown = Counter(f.unknown for f in report.files if f.path.endswith("ndjson"))
        assert unknown == {("x",): 16, (): 8}


FAULTS: dict[str, tuple[str, bytes, str, int | None]] = {
    "zero bytes": ("csv", b"", "zero bytes", None),
    "no header": ("csv", f"{order()}\n".encode(), "required column", None),
    "a column twice": ("csv", f"{ORDERS},amount\n{order()},1\n".encode(), "twice", None),
    "raw number": ("csv", f"{ORDERS}\n{order('a')}\n{order(buyer_id='13812345678')}\n".encode(), "raw phone", 2),
    "raw number in a broken row": ("csv", f"{ORDERS}\n{order('a')}\nx,13812345678\n".encode(), "raw phone", 2),
    "ndjson without a key": ("ndjson", b'{"order_id":"a"}\n', "required column", None),
    "no ndjson": ("ndjson", b"order_id\n", "no JSON objects", None),
    "raw number in ndjson": (
        "ndjson",
        "".join(json.dumps({**o, "buyer_id": "13812345678"}) for o in objects(0)).encode(),
        "raw phone",
        1,
    ),
    "no parquet": ("parquet", b"PAR1 and something else PAR1", "parquet", None),
    "cut parquet": ("parquet", b"PAR1 and something", "Parquet", None),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_the_fault_of_its_file(tmp_path: Path, name: str) -> None:
    kind, data, message, line = FAULTS[name]
    write(tmp_path / "x", kind)
    bad = tmp_path / "x" / f"orders 017 单.{kind}"
    bad.write_bytes(data)
    with pytest.raises(ExportError, match=message) as caught, loaded(tmp_path, tmp_path / "x"):
        pass
    assert (caught.value.file, caught.value.line) == (bad.name, line)


def test_a_parquet_file_damaged_inside_is_named(tmp_path: Path) -> None:
    write(tmp_path / "x", "parquet")
    bad = tmp_path / "x" / "orders 017 单.parquet"
    data = bytearray(bad.read_bytes())
    data[4:200] = b"\xff" * 196
    bad.write_bytes(data)
    with pytest.raises(ExportError, match="damaged") as caught, loaded(tmp_path, tmp_path / "x"):
        pass
    assert caught.value.file == bad.name


def test_an_unclosed_quote_stays_in_its_file(tmp_path: Path) -> None:
    write(tmp_path / "x", "csv")
    (tmp_path / "x" / "orders 016 单.csv").write_text(f'{ORDERS},note\n{order("n")},"never closed\n')
    (tmp_path / "x" / "orders 017 单.csv").write_text(f'{ORDERS},note\n{order("o")},closed"\n{order("p")},"a\nb"\n')
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert [(f.path[7:10], f.rows_read, f.set_aside) for f in report.files if f.path[7:10] in ("016", "017")] == [
            ("016", 1, 1),
            ("017", 2, 0),
        ]
        assert [row[:2] for row in rejects(w) if row[3] == "wrong number of fields"] == [("orders 016 单.csv", 1)]
        assert w.rows("SELECT line FROM orders_rows WHERE order_id IN ('o', 'p') ORDER BY 1") == [(1,), (2,)]
