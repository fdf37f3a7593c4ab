"""What must hold before anyone sees a night: figures in, verdicts out.

A gate that refuses keeps the night from being published; one that warns does not. Sizes and churn are judged against
like nights alone: snapshots against snapshots, increments against increments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from graph.figures import ExportFigures, Figures
from graph.settings import GateSettings

State = Literal["not judged", "passed", "warned", "refused", "overridden"]
_WORST: tuple[State, ...] = ("refused", "warned", "not judged", "passed")
_CROWD = 200
"""Accounts; on a small market a quarter of it is no crowd."""

Finding = tuple[State, str]
Gate = Callable[[Figures, Sequence[Figures], GateSettings], Iterator[Finding]]


@dataclass(frozen=True)
class Verdict:
    """What one gate said: its state, and why in one sentence of figures, empty where it passed."""

    gate: str
    state: State
    said: str


def judge(now: Figures, earlier: Sequence[Figures], settings: GateSettings) -> list[Verdict]:
    """One verdict a gate, in the order of `GATES`. `earlier`: the published nights before this date, newest first."""
    return [_verdict(name, list(gate(now, earlier, settings))) for name, gate in GATES.items()]


def _verdict(name: str, found: Sequence[Finding]) -> Verdict:
    state: State = min((state for state, _ in found), key=_WORST.index) if found else "passed"
    return Verdict(name, state, "; ".join(said for its, said in found if its == state))


def stale(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """An export is an old one: nothing in it is newer than what was there, or it falls far behind the others."""
    if missing := _nothing_new(now, earlier):
        yield "not judged", missing
        return
    like = _like(now, earlier, s.stale_nights)
    if not like:
        yield _too_few(now, earlier, s.stale_nights)
        return
    if not any(export.fresh for export in now.exports.values()):
        yield "warned", "nothing in the drop is newer than the night before: is it the same once more?"
        return
    for name, export in now.exports.items():
        then = [night.exports[name] for night in like]
        behind, before = _behind(now, export), max(map(_behind, like, then))
        if export.rows and not export.fresh and min(e.fresh for e in then) >= s.steady_rows:
            yield "refused", f"{name}: no row is newer than those of the night before"
        elif export.rows >= s.rows and behind > s.stale_days >= before:
            yield "refused", f"{name}: its newest row is {behind} days older than the drop's; before, at most {before}"


def short(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """An export came with far fewer rows than in like nights, or empty after nights that never were."""
    if missing := _nothing_new(now, earlier):
        yield "not judged", missing
        return
    like, last = _like(now, earlier, s.nights), earlier[: s.nights]
    if not like:
        yield _too_few(now, earlier, s.nights)
    for name, export in now.exports.items():
        usual = median(n.exports[name].rows for n in like) if like else 0
        if usual >= s.rows and export.rows < s.short * usual:
            yield "refused", f"{name}: {export.rows} rows, where like nights have {usual:.0f}"
        elif not export.rows and len(last) == s.nights and min(n.exports[name].rows for n in last) >= s.steady_rows:
            yield "refused", f"{name}: empty, after {s.nights} nights that were not"
    if now.kind == "increment" and len(last) == s.nights and all(n.kind == "snapshot" for n in last):
        yield "warned", f"an increment after {s.nights} snapshots, or a snapshot of which all exports are short"


def rejects(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """So many rows of an export were set aside that the rest no longer stands for all."""
    if earlier and (missing := _nothing_new(now, earlier)):
        yield "not judged", missing
        return
    for name, export in now.exports.items():
        share = export.set_aside / export.read if export.read >= s.rows else 0.0
        if share > s.rejects_warn:
            state: State = "refused" if share > s.rejects else "warned"
            yield state, f"{name}: {export.set_aside} of {export.read} rows set aside ({share:.0%})"


def salt(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """Ids that should be known are new: the exports' owner changed the key of its hashes, and every tie is lost."""
    drops = [(kind, drop) for kind, found in now.seen.items() for drop in found if drop.expected >= s.salt_ids]
    if not drops:
        yield "not judged", f"fewer than {s.salt_ids} ids that should have been seen before"
    for kind, drop in drops:
        if drop.seen < s.salt * drop.expected:
            yield (
                "refused",
                f"{kind} ids of the drop {drop.drop_date}: {drop.seen} of {drop.expected} were seen before"
                " that should have been",
            )


