# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quality
#
# How often the list is right, whether a score means what it says, and whether tonight is like the nights before.
#
# As it is, this notebook shows `data/sample`, a **synthetic** market, and compares with its truth. On your own nights
# it uses the analysts' verdicts (`ringwatch label`, the labels export). Those are biased toward the top of the list,
# which is what people look at first; the audit sample at the end is not.

# %%
import polars as pl

from graph.displays import show
from graph.quality_chart import Bin, capacity, reliability
from jobs import judged
from jobs.desk import ask, judgement, listings, open_desk
from jobs.evaluate import measure

# %% tags=["parameters"]
OUT = None  # the --out of ringwatch nightly
CAPACITIES = (50, 100, 200)  # accounts that a small, a usual and a large team look at in one day

# %%
night = open_desk(OUT)
accounts = night.table("accounts").sort("rank")
known = ask(judgement, night)
if known:
    show(night, f"{known.accounts.height} accounts and {known.rings.height} rings judged by {known.source}")
else:
    show(night, "nobody has decided on an account yet")

# %% [markdown]
# ## Evaluate
#
# Only where the truth is known. K is the number of rings planted; found means a Jaccard overlap of one half.

# %%
truth = night.desk.truth if night.desk else None
if truth:
    result = measure(night.table("rings"), accounts, pl.read_parquet(truth))
    figures = {
        "ring recall in the top K": result.ring_recall,
        "ring precision in the top K": result.ring_precision,
        **{f"precision at {n} accounts": value for n, value in result.precision_at.items()},
        "account average precision": result.average_precision,
        "typology right, first named": result.typology_first,
        "typology right, any named": result.typology_any,
    }
    show(f"{result.planted} rings planted, {result.listed} listed")
    show(pl.DataFrame(list(figures.items()), {"measure": pl.String, "value": pl.Float64}, orient="row"))
    found = [(name, planted, hits) for name, (planted, hits) in result.typologies.items()]
    show(pl.DataFrame(found, {"typology": pl.String, "planted": pl.Int64, "found": pl.Int64}, orient="row"))

# %% [markdown]
# ## Precision at capacity
#
# Among the first n accounts of tonight's list, those decided on.

# %%
right = known.of(accounts["account_id"]) if known else []
show(capacity(right, CAPACITIES, night.language))

# %% [markdown]
# ## Calibrate: does 0.9 mean nine in ten?
#
# On the line a score means what it says; below it the list promises too much. Scores were fitted on synthetic markets:
# without your own verdicts this picture cannot speak for your platform.

# %%
bins = []
if known:
    of_band = known.rings.group_by(judged.BAND.alias("band")).agg(
        pl.len().alias("n"), pl.col("score").mean(), pl.col("good").sum()
    )
    for n, mean, good in of_band.sort("band").select("n", "score", "good").iter_rows():
        bins.append(Bin(mean, good, n, *judged.interval(good / n, n)))
show(reliability(bins, night.language))
if bins:
    table = [(b.mean, b.right / b.n, b.low, b.high, b.n) for b in bins]
    show(pl.DataFrame(table, ["mean score", "share right", "from", "to", "rings"], orient="row"))

# %% [markdown]
# ## Volumes and drift
#
# PSI of the account scores against all nights before: below 0.1 stable, from 0.25 another distribution; about the
# figure that chance alone gives, it says nothing.

# %%
every, rings = listings(night)
figures = (pl.len().alias("accounts"), pl.col("score").mean().alias("mean score"))
volumes = rings.group_by("run_date").agg(pl.len().alias("rings"))
volumes = volumes.join(every.group_by("run_date").agg(figures), on="run_date", how="full", coalesce=True)
show(volumes.sort("run_date").tail(14) if volumes.height else "nothing was ever listed")
bands = [
    judged.in_bands(every.filter(of)["score"])
    for of in (pl.col("run_date") < night.date, pl.col("run_date") == night.date)
]
if all(map(sum, bands)):
    show(f"PSI {judged.psi(*bands):.3f}; by chance about {judged.psi_by_chance(*bands):.3f}")
else:
    show("no night before this one: no drift to measure")

# %% [markdown]
# ## Audit sample
#
# Of each night's newly listed rings a few of every band of scores, drawn by chance, the same whoever asks. Decide on
# these whatever their rank: their precision is the honest one.

# %%
sample = judged.drawn(rings.drop("accounts"))
found = judged.audited(sample, known.rings) if known else None
if found:
    good, n, share, worth = found
    low, high = judged.interval(share, worth)
    show(f"{good} of {n} decided rings right")
    show(f"precision of all rings when first listed: {share:.2f} (95 %: {low:.2f} to {high:.2f})")
still = sample.join(known.rings, on="ring_id", how="anti") if known else sample
show("still to be decided:", still.select("ring_id", "run_date", "rank", "score", "typology"))
