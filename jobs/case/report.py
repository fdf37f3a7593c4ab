"""The report: what it says lives in report.typ, this fills in the figures and has them set."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from string import Template
from typing import Any

import typst

from graph import words
from graph.visible import shown, visible
from graph.weakest import weakest_tie
from jobs.case.gather import Gathered
from jobs.case.mask import SPACES, Mask
from jobs.case.picture import masked_graph, picture, timeline, without_strongest
from jobs.case.seal import NAMESPACE
from jobs.case.settings import CaseSettings
from jobs.case.tables import ROLES, Sheet
from jobs.case.terms import MODES, Terms
from jobs.errors import RingwatchError

FONT = "Noto Sans CJK SC"
INSTALL = "fonts-noto-cjk is missing. On Debian: apt-get install fonts-noto-cjk, or make setup-system"
MOST = 60
"""Rows of a table in the report; the workbook has all."""
_NO_GLYPH = re.compile(r"the text `\"(.+?)\"` could not be displayed", re.DOTALL)
_ACTIONS = {"advise": "提示", "warn": "警示", "restrict": "限制", "refer": "移送"}
_KINDS = {"data": "报告与表格", "csv": "表格", "machine": "机读数据", "provenance": "来源与原始记录"}


@cache
def fonts() -> typst.Fonts:
    """The installed fonts; looked for once."""
    return typst.Fonts(include_embedded_fonts=False)


def check_font() -> None:
    """Raises RingwatchError naming the package to install: without the font the report would be boxes."""
    if FONT not in fonts().families():
        raise RingwatchError(f"the report needs the font {FONT}: {INSTALL}. Nothing was written")


def set_report(content: Mapping[str, Any]) -> bytes:
    """PDF/A-2u, the same bytes for the same content. Characters that no font has are shown as their codes."""
    source = (resources.files("jobs.case") / "report.typ").read_bytes()
    text = json.dumps(content, ensure_ascii=False)
    while True:
        try:
            pdf, warnings = typst.compile_with_warnings(
                source, font_paths=fonts(), format="pdf", sys_inputs={"data": text}, pdf_standards="a-2u", timestamp=0
            )
        except typst.TypstError as failure:
            found = {c for run in _NO_GLYPH.findall(failure.diagnostic) for c in run if not c.isascii() and c in text}
            if not found:
                raise RingwatchError(f"the report could not be set: {failure.message}") from None
            text = text.translate({ord(c): shown(c) for c in found})
            continue
        # typst sets boxes and says so in a warning alone.
        if odd := [w.message for w in warnings]:
            raise RingwatchError(f"the report could not be set: {odd[0]}. {INSTALL}")
        assert isinstance(pdf, bytes)
        return pdf


def content(
    g: Gathered, mask: Mask, case: str, terms: Terms, settings: CaseSettings, sheets: Mapping[str, Sheet],
    inventory: Sequence[tuple[str, str]], hashed: bool,
) -> dict[str, Any]:  # fmt: skip
    """What report.typ reads; every text in it safe to be looked at."""
    graph, row = masked_graph(g, mask), g.row
    named = settings.names.model_dump()
    terms_said = [(named[name], value) for name, value in terms.given().items()]
    out = {
        "title": f"疑似团伙线索报告 {case}",
        "case_id": case,
        "day": str(g.run_date),
        "mode": terms.mode,
        "mode_name": MODES[terms.mode],
        "organisation": settings.organisation,
        "typology": words.typology(row["typology"], "zh"),
        "terms": [("案件包编号", case), ("团伙编号", row["ring_id"]), ("数据截至", str(g.run_date)),
                  ("提供单位", settings.organisation), ("联系", settings.contact), *terms_said],
        "figures": _figures(row),
        "reasons": [mask.text(s) for s in row["reasons"]],
        "against": _against(g, mask),
        "innocent": [(words.typology(t["name"], "zh"), words.innocent(t["name"], "zh")) for t in row["typologies"]],
        "without": without_strongest(graph),
        "picture": picture(graph),
        "timeline": timeline(g, mask),
        "roles": [{"role": r, "name": ROLES[r]} for r in ROLES if r in set(g.members["role"])],
        "accounts": _part(sheets["accounts"], "account:1 account_id:2.6 role:1.5 score:0.9 typology:1.7 "
                          "registered_at:2.5 closed_at:1.5 region:1.1 n_victims:1 loss_cny:1.4", mask.true),
        "things": _things(sheets, mask.true),
        "kinds": _kinds(sheets["acts"]),
        "acts": _part(sheets["acts"], "no:1 account:0.9 act:4 happened_at:2.9 table:1.2 record_label:1.2 record_key:2 "
                      "other:1 amount_cny:1.4 loss_cny:1.4", mask.true),
        "victims": _part(sheets["victims"], "order:1 order_id:2 victim:1 victim_id:2 accounts:1.6 exposure_cny:1.4 "
                         "paid_cny:1.4 refunded_cny:1.4 lost_cny:1.4 region:1.2 warned:1", mask.true),
        "open": _open(g, mask),
        "hashed": hashed,
        "labels": [("编号字母", "，".join(f"{letter} = {said}" for letter, said in SPACES.values()))],
        "process": _process(g),
        "inputs": {
            "head": ["类别", "文件", "SHA-256", "行数"], "widths": [0.8, 2, 3.6, 0.8], "more": 0,
            "rows": [(f["table"], f["path"], f["sha256"], str(f["rows_read"])) for f in g.record["inputs"]],
        },
        "inventory": {
            "head": ["类别", "文件", "文件格式", "完整性校验值（SHA-256）"], "widths": [1.1, 2, 0.8, 4.2], "more": 0,
            "rows": [(_KINDS.get(_folder(n), "报告与表格"), n, n.rpartition(".")[2].upper(), h) for n, h in inventory],
        },
        "certificate": [
            ("提供单位", settings.organisation), ("提供方式", MODES[terms.mode]),
            *[(named[n], terms.given().get(n, "（线索移送，无）" if terms.mode == "lead" else "")) for n in
              ("document_number", "unit", "officer", "scope", "basis", "approver")],
            ("案件包编号", case), ("数据截至", str(g.run_date)),
            ("内容", f"疑似团伙 {row['ring_id']}：{row['n_accounts']} 个账号、{len(sheets['acts'].rows)} 条行为记录"),
        ],
    }  # fmt: skip
    cleaned: dict[str, Any] = _clean(out)
    return cleaned


def guide(case: str, terms: Terms) -> bytes:
    """How to verify, for people without our software; with a byte order mark and CRLF, for Notepad."""
    raw = (
        "  provenance/raw/ 为这些记录的原始字节，依次相连。取出一条并核对（offset、length 见 lines.csv）：\n"
        "       tail -c +$((offset+1)) raw_file | head -c length | sha256sum\n"
        if terms.mode == "request"
        else "  本包为线索移送，不含原始记录。\n"
    )
    text = Template((resources.files("jobs.case") / "guide.txt").read_text(encoding="utf-8"))
    said = text.substitute(case_id=case, namespace=NAMESPACE, organisation_principal="签名者名称", raw_note=raw)
    return said.replace("\n", "\r\n").encode("utf-8-sig")


def _figures(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = "、".join(f"疑似{words.typology(t['name'], 'zh')}（{t['score']:.2f}）" for t in row["typologies"])
    return [
        ("疑似类型（得分）", named),
        ("总得分", f"{row['score']:.3f}"),
        ("系统建议", f"{_ACTIONS[row['action']]}（须由具名人员决定）"),
        ("规模", f"{row['n_accounts']} 个账号，{row['n_devices']} 台设备，{row['n_payees']} 个收付款账号"),
        ("受害人", f"{row['n_victims']} 名"),
        ("金额（元）", f"涉及 {row['exposure_cny']:,}；损失 {row['loss_cny']:,}；尚可挽回 {row['open_cny']:,}；"
                    f"其中平台已提示风险后发生 {row['exposure_warned_cny']:,}"),
        ("活动时间", f"{row['first_activity_at'] or ''} 至 {row['last_activity_at'] or ''}"),
        ("受害人地区（GB/T 2260）", "、".join(row["regions"])),
    ]  # fmt: skip


def _against(g: Gathered, mask: Mask) -> list[str]:
    """The night's sentences; the one on the weakest tie is made anew, in labels."""
    language = g.ring.night.language
    opening = words.say("weakest", language, kind="\0", entity="\0").partition("\0")[0]
    out = [mask.text(s) for s in g.row["against"] if not s.startswith(opening)]
    if tie := weakest_tie(g.ring.graph()):
        kind = tie[0]
        out.append(words.say("weakest", "zh", kind=words.kind(kind, "zh"), entity=mask.thing(kind, tie[1])))
    if g.row["verdict"]:
        out.append(f"分析员结论：{g.row['verdict']}")
    return out