def ring_size(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """A ring is larger than any hand: a hub got through and joined strangers."""
    market = now.exports["accounts"].known
    if now.largest_ring > s.ring_accounts or now.largest_ring > max(s.ring_share * market, _CROWD):
        yield "refused", f"a ring of {now.largest_ring} accounts, of {market} on the platform"


def volume(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """Far fewer or far more rings or accounts are listed than in like nights."""
    like = _like(now, earlier, s.nights)
    if not like:
        yield _too_few(now, earlier, s.nights)
        return
    for name, listed, usual in (
        ("rings", now.rings, median(n.rings for n in like)),
        ("accounts", now.accounts, median(n.accounts for n in like)),
    ):
        if max(listed, usual) >= s.volume_rings and not s.volume_short * usual <= listed <= s.volume_warn * usual:
            refused = listed < s.volume_short * usual or listed > s.volume * max(usual, 1)
            yield "refused" if refused else "warned", f"{listed} {name} listed, where like nights have {usual:.0f}"


def churn(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """Most rings are new or gone since the night before: names or lists are not the same any more."""
    like = [n for n in _like(now, earlier, s.nights) if n.rings_before]
    if not like or now.rings_before is None or now.rings_new is None or now.rings_gone is None:
        yield _too_few(now, earlier, s.nights)
        return
    for name, share, usual, of in (
        ("new", _share(now.rings_new, now.rings), median(_share(n.rings_new, n.rings) for n in like), now.rings),
        (
            "gone",
            _share(now.rings_gone - now.rings_cleared, now.rings_before),
            median(_share(n.rings_gone, n.rings_before) for n in like),
            now.rings_before,
        ),
    ):
        if of >= s.volume_rings and share > max(s.churn, s.churn_times * usual):
            yield "refused", f"{share:.0%} of {of} rings are {name}, in like nights {usual:.0%}"


def hubs(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """The list of things too many share jumps: strangers would be joined, or hands parted."""
    like = _like(now, earlier, s.nights)
    if not like:
        yield _too_few(now, earlier, s.nights)
        return
    usual = median(n.hubs for n in like)
    jumps = not usual / s.hubs <= now.hubs <= usual * s.hubs
    if jumps and abs(now.hubs - usual) >= s.hubs_least:
        yield "refused", f"{now.hubs} hubs, where like nights have {usual:.0f}"


def empty_list(now: Figures, earlier: Sequence[Figures], s: GateSettings) -> Iterator[Finding]:
    """No ring is listed, and the night before there were some that nobody cleared."""
    left = (now.rings_before or 0) - now.rings_cleared
    if not now.rings and left > 0:
        yield "refused" if left >= s.empty_after else "warned", f"no ring is listed; the night before had {left}"


GATES: dict[str, Gate] = {
    gate.__name__: gate for gate in (stale, short, rejects, salt, ring_size, volume, churn, hubs, empty_list)
}
"""Name, as `--override` takes it -> the gate."""


def _like(now: Figures, earlier: Sequence[Figures], nights: int) -> list[Figures]:
    """The newest earlier nights whose drop was of the same kind; none when they are too few to judge by."""
    like = [night for night in earlier if night.kind == now.kind][:nights]
    return like if len(like) == nights else []


def _too_few(now: Figures, earlier: Sequence[Figures], nights: int) -> Finding:
    like = sum(night.kind == now.kind for night in earlier)
    return "not judged", f"{min(like, nights)} of {nights} earlier nights with a drop of this kind ({now.kind})"


def _nothing_new(now: Figures, earlier: Sequence[Figures]) -> str:
    """Why an export cannot be compared with the night before; empty where it can."""
    if not earlier:
        return "no night before this date"
    return "" if now.drop_date > earlier[0].drop_date else "no drop since the night before"


def _behind(night: Figures, export: ExportFigures) -> int:
    """Days from the export's newest row to the newest of the whole drop."""
    newest = max((e.newest for e in night.exports.values() if e.newest), default=None)
    return (newest - export.newest).days if newest and export.newest else 0


def _share(part: int | None, whole: int | None) -> float:
    return (part or 0) / whole if whole else 0.0
