"""How much an account's acts say: against a plain slow computation, and by what must make it more or less."""

from __future__ import annotations

from itertools import pairwise
from math import exp, lgamma, log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import pooled, rates
from graph.acts import all_acts
from graph.settings import Method, ScoreSettings
from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, card, fill, night, on_one_device

S = ScoreSettings()
TYPOLOGIES = sorted({typology for typology, _ in all_acts()})
EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def lbeta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def slow(n: float, k: float, rate: float, spread: float, alone: float = 0.0) -> float:
    """Log Bayes factor: a ring's rate is one of RING's betas, as likely each; an honest one is beta around `rate`, or,
    for the share `alone`, a ring's."""
    if k <= n * rate:
        return 0.0
    ring = sum(exp(lbeta(k + x, n - k + y) - lbeta(x, y)) for x, y in pooled.RING) / len(pooled.RING)
    honest = lbeta(k + rate * spread, n - k + (1 - rate) * spread) - lbeta(rate * spread, (1 - rate) * spread)
    return max(0.0, log(ring) - log((1 - alone) * exp(honest) + alone * ring))


def nats(n: list[int], k: list[int], rate: float, spread: float = 20.0, alone: float = 0.0) -> list[float]:
    group = {"typology": "t", "act": "a", "stratum": "s", "kind": "person"}
    acted = pl.DataFrame({"n": n, "k": k}).with_columns(**{c: pl.lit(v) for c, v in group.items()})
    platform = pl.DataFrame([{**group, "rate": rate, "spread": spread, "alone": alone}])
    return rates.nats(acted, platform)["nats"].to_list()


@EXAMPLES
@given(st.integers(1, 120), st.data(), st.floats(1e-4, 0.5), st.floats(1, 20), st.sampled_from([0.0, 0.002, 0.1]))
def test_evidence_against_a_plain_slow_computation(
    n: int, data: st.DataObject, rate: float, spread: float, alone: float
) -> None:
    k = data.draw(st.integers(1, n))
    assert nats([n], [k], rate, spread, alone) == [pytest.approx(slow(n, k, rate, spread, alone), abs=1e-8)]


def test_one_account_says_no_more_than_that_few_do_it_alone() -> None:
    said = [nats([n], [n], 0.01, alone=0.01)[0] for n in (2, 5, 20, 100)]
    assert said == sorted(said)
    assert said[0] < said[-1] <= log(100) + 1e-9
    assert said[-1] == pytest.approx(log(100))
    assert nats([100], [100], 0.01)[0] > 10 * log(100)


@EXAMPLES
@given(st.integers(2, 60), st.floats(1e-4, 0.2))
def test_more_acts_of_the_same_chances_say_more(n: int, rate: float) -> None:
    said = nats([n] * n, list(range(1, n + 1)), rate)
    assert all(more > less or less == more == 0 for less, more in pairwise(said))
    assert said[-1] > 0


@EXAMPLES
@given(st.integers(1, 20), st.floats(1e-4, 0.2))
def test_the_same_acts_of_more_chances_say_less(k: int, rate: float) -> None:
    said = nats(list(range(k, k + 60)), [k] * 60, rate)
    assert all(more < less or less == more == 0 for less, more in pairwise(said))


def test_the_same_acts_say_less_where_everybody_does_them() -> None:
    said = [nats([10], [5], rate)[0] for rate in (0.01, 0.05, 0.2, 0.4)]
    assert said == sorted(said, reverse=True)
    assert nats([10], [5], 0.5) == [0.0]


def test_where_honest_accounts_differ_much_a_hundred_rows_are_not_many_witnesses() -> None:
    assert 5 * nats([100], [100], 0.2, spread=1.0)[0] < nats([100], [100], 0.2, spread=20.0)[0]


def early(seller: str, n: int, k: int) -> list[Row]:
    late = {"confirmed_at": 100.01, "delivered_at": 101}
    return [card(f"{seller}{i}", f"{seller}b{i}", seller, 100, **(late if i < k else {})) for i in range(n)]


HONEST = [row for i in range(60) for row in early(f"h{i:02}", 10, int(i < 3))]


def told(db: Warehouse, rows: list[Row]) -> dict[str, tuple[float, float]]:
    """account -> (platform's rate, nats) of what it confirmed early."""
    fill(db, rows)
    night(db, "rates")
    frame = db.frame("SELECT account_id, rate, nats FROM told WHERE act = 'confirmed_before_code'")
    return {account: (rate, said) for account, rate, said in frame.iter_rows()}


