"""A person who is erased is nowhere, does not come back, and is not named by the record of it."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from jobs import published, tombstones
from jobs.case import handover
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content, visible
from tests.kept import FIRST, SECOND, copied, lists, refused, ringwatch, told

BASIS = "个人信息保护法第四十七条，用户申请"


@pytest.fixture(scope="module")
def made(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a verdict on the account that is erased below, and one that names it; nobody writes here."""
    home = copied(two_nights, tmp_path_factory.mktemp("made"))
    (home / "cases").mkdir()
    who, other = lists(home, SECOND, "accounts")[0]["account_id"][:2]
    told(ringwatch(home, "label", who, "confirmed", "--decided-at", "2025-06-25"))
    told(ringwatch(home, "label", other, "watch", "--note", f"always with {who}.", "--decided-at", "2025-06-25"))
    told(erase(home, who))
    return home


@pytest.fixture
def who(two_nights: Path) -> str:
    found: str = lists(two_nights, SECOND, "accounts")[0]["account_id"][0]
    return found


def erase(home: Path, account: str, *more: str, basis: str = BASIS):  # type: ignore[no-untyped-def]
    return ringwatch(home, "erase", account, "--basis", basis, "--cases", str(home / "cases"), *more)


def named(home: Path, account: str) -> list[str]:
    """Files below, the drops apart, in which the id stands: as bytes, or in a table's cells."""
    files = [p for p in home.rglob("*") if p.is_file() and home / "exports" not in p.parents]
    found = [p.name for p in files if account.encode() in p.read_bytes()]
    for night in published.dates(home / "out"):
        folder = published.folder_of(home / "out", night)
        tables = [p.stem for p in folder.glob("*.parquet")]
        found += [
            f"{night} {name}"
            for name, frame in zip(tables, published.tables(folder, *tables), strict=True)
            if account in frame.write_ndjson()
        ]
    return found


def test_the_search_can_find(two_nights: Path, who: str) -> None:
    assert {"w.duckdb", f"{SECOND} rings", f"{SECOND} accounts"} <= set(named(two_nights, who))


def test_nowhere_any_more(made: Path, who: str) -> None:
    assert named(made, who) == []


def test_the_nights_are_whole_and_say_so(made: Path, two_nights: Path) -> None:
    for night in (FIRST, SECOND):
        record = json.loads((published.folder_of(made / "out", night) / "run.json").read_bytes())
        first = json.loads((published.folder_of(two_nights / "out", night) / "run.json").read_bytes())
        (note,) = record["erasures"]
        assert note["basis"] == BASIS
        before = {o["table"]: o["sha256"] for o in first["outputs"]}
        assert {name: was["sha256"] for name, was in note["before"].items()} == {n: before[n] for n in note["before"]}
        after = {o["table"]: o["sha256"] for o in record["outputs"]}
        assert {name for name in after if after[name] != before[name]} == set(note["before"])


def test_others_stay(made: Path, two_nights: Path, who: str) -> None:
    for night in (FIRST, SECOND):
        (was,), (now,) = lists(two_nights, night, "accounts"), lists(made, night, "accounts")
        assert set(was["account_id"]) - set(now["account_id"]) == {who}
    with Warehouse.open(made / "w.duckdb", read_only=True) as db:
        rows = {t: db.rows(f"SELECT count(*) FROM {t}")[0][0] for t in ("orders_rows", "chat_links_rows")}
    with Warehouse.open(two_nights / "w.duckdb", read_only=True) as db:
        assert rows == {t: db.rows(f"SELECT count(*) FROM {t}")[0][0] for t in rows}, "the other party's rows stay"


def test_no_two_rows_add_up_to_a_person(made: Path) -> None:
    with Warehouse.open(made / "w.duckdb", read_only=True) as db:
        found = db.rows("SELECT DISTINCT order_id, seller_id FROM orders_rows WHERE seller_id LIKE 'erased-%'")
        found += db.rows("SELECT DISTINCT order_id, buyer_id FROM orders_rows WHERE buyer_id LIKE 'erased-%'")
        left = db.rows("SELECT count(payee_id) FROM orders_rows WHERE seller_id LIKE 'erased-%'")
    assert 1 < len(found) == len({stranger for _, stranger in found}), "another stranger in each order"
    assert left == [(0,)], "where the person's money went is the person's"


