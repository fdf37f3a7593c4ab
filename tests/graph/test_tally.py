"""Acts are counted against chances: every chance once, large accounts damped, whole tables the same in any order."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from graph.acts import all_acts
from graph.acts.counting import TOTALS
from jobs.warehouse import Warehouse
from tests.graph import test_acts_buying, test_acts_selling
from tests.graph.act_cases import chances, counted
from tests.graph.tables_in import Row, card, fill, night, on_one_device, shop

CASES = [*test_acts_selling.CASES, *test_acts_buying.CASES]


@pytest.fixture(scope="module")
def everything(engine: Warehouse) -> Warehouse:
    counted(engine, CASES)
    return engine


def test_acted_is_what_a_slow_count_of_the_chances_gives(everything: Warehouse) -> None:
    db = everything
    kind = dict(db.frame("SELECT account_id, kind FROM accounts").iter_rows())
    slow = set()
    for typology, act in all_acts():
        n: Counter[tuple[str, str]] = Counter()
        keys: dict[tuple[str, str], list[str]] = defaultdict(list)
        for _, account, stratum, key, hit in chances(db, act.name).iter_rows():
            n[account, stratum] += 1
            if hit:
                keys[account, stratum].append(key)
        slow |= {
            (typology, act.name, a, kind.get(a, "person"), s, n[a, s], len(rows), "|".join(sorted(rows)))
            for (a, s), rows in keys.items()
        }
    found = db.frame(
        """
        SELECT a.typology, a.act, a.account_id, a.kind, a.stratum, a.n, a.k, string_agg(d.key, '|' ORDER BY d.key)
        FROM acted AS a JOIN acts_done AS d
          ON d.act = a.act AND d.account_id = a.account_id AND d.within IN ('', a.stratum)
        GROUP BY ALL
        """
    )
    assert set(found.iter_rows()) == slow


def test_a_chance_is_one_row_taken_or_not(everything: Warehouse) -> None:
    for _, act in all_acts():
        found = chances(everything, act.name)
        assert not found.select("account_id", "key").is_duplicated().any(), act.name
        rows = {"orders": "order_id", "chat_links": "message_id", "accounts": "account_id"}
        known = everything.frame(f"SELECT {rows[act.table]} FROM {act.table}").to_series()
        assert set(found["key"]) <= set(known), act.name


def totals(db: Warehouse, rows: list[Row], act: str) -> dict[str, float]:
    """The one row of `totals` of an act in a market with one stratum and kind of account."""
    fill(db, rows)
    night(db, "acts")
    found = db.frame("SELECT * FROM totals WHERE act = $act", act=act).rows(named=True)
    assert len(found) == 1
    return found[0]


def early(seller: str, n: int, k: int) -> list[Row]:
    """`n` card orders, `k` of them confirmed a day before the code left."""
    late = {"confirmed_at": 100.01, "delivered_at": 101}
    return [card(f"{seller}{i}", f"{seller}b{i}", seller, 100, **(late if i < k else {})) for i in range(n)]


def test_totals_count_who_took_no_chance_as_well(db: Warehouse) -> None:
    row = totals(db, [*early("s", 10, 4), *early("t", 6, 0), *early("u", 1, 1)], "confirmed_before_code")
    assert (row["repeaters"], row["n"], row["k"]) == (2, 17, 5)
    assert row["heads"] == pytest.approx(10 * 20 / 30 + 6 * 20 / 26 + 1 * 20 / 21)
    assert row["taken"] == pytest.approx(4 * 20 / 30 + 1 * 20 / 21)
    assert (row["nn"], row["nk"], row["kk"]) == (100 + 36 + 1, 40 + 1, 16 + 1)


def test_a_busy_account_is_not_the_platform(db: Warehouse) -> None:
    row = totals(
        db, [*early("busy", 200, 200), *(r for i in range(30) for r in early(f"s{i}", 5, 0))], "confirmed_before_code"
    )
    assert row["taken"] < 20 < row["heads"]
    assert row["taken"] / row["heads"] < 0.2 < row["k"] / row["n"]


def test_accounts_tied_to_one_that_acted_do_not_set_the_rate(db: Warehouse) -> None:
    rows = [*early("s", 10, 8), *early("t", 10, 5), *early("spare", 10, 0), *early("lone", 10, 3), *early("u", 10, 0)]
    row = totals(db, [*rows, *on_one_device("s", "t", "spare")], "confirmed_before_code")
    assert (row["repeaters"], row["n"], row["k"]) == (2, 20, 3)


def test_shops_and_persons_are_counted_apart(db: Warehouse) -> None:
    fill(db, [shop("s"), *early("s", 4, 1), *early("t", 4, 2)])
    night(db, "acts")
    found = db.frame("SELECT kind, stratum, k FROM totals WHERE act = 'confirmed_before_code' ORDER BY kind")
    assert found.rows() == [("person", "virtual_card", 2), ("shop", "virtual_card", 1)]


def test_totals_do_not_depend_on_the_number_of_threads(db: Warehouse) -> None:
    db.make("acted", "SELECT 'a' AS act, 'order' AS stratum, 'person' AS kind, TRUE AS lone,"
                     " i % 37 + 1 AS n, i % 7 % (i % 37 + 1) AS k FROM range(600000) AS t(i)")  # fmt: skip
    each = "SELECT 't' AS typology, act, stratum, kind, n, count(*) AS accounts FROM acted GROUP BY ALL"
    seen = set()
    for threads in (1, 2, 2, 2):
        db.con.execute(f"SET threads = {threads}").fetchall()
        seen.add(db.frame(TOTALS.format(each=each), spread=20.0).select("heads", "taken").row(0))
    assert len(seen) == 1
