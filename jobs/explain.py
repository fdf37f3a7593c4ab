"""One account: all that a night held about it, and why it is or is not listed; for analysts and for the person."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from graph import words
from graph.account import About, about, act_sentences, own_facts, why_not
from graph.words import Language
from jobs import published
from jobs.nightly import weigh
from jobs.register_store import recall_names
from jobs.screen import escape
from jobs.settings import Settings
from jobs.steps import Counted, Steps
from jobs.verdict_journal import recall_verdicts
from jobs.warehouse import Warehouse


def explain(
    account: str, watchlists: Path, warehouse: Path, run_date: date | None, settings: Settings, *, for_subject: bool
) -> None:
    """Print what the night held. The night's stages run again on the warehouse, which is only read, so that an account
    on no list is explained as exactly as one that is."""
    folder = published.night(watchlists, run_date)
    night = date.fromisoformat(folder.name.removeprefix("run_date="))
    found = _look(account, warehouse, night, settings)
    language = settings.publish.language
    screen = Console()
    lists = published.tables(folder, "accounts", "lone", "rings", "links", "evidence", "operators")
    listed = _listed(account, lists[0], lists[1], lists[2], language, for_subject=for_subject)
    for line in [*(listed or why_not(found, settings.method, language))]:
        screen.print(escape(line), highlight=False, soft_wrap=True)
    if for_subject:
        # Only what is said here reaches the person: nobody else's id may be in it, nor the ring's.
        for line in [*own_facts(found, language), words.say("may_dispute", language)]:
            screen.print("· " + escape(line), highlight=False, soft_wrap=True)
        return
    _analyst(screen, account, found, lists[0], lists[4], language)


def _look(account: str, warehouse: Path, night: date, settings: Settings) -> About:
    with (
        Warehouse.open(warehouse, **settings.engine.limits(), read_only=True) as db,
        Steps(night, Counted(db), quiet=True) as steps,
    ):
        weigh(steps, night, settings)
        recall_verdicts(db)
        recall_names(db, night)
        return about(db, account, datetime.combine(night + timedelta(days=1), time()))


def _listed(
    account: str, accounts: pl.DataFrame, lone: pl.DataFrame, rings: pl.DataFrame, lang: Language, *, for_subject: bool
) -> list[str]:
    for row in accounts.filter(account_id=account).iter_rows(named=True):
        if for_subject:
            return [words.say("on_the_ring_list", lang, score=f"{row['score']:.2f}")]
        rank = rings.filter(ring_id=row["ring_id"])["rank"].item()
        return [words.say("on_a_ring", lang, ring=row["ring_id"], rank=rank, score=f"{row['score']:.2f}")]
    return [words.say("on_lone", lang, score=f"{s:.2f}") for s in lone.filter(account_id=account)["score"]]


def _analyst(
    screen: Console, account: str, found: About, accounts: pl.DataFrame, evidence: pl.DataFrame, language: Language
) -> None:
    for row in accounts.filter(account_id=account).iter_rows(named=True):
        for sign, column in (("+", "reasons"), ("-", "against")):
            for line in row[column]:
                screen.print(f"{sign} {escape(line)}", highlight=False, soft_wrap=True)
    for name, sentences in (("acts", act_sentences(found, language)), ("own", own_facts(found, language)[:1])):
        screen.print(f"{name}:", highlight=False)
        for line in sentences or ["-"]:
            screen.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    facts = evidence.filter(account_id=account).select("typology", "fact", "file", "line")
    for title, frame in (
        ("ties", found.ties),
        ("hubs, no ties", found.hubs),
        ("verdicts", found.verdicts),
        ("facts", facts),
    ):
        screen.print(_table(title, frame))
    if found.place:
        score = found.place["score"]
        screen.print(
            f"candidate ring of {found.place['size']}: holds by {found.place['hold']:.1f}, own acts"
            f" {found.place['acts']:.1f}, ring's score {'below listing' if score is None else f'{score:.2f}'}",
            highlight=False,
        )


def _table(title: str, frame: pl.DataFrame) -> Table | str:
    if frame.is_empty():
        return f"{title}: none"
    table = Table(*frame.columns, title=title, title_justify="left")
    for row in frame.iter_rows():
        table.add_row(*(escape(f"{v:.2f}" if isinstance(v, float) else str(v)) for v in row))
    return table
