"""Small markets by hand: short rows in, the night's tables out. Everything is invented and synthetic.

Days count from START; a finished, honest trade is the default, and a test names only what differs from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

import polars as pl

from graph.acting_hubs import acting_hubs
from graph.acts import tally
from graph.db import Db
from graph.exports import EXPORTS, LABELS, ORDERS, Export
from graph.joining import joining
from graph.learning import learning
from graph.pairs import pairs
from graph.rates import evidence, undone
from graph.register import register
from graph.rings import rings
from graph.score import scores
from graph.settings import Method
from graph.sign_ups import sign_ups
from graph.ties import ties
from graph.uses import uses
from graph.verdicts import verdicts
from graph.watchlists import watchlists
from graph.words import Language

START = datetime(2025, 1, 1)
NIGHT = date(2025, 6, 29)
NOW = datetime.combine(NIGHT + timedelta(days=1), time())
FEN = {"amount": "amount_fen", "claimed_cny": "claimed_fen"}
"""Money comes in as CNY; inside it is whole fen."""
POLARS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String, "text": pl.String, "timestamp": pl.Datetime("us"), "money": pl.Int64,
    "integer": pl.Int64, "boolean": pl.Boolean,
}  # fmt: skip
ACCOUNT_COLUMNS = ("buyer_id", "seller_id", "promoter_id", "sender_id", "receiver_id", "account_id", "inviter_id")


@dataclass(frozen=True)
class Row:
    """One row of an export: its table and its columns; what is not named is NULL."""

    table: str
    values: Mapping[str, object]


def at(day: float) -> datetime:
    """The moment `day` days after START."""
    return START + timedelta(days=day)


def order(order_id: str, buyer: str, seller: str, day: float = 100, **columns: object) -> Row:
    """CNY 100 of household goods, paid at once, delivered after two days, confirmed after four."""
    honest = {"category": "household", "amount": 100, "placed_at": day, "paid_at": day}
    sent = {"delivered_at": day + 2, "confirmed_at": day + 4}
    return Row("orders", {"order_id": order_id, "buyer_id": buyer, "seller_id": seller, **honest, **sent, **columns})


def card(order_id: str, buyer: str, seller: str, day: float = 100, **columns: object) -> Row:
    """CNY 100 of card code, sent an hour after the payment and confirmed an hour later."""
    quick = {"category": "virtual_card", "delivered_at": day + 1 / 24, "confirmed_at": day + 2 / 24}
    return order(order_id, buyer, seller, day, **{**quick, **columns})


def account(account_id: str, kind: str = "person", **columns: object) -> Row:
    """An account registered on day 0."""
    return Row("accounts", {"account_id": account_id, "kind": kind, "registered_at": 0, **columns})


def shop(account_id: str, **columns: object) -> Row:
    """A shop registered on day 0."""
    return account(account_id, "shop", **columns)


def device(account_id: str, device_id: str, first: float = 20, last: float = 170, kind: str = "phone") -> Row:
    """An account's use of a phone, from day 20 to day 170."""
    seen = {"first_seen_at": first, "last_seen_at": last}
    return Row("devices", {"account_id": account_id, "device_id": device_id, **seen, "device_kind": kind})


def chat(
    message_id: str, sender: str, receiver: str, kind: str, target: str, day: float = 100, **columns: object
) -> Row:
    """A link, code or handle sent on day 100."""
    sent = {"sender_id": sender, "receiver_id": receiver, "sent_at": day, "target_kind": kind, "target_id": target}
    return Row("chat_links", {"message_id": message_id, **sent, **columns})


def on_one_device(*accounts: str, thing: str = "d1", first: float = 20, last: float = 170) -> list[Row]:
    """Accounts that use one phone over one span."""
    return [device(a, thing, first, last) for a in accounts]


def named(rows: Iterable[Row], prefix: str) -> list[Row]:
    """The same rows with every id under a prefix, so that many cases fit in one market and never meet."""
    ids = {c.name for export in EXPORTS for c in export.columns if c.type == "id"}
    return [
        Row(r.table, {n: f"{prefix}{v}" if n in ids and v is not None else v for n, v in r.values.items()})
        for r in rows
    ]


def fill(db: Db, rows: Sequence[Row], *, labels: Sequence[Mapping[str, object]] = ()) -> None:
    """Make the night's exports, `files`, `rejects_rows` and an empty register.

    The line of a row is its place among the rows of its table. Accounts that no row introduces are persons who signed
    up long ago and four days apart: nobody's burst.
    """
    db.drop("scored_market")  # of another test: what it stands for is overwritten here
    known = {r.values["account_id"] for r in rows if r.table == "accounts"}
    met = {str(r.values[c]) for r in rows for c in ACCOUNT_COLUMNS if r.values.get(c) is not None} - known
    rows = [*rows, *(account(a, registered_at=-4.0 * n) for n, a in enumerate(sorted(met), start=10))]
    for file_id, export in enumerate(EXPORTS[:4], start=1):
        lines = count(1)
        values = [{**r.values, "file_id": file_id, "line": next(lines)} for r in rows if r.table == export.name]
        table = frame(export, values, file_id=pl.Int64, line=pl.Int64)
        db.put(export.name, table.with_columns(pl.lit(True).alias("paid_told")) if export is ORDERS else table)
    db.put("labels", frame(LABELS, list(labels)))
    db.put("verdict_journal", frame(LABELS, []))
    names = [export.name for export in EXPORTS[:4]]
    files = {"file_id": [1, 2, 3, 4], "path": [f"{n}.csv" for n in names], "sha256": [f"sha-{n}" for n in names]}
    db.put("files", pl.DataFrame(files).with_columns(pl.lit(NIGHT).alias("drop_date")))
    text = dict.fromkeys(("column_name", "reason", "raw"), pl.String)
    db.put("rejects_rows", pl.DataFrame(schema={"file_id": pl.Int64, "line": pl.Int64, **text, "drop_date": pl.Date}))
    remember(db)


