"""Raw phone, identity and card numbers refuse the export, and are found nowhere afterwards."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from jobs.door.loading import load
from jobs.door.personal import looks_raw, masked
from jobs.door.settings import DoorSettings
from jobs.errors import ExportError
from jobs.warehouse import Warehouse
from tests.door.drops import ACCOUNTS, ORDERS, loaded, order, write_drop

# All synthetic: no person has these numbers by intent, and the check digits do not fit.
RAW = [
    "13812345678",
    "+86 138-1234-5678",
    "008613812345678",
    "8613812345678",
    "１３８１２３４５６７８",
    "11010519491231002X",
    "110105194912310021",
    "110105491231002",
    "6222021234567890123",
    "6222 0212 3456 7890",
    "4111111111111111",
    "13812345678.0",
    " 13812345678\t",
    "138\u30001234\u00a05678\u200b",
    "'13812345678",
    '="13812345678"',
    "13812345678;13912345678",
    "+85291234567",
    "378282246310005",
    "2223003122003222",
]
HARMLESS = [
    "12812345678",
    "1381234567",
    "a13812345678",
    "13812345678a",
    "378282246310006",
    "0085291234567",
    "999999194912310021",
    "110105194913310021",
    "4111111111111112",
    "",
]


@pytest.mark.parametrize("cell", RAW)
def test_raw_numbers_are_recognised(cell: str) -> None:
    assert looks_raw(cell)


@pytest.mark.parametrize("cell", HARMLESS)
def test_harmless_cells_are_not(cell: str) -> None:
    assert not looks_raw(cell)


def test_masking_hides_the_number_alone() -> None:
    assert masked("call 138-1234-5678, q13812345678 stays") == "call ***, q13812345678 stays"


def refused(tmp_path: Path, **files: str | None) -> ExportError:
    """Load such a drop, expect a refusal, and look for every raw number in every byte that is left."""
    write_drop(tmp_path / "x", **files)
    with Warehouse.open(tmp_path / "w.duckdb") as w, pytest.raises(ExportError) as caught:
        load(w, tmp_path / "x", DoorSettings(), until=None)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "x")
    assert not [cell for cell in RAW if cell.encode() in kept]
    assert not [cell for cell in RAW if cell in str(caught.value)]
    return caught.value


@pytest.mark.parametrize("cell", RAW)
def test_a_raw_number_in_an_id_column_refuses_the_export(tmp_path: Path, cell: str) -> None:
    error = refused(tmp_path, accounts_csv=f"{ACCOUNTS}\nab1,person,2024-01-01,t0\nab2,shop,2024-01-01,{cell}\n")
    assert (error.file, error.line, error.column) == ("accounts.csv", 2, "phone_id")


@pytest.mark.parametrize(
    "line",
    [
        "ab2,robot,2024-01-01,13812345678",
        "ab2,shop,2024-01-01,13812345678,one too many",
        "ab2,13812345678",
        '"ab2,shop,2024-01-01,13812345678',
    ],
)
def test_a_row_set_aside_is_looked_at_too(tmp_path: Path, line: str) -> None:
    assert refused(tmp_path, accounts_csv=f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n{line}\n").line == 2


def test_json_is_looked_at_broken_or_not(tmp_path: Path) -> None:
    good = '{"account_id":"ab1","kind":"person","registered_at":"2024-01-01","phone_id":null}\n'
    number = '{"account_id":"ab2","kind":"person","registered_at":"2024-01-01","phone_id":13812345678}\n'
    for folder, bad in enumerate((number, number[:-2])):
        (tmp_path / str(folder)).mkdir()
        assert refused(tmp_path / str(folder), accounts_csv=None, accounts_ndjson=good + bad).line == 2


def test_free_text_is_masked_in_what_is_set_aside(tmp_path: Path) -> None:
    bad = f"{order(amount='x')},call 13812345678 now"
    write_drop(tmp_path / "x", orders_csv=f"{ORDERS},备注\n{order('q2')},13812345678\n{bad}\n")
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows("SELECT raw FROM rejects_rows") == [(bad.replace("13812345678", "***"),)]


def test_a_keyed_hash_may_be_all_digits_by_chance(tmp_path: Path) -> None:
    digits, choose = "6222021234567890", random.Random(7)
    hashes = ["".join(choose.choices("0123456789abcdef", k=16)) for _ in range(200)]
    lines = [f"ab{i},person,2024-01-01,{h}" for i, h in enumerate([*hashes, digits])]
    write_drop(tmp_path / "x", accounts_csv="\n".join([ACCOUNTS, *lines]))
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert w.rows("SELECT account_id, line, phone_id FROM accounts_rows WHERE line = 201") == [
            ("ab200", 201, digits)
        ]
        assert [f.loaded for f in report.files if f.table == "accounts"] == [201]
    (tmp_path / "raw").mkdir()
    lines.append("ab999,person,2024-01-01,13812345678")
    assert refused(tmp_path / "raw", accounts_csv="\n".join([ACCOUNTS, *lines])).line == 202
