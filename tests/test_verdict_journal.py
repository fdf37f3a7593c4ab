"""Verdicts by command: kept beside the warehouse, flushed, private; and what `label` refuses."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs import verdict_journal
from jobs.__main__ import main
from jobs.errors import RingwatchError
from jobs.warehouse import Warehouse

GIVEN = {"subject_id": "a1", "verdict": "cleared", "decided_at": "2025-06-22T10:00:00", "note": "一家人"}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse that knows one ring of two accounts."""
    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as db:
        db.rows("CREATE TABLE register_rows (run_date DATE, ring_id VARCHAR, account_id VARCHAR, score DOUBLE)")
        for account in ("a1", "a2"):
            db.rows("INSERT INTO register_rows VALUES ($day, 'R-abcdef', $id, 0.5)", day=date(2025, 6, 22), id=account)
    return path


def label(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["label", *arguments])


def test_nothing_recorded_is_an_empty_table(warehouse: Path) -> None:
    assert verdict_journal.read(warehouse).is_empty()
    with Warehouse.open(warehouse) as db:
        verdict_journal.recall_verdicts(db)
        assert db.rows("SELECT * FROM verdict_journal WHERE decided_at < now()") == []


def test_verdicts_are_kept_in_their_order_and_privately(warehouse: Path) -> None:
    verdict_journal.append(warehouse, {**GIVEN, "decided_at": "2025-06-29T10:00:00"})
    verdict_journal.append(warehouse, GIVEN)
    assert verdict_journal.read(warehouse)["decided_at"].to_list() == [
        datetime(2025, 6, 22, 10), datetime(2025, 6, 29, 10)
    ]  # fmt: skip
    assert verdict_journal.path_of(warehouse).stat().st_mode & 0o777 == 0o600


def test_a_torn_line_was_never_said_to_be_kept(warehouse: Path) -> None:
    verdict_journal.append(warehouse, GIVEN)
    path = verdict_journal.path_of(warehouse)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert verdict_journal.read(warehouse).height == 1
    verdict_journal.append(warehouse, {**GIVEN, "verdict": "watch", "decided_at": "2025-06-23T10:00:00"})
    assert path.read_bytes().startswith(whole)
    assert verdict_journal.read(warehouse)["verdict"].to_list() == ["cleared", "watch"]


@pytest.mark.parametrize("order", [("confirmed", "cleared"), ("cleared", "confirmed")])
def test_of_one_subject_and_time_the_last_given_counts(warehouse: Path, order: tuple[str, str]) -> None:
    """Two verdicts of one day, dated by the day alone, are of one time."""
    for verdict in order:
        assert label("a1", verdict, "--decided-at", "2025-06-25", "--warehouse", str(warehouse)).exit_code == 0
    assert verdict_journal.read(warehouse)["verdict"].to_list() == [order[1]]


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"subject_id": "a"}', json.dumps({**GIVEN, "decided_at": "June"})])
def test_a_damaged_line_is_named(warehouse: Path, line: str) -> None:
    verdict_journal.append(warehouse, GIVEN)
    with verdict_journal.path_of(warehouse).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RingwatchError, match="line 2: not a verdict"):
        verdict_journal.read(warehouse)


@pytest.mark.parametrize("subject", ["R-abcdef", "a2"])
def test_label(warehouse: Path, subject: str) -> None:
    given = ["--note", "查过", "--typology", "brushing", "--analyst", "an analyst", "--decided-at", "2025-06-25"]
    result = label(subject, "confirmed", "--warehouse", str(warehouse), *given)
    assert result.exit_code == 0, result.stderr
    [row] = verdict_journal.read(warehouse).rows(named=True)
    assert row == {
        "subject_id": subject, "verdict": "confirmed", "decided_at": datetime(2025, 6, 25), "typology": "brushing",
        "analyst": "an analyst", "note": "查过", "action_taken": None,
    }  # fmt: skip


def test_whoever_an_export_names_can_be_decided_on(warehouse: Path) -> None:
    named = {
        "accounts": ("account_id", "inviter_id"), "orders": ("buyer_id", "seller_id", "promoter_id"),
        "devices": ("account_id",), "chat_links": ("sender_id", "receiver_id"),
    }  # fmt: skip
    with Warehouse.open(warehouse) as db:
        for table, columns in named.items():
            values = ", ".join(f"'{table} {column}' AS {column}" for column in columns)
            db.rows(f"CREATE TABLE {table}_rows AS SELECT {values}")
    for subject in [f"{table} {column}" for table, columns in named.items() for column in columns]:
        result = label(subject, "disputed", "--decided-at", "2025-06-25", "--warehouse", str(warehouse))
        assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["R-zzzzzz", "cleared"], "knows no such ring"),
        (["a9", "cleared"], "knows no such account"),
        (["a1", "cleared", "--typology", "theft"], "unknown. Known: confirm_first"),
        (["a1", "cleared", "--decided-at", "2999-01-01"], "that is to come"),
        (["a1", "cleared", "--note", "rang 13800138000"], "phone, identity or card number"),
    ],
)
def test_what_label_refuses(warehouse: Path, arguments: list[str], why: str) -> None:
    result = label(*arguments, "--warehouse", str(warehouse))
    assert result.exit_code == 2
    assert why in result.stderr
    assert "13800138000" not in result.stderr
    assert not verdict_journal.path_of(warehouse).exists()
