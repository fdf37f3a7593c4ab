"""The tables of a bundle: one definition for CSV, workbook and report. Every cell is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from graph import words
from jobs.case.gather import Gathered
from jobs.case.mask import ACCOUNTS, SPACES, Mask, space_of
from jobs.case.provenance import Cited, chain

ROLES = {
    "seller": "作为卖家", "buyer": "作为买家", "both": "买卖两边", "promoter": "推广或发展下线", "organiser": "组织者",
    "source": "共同来源（非嫌疑人）", "holder": "仅有关联、无行为",
}  # fmt: skip
EXPORT_NAMES = {"orders": "订单", "accounts": "账号", "devices": "设备", "chat_links": "聊天链接"}
FORMS = {"raw": "原始字节", "rfc8785": "规范化 JSON（RFC 8785）"}


@dataclass(frozen=True)
class Sheet:
    """One table: file and sheet name, (column, what people call it), rows."""

    name: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[str, ...]]


def sheets(g: Gathered, mask: Mask) -> list[Sheet]:
    """accounts, devices, payees, ties, acts, victims, in this order."""
    return [
        accounts(g, mask),
        things(g, mask, "devices", "设备", ("device_id", "设备标识")),
        things(g, mask, "payees", "收付款账号", ("payee_id", "收付款账号标识")),
        ties(g, mask),
        acts(g, mask),
        victims(g, mask),
    ]


def accounts(g: Gathered, mask: Mask) -> Sheet:
    """One row a member, best first."""
    columns = _columns(
        "account 编号 account_id 账号标识 role 角色 kind 账号类别 score 得分 typology 疑似类型 registered_at 注册时间"
        " closed_at 关闭时间 region 地区 n_victims 受害人数 exposure_cny 涉及金额 loss_cny 损失金额"
        " reasons 依据 against 不利于认定的事实 verdict 分析员结论"
    )
    rows = [
        (
            mask.account(r["account_id"]), mask.value(r["account_id"]), ROLES[r["role"]],
            {"shop": "店铺", "person": "个人"}.get(r["kind"], ""), f"{r['score']:.3f}",
            f"疑似{words.typology(r['typology'], 'zh')}", _time(r["registered_at"]), _time(r["closed_at"]),
            r["region"] or "", str(r["n_victims"]), str(r["exposure_cny"]), str(r["loss_cny"]),
            " ".join(mask.text(s) for s in r["reasons"]), " ".join(mask.text(s) for s in r["against"]),
            r["verdict"] or "",
        )
        for r in g.members.iter_rows(named=True)
    ]  # fmt: skip
    return Sheet("accounts", "账号", columns, rows)


def things(g: Gathered, mask: Mask, name: str, title: str, of: tuple[str, str]) -> Sheet:
    """One row a shared device or payment account."""
    space = "device" if name == "devices" else "pay"
    columns = (("thing", "编号"), of, ("use", "用途"), *_columns(
        "n_accounts 共用账号数 accounts 共用账号 first_seen_at 首次使用 last_seen_at 末次使用 weight 关联强度"
    ))  # fmt: skip
    kinds = dict(g.devices.select("device_id", "device_kind").drop_nulls().iter_rows())
    rows = []
    for entity, used in _by_thing(g.links, space):
        use = kinds.get(entity, "") if space == "device" else "、".join(words.kind(k, "zh") for k in used["kinds"])
        users = "、".join(sorted(mask.account(a) for a in used["accounts"]))
        rows.append(
            (
                mask.thing(space, entity), mask.value(entity), use, str(len(used["accounts"])), users,
                _time(used["first"]), _time(used["last"]), f"{used['weight']:.2f}",
            )
        )  # fmt: skip
    return Sheet(name, title, columns, rows)


def ties(g: Gathered, mask: Mask) -> Sheet:
    """One row a tie between an account and what it shares, both ends named: a link list."""
    columns = _columns(
        "from 起点编号 from_type 起点类别 from_id 起点标识 to 终点编号 to_type 终点类别 to_id 终点标识 tie 关联种类"
        " weight 关联强度 first_seen_at 首次 last_seen_at 末次 file_sha256 来源文件SHA-256 record 来源记录序号"
    )
    shown = _shown_by(g)
    rows = []
    for r in g.links.iter_rows(named=True):
        file, line = shown.get((r["account_id"], r["entity_kind"], r["entity_id"]), ("", ""))
        space = space_of(r["entity_kind"])
        rows.append(
            (
                mask.account(r["account_id"]), SPACES["member"][1], mask.value(r["account_id"]),
                mask.thing(space, r["entity_id"]), SPACES[space][1] if space in SPACES else "账号",
                mask.value(r["entity_id"]), words.kind(r["entity_kind"], "zh"), f"{r['weight']:.2f}",
                _time(r["first_seen_at"]), _time(r["last_seen_at"]), file, line,
            )
        )  # fmt: skip
    return Sheet("ties", "关联", columns, rows)


def acts(g: Gathered, mask: Mask) -> Sheet:
    """One row an act, oldest first."""
    columns = _columns(
        "no 序号 account 账号编号 account_id 账号标识 typology 疑似类型 act 行为 happened_at 时间 table 来源表"
        " record_label 记录编号 record_key 记录键 other 对方编号 other_id 对方标识 amount_cny 涉及金额"
        " loss_cny 损失金额 file_sha256 来源文件SHA-256 record 来源记录序号"
    )
    source = {(t, k): (f, n) for t, k, f, n in g.evidence.select("table", "key", "file_sha256", "line").iter_rows()}
    rows = []
    for number, r in enumerate(g.facts.iter_rows(named=True), 1):
        file, line = source[r["table"], r["row_key"]]
        rows.append(
            (
                f"{number:05d}", mask.account(r["account_id"]), mask.value(r["account_id"]),
                f"疑似{words.typology(r['typology'], 'zh')}", words.act(r["act"], "zh"), _time(r["happened_at"]),
                EXPORT_NAMES[r["table"]], mask.record(r["table"], r["row_key"]), mask.value(r["row_key"]),
                mask.account(r["victim_id"]), mask.value(r["victim_id"]), _cny(r["exposure_fen"]), _cny(r["loss_fen"]),
                file, str(line),
            )
        )  # fmt: skip
    return Sheet("acts", "行为", columns, rows)


def victims(g: Gathered, mask: Mask) -> Sheet:
    """One row an order (or a loss stated in a chat) and the victim it harmed."""
    columns = _columns(
        "order 订单编号 order_id 订单标识 victim 受害人编号 victim_id 受害人标识 accounts 相关成员"
        " exposure_cny 涉及金额 paid_cny 已付金额 paid_at 付款时间 refunded_cny 已退金额 refunded_at 退款时间"
        " lost_cny 损失金额 region 受害人地区 warned 付款前已提示风险"
    )
    rows = []
    orders = {r["order_id"]: r for r in g.orders.iter_rows(named=True)}
    for r in harmed(g.facts).iter_rows(named=True):
        order = orders.get(r["order_id"], {})
        label, key = mask.record(r["table"], r["row_key"]), mask.value(r["row_key"])
        victim = r["victim_id"] or order.get("buyer_id")
        users = "、".join(sorted({mask.account(a) for a in r["accounts"]}))
        rows.append(
            (
                label, key, mask.account(victim), mask.value(victim), users,
                _cny(r["exposure_fen"]), *_moved(order, "paid_at"), *_moved(order, "refunded_at"),
                _cny(r["loss_fen"]), r["region"] or "", _YES_NO[order.get("buyer_warned")],
            )
        )  # fmt: skip
    return Sheet("victims", "受害人", columns, rows)


def harmed(facts: pl.DataFrame) -> pl.DataFrame:
    """One row a record that did harm, however many kinds of act it shows; the sums are those of the watchlist.

    Without a victim there is harm in a pyramid alone, where who pays is a member too.
    """
    return (
        facts.filter(pl.col("victim_id").is_not_null() | (pl.col("exposure_fen") > 0))
        .group_by("table", "row_key")
        .agg(
            pl.col("order_id").first(), pl.col("victim_id").min(), pl.col("account_id").alias("accounts"),
            pl.col("exposure_fen", "loss_fen").max(), pl.col("region").min(), pl.col("happened_at").min(),
        )
        .sort("happened_at", "table", "row_key")
    )  # fmt: skip


def lines(records: Sequence[Cited], evidence: pl.DataFrame, true: bool) -> Sheet:
    """One row a cited record. A lead tells file, number and hash alone."""
    columns = _columns("file_sha256 来源文件SHA-256 record 记录序号 record_sha256 记录SHA-256")
    rows: list[tuple[str, ...]] = [(r.file_sha256, str(r.record), r.sha256) for r in records]
    if true:
        columns += _columns(
            "table 来源表 key 记录键 form 字节形式 physical_line 物理行 physical_lines 物理行数 file 来源文件"
            " raw_file 原始字节文件 offset 起始字节 length 字节数"
        )
        keys = {(t, f, n): k for t, f, n, k in evidence.select("table", "file", "line", "key").iter_rows()}
        places = ((name, offset) for name, _, offsets in chain(records) for offset in offsets)
        rows = [
            (
                *row, r.table, keys[r.table, r.file, r.record], r.form, _text(r.physical_line), _text(r.physical_lines),
                r.file, f"raw/{name}", str(offset), str(len(r.content)),
            )
            for row, r, (name, offset) in zip(rows, records, places, strict=True)
        ]  # fmt: skip
    return Sheet("lines", "来源", columns, rows)


def part(sheet: Sheet, columns: int) -> Sheet:
    """The first columns of a sheet: where a record's bytes lie in raw/ is for programs, not for the workbook."""
    return Sheet(sheet.name, sheet.title, sheet.columns[:columns], [row[:columns] for row in sheet.rows])


