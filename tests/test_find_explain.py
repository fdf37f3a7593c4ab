"""Asking about one id: where it appears, and why an account is or is not listed; on a small synthetic market."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.exports import EXPORTS
from graph.state import stored
from graph.tables import WATCHLISTS
from jobs import published
from jobs.__main__ import main
from jobs.find import in_exports
from jobs.nightly import nightly
from jobs.settings import PublishSettings, Settings
from jobs.simulate import simulate
from jobs.warehouse import Warehouse
from tests.kept import copied, weighed_once
from tests.published_nights import publish

NIGHT = date(2025, 6, 30)
Lists = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One published night in English; nobody writes here."""
    folder = tmp_path_factory.mktemp("home")
    simulate(folder / "market", accounts=1500, seed=5, nights=1)
    settings = Settings(publish=PublishSettings(language="en"))
    nightly(folder / "market", folder / "w.duckdb", folder / "out", NIGHT, False, settings)
    (folder / "settings.toml").write_text('[publish]\nlanguage = "en"\n')
    return folder


@pytest.fixture(scope="module")
def lists(home: Path) -> Lists:
    return dict(zip(WATCHLISTS, published.tables(published.night(home / "out"), *WATCHLISTS), strict=True))


def ask(home: Path, *arguments: str) -> Result:
    where = ["--watchlists", str(home / "out"), "--warehouse", str(home / "w.duckdb")]
    return CliRunner(env={"COLUMNS": "250"}).invoke(main, [*arguments, *where])


@pytest.fixture(scope="module")
def explained(home: Path, lists: Lists) -> dict[str, str]:
    """What is said of the first who is listed, of one who is not, and of nobody; and to the first."""
    first = lists["accounts"]["account_id"][0]
    named = {*lists["accounts"]["account_id"], *lists["lone"]["account_id"]}
    accounts = pl.read_csv(next((home / "market").rglob("accounts*.csv")), infer_schema=False)
    other = next(account for account in accounts["account_id"] if account not in named)
    with weighed_once():
        said = {
            who: explain(home, account) for who, account in (("first", first), ("other", other), ("nobody", "nobody"))
        }
        return {**said, "to the first": explain(home, first, "--for-subject")}


def explain(home: Path, account: str, *more: str) -> str:
    result = ask(home, "explain", account, "--settings", str(home / "settings.toml"), *more)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_find_a_member(home: Path, lists: Lists) -> None:
    account, ring = lists["accounts"].select("account_id", "ring_id").row(0)
    rows = ask(home, "find", account).stdout.splitlines()
    assert any("accounts" in row and ring in row and "member" in row for row in rows)


def test_find_the_victim_of_an_order(home: Path, lists: Lists) -> None:
    members = lists["accounts"]["account_id"]
    orders = pl.read_csv(next((home / "market").rglob("orders*.csv")), infer_schema=False)
    told = lists["evidence"].filter(table="orders").select("key", "ring_id").unique()
    harmed = orders.join(told, left_on="order_id", right_on="key").filter(
        pl.col("seller_id").is_in(members.implode()) & ~pl.col("buyer_id").is_in(members.implode())
    )
    victim, order, ring = harmed.select("buyer_id", "order_id", "ring_id").sort("order_id").row(0)
    rows = ask(home, "find", victim).stdout.splitlines()
    assert any("buyer_id, victim" in row and order in row and ring in row for row in rows)
    assert any("evidence" in row and ring in row for row in ask(home, "find", order).stdout.splitlines())


def test_find_what_ties_a_ring(home: Path, lists: Lists) -> None:
    thing, kind, ring = lists["links"].filter(entity_kind="device").select("entity_id", "entity_kind", "ring_id").row(0)
    rows = ask(home, "find", thing).stdout.splitlines()
    assert any(f"tie ({kind})" in row and ring in row for row in rows)
    assert any("devices" in row for row in rows)


def test_what_is_nowhere(home: Path) -> None:
    result = ask(home, "find", "nobody")
    assert result.exit_code == 2
    assert "appears nowhere" in result.stderr