def test_the_record_names_nobody(made: Path, who: str) -> None:
    records = tombstones.read(made / "w.duckdb")
    assert [record["event"] for record in records] == ["begun", "done"]
    assert records[1]["rows"]["orders_rows"] > 0
    assert not re.search(rf"{who}", (made / "w.duckdb.erased.jsonl").read_text())
    modes = {stat.S_IMODE(p.stat().st_mode) for p in made.glob("w.duckdb*")}
    assert modes == {0o600}


def test_verdicts(made: Path) -> None:
    (line,) = (made / "w.duckdb.verdicts.jsonl").read_text().splitlines()
    assert json.loads(line)["note"] == "always with erased."


def test_does_not_come_back(made: Path, who: str, tmp_path: Path) -> None:
    home = copied(made, tmp_path)
    before = content(home / "w.duckdb")
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    assert content(home / "w.duckdb") == before
    assert named(home, who) == []
    told(ringwatch(home, "nightly"))
    assert named(home, who) == []


def test_nor_by_a_later_drop(made: Path, who: str, tmp_path: Path) -> None:
    home = copied(made, tmp_path)
    (home / "exports" / str(SECOND)).rename(home / "exports" / "2025-07-07")
    told(ringwatch(home, "nightly", "--catch-up"))
    assert named(home, who) == []


def test_rejected_lines_too(two_nights: Path, who: str, tmp_path: Path) -> None:
    home = copied(two_nights, tmp_path)
    (home / "cases").mkdir()
    path = home / "exports" / str(SECOND) / "accounts.csv"
    path.write_bytes(path.read_bytes() + f"{who},robot\n".encode())
    told(ringwatch(home, "nightly"))
    assert f"{SECOND} rejects" in named(home, who)
    told(erase(home, who))
    assert named(home, who) == []
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    assert named(home, who) == []


def test_without_the_salt_nothing_is_loaded(made: Path, tmp_path: Path) -> None:
    home = copied(made, tmp_path)
    (home / "w.duckdb.erased.salt").unlink()
    (home / "w.duckdb").unlink()
    assert "Put it back" in refused(ringwatch(home, "rebuild"), 1)


def test_held_where_evidence_was_handed_over(two_nights: Path, tmp_path: Path) -> None:
    home = copied(two_nights, tmp_path)
    rings, evidence = lists(home, SECOND, "rings", "evidence")
    ring = rings.row(0, named=True)
    entry = {"case_id": "C-1", "ring_id": ring["ring_id"], "run_date": str(SECOND), "keep_until": "2028-06-30"}
    (home / "cases").mkdir()
    handover.append(home / "cases" / "handover.jsonl", {**entry, "file": "C-1.zip"})
    before = visible(home / "out"), content(home / "w.duckdb")
    said = refused(erase(home, ring["accounts"][0]), 1)
    assert "held until 2028-06-30" in said
    assert "PIPL" in said
    key = evidence.filter((evidence["table"] == "orders") & (evidence["ring_id"] == ring["ring_id"]))["key"][0]
    with Warehouse.open(home / "w.duckdb", read_only=True) as db:
        ((buyer, seller),) = db.rows("SELECT DISTINCT buyer_id, seller_id FROM orders_rows WHERE order_id = $k", k=key)
    victim = buyer if buyer not in ring["accounts"] else seller
    refused(erase(home, victim), 1)
    assert (visible(home / "out"), content(home / "w.duckdb")) == before
    assert not list(home.glob("w.duckdb.erased*"))


@pytest.mark.parametrize(
    ("account", "basis"), [("nobody-at-all", BASIS), ("", BASIS), ("X", "because X asked"), ("X", " ")]
)
def test_wrong_usage(two_nights: Path, tmp_path: Path, who: str, account: str, basis: str) -> None:
    home = copied(two_nights, tmp_path)
    (home / "cases").mkdir()
    refused(erase(home, account.replace("X", who), basis=basis.replace("X", who)), 2)
    assert not list(home.glob("w.duckdb.erased*"))
    assert not set(named(home, "nobody-at-all"))
