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
# # Trends
#
# Which typologies rise, what the great sales (6.18, 双11) do to them, and which operators come back.
#
# As it is, this notebook shows `data/sample`, a **synthetic** market of half a year and two nights: its seasons are
# those of the simulator, not of any platform.

# %%
import polars as pl

from graph.displays import show
from graph.explore import dates, open_night
from graph.trend_chart import operators_chart, weeks_chart
from graph.trends import SEASONS as GREAT_SALES
from graph.trends import in_season, nightly_rings, repeat_operators, weekly_acts
from jobs.desk import open_desk

# %% tags=["parameters"]
OUT = None  # the --out of ringwatch nightly
WEEKS = 52  # so far back
SEASONS = None  # None: the two great sales; else (name, (month, day), (month, day)), …

# %%
night = open_desk(OUT)
folder = night.folder.parent
nights = [open_night(folder, day) for day in dates(folder) if day <= night.date]
seasons = SEASONS or GREAT_SALES
show(night, f"{len(nights)} nights published, the first of {nights[0].date}")

# %% [markdown]
# ## Typologies over the weeks
#
# What the rings on tonight's list did, week by week. The last weeks are low where complaints are still to come, and a
# ring that left the list has left these figures too.

# %%
weeks = weekly_acts(night, WEEKS)
show(weeks_chart(weeks, night.language, seasons))

# %% [markdown]
# ## In the campaign seasons
#
# Acts a week in a season, beside the eight weeks before and after it. Below ten acts nothing is said.

# %%
busy = in_season(weeks, seasons)
show(busy if busy.height else "no season with enough acts")

# %% [markdown]
# ## From night to night
#
# Rings on the list, new ones, and the money.

# %%
rings = nightly_rings(nights)
total = rings.group_by("night").agg(pl.col("rings", "new", "accounts", "loss_cny", "open_cny").sum()).sort("night")
show(total.tail(30))
lately = rings.filter(pl.col("night").is_in([night.date for night in nights[-10:]]))
if lately.height:
    show(lately.sort("night").pivot("night", index="typology", values="rings").sort("typology").fill_null(0))

# %% [markdown]
# ## Operators that come back
#
# Accounts held together by owner, licence, phone or payee, of which some were closed and others go on. A shop that
# failed and opened again is among them: the ring's reasons tell them apart.

# %%
operators = repeat_operators(nights)
show(operators_chart(operators, night.language), operators)
