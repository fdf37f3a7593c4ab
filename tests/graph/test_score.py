"""From what members did to how sure: more acts above fewer, a core above a swollen ring, two_way composed."""

from __future__ import annotations

from math import exp, log

import polars as pl
import pytest

from graph.score import likelihood as likely
from graph.score import scores
from graph.settings import RingSettings, ScoreSettings
from graph.tables import BUYING, SELLING, TYPOLOGIES
from jobs.warehouse import Warehouse

S, R = ScoreSettings(), RingSettings()
Told = tuple[str, str, float]
"""Account, typology, nats."""


def scored(
    db: Warehouse,
    rings: dict[int, str],
    told: list[Told],
    hold: float = 4.0,
    usual: float = 0.0,
    of_the_group: bool = False,
) -> pl.DataFrame:
    """`ring_scores` of rings given as words of accounts; every account's acts speak for it alone, nothing is pooled;
    against usual accounts alone they say `usual` nats more."""
    rows = [(ring, account, hold, 0.0) for ring, accounts in rings.items() for account in accounts.split()]
    text = dict.fromkeys(("account_id", "typology"), pl.String)
    number = dict.fromkeys(("hold", "acts"), pl.Float64)
    members = pl.DataFrame(rows, schema={"ring": pl.Int64, "account_id": pl.String, **number}, orient="row")
    per = pl.DataFrame(told, schema={**text, "nats": pl.Float64}, orient="row")
    suspicion = per.group_by("account_id").agg(pl.col("nats").max()).sort("account_id")
    acts = pl.col("acts") + pl.col("nats").fill_null(0.0)
    db.put(
        "members", members.join(suspicion, on="account_id", how="left").select("ring", "account_id", "hold", acts=acts)
    )
    db.put("by_typology", per)
    db.put("suspicion", suspicion)
    columns = {**text, "act": pl.String, "axis": pl.String, "n": pl.Int64, "k": pl.Int64, "rate": pl.Float64}
    platform = {"spread": pl.Float64, "alone": pl.Float64, "most": pl.Float64}
    db.put("chances_rated", pl.DataFrame(schema={**columns, **platform}))
    db.put(
        "told", per.with_columns(act=pl.lit("x"), k=pl.lit(1), axis=pl.lit("behaviour"), apart=pl.col("nats") + usual)
    )
    kinds = per.select("typology").unique().sort("typology")
    db.put("axes_of_acts", kinds.with_columns(act=pl.lit("x"), of_the_group=pl.lit(of_the_group)))
    scores(db, S, R)
    return db.frame("SELECT ring, nats, score FROM ring_scores ORDER BY score DESC, ring")


def likelihood(nats: float) -> float:
    """How sure: even at `half`."""
    return 1 / (1 + exp(S.power * log(S.half / nats)))


def test_a_ring_is_the_sum_of_its_members_over_all_typologies(db: Warehouse) -> None:
    told = [(account, "jury_gaming", x) for account, x in (("a", 5.0), ("b", 5.0), ("c", 4.0))]
    row = scored(db, {1: "a b c d"}, told).row(0, named=True)
    said = [log(1 - R.active + R.active * exp(x)) for x in (5.0, 5.0, 4.0, 0.0 - 1e9)]
    nats = sum(said[1:]) + S.one_actor - log(len(TYPOLOGIES))
    assert S.one_actor < said[0], "one of the strongest is worth no more than that beyond the others"
    assert row["nats"] == pytest.approx(nats)
    assert row["score"] == pytest.approx(likelihood(nats))


def test_who_acts_alone_among_friends_is_no_ring_but_a_loner(db: Warehouse) -> None:
    assert scored(db, {1: "a b c"}, [("a", "jury_gaming", 60.0)]).is_empty()
    assert db.frame("SELECT account_id FROM lone_scores")["account_id"].to_list() == ["a"]
    both = [("d", "confirm_first", 12.0), ("e", "unpaid_harvest", 12.0)]
    assert scored(db, {1: "d e"}, both).height == 1, "one that sells and one that buys are two who act"
    both = [("f", "confirm_first", 12.0), ("f", "unpaid_harvest", 12.0)]
    assert scored(db, {1: "f g"}, both).is_empty(), "one that does both is not"


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ([5.0, 5.0, 5.0], [5.0, 5.0, 3.0]),
        ([5.0, 5.0, 5.0], [5.0, 5.0, 0.0]),
        ([6.0, 6.0, 6.0], [12.0, 5.0, 5.0]),
    ],
)
def test_more_evidence_stands_above_less(db: Warehouse, above: list[float], below: list[float]) -> None:
    told = [(f"{side}{i}", "jury_gaming", x) for side, nats in (("u", above), ("v", below)) for i, x in enumerate(nats)]
    found = scored(db, {1: "v0 v1 v2", 2: "u0 u1 u2"}, told)
    assert found["ring"].to_list() == [2, 1]
    assert 0 < found["score"][1] < found["score"][0] < 1


def test_what_is_told_of_a_whole_group_is_not_summed_member_by_member(db: Warehouse) -> None:
    told = [(account, "leak_source", 8.0) for account in "abcd"]
    assert scored(db, {1: "a b c d"}, told).height == 1
    assert scored(db, {1: "a b c d"}, told, of_the_group=True).is_empty()


