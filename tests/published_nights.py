"""Published nights made by hand, for the tests of what looks at them: rings of any size, and ids of any kind."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from graph import words
from graph.tables import WATCHLISTS

NIGHT = date(2025, 6, 22)
START = datetime(2025, 3, 1, 12)
SIZES = [2, 5, 30, 50, 150]
ROLES = ("seller", "buyer", "both", "promoter", "source", "holder")
NASTY = "<script>alert(1)</script>\x1b[31m|$x^2$\"'&\u202e\n" + "长" * 40
"""What an id may hold, for ids are opaque: mark-up, a terminal's commands, mathematics, another reading direction."""
IDS = ("account_id", "entity_id", "order_id", "buyer_id", "seller_id", "operator_id", "key", "detail", "fact")
LISTS = ("accounts", "reasons", "against")


def account(i: int) -> str:
    """Longer than a label."""
    return f"account-{i:04d}-of-{i:04d}"


def links(ring_id: str, size: int) -> list[dict[str, object]]:
    """A ring of so many accounts: two devices and payees, a referral line, and for every fifth pair a phone."""
    rows = []
    for i in range(size):
        shared = [
            ("device", f"device-{i % 2}"), ("payee", f"pay-{i % 2}"), ("payer", "pay-0"), ("contact", "网站.example"),
            *([("inviter", account(i // 3))] if i else []),
            *([("phone", f"$phone_{i // 10}$")] if i % 5 == 0 else []),
        ]  # fmt: skip
        for kind, entity in shared:
            since = START + timedelta(days=i % 30)
            until = since + timedelta(days=10 + i % 90)
            values = (ring_id, account(i), kind, entity, 1.0 + i % 4, since, until)
            rows.append(dict(zip(WATCHLISTS["links"].schema.names, values, strict=True)))
    return rows


def members(ring_id: str, size: int) -> list[dict[str, object]]:
    """Its accounts, the best first, one of them the organiser."""
    return [
        {
            "rank": i + 1, "account_id": account(i), "ring_id": ring_id, "score": 0.99 - i / 1000,
            "role": "organiser" if i == 0 else ROLES[i % len(ROLES)], "typology": "pyramid", "n_victims": 0,
            "exposure_cny": Decimal(0), "loss_cny": Decimal(0), "region": None, "reasons": [], "against": [],
            "verdict": None,
        }
        for i in range(size)
    ]  # fmt: skip


def row(rank: int, ring_id: str, size: int) -> dict[str, object]:
    """Its row of `rings`: score 0.9, two typologies."""
    return {
        "rank": rank, "ring_id": ring_id, "score": 0.9, "typology": "pyramid",
        "typologies": [{"name": "pyramid", "score": 0.9}, {"name": "brushing", "score": 0.2}], "action": "refer",
        "refer_to": "police", "accounts": sorted(map(account, range(size))), "n_accounts": size, "n_devices": 2,
        "n_payees": 2, "n_victims": 3, "exposure_cny": Decimal("1234.50"), "loss_cny": Decimal("1000.00"),
        "open_cny": Decimal("99.00"), "exposure_warned_cny": Decimal(0), "priority": 1.0, "first_activity_at": START,
        "last_activity_at": START, "lifecycle": "new", "previous_ring_ids": [], "regions": ["440106", "330106"],
        "axes": [], "weakest_tie": "phone $phone_0$", "reasons": ["疑似传销 <b>3 次</b>"], "against": ["一家人"],
        "verdict": None,
    }  # fmt: skip


def evidence(ring_id: str) -> list[dict[str, object]]:
    """An act and a tie, in the very sentences that the watchlists print."""
    act = words.say("fact", "zh", what=words.act("recruiting_message", "zh"), at=f"{START:%Y-%m-%d %H:%M}")
    held = words.say("fact_tie", "zh", kind="设备", entity="d", since="2025-03-01", until="2025-03-02")
    columns = WATCHLISTS["evidence"].schema.names
    return [
        dict(zip(columns, (ring_id, "pyramid", account(i), "chat_links", f"m{i}", fact, "f", "0", i), strict=True))
        for i, fact in enumerate([act, held])
    ]


def operator(ring_id: str) -> dict[str, object]:
    """Three accounts of which one is closed."""
    accounts = [account(i) for i in range(3)]
    return {
        "operator_id": f"O-{ring_id}", "accounts": accounts, "n_shops": 2, "n_licences": 0, "n_licences_shown": 0,
        "n_closed": 1, "regions": [], "first_registered_at": START, "last_closed_at": START, "ring_id": ring_id,
    }  # fmt: skip


def run_json(**more: object) -> str:
    """The least that a run writes into run.json, and what a test needs more."""
    least: dict[str, object] = {
        "run_id": "0123456789ab", "run_date": str(NIGHT), "code_version": "1", "settings_sha256": "0",
        "finished_at": "2025-06-23T03:00:00+00:00", "inputs": [], "steps": [], "outputs": [],
        "settings": {"exports": {"zone": "Asia/Shanghai"}, "publish": {"language": "zh"}},
    }  # fmt: skip
    return json.dumps(least | more)


def publish(out: Path, day: date = NIGHT, sizes: list[int] = SIZES) -> Path:
    """A published night with a ring `R-<size>` of each size; the largest first. Without sizes: nobody is listed."""
    named = {f"R-{size}": size for size in sorted(sizes, reverse=True)}
    tables: dict[str, list[dict[str, object]]] = {
        "rings": [row(i + 1, r, n) for i, (r, n) in enumerate(named.items())],
        "accounts": [m for r, n in named.items() for m in members(r, n)],
        "links": [link for r, n in named.items() for link in links(r, n)],
        "evidence": [fact for r in named for fact in evidence(r)],
        "operators": [operator(r) for r in named],
        "changes": [
            {"ring_id": r, "change": change, "account_id": who, "detail": "…"}
            for r in named
            for change, who in (("joined", account(1)), ("score", None))
        ],
        "open_orders": [
            {"ring_id": r, "order_id": "o1", "buyer_id": "b", "seller_id": account(0), "amount": Decimal(9),
             "paid_at": START}
            for r in named
        ],
    }  # fmt: skip
    folder = out / f"run_date={day}"
    folder.mkdir(parents=True)
    for name, table in WATCHLISTS.items():
        schema = pl.DataFrame(table.schema.empty_table()).schema
        pl.DataFrame(tables.get(name, []), schema=schema).write_parquet(folder / f"{name}.parquet")
    (folder / "run.json").write_text(run_json())
    return out


def spoil(out: Path, day: date = NIGHT) -> Path:
    """Put `NASTY` before every id and sentence of a night."""
    for name in WATCHLISTS:
        path = out / f"run_date={day}" / f"{name}.parquet"
        rows = pl.read_parquet(path)
        here = [column for column in rows.columns if column in (*IDS, *LISTS)]
        element = pl.lit(NASTY) + pl.element()
        nasty = [pl.col(c).list.eval(element) if c in LISTS else (pl.lit(NASTY) + pl.col(c)).alias(c) for c in here]
        rows.with_columns(nasty).write_parquet(path)
    return out