def test_the_loud_do_not_set_the_base_rate(db: Warehouse) -> None:
    ring = [f"r{i}" for i in range(5)]
    loud = [row for seller in ring for row in early(seller, 30, 30)]
    found = told(db, [*HONEST, *loud, *on_one_device(*ring)])
    assert (3 + 150) / (600 + 150) > 0.2
    assert 0.001 < found["r0"][0] < 0.02
    assert found["r0"][1] == pytest.approx(log(110 / 0.5), abs=0.01), "none of sixty does it alone"
    assert found["h00"][1] < 2


def test_a_habit_of_the_whole_platform_is_no_evidence(db: Warehouse) -> None:
    habit = [row for i in range(60) for row in early(f"h{i:02}", 10, 4)]
    found = told(db, [*habit, *early("s", 10, 5)])
    assert found["s"][0] == pytest.approx(0.4, abs=0.1)
    assert found["s"][1] < 0.7


def test_a_category_of_few_orders_leans_on_the_others(db: Warehouse) -> None:
    one = card("odd", "b", "odd", category="voucher", confirmed_at=100.01, delivered_at=101)
    found = told(db, [*HONEST, one])
    assert found["odd"][0] < 0.1


def acted(db: Warehouse, *rows: tuple[str, str, str, float]) -> None:
    """`told` rows (account, typology, axis, nats) through the sums that follow it."""
    schema = {"account_id": pl.String, "typology": pl.String, "axis": pl.String, "nats": pl.Float64}
    per = pooled.by_typology(pl.DataFrame(rows, schema=schema, orient="row"), "account_id")
    db.put("by_typology", per)
    db.put("suspicion", rates.suspicion({"told": per}))


def test_acts_of_one_axis_restate_each_other_and_axes_add_up(db: Warehouse) -> None:
    acted(db, ("a", "brushing", "behaviour", 3.0), ("a", "brushing", "behaviour", 2.0),
          ("a", "brushing", "logistics", 1.5), ("a", "pyramid", "tag", 1.0))  # fmt: skip
    assert db.frame("SELECT * FROM by_typology ORDER BY ALL").rows() == [("a", "brushing", 4.5), ("a", "pyramid", 1.0)]


def test_looking_at_all_typologies_is_paid_for(db: Warehouse) -> None:
    acted(db, ("a", "brushing", "behaviour", 5.0), ("b", "brushing", "behaviour", 5.0), ("b", "pyramid", "tag", 4.0))
    found = dict(db.frame("SELECT account_id, nats FROM suspicion").iter_rows())
    looked_at = len(TYPOLOGIES)
    assert found["a"] == pytest.approx(log((exp(5) + looked_at - 1) / looked_at))
    assert found["b"] == pytest.approx(log((exp(5) + exp(4) + looked_at - 2) / looked_at))
    assert found["a"] < 5 - 2 and found["a"] < found["b"] < 5


def test_every_act_that_was_counted_is_told(db: Warehouse) -> None:
    fill(db, [*HONEST, *early("s", 10, 8)])
    night(db, "rates", Method())
    counted = db.frame("SELECT DISTINCT typology, act, account_id FROM acted ORDER BY ALL").rows()
    assert db.frame("SELECT DISTINCT typology, act, account_id FROM told ORDER BY ALL").rows() == counted


def test_what_only_a_ring_trades_in_is_told_as_well(db: Warehouse) -> None:
    ring = ["r0", "r1", "r2"]
    rows = [Row(r.table, {**r.values, "category": "voucher"}) for seller in ring for r in early(seller, 10, 8)]
    assert set(ring) <= set(told(db, [*HONEST, *rows, *on_one_device(*ring)]))


def group(*rows: tuple[str, int, int], alone: float = 0.0, habit: bool = False, axis: str = "x") -> pl.DataFrame:
    """Pooled evidence of one ring for one act, its members given as (account, chances, acts); 2 in 100 is usual."""
    schema = {"account_id": pl.String, "n": pl.Int64, "k": pl.Int64}
    chances = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        group=pl.lit(1), typology=pl.lit("t"), act=pl.lit("a"), axis=pl.lit(axis), rate=pl.lit(0.02),
        spread=pl.lit(10.0), alone=pl.lit(alone), most=pl.lit(4.0 if habit else None, pl.Float64),
    )  # fmt: skip
    return pooled.by_act(chances, cap=60.0)