def unread_lines(evidence: pl.DataFrame) -> Sheet:
    """`lines` where the exports were not at hand: the records are named, their hashes empty."""
    columns = _columns("file_sha256 来源文件SHA-256 record 记录序号 record_sha256 记录SHA-256")
    cited = evidence.select("file_sha256", "line").unique().sort("file_sha256", "line")
    return Sheet("lines", "来源", columns, [(file, str(line), "") for file, line in cited.iter_rows()])


def to_resolve(g: Gathered, mask: Mask, fields: Iterable[str]) -> Sheet:
    """What the custodian is to resolve: accounts, payment accounts and whatever else identifies a person."""
    asked = (*ACCOUNTS, "pay", "contact", "phone", "owner", "licence", "address")
    empty = tuple("" for _ in fields)
    rows = [(label, SPACES[space][1], entity, *empty) for space, entity, label in mask.items() if space in asked]
    return Sheet("to_resolve", "待核实", (*_columns("label 编号 kind 类别 id 标识"), *((f, f) for f in fields)), rows)


def _by_thing(links: pl.DataFrame, space: str) -> Iterator[tuple[str, dict[str, Any]]]:
    kinds = ["payee", "payer"] if space == "pay" else [space]
    grouped = (
        links.filter(pl.col("entity_kind").is_in(kinds))
        .group_by("entity_id")
        .agg(
            pl.col("account_id").unique().sort().alias("accounts"),
            pl.col("entity_kind").unique().sort().alias("kinds"),
            pl.col("first_seen_at").min().alias("first"), pl.col("last_seen_at").max().alias("last"),
            pl.col("weight").max(),
        )
        .sort("entity_id")
    )  # fmt: skip
    for row in grouped.iter_rows(named=True):
        yield row["entity_id"], row


