"""`ringwatch leads`: the night's rings to refer, split so that each liaison gets its own, and a form to answer on.

    <out>/leads_run_date=<date>/<police|market_regulator>/<place>/index.csv  feedback.csv

The rule, which stands in every index as well: a ring goes to each authority that `refer_to` names. Its places are the
regions (GB/T 2260, cut to the digits of the setting) of its members and of its victims. It *leads* in the place where
most of its members are registered; where members are equally many, in the one of them with a victim, then in the one
with the smaller code; where no member's region is known, in the victims' smallest. In its other places it is listed
for cooperation. A ring without any region stands under `unknown`.

An index holds ring ids and figures, no account: what goes out of a ring goes by `ringwatch case`.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from graph import words
from graph.exports import LABELS
from jobs import published
from jobs.case.clean import one_line
from jobs.errors import UsageError
from jobs.exchange import exchange

AUTHORITIES = {"police": ("police",), "market_regulator": ("market_regulator",), "both": ("police", "market_regulator")}
UNKNOWN = "unknown"
RULE = (
    "移送规则：按 refer_to 分送机关；按成员注册地与受害人所在地（GB/T 2260 前 {digits} 位）分送地区；"
    "成员最多的地区为建议主办，并列时先取有受害人的、再取代码小的；其余地区为协查"
)
INDEX = (
    "ring_id", "lead", "typology", "score", "n_accounts", "n_accounts_here", "n_victims", "victims_here",
    "exposure_cny", "loss_cny", "open_cny", "first_activity_at", "last_activity_at", "lead_place", "other_places",
    "rule",
)  # fmt: skip
FORM = tuple(column.name for column in LABELS.columns)
VERDICTS = next(column.values for column in LABELS.columns if column.name == "verdict")


@dataclass(frozen=True)
class Place:
    """One ring in one place: whether it leads there, members registered there, and whether a victim is."""

    place: str
    lead: bool
    members: int
    victims: bool


def leads(watchlists: Path, out: Path, run_date: date | None, digits: int) -> Path:
    """Write the folder of one night, whole or not at all, and return it. Raises UsageError."""
    night = published.night(watchlists, run_date)
    rings, accounts = published.tables(night, "rings", "accounts")
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for ring in rings.filter(pl.col("action") == "refer").sort("rank").iter_rows(named=True):
        members = accounts.filter(pl.col("ring_id") == ring["ring_id"])["region"].to_list()
        placed = places(members, ring["regions"], digits)
        for authority in AUTHORITIES.get(ring["refer_to"] or "", ()):
            for place in placed:
                found.setdefault((authority, place.place), []).append(_row(ring, place, placed, digits))
    return _publish(out / f"leads_{night.name}", found)


def places(members: Iterable[str | None], victims: Iterable[str], digits: int) -> list[Place]:
    """A ring's places by the rule of this module, the leading one first."""
    here = Counter(code for region in members if (code := _code(region, digits)))
    harmed = {code for region in victims if (code := _code(region, digits))}
    ranked = sorted(here.keys() | harmed, key=lambda p: (-here[p], p not in harmed, p)) or [UNKNOWN]
    return [Place(place, place == ranked[0], here[place], place in harmed) for place in ranked]


def _code(region: str | None, digits: int) -> str | None:
    """A region comes from the data and will name a folder: only digits pass."""
    return region[:digits] if region and region.isascii() and region.isdigit() and len(region) >= digits else None


def _row(ring: dict[str, Any], place: Place, placed: Sequence[Place], digits: int) -> dict[str, str]:
    cells = {name: ring[name] for name in INDEX if name in ring}
    cells |= {
        "lead": "建议主办" if place.lead else "协查",
        "typology": f"疑似{words.typology(ring['typology'], 'zh')}",
        "score": f"{ring['score']:.3f}",
        "n_accounts_here": place.members,
        "victims_here": "有" if place.victims else "无",
        "lead_place": placed[0].place,
        "other_places": " ".join(p.place for p in placed[1:]),
        "rule": RULE.format(digits=digits),
    }
    return {name: "" if cells[name] is None else one_line(str(cells[name])) for name in INDEX}


def _publish(folder: Path, found: dict[tuple[str, str], list[dict[str, str]]]) -> Path:
    """Built aside, then renamed; a folder of that night that is there already is replaced whole."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # `parents` alone would give it the umask's mode
        aside.mkdir(mode=0o700)
        for (authority, place), rows in sorted(found.items()):
            inside = aside / authority / place
            for part in (inside.parent, inside):
                part.mkdir(mode=0o700, exist_ok=True)
            _write(inside / "index.csv", INDEX, rows)
            _write(inside / "feedback.csv", FORM, [{"subject_id": row["ring_id"]} for row in rows])
        if folder.exists():
            exchange(aside, folder)
        else:
            aside.rename(folder)
    except OSError as failure:
        raise UsageError(f"--out {folder.parent}: cannot be written ({failure.strerror})") from failure
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def returned(form: Path, drop: Path) -> Path:
    """Put a form that came back into a drop as `labels_<form>.csv`, where the night reads it as verdicts; rows without
    a verdict are left out. Raises UsageError naming the line that is no verdict: the door would only set it aside."""
    try:
        text = _decoded(form.read_bytes())
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows, columns = list(table), set(table.fieldnames or ())
    except OSError as failure:
        raise UsageError(f"--returned {form}: cannot be read ({failure.strerror})") from failure
    except (ValueError, csv.Error) as failure:
        raise UsageError(f"--returned {form}: not a CSV file in UTF-8 or GB18030") from failure
    if missing := [name for name in ("subject_id", "verdict", "decided_at") if name not in columns]:
        raise UsageError(f"--returned {form}: no feedback form: it has no column {', '.join(missing)}")
    if not drop.is_dir():
        raise UsageError(f"--drop {drop}: no such folder. Name the drop that the next night reads")
    decided = []
    for line, row in enumerate(rows, 1):
        if not (row.get("verdict") or "").strip():
            continue
        if row["verdict"] not in VERDICTS or not row.get("subject_id") or not row.get("decided_at"):
            raise UsageError(
                f"--returned {form}: line {line} needs subject_id, decided_at and a verdict of {', '.join(VERDICTS)}"
            )
        decided.append({name: row.get(name) or "" for name in FORM})
    target = drop / f"labels_{form.stem}.csv"
    if target.exists():
        raise UsageError(f"{target} is there already. Rename the form")
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    _write(aside, FORM, decided)
    return aside.rename(target)


def _decoded(content: bytes) -> str:
    """Spreadsheets in China save GB18030 unless told otherwise."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, str]]) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
