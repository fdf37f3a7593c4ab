"""Parting: communities that are two hands, which do different things and share a host by chance."""

from __future__ import annotations

from itertools import islice
from math import inf
from typing import TYPE_CHECKING

import networkx as nx

from graph.groups import between, communities, cut_out, numbered, shown
from graph.tables import BUYING, SELLING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from graph.settings import RingSettings


def parted(groups: list[nx.Graph], chances: pl.DataFrame, s: RingSettings) -> list[nx.Graph]:
    """Groups that are two hands, parted: where parts do different things, and taken apart explain what was done better
    than together, by more than the ties between them say that they are one.

    A finer and finer search proposes the parts; those that did nothing go with the part they are tied to most. Parts
    that do the same stay together (one ring's members do not all do it equally often), and so do a selling and a buying
    side: one hand may do both.
    """
    for finer in s.finer:
        parts = [communities(group, s, finer) for group in groups]
        strongest = iter(leading([members for found in parts for members in found], chances, s))
        did = [list(islice(strongest, len(found))) for found in parts]
        hands = [
            gathered(group, found, [typology for typology, _ in told])
            for group, found, told in zip(groups, parts, did, strict=True)
        ]
        worth = gains(groups, hands, did, chances)
        several = [split(group, apart, nats, s) for group, apart, nats in zip(groups, hands, worth, strict=True)]
        groups = sorted((hand for found in several for hand in found), key=min)
    return groups


def split(group: nx.Graph, hands: dict[str, list[str]], gain: float, s: RingSettings) -> list[nx.Graph]:
    """The graphs of a group's `hands`, where to have them explains more than it costs; else the group."""
    members = list(hands.values())
    if not members or gain <= s.part * (len(members) - 1) + between(group, members):
        return [group]
    return [cut_out(group, hand) for hand in members]


def gains(
    groups: list[nx.Graph], hands: list[dict[str, list[str]]], did: list[list[tuple[str, float]]], chances: pl.DataFrame
) -> list[float]:
    """For each group nats that its `hands` (by what they do) explain of what was done beyond what one hand would, which
    does one thing, or (of its parts, which `did` them) sells and buys; 0 where it has no hands.

    Pooled over the whole and over each hand, with no cap: capped, a large ring explains less than its pieces, and a
    pyramid fell apart over a part of it whose fees looked a little more like brushing.
    """
    asked = [
        members for group, found in zip(groups, hands, strict=True) if found for members in (group, *found.values())
    ]
    pooled = iter(what_each_did(asked, chances, inf))
    out = []
    for found, told in zip(hands, did, strict=True):
        if not found:
            out.append(0.0)
            continue
        whole, *apart = islice(pooled, 1 + len(found))
        explained = sum(nats.get(typology, 0.0) for typology, nats in zip(found, apart, strict=True))
        out.append(explained - max(one_hand(told), *whole.values()))
    return out


def one_hand(did: list[tuple[str, float]]) -> float:
    """Nats of what one hand would explain of parts' (typology, nats): the strongest, or a selling and a buying side."""
    sides = [max((n for t, n in did if t in side), default=0.0) for side in (SELLING, BUYING)]
    return max([sum(sides), *(n for _, n in did)], default=0.0)


def gathered(graph: nx.Graph, parts: list[list[str]], does: list[str]) -> dict[str, list[str]]:
    """One hand for each typology that some part shows, none where only one is shown; parts that show none join what
    they are tied to most. Typology -> members, both sorted."""
    hands: dict[str, list[str]] = {}
    for part, typology in zip(parts, does, strict=True):
        if typology:
            hands.setdefault(typology, []).extend(part)
    if len(hands) < 2:
        return {}
    idle = [part for part, typology in zip(parts, does, strict=True) if not typology]
    while idle:
        pulls = [
            (between(graph, [part, members]), hand, part) for part in idle for hand, members in sorted(hands.items())
        ]
        _, hand, part = max(pulls, key=lambda pull: (pull[0], pull[1], pull[2]))
        hands[hand].extend(part)
        idle.remove(part)
    return {typology: sorted(members) for typology, members in sorted(hands.items())}


def leading(groups: Sequence[list[str]], chances: pl.DataFrame, s: RingSettings) -> list[tuple[str, float]]:
    """For each group the typology that it shows most and its nats; none ("", 0) where that does not reach `lead`."""
    first = [next(iter(did.items()), ("", 0.0)) for did in what_each_did(groups, chances, s.ring_cap)]
    return [(typology, nats) if nats >= s.lead else ("", 0.0) for typology, nats in first]


def what_each_did(groups: Sequence[Iterable[str]], chances: pl.DataFrame, cap: float) -> list[dict[str, float]]:
    """For each group what `shown` says of it: typology -> nats, strongest first."""
    did: list[dict[str, float]] = [{} for _ in groups]
    for number, typology, nats in shown(numbered(groups), chances, cap).iter_rows():
        did[number][typology] = nats
    return did