def _part(sheet: Sheet, widths: str, true: bool) -> dict[str, Any]:
    """Some columns of a sheet, with their widths, and its first rows; columns of true values where they go out."""
    wanted = [(name, float(width)) for name, _, width in (w.partition(":") for w in widths.split())]
    wanted = [(n, w) for n, w in wanted if true or not (n.endswith("_id") or n == "record_key")]
    place = {name: i for i, (name, _) in enumerate(sheet.columns)}
    said = dict(sheet.columns)
    return {
        "head": [said[name] for name, _ in wanted],
        "widths": [width for _, width in wanted],
        "rows": [[row[place[name]] for name, _ in wanted] for row in sheet.rows[:MOST]],
        "more": max(0, len(sheet.rows) - MOST),
    }


def _things(sheets: Mapping[str, Sheet], true: bool) -> dict[str, Any]:
    """Every shared thing once: what it is, who shares it, from when to when; from the ties."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in sheets["ties"].rows:
        found.setdefault(row[3], []).append(row)
    rows = [
        [to, used[0][6], *([used[0][5]] if true else []), str(len({r[0] for r in used})),
         "、".join(sorted({r[0] for r in used})), min(r[8] for r in used)[:10], max(r[9] for r in used)[:10],
         max((r[7] for r in used), key=float)]
        for to, used in sorted(found.items(), key=lambda item: (-len({r[0] for r in item[1]}), item[0]))
    ]  # fmt: skip
    return {
        "head": ["编号", "种类", *(["标识"] if true else []), "账号数", "共用账号", "首次", "末次", "强度"],
        "widths": [0.9, 1.3, *([2.2] if true else []), 0.9, 4, 1.4, 1.4, 0.8],
        "rows": rows[:MOST],
        "more": max(0, len(rows) - MOST),
    }


def _kinds(acts: Sheet) -> dict[str, Any]:
    place = {name: i for i, (name, _) in enumerate(acts.columns)}
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for row in acts.rows:
        found.setdefault((row[place["typology"]], row[place["act"]]), []).append(row)
    rows = [
        [*kind, str(len(group)), str(len({r[place["account"]] for r in group})),
         min(r[place["happened_at"]] for r in group)[:10], max(r[place["happened_at"]] for r in group)[:10]]
        for kind, group in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]  # fmt: skip
    head = ["疑似类型", "行为", "次数", "账号数", "最早", "最晚"]
    return {"head": head, "widths": [1.6, 5, 0.7, 0.8, 1.3, 1.3], "rows": rows, "more": 0}


def _open(g: Gathered, mask: Mask) -> dict[str, Any]:
    rows = [
        [mask.record("orders", r["order_id"]), *([r["order_id"]] if mask.true else []), mask.account(r["buyer_id"]),
         mask.account(r["seller_id"]), f"{r['amount']:,}",
         f"{r['paid_at']:%Y-%m-%d %H:%M}" if r["paid_at"] else "未提供"]
        for r in g.open_orders.sort("order_id").iter_rows(named=True)
    ]  # fmt: skip
    head = ["订单", *(["订单标识"] if mask.true else []), "付款人", "收款成员", "金额（元）", "付款时间"]
    return {
        "head": head, "widths": [1.0] * len(head), "rows": rows[:MOST], "more": max(0, len(rows) - MOST),
    }  # fmt: skip


def _process(g: Gathered) -> list[tuple[str, str]]:
    record = g.record
    acts = Counter(g.evidence["table"])
    return [
        ("运行编号", record["run_id"]), ("程序版本", record["code_version"]),
        ("设置的 SHA-256", record["settings_sha256"]),
        ("数据截至", str(g.run_date)),
        ("引用的记录", "，".join(f"{table} {n} 条" for table, n in sorted(acts.items()))),
        ("增删改", "数据仓库只增不改：同一主键以最新一次导出为准，未通过校验的行另存并注明原因；"
         "本包只摘取与该团伙有关的记录，除编号与遮蔽外未作改动"),
    ]  # fmt: skip


def _folder(name: str) -> str:
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else "data"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return value