def test_what_many_did_a_little_is_pooled() -> None:
    row = group(*((f"a{i}", 10, 2) for i in range(6))).row(0, named=True)
    assert (row["n"], row["k"], row["rate"]) == (60, 12, pytest.approx(0.02))
    assert row["nats"] == pytest.approx(slow(60, 12, 0.02, 6 * 10.0))
    assert nats([10], [1], 0.02, 10.0)[0] < 0.5
    assert group(*((f"a{i:02}", 10, 1) for i in range(20)))["nats"].item() > 4


def test_quotes_of_strangers_orders_are_told_of_the_group_as_of_one() -> None:
    desk = [(f"a{i}", 10, 10) for i in range(6)]
    assert group(*desk)["nats"].item() == 60.0
    assert group(*desk, axis="quote")["nats"].item() == pooled.QUOTES
    few = [("a", 20, 3), ("b", 20, 3)]
    assert group(*few, axis="quote")["nats"].item() == group(*few)["nats"].item() < pooled.QUOTES


def test_idle_members_thin_the_pool() -> None:
    busy = [(f"a{i}", 10, 2) for i in range(6)]
    idle = [(f"z{i}", 10, 0) for i in range(6)]
    assert group(*busy, *idle)["nats"].item() < group(*busy)["nats"].item()
    assert group(*idle)["nats"].item() == 0.0
    assert group(*((f"a{i:03}", 10, 8) for i in range(200)))["nats"].item() == 60.0, "the cap"


def test_a_group_says_no_more_than_that_so_many_loners_met_by_chance() -> None:
    loud = [(f"a{i}", 30, 30) for i in range(3)]
    idle = [(f"z{i}", 3, 0) for i in range(3)]
    assert group(*loud, *idle)["nats"].item() > 4 * log(100)
    assert group(*loud, alone=0.01)["nats"].item() == pytest.approx(3 * log(100))
    assert group(*loud, *idle, alone=0.01)["nats"].item() == pytest.approx(3 * log(100)), "the idle are no witnesses"


def test_a_habit_of_a_group_is_one_witness() -> None:
    few = [(f"a{i}", 4, 1) for i in range(4)]
    assert group(*few, habit=True)["nats"].item() == pytest.approx(slow(16, 4, 0.02, 10.0))
    assert group(*few, habit=True)["nats"].item() < group(*few)["nats"].item()
    assert group(*((f"a{i}", 30, 25) for i in range(9)), habit=True)["nats"].item() == 4.0, "the cap of a habit"


def test_a_habit_says_more_the_more_there_is_of_it() -> None:
    def said(axis: str, accounts: int, acts: int) -> float:
        return float(group(*((f"a{i:02}", acts, acts) for i in range(accounts)), habit=True, axis=axis)["nats"].item())

    assert said("sign_up", 4, 1) < said("sign_up", 8, 1) < said("sign_up", 16, 1) == pytest.approx(4 * (1 + log(4) / 4))
    assert said("trade", 5, 5) == 4.0, "a family's 25 orders"
    assert said("trade", 5, 20) == pytest.approx(4 * (1 + log(4) / 4)), "a hundred orders"
    assert said("trade", 20, 5) == said("trade", 5, 20), "orders count, not who placed them"


def test_only_what_no_home_does_says_more_than_a_homes_habit(db: Warehouse) -> None:
    told(db, HONEST)
    rows = db.frame("SELECT act, most FROM axes_of_acts WHERE most IS NOT NULL").iter_rows()
    caps: dict[float, set[str]] = {S.habit_cap: set(), S.crowd_cap: set()}
    for act, most in rows:
        caps[most].add(act)
    assert {"sold_to_a_tied_account", "bought_from_a_tied_account", "licence_lent"} <= caps[S.habit_cap]
    assert {"traded_in_a_circle", "bought_in_step", "signed_up_in_a_crowd"} <= caps[S.crowd_cap]


def test_once_a_rate_is_known_a_member_speaks_for_it_or_against_it() -> None:
    rows = [("busy", 20, 8), ("some", 20, 2), ("idle", 60, 0), ("new", 1, 0)]
    schema = {"account_id": pl.String, "n": pl.Int64, "k": pl.Int64}
    chances = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        group=pl.lit(1), typology=pl.lit("t"), act=pl.lit("a"), axis=pl.lit("x"), rate=pl.lit(0.001),
        spread=pl.lit(20.0), alone=pl.lit(0.0),
    )  # fmt: skip
    known = pl.DataFrame({"group": [1], "typology": ["t"], "act": ["a"], "n": [101], "k": [10], "nats": [20.0]})
    said = dict(pooled.shares(chances, known, least=-2.0).select("account_id", "nats").iter_rows())
    assert said["busy"] > said["some"] > 2
    assert 0 > said["new"] > said["idle"] >= -2