def _shown_by(g: Gathered) -> dict[tuple[str, str, str], tuple[str, str]]:
    """(account, kind, entity) of a tie -> the record that shows it, known by the tie's own sentence."""
    language = g.ring.night.language
    ties = g.evidence.filter(pl.col("act").is_null())
    said = {
        (a, fact): (f, str(n)) for a, fact, f, n in ties.select("account_id", "fact", "file_sha256", "line").iter_rows()
    }
    out = {}
    for account, kind, entity, first, last in g.links.select(
        "account_id", "entity_kind", "entity_id", "first_seen_at", "last_seen_at"
    ).iter_rows():
        fact = words.say(
            "fact_tie",
            language,
            kind=words.kind(kind, language),
            entity=entity,
            since=f"{first:%Y-%m-%d}",
            until=f"{last:%Y-%m-%d}",
        )
        if (account, fact) in said:
            out[account, kind, entity] = said[account, fact]
    return out


_YES_NO = {True: "是", False: "否", None: ""}


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    parts = text.split()
    return tuple(zip(parts[::2], parts[1::2], strict=True))


def _moved(order: dict[str, Any], at: str) -> tuple[str, str]:
    return (_cny(order["amount_fen"]), _time(order[at])) if order.get(at) else ("", "")


def _cny(fen: int) -> str:
    return str(Decimal(fen).scaleb(-2).quantize(Decimal("0.01")))


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
