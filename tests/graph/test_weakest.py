"""The one tie without which a ring falls apart."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from graph.weakest import typed_graph, weakest_tie
from tests.graph.tables_in import START


def links(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Links of one ring from (account, kind, entity)."""
    space = {"payee": "pay", "inviter": "account", "succession": "account"}
    values = [(a, kind, entity, space.get(kind, kind), 3.0, START, START) for a, kind, entity in rows]
    names = ["account_id", "entity_kind", "entity_id", "space", "weight", "first_seen_at", "last_seen_at"]
    return pl.DataFrame(values, schema=names, orient="row")


def weakest(*rows: tuple[str, str, str]) -> tuple[str, str] | None:
    found = weakest_tie(typed_graph(links(*rows)))
    assert found == weakest_tie(typed_graph(links(*rows[::-1])))
    return found


def on(kind: str, entity: str, accounts: Iterable[str]) -> list[tuple[str, str, str]]:
    return [(a, kind, entity) for a in accounts]


def test_two_halves_on_one_payee() -> None:
    assert weakest(*on("device", "D1", "abc"), *on("device", "D2", "def"), *on("payee", "P", "cd")) == ("payee", "P")


def test_everything_on_one_phone() -> None:
    assert weakest(*on("device", "D", "abcd")) == ("device", "D")


def test_a_second_thing_holds_it_together() -> None:
    assert weakest(*on("device", "D", "abcd"), *on("payee", "P", "abcd")) is None


def test_losing_one_of_many_is_no_falling_apart() -> None:
    many = "abcdefghij"
    assert weakest(*on("device", "D", many), *on("payee", "P", many), *on("phone", "N", "jz")) is None


def test_the_worst_split_is_named() -> None:
    left = [*on("device", "D1", "abcd"), *on("payee", "P1", "abcd")]
    right = [*on("device", "D2", "efgh"), *on("payee", "P2", "efgh")]
    rows = [*left, *right, *on("phone", "N", "de"), *on("licence", "L", "ghi"), *on("owner", "O", "hi")]
    assert weakest(*rows) == ("phone", "N")


def test_a_shop_that_follows_another_hangs_on_it() -> None:
    rows = [("old", "succession", "old"), ("new", "succession", "old"), *on("device", "D", ["new", "c"])]
    assert weakest(*rows) is not None


def test_the_typed_graph_is_what_analysts_draw() -> None:
    graph = typed_graph(links(*on("device", "D", "ab"), ("a", "inviter", "a"), ("b", "inviter", "a")))
    assert set(graph) == {("account", "a"), ("account", "b"), ("device", "D")}
    assert graph[("account", "b")][("account", "a")]["kind"] == "inviter"
    assert graph[("account", "a")][("device", "D")]["weight"] == 3.0
