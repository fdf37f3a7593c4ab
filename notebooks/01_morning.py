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
# # The morning
#
# Five minutes: what is new tonight, why, and what to do first.
#
# As it is, this notebook shows `data/sample`, a **synthetic** market: no person, shop or ring in it is real. For your
# own nights name the `--out` folder of `ringwatch nightly` below, or set `RINGWATCH_OUT`.
#
# A ring on this list is a **lead, no finding**. What is proposed takes effect only when a named person decides it.

# %%
import polars as pl

from graph.displays import show
from graph.explore import brief
from graph.regions import by_province
from jobs.desk import open_desk

# %% tags=["parameters"]
OUT = None  # the --out of ringwatch nightly
REGION = None  # "44": victims in Guangdong; "440106": in one county
TYPOLOGY = None  # "pyramid", "confirm_first", … ; docs/typologies.md has them all
ACTION = None  # "refer", "restrict", "warn", "advise"

# %%
night = open_desk(OUT)
before = night.before()
show(night, before)
aside = night.read()["set_aside"].sum()
show(f"{aside or 0:,} rows of the exports read were set aside as broken; the table rejects says which and why")

# %% [markdown]
# ## What to do first
#
# By priority: the score, times the money that can still be saved (green: what a hold placed today would save) or was
# lost in the last weeks (pale).

# %%
first = night.urgent()
show(night.draw(), brief(first.head(10), night.language))

# %% [markdown]
# ## What changed since the night before
#
# Best ring first. `new`: seen for the first time. `joined` and `left`: accounts. `score`: how sure, and what moved it.
# `gone`: not on the list tonight. `cleared`: an analyst cleared it, and nothing new speaks against it. On the very
# first night everything is new.

# %%
changes = night.changes()
if changes.is_empty():
    show("nothing changed")
else:
    counts = changes.group_by("change").len("n").sort("n", "change", descending=[True, False])
    show(counts, changes.select("rank", "ring_id", "change", "account_id", "detail"))

# %% [markdown]
# ## Who joined
#
# New members of rings known before are worth a look: the ring is alive.

# %%
joined = night.joined()
show(joined if joined.height else "nobody joined a ring that was known")

# %% [markdown]
# ## Only mine: by region, typology, action
#
# Set them in the first cell and run again. A ring counts in every province where it has victims.

# %%
mine = night.rings(typology=TYPOLOGY, region=REGION, action=ACTION)
wanted = ", ".join(str(x) for x in (REGION, TYPOLOGY, ACTION) if x) or "everything"
show(f"{wanted}: {mine.height} rings", by_province(mine, night.language).head(10))
by_action = mine.group_by("action", "refer_to").agg(pl.len().alias("rings"), pl.col("open_cny").sum())
show(by_action.sort("rings", "action", descending=[True, False]), brief(mine, night.language))

# %% [markdown]
# ## Money that can still be saved
#
# Paid, and neither confirmed, refunded nor cancelled. Every hour counts: a buyer who is told in time does not confirm.

# %%
orders = night.open_orders()
total = orders["amount"].sum() or 0
show(f"{orders.height} orders, CNY {total:,}, of {orders['buyer_id'].n_unique()} buyers", orders)

# %% [markdown]
# ## Alone
#
# Accounts on no ring whose own acts stand far above what is usual. Advise or warn them; never more.

# %%
lone = night.table("lone")
show(lone.select("account_id", "score", "typology", "action", pl.col("reasons").list.first().alias("why")))

# %% [markdown]
# **Next:** open `02_one_ring` with the `ring_id` that you take first.