def test_a_swollen_ring_scores_less_than_its_core(db: Warehouse) -> None:
    told = [(f"{side}{i}", "jury_gaming", 5.0) for side in "uv" for i in range(4)]
    swollen = {1: "u0 u1 u2 u3 " + " ".join(f"idle{i}" for i in range(8)), 2: "v0 v1 v2 v3"}
    assert scored(db, swollen, told)["ring"].to_list() == [2, 1]


def test_little_evidence_is_not_listed(db: Warehouse) -> None:
    assert scored(db, {1: "a b"}, [("a", "jury_gaming", 2.0), ("b", "jury_gaming", 2.0)]).is_empty()
    assert db.frame("SELECT * FROM ring_typologies").is_empty()
    assert db.frame("SELECT * FROM member_scores").is_empty()


@pytest.mark.parametrize(("orders", "listed"), [(10, False), (40, True)])
def test_friends_who_trade_a_little_are_not_summed_one_by_one(db: Warehouse, orders: int, listed: bool) -> None:
    """Each says 6 nats alone; pooled it is a habit of one group, worth a look or not by how many orders it is."""
    scored(db, {1: "a b c d"}, [(account, "brushing", 6.0) for account in "abcd"])
    chance = {"typology": "brushing", "act": "x", "axis": "trade", "n": orders, "k": orders}
    usual = {"rate": 0.02, "spread": 10.0, "alone": 0.0, "most": 4.0}
    db.put("chances_rated", pl.DataFrame([{"account_id": account, **chance, **usual} for account in "abcd"]))
    scores(db, S, R)
    assert db.frame("SELECT * FROM ring_scores").height == listed


def test_one_typology_carried_together_beats_one_each(db: Warehouse) -> None:
    together = [("a", "jury_gaming", 6.0), ("b", "jury_gaming", 6.0)]
    apart = [("c", "jury_gaming", 6.0), ("d", "pyramid", 6.0)]
    assert scored(db, {1: "c d", 2: "a b"}, together + apart)["ring"].to_list()[0] == 2


@pytest.mark.parametrize(
    ("selling", "buying", "carried"), [(12.0, 9.0, True), (12.0, 4.6, True), (12.0, 2.0, False), (50.0, 4.6, False)]
)
def test_two_way_needs_both_sides(db: Warehouse, selling: float, buying: float, carried: bool) -> None:
    """Each as much as a ring must show to be looked at, and the weaker no trifle beside the other."""
    scored(db, {1: "a b"}, [("a", "confirm_first", selling), ("b", "unpaid_harvest", buying)])
    found = db.frame("SELECT typology FROM ring_typologies ORDER BY nats DESC")["typology"].to_list()
    assert ("two_way" in found) is carried
    if carried:
        assert found[0] == "two_way"


def test_the_sides_are_typologies() -> None:
    assert set(SELLING) | set(BUYING) <= set(TYPOLOGIES)
    assert not set(SELLING) & set(BUYING)


def test_members_are_scored_and_not_membership(db: Warehouse) -> None:
    told = [("busy", "jury_gaming", 12.0), ("some", "jury_gaming", 5.0), ("some", "pyramid", 4.0)]
    score = scored(db, {1: "busy some spare"}, told, hold=0.5)["score"].item()
    rows = db.frame("SELECT account_id, score, typology, nats FROM member_scores ORDER BY score DESC")
    assert rows["account_id"].to_list() == ["busy", "some", "spare"]
    assert rows["typology"].to_list() == ["jury_gaming", "jury_gaming", None]
    assert rows["score"].max() <= score
    assert all(0 < s < 1 for s in rows["score"])


def test_lone_accounts_are_those_on_no_listed_ring(db: Warehouse) -> None:
    told = [("a", "jury_gaming", 8.0), ("b", "jury_gaming", 8.0), ("lone", "pyramid", 9.0), ("mild", "pyramid", 2.0)]
    scored(db, {1: "a b"}, told)
    rows = db.frame("SELECT account_id, typology, score FROM lone_scores ORDER BY account_id").rows()
    assert rows == [("lone", "pyramid", pytest.approx(likelihood(9.0 - log(len(TYPOLOGIES)))))]


def test_lone_accounts_are_compared_with_usual_ones_and_not_with_the_habitual(db: Warehouse) -> None:
    told = [("a", "jury_gaming", 8.0), ("b", "jury_gaming", 8.0), ("lone", "pyramid", 5.0), ("mild", "pyramid", 4.0)]
    scored(db, {1: "a b"}, told, usual=S.lone - 5.0)
    rows = db.frame("SELECT account_id, nats, score FROM lone_scores").rows()
    assert rows == [("lone", S.lone, pytest.approx(likelihood(S.lone - log(len(TYPOLOGIES)))))]


def test_a_score_is_even_at_half_and_grows_with_evidence() -> None:
    nats = [0.0, 1.0, S.half / 2, S.half, 2 * S.half, 100.0]
    found = pl.DataFrame({"nats": nats}).select(score=likely(pl.col("nats"), S))["score"].to_list()
    assert found[0] == 0.0 and found[3] == pytest.approx(0.5) and found[2] + found[4] == pytest.approx(1)
    assert found == sorted(found) and found[-1] < 1