def remember(db: Db, *members: tuple[date, str, str, float], nights: Iterable[date] = ()) -> None:
    """Make `register_history`: what earlier nights published; `known_nights`: theirs, and `nights`; a `register_ties`
    of no things, a `register_scores` of no scores."""
    dates = sorted({night for night, *_ in members} | set(nights))
    db.put("known_nights", pl.DataFrame({"run_date": dates}, schema={"run_date": pl.Date}))
    schema = {"run_date": pl.Date, "ring_id": pl.String, "account_id": pl.String, "score": pl.Float64}
    db.put("register_history", pl.DataFrame(list(members), schema=schema, orient="row"))
    things = {"run_date": pl.Date, **dict.fromkeys(("ring_id", "account_id", "kind", "entity_id"), pl.String)}
    db.put("register_ties", pl.DataFrame(schema=things))
    promised = {"run_date": pl.Date, "ring_id": pl.String, "typology": pl.String, "score": pl.Float64}
    db.put("register_scores", pl.DataFrame(schema=promised))


def frame(
    export: Export, rows: Sequence[Mapping[str, object]], **more: pl.DataType | type[pl.DataType]
) -> pl.DataFrame:
    """Rows as the night's table of an export: numbers in timestamp columns are days, money is CNY."""
    columns = {FEN.get(c.name, c.name): [_inside(c.type, r.get(c.name)) for r in rows] for c in export.columns}
    schema: dict[str, pl.DataType | type[pl.DataType]]
    schema = {FEN.get(c.name, c.name): POLARS[c.type] for c in export.columns}
    columns |= {name: [r[name] for r in rows] for name in more}
    return pl.DataFrame(columns, schema={**schema, **more})


def _inside(kind: str, value: object) -> object:
    if kind == "timestamp" and isinstance(value, int | float):
        return at(value)
    if kind == "money" and isinstance(value, int | float):
        return round(100 * value)
    return value


def night(db: Db, until: str, method: Method | None = None, after: str | None = None) -> None:
    """Run the stages in the order of the nightly job, up to and with `until`; only those `after` one if it is said."""
    m = method or Method()
    since = NOW - timedelta(days=m.ties.window_days)
    stages: dict[str, Callable[[], None]] = {
        "uses": lambda: uses(db, now=NOW, since=since),
        "sign_ups": lambda: sign_ups(db, m.ties),
        "ties": lambda: ties(db, m.ties, now=NOW, silent_days=m.acts.silent_days),
        "acts": lambda: tally(db, m.acts, now=NOW, spread=m.score.spread, burst_hours=m.ties.burst_hours),
        "rates": lambda: evidence(db, m.score),
        "acting_hubs": lambda: acting_hubs(db, m.ties, acting=m.rings.acting),
        "pairs": lambda: pairs(db, m.rings, apart=m.ties.apart),
        "undone": lambda: undone(db, "components"),
        "rings": lambda: rings(db, m.rings),
        "joining": lambda: joining(db, m.rings),
        "scores": lambda: scores(db, m.score, m.rings),
        "learning": lambda: learning(db, NIGHT, m),
        "register": lambda: register(db, NIGHT, m.names),
        "verdicts": lambda: verdicts(db, NIGHT, m.verdicts, listed=m.score.listed, power=m.score.power),
    }
    names = list(stages)
    for name in names[names.index(after) + 1 if after else 0 : names.index(until) + 1]:
        stages[name]()


def published(db: Db, rows: Sequence[Row], language: Language = "en") -> dict[str, pl.DataFrame]:
    """The whole night over a market: its watchlists."""
    fill(db, rows)
    night(db, "verdicts")
    return watchlists(db, NIGHT, Method(), language)


CHANGED = ("acts_done", "lone_scores", "member_scores", "ring_scores", "ring_typologies")
"""What learning, verdicts and the lists change or drop."""


def scored(engine: Db, rows: Sequence[Row], method: Method) -> None:
    """The night up to the scores, as if nothing had been learned. Two thirds of a night's time: where the test before
    had the same market and settings, its tables are taken."""
    weighed_by = method.model_dump_json(include={"ties", "acts", "score", "rings"})
    market = str(hash((repr(rows), weighed_by)))
    known = set(engine.frame("SELECT table_name FROM duckdb_tables() WHERE temporary")["table_name"])
    if "scored_market" not in known or engine.frame("SELECT * FROM scored_market")["market"][0] != market:
        fill(engine, rows)
        night(engine, "scores", method)
        made = engine.frame("SELECT table_name FROM duckdb_tables() WHERE temporary")["table_name"]
        for name in CHANGED:
            engine.make(f"first_{name}", f"SELECT * FROM {name}")
        engine.put("scored_market", pl.DataFrame({"market": [market], "tables": [made.to_list()]}))
        return
    made = engine.frame("SELECT * FROM scored_market")["tables"][0].to_list()
    engine.drop(*sorted(known - {*made, "scored_market", *(f"first_{name}" for name in CHANGED)}))
    engine.put("verdict_journal", frame(LABELS, []))
    for name in CHANGED:
        engine.make(name, f"SELECT * FROM first_{name}")
