"""The short form of `make fuzz`: some drops of a fixed seed, and what the mutator once found."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.exports import EXPORTS
from jobs.door import pieces, text
from jobs.door.discover import Source
from jobs.door.records import Lines
from tests.door.drops import ACCOUNTS, ORDERS, loaded, order, rejects, write_drop
from tests.fuzz.door import fuzz
from tests.fuzz.parsing import STARTS, check, searched


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, 2, 3))])
def test_mutated_drops(seed: int) -> None:
    """Six drops: each way of reading, one by one, together and in pieces, with each of the others."""
    counts = fuzz(seed, 6)
    assert counts["drops"] == 6
    assert counts["loaded"] and counts["set aside"]


def test_parsing_of_our_own(tmp_path: Path) -> None:
    searched(150, 20250622, tmp_path)


@pytest.mark.parametrize("start", range(len(STARTS)))
def test_where_the_guided_search_starts(tmp_path: Path, start: int) -> None:
    assert (check(STARTS[start], tmp_path) > 0) == (STARTS[start][0] == 2)


FOUND: dict[str, tuple[str, list[str | None]]] = {
    "a cell that says what once stood for NULL": (f"{ORDERS}\n{order(buyer_id=chr(31))}\n", []),
    "an amount at the end of its range": (f"{ORDERS}\n{order(amount='9999999999999999.99')}\n", []),
    "a byte order mark inside a file": (f"{ORDERS}\n{order()}\n\ufeff,{order('q2').partition(',')[2]}\n", []),
    "the year 0": (f"{ORDERS}\n{order(paid_at='0000-01-01')}\n", ["bad type"]),
    "a carriage return in quotes": (f'{ORDERS},note\n{order()},"a\rb"\n', []),
    "a blank behind quotes": (f'{ORDERS},note\n{order()},"a" \n{order("q2")},"b"\n', [None]),
    "quotes that stop DuckDB's reader": (f'{ORDERS},note\n{order()},"a\rb"\n{order("q2")},""x""\n', [None]),
}


@pytest.mark.parametrize("name", FOUND)
def test_found_by_mutation(tmp_path: Path, name: str) -> None:
    text, reasons = FOUND[name]
    write_drop(tmp_path / "x", orders_csv=text)
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        found = [reason for _, _, _, reason in rejects(w)]
        assert found == [reason or "wrong number of fields" for reason in reasons]
        assert report.files[0].loaded == text.count("\n") - 1 - len(reasons)


def test_stray_carriage_returns_in_ndjson(tmp_path: Path) -> None:
    good = '{"account_id":"ab%d","kind":"person","registered_at":"2024-01-01"}'
    text = f"\ufeff \n\r{good % 1}\n \n{good % 2}\r\n\x0c\n{good % 3}\n"
    write_drop(tmp_path / "x", accounts_csv=None, accounts_ndjson=text)
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows("SELECT account_id, line FROM accounts_rows ORDER BY 2") == [("ab2", 2), ("ab3", 4)]
        assert [row[1] for row in rejects(w)] == [1, 3]
        assert w.rows("SELECT raw FROM rejects_rows ORDER BY line")[0] == (f"\r{good % 1}",)


def test_accounts_header_alone(tmp_path: Path) -> None:
    write_drop(tmp_path / "x", accounts_csv=f"\ufeff{ACCOUNTS}\r\n\r\n")
    with loaded(tmp_path, tmp_path / "x") as (_, report):
        assert [f.rows_read for f in report.files if f.table == "accounts"] == [0]


@pytest.mark.parametrize("broken", [(), (2, 4), (1, 2, 3, 4, 5), (40,), (3, 17, 18, 19, 33, 39, 40)])
def test_lines_of_a_file_that_is_read_in_pieces(
    broken: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_LEAST", 1)
    monkeypatch.setattr(text, "CHUNK", 500)
    rows = [order(f"q{n}") + ",x" * (n in broken) for n in range(1, 41)]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *rows]) + "\n")
    source = Source(EXPORTS[0], tmp_path / "x/orders.csv", "x/orders.csv", "csv")
    assert len(Lines(text.prepare(source, tmp_path), 1, 3).pieces) == 3
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert [row[1] for row in rejects(w)] == list(broken)
        assert w.rows("SELECT order_id, line FROM orders_rows ORDER BY 2") == [
            (f"q{n}", n) for n in range(1, 41) if n not in broken
        ]
