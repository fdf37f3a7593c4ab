"""The methods beside ours. Each takes one night's exports and ranks rings and accounts as well as it can.

Where a choice was free (how to rank a community, how many may share a thing), the one that did best on markets made for
development was taken, so that ours is not praised for another's clumsiness.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl

from tests.benches.judged.blocks import blocks, weighed
from tests.benches.judged.exports import Drop, louvain
from tests.benches.judged.features import complaints, features
from tests.benches.judged.markets import Ranked, ranked

LABELLED = 300
"""Bad accounts that an analyst of another market has labelled; ten times as many good ones come with them."""
Scores = dict[str, float]


def components(drop: Drop) -> Ranked:
    """Connected components of accounts that share a thing (at most 20 share it), largest first."""
    graph = nx.Graph()
    for accounts in drop.shared(20):
        nx.add_path(graph, accounts)
    groups = sorted((sorted(c) for c in nx.connected_components(graph)), key=lambda g: (-len(g), g))
    return ranked([(float(len(g)), g) for g in groups], [v for g in groups for v in g])


def complained(drop: Drop) -> Ranked:
    """Louvain communities, by the rate of complaints against their members; accounts by their community's, then their
    own. Rates are drawn toward the platform's by ten chances."""
    rows = complaints(drop)
    n, k = (dict(zip(rows["account_id"], rows[c], strict=True)) for c in ("n", "k"))
    usual = float(sum(k.values()) / max(sum(n.values()), 1))

    def rate(group: list[str]) -> float:
        trades, against = (sum(int(of.get(v, 0)) for v in group) for of in (n, k))
        return (against + 10 * usual) / (trades + 10)

    return communities(drop, [rate(g) for g in drop.communities], {v: rate([v]) for g in drop.communities for v in g})


def isolated(drop: Drop) -> Ranked:
    """Louvain communities, by the mean anomaly of their members in an isolation forest (Liu et al. 2008) of all
    accounts' features; accounts by their community's, then their own."""
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    rows = features(drop)
    figures = rows.drop("account_id").fill_null(0.0).to_numpy()
    forest = IsolationForest(n_estimators=200, random_state=1).fit(figures)
    own: Scores = dict(zip(rows["account_id"], (-forest.score_samples(figures)).tolist(), strict=True))
    groups = drop.communities
    return communities(drop, [float(np.mean([own.get(v, 0.0) for v in g])) for g in groups], own)


def dense(drop: Drop) -> Ranked:
    """FRAUDAR's blocks of accounts and the things they use, densest first, at most one for fifty accounts."""
    uses = drop.frame("SELECT account_id, concat(space, ' ', thing) AS thing FROM uses ORDER BY ALL")
    most = drop.frame("SELECT count(*) AS n FROM accounts").item() // 50
    found = blocks(weighed(uses.iter_rows()), most)
    return ranked(found, [v for _, block in found for v in block])


def trees(drop: Drop, taught: pl.DataFrame) -> Ranked:
    """Gradient boosted trees taught by another market's labels (`taught`: features with `bad`), and as rings the
    Louvain communities of the accounts they suspect (probability 0.2 or more), by the sum of their probabilities."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    rows, sample = features(drop), labelled(taught)
    model = HistGradientBoostingClassifier(random_state=1, class_weight="balanced", max_iter=200)
    with threadpool_limits(1):  # on a busy machine its threads wait for each other longer than they work
        model.fit(sample.drop("account_id", "bad").to_numpy(), sample["bad"].to_numpy())
        bad = model.predict_proba(rows.drop("account_id").to_numpy())[:, 1]
    own: Scores = dict(zip(rows["account_id"], bad.tolist(), strict=True))
    suspects = {v for v, p in own.items() if p >= 0.2}
    groups = louvain([[v for v in accounts if v in suspects] for accounts in drop.shared(20)])
    rings = sorted(((float(sum(own[v] for v in g)), g) for g in groups), key=lambda r: (-r[0], r[1]))
    return ranked(rings, sorted(own, key=lambda v: (-own[v], v)))


def labelled(taught: pl.DataFrame) -> pl.DataFrame:
    """The accounts that an analyst has labelled: `LABELLED` bad ones or all there are, ten times as many others."""
    rows = taught.sort("account_id")
    bad, good = rows.filter("bad"), rows.filter(~pl.col("bad"))
    return pl.concat(
        [part.sample(min(n, part.height), seed=1, shuffle=True) for part, n in ((bad, LABELLED), (good, 10 * LABELLED))]
    ).sort("account_id")


def communities(drop: Drop, scores: list[float], own: Scores) -> Ranked:
    """Louvain communities by their score, and their accounts by the community's score, then their own."""
    rings = sorted(zip(scores, drop.communities, strict=True), key=lambda r: (-r[0], r[1]))
    return ranked(rings, [v for _, g in rings for v in sorted(g, key=lambda v: (-own.get(v, 0.0), v))])