def test_find_names_the_ring_that_it_is_on_itself(tmp_path: Path) -> None:
    """a is on one ring and bought from a member of another; v was harmed by the second."""
    folder = tmp_path / "run_date=2025-06-30"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    listed = {"accounts": [("a", "R-aaaaaa"), ("b", "R-bbbbbb")], "evidence": [("1", "R-bbbbbb"), ("2", "R-bbbbbb")]}
    for name, rows in listed.items():
        empty = pl.DataFrame(WATCHLISTS[name].schema.empty_table())
        column = "account_id" if name == "accounts" else "key"
        new = pl.DataFrame(rows, schema=[column, "ring_id"], orient="row")
        pl.concat([empty, new], how="diagonal").write_parquet(folder / f"{name}.parquet")
    with Warehouse.open(tmp_path / "w.duckdb") as db:
        for export in EXPORTS[:4]:
            columns = ", ".join(" ".join(stored(column)) for column in export.columns)
            db.rows(f"CREATE TABLE {export.name}_rows ({columns}, drop_date DATE, line BIGINT)")
        db.rows(
            "INSERT INTO orders_rows BY NAME SELECT *, DATE '2025-06-30' AS drop_date, 1 AS line"
            " FROM (VALUES ('1', 'a', 'b'), ('2', 'v', 'b')) AS o(order_id, buyer_id, seller_id)"
        )
        assert in_exports(db, "a", NIGHT, folder) == [("orders", "R-aaaaaa", "buyer_id, member", "1: b")]
        assert in_exports(db, "v", NIGHT, folder) == [("orders", "R-bbbbbb", "buyer_id, victim", "2: b")]


def test_find_a_ring_that_is_no_longer_listed(tmp_path: Path) -> None:
    """R-5 had the accounts 0 to 4, of which R-2 has two now."""
    out = publish(publish(tmp_path, date(2025, 6, 15), [5]), date(2025, 6, 22), [2])
    rows = CliRunner(env={"COLUMNS": "160"}).invoke(main, ["find", "R-5", "--watchlists", str(out)]).stdout
    assert "last listed on 2025-06-15, 5 accounts" in rows
    assert re.search(r"accounts +│ R-2 +│ has of its accounts +│ 2 ", rows)
    gone = CliRunner().invoke(main, ["find", "R-9", "--watchlists", str(out)])
    assert gone.exit_code == 2


def test_explain_a_member(explained: dict[str, str], lists: Lists) -> None:
    row, text = lists["accounts"].row(0, named=True), explained["first"]
    assert f"Listed on ring {row['ring_id']}, rank 1" in text
    for sentence in (*row["reasons"], *row["against"]):
        assert sentence in text


def test_explain_one_that_is_not_listed(explained: dict[str, str]) -> None:
    text = explained["other"]
    assert "Not listed." in text
    assert re.search(r"Registered on \d{4}-\d\d-\d\d; bought \d+ times", text)
    assert len(text.splitlines()) > 3
    assert "No export knew the account" in explained["nobody"]


def test_the_person_reads_no_other_id(explained: dict[str, str], lists: Lists) -> None:
    account, text = lists["accounts"]["account_id"][0], explained["to the first"]
    assert "Listed on a ring" in text
    assert "Suspected" in text
    assert "you may ask for a review by a person" in text
    ids = {*lists["rings"]["ring_id"], *lists["links"]["entity_id"], *lists["accounts"]["account_id"],
           *lists["evidence"]["key"]}  # fmt: skip
    assert [i for i in ids - {account} if i in text] == []


def test_a_cleared_account_is_told_so(home: Path, lists: Lists, tmp_path: Path) -> None:
    account = lists["lone"]["account_id"][0]
    copied(home, tmp_path)
    given = ["--decided-at", "2025-06-30T12:00", "--warehouse", str(tmp_path / "home" / "w.duckdb")]
    assert CliRunner().invoke(main, ["label", account, "cleared", *given]).exit_code == 0
    assert "Decided by a person on 2025-06-30: cleared." in explain(tmp_path / "home", account, "--for-subject")
