"""Pictures by their structure: nodes there, labels in the frame, none on another."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl
import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from graph import canvas, words
from graph.canvas import Picture, short, wide, wrapped
from graph.columns import MORE, MOST, column, layout
from graph.explore import Night, open_night, ring_graph
from graph.plots import months
from graph.quality_chart import Bin, capacity, line_moves, reliability, swing
from graph.tables import TYPOLOGIES
from graph.trend_chart import operators_chart, weeks_chart
from graph.trends import repeat_operators, weekly_acts
from graph.what_if import Weighed, add_faint
from jobs.gallery import main as gallery
from tests.published_nights import START, account, publish, spoil


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def night(out: Path) -> Night:
    return open_night(out)


@pytest.fixture
def without_chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine that has no Chinese font."""
    monkeypatch.setattr(canvas, "CHINESE", ("No Such Font",))
    forget()
    yield
    forget()  # what was found here must not reach the next test


def forget() -> None:
    for found in (canvas.chinese_font, canvas.can_draw, canvas._hint):
        found.cache_clear()


def texts(picture: Picture) -> dict[str, Text]:
    """Everything written on a picture that has a name."""
    FigureCanvasAgg(picture).draw()  # type: ignore[no-untyped-call]
    return {text.get_gid(): text for text in picture.axes[0].texts if text.get_gid()}  # type: ignore[misc]


def boxes(picture: Picture) -> dict[str, Any]:
    found = {gid: text.get_window_extent() for gid, text in texts(picture).items()}
    for i, text in enumerate(t for legend in picture.legends for t in legend.get_texts()):
        found[f"legend {i}"] = text.get_window_extent()
    return found


def assert_readable(picture: Picture) -> None:
    """Every text inside the frame, and no text on another."""
    found = boxes(picture)
    frame = picture.bbox
    for gid, box in found.items():
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1, gid
        assert frame.y0 <= box.y0 and box.y1 <= frame.y1, gid
    for (one, a), (other, b) in combinations(found.items(), 2):
        assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1), f"{one} on {other}"


def test_a_member_without_a_link_is_drawn(night: Night) -> None:
    ring = night.ring("R-5")
    graph = ring_graph(ring.members(), ring.links().clear())
    assert len(layout(graph).boxes) == 5


@pytest.mark.parametrize(("size", "language"), [(2, "zh"), (5, "en"), (30, "zh"), (50, "en"), (150, "en"), (150, "zh")])
def test_pictures_are_readable(night: Night, size: int, language: words.Language) -> None:
    ring = night.ring(f"R-{size}")
    assert_readable(ring.draw(language))
    assert_readable(ring.timeline(language))


@pytest.mark.parametrize("size", [2, 5, 30])
def test_every_node_is_there_up_to_sixty(night: Night, size: int) -> None:
    ring = night.ring(f"R-{size}")
    labels = {gid for gid in texts(ring.draw()) if gid.startswith("label ")}
    assert labels == {f"label {kind} {name}" for kind, name in ring.graph()}


def test_above_sixty_the_picture_says_what_is_left_out(night: Night) -> None:
    ring = night.ring("R-150")
    graph, found = ring.graph(), texts(ring.draw("en"))
    drawn = [gid for gid in found if gid.startswith("label ") and gid != "label more accounts"]
    accounts = sum(gid.startswith("label account ") for gid in drawn)
    assert len(drawn) < MOST
    said = found["left out"].get_text()
    assert said.startswith(f"{len(drawn)} of {len(graph)} nodes drawn")
    assert f"{150 - accounts} accounts" in said
    assert found["label more accounts"].get_text() == f"{150 - accounts} more accounts"
    assert "75 accounts" in found["detail device device-0"].get_text(), "a thing counts all who share it"
    assert f"label account {account(0)}" in found, "the organiser stays"


def test_no_line_runs_through_a_box(night: Night) -> None:
    """Lines to the last column pass the devices on rows that no device has."""
    plan = layout(night.ring("R-30").graph())
    heights = [(n, b) for n, b in plan.boxes.items() if column(n) in ("device", "rest")]
    for (_, a), (_, b) in combinations(heights, 2):
        assert abs(a.y - b.y) >= (a.height + b.height) / 2


def test_a_referral_line_is_a_tree_below_its_top(night: Night) -> None:
    plan = layout(night.ring("R-30").graph())
    for child, parent in plan.tree.items():
        assert plan.boxes[child].y < plan.boxes[parent].y
    assert plan.tree["account", account(3)] == ("account", account(1))
    assert MORE not in plan.boxes


def test_a_circle_of_referrals_is_drawn_all_the_same(night: Night) -> None:
    ring = night.ring("R-5")
    graph = ring.graph()
    graph.edges[("account", account(0)), ("account", account(1))]["parent"] = ("account", account(1))
    graph.add_edge(("account", account(0)), ("account", account(4)), weight=3.0, parent=("account", account(4)))
    assert len(layout(graph).boxes) == len(graph)


def test_the_words_on_the_title(night: Night) -> None:
    found = texts(night.ring("R-5").draw("en"))
    assert found["title"].get_text() == "R-5  pyramid · brushing  score 0.90"
    assert "5 accounts · 2 devices" in found["figures 0"].get_text()
    assert found["label phone $phone_0$"].get_text() == "phone $phone_0$", "no mathematics in an id"


def test_without_a_chinese_font_the_picture_is_english_and_one_warning_says_why(
    night: Night, without_chinese: None
) -> None:
    ring = night.ring("R-5")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = texts(ring.draw("zh"))
        ring.timeline("zh").png(50)
    assert found["title"].get_text() == "R-5  pyramid · brushing  score 0.90"
    assert "网" not in "".join(text.get_text() for text in found.values()), "never boxes"
    assert [str(w.message).count("fonts-noto-cjk") for w in caught] == [1]


@pytest.mark.parametrize(
    ("name", "label"),
    [("abc", "abc"), ("a" * 12, "a" * 12), ("0123456789abc", "01234…789abc"), ("一二三四五六七", "一二…五六七")],
)
def test_long_ids_are_cut_in_the_middle(name: str, label: str) -> None:
    assert short(name) == label


SCRIPT = """
import hashlib, sys
from pathlib import Path
from graph.explore import open_night
night = open_night(Path(sys.argv[1]))
small, large = night.ring("R-5"), night.ring("R-150")
for made in (small.draw("en").svg(), small.draw("en").png(50), small.timeline("en").svg(), large.draw("en").svg()):
    print(hashlib.sha256(made).hexdigest())
"""


def test_same_ring_same_bytes(out: Path) -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(out)],
            env={"PYTHONHASHSEED": seed, "MPLCONFIGDIR": mpl.get_configdir()}, cwd=Path(__file__).parents[1],
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] and len(runs[0].splitlines()) == 4


def weighed(night: Night, hubs: int, outside: int) -> Weighed:
    """As if the first ten members shared so many hubs, and the first so many were tied to an account outside."""
    rings = night.rings().select(
        "rank", pl.col("rank").alias("ring"), "score", pl.lit(0.0).alias("nats"), "typology", "typologies", "accounts",
        "n_accounts",
    )  # fmt: skip
    hub = [(account(i), "address", "address", f"hub-{h}", 150, START, START) for h in range(hubs) for i in range(10)]
    cut = [
        (account(i), f"outside-{i}", *(("device", "device", "device-0") if i % 2 else ("phone", "phone", "p")), 2.0,
         START, START)
        for i in range(outside)
    ]  # fmt: skip
    columns = ["account_id", "space", "entity_kind", "entity_id", "n_accounts", "first_at", "last_at"]
    ties = ["account_id", "outside_id", "space", "entity_kind", "entity_id", "weight", "first_at", "last_at"]
    acts = pl.DataFrame(schema={"ring": pl.Int64, "typology": pl.String, "act": pl.String, "axis": pl.String,
                                "n": pl.Int64, "k": pl.Int64, "rate": pl.Float64, "nats": pl.Float64})  # fmt: skip
    kinds = pl.DataFrame(schema={"ring": pl.Int64, "typology": pl.String, "nats": pl.Float64})
    return Weighed(
        {}, rings, night.table("accounts"), kinds, acts, acts,
        pl.DataFrame(hub, columns, orient="row"), pl.DataFrame(cut, ties, orient="row"),
    )  # fmt: skip


def test_hubs_and_cut_ties_are_faint_and_hide_nothing(night: Night) -> None:
    ring = night.ring("R-30")
    picture = ring.draw("en", weighed(night, 2, 4))
    assert_readable(picture)
    found = texts(picture)
    assert {f"label {kind} {name}" for kind, name in ring.graph()} <= set(found)
    assert found["detail address hub-0"].get_text() == "150 accounts share it: no tie"
    outside = [f"label account outside-{i}" for i in range(4)]
    assert set(outside) <= set(found)
    lowest = min(found[f"label account {account(i)}"].get_position()[1] for i in range(30))
    assert max(found[o].get_position()[1] for o in outside) < lowest, "whoever is outside stands below the members"
    patches = {p.get_gid(): p for p in picture.axes[0].patches}
    assert patches["node account outside-0"].get_linestyle() == "--"
    assert patches[f"node account {account(0)}"].get_linestyle() != "--"


def test_what_is_faint_gives_way_to_members(night: Night) -> None:
    ring = night.ring("R-150")
    graph = ring.graph()
    add_faint(graph, weighed(night, 4, 6))
    plan = layout(graph)
    assert plan.left_out == layout(ring.graph()).left_out
    assert not [n for n in plan.boxes if n[1].startswith(("hub", "outside"))]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_charts_are_readable(night: Night, language: words.Language) -> None:
    ring = night.ring("R-5")
    weeks = pl.DataFrame(
        [(date(2025, 1, 6) + timedelta(weeks=i), name, 1 + i % 9, 1, 1) for i in range(52) for name in TYPOLOGIES],
        ["week", "typology", "acts", "accounts", "rings"], orient="row",
    )  # fmt: skip
    bins = [Bin(0.55, 3, 5, 0.2, 0.9), Bin(0.95, 40, 41, 0.9, 0.99)]
    pictures = [
        night.draw(language),
        ring.score_bar(language),
        weeks_chart(weeks, language),
        operators_chart(repeat_operators([night]), language),
        reliability(bins, language),
        capacity([True, None, False] * 80, (50, 100, 200), language),
        line_moves([(i / 10, 20 - i, 200 - i, 0.5) for i in range(11)], language),
        swing({"rings.entry = 4.0": (12, 1), "ties.device = 1.6": (0, 0)}, language),
    ]
    for picture in pictures:
        assert_readable(picture)


def test_seasons_are_marked(night: Night) -> None:
    weeks = pl.DataFrame(
        [(date(2025, 1, 6) + timedelta(weeks=i), "pyramid", i + 1) for i in range(52)], ["week", "typology", "acts"],
        orient="row",
    )  # fmt: skip
    found = texts(weeks_chart(weeks, "zh"))
    assert {"name 6.18 2025-06-01", "name 双11 2025-10-20"} <= set(found)
    assert found["peak pyramid"].get_text() == "最多 52"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_with_nothing_to_draw_a_chart_says_so(tmp_path: Path, language: words.Language) -> None:
    night = open_night(publish(tmp_path, sizes=[]))
    empty = [
        night.draw(language), weeks_chart(weekly_acts(night), language),
        operators_chart(repeat_operators([night]), language), reliability([], language), capacity([], (50,), language),
        line_moves([(0.0, 0, 0, None)], language), swing({}, language),
    ]  # fmt: skip
    for picture in empty:
        assert_readable(picture)
        assert picture.png(40)


def test_hostile_ids_are_drawn_and_harm_nothing(tmp_path: Path) -> None:
    night = open_night(spoil(publish(tmp_path, sizes=[5])))
    ring = night.ring("R-5")
    for picture in (ring.draw(), ring.timeline(), ring.score_bar(), night.draw()):
        assert_readable(picture)
        assert b"<script" not in picture.svg()


def test_the_bars_end_at_the_score(night: Night) -> None:
    picture = night.ring("R-5").score_bar("en")
    shapes = [p for p in picture.axes[0].patches if isinstance(p, Rectangle)]
    bars = {p.get_gid(): p for p in shapes if (p.get_gid() or "").startswith("bar")}
    found = texts(picture)
    assert found["label total"].get_text() == "together: score 0.900"
    values = [float(found[f"value {i}"].get_text()) for i in range(len(bars) - 1)]
    assert sum(values) == pytest.approx(float(found["value total"].get_text()), abs=0.25)
    ends = [(p.get_x(), p.get_x() + p.get_width()) for p in bars.values()]
    assert any(abs(x - ends[-1][1]) < 1e-6 for x in ends[-2]), "the last step ends where the sum does"


@pytest.mark.parametrize(
    ("text", "lines"), [("one two three", ["one two", "three"]), ("一二三四五", ["一二三四", "五"]), ("", [""])]
)
def test_long_lines_are_broken(text: str, lines: list[str]) -> None:
    assert wrapped(text, 8) == lines and all(wide(line) <= 8 for line in lines)


def test_a_scale_of_months() -> None:
    assert [said for _, said in months(date(2025, 11, 15), date(2026, 2, 1))] == ["2025-12", "2026-01", "2026-02"]
    assert [said for _, said in months(date(2025, 11, 15), date(2025, 11, 20))] == ["2025-11-15"]


def test_the_gallery_shows_every_picture_it_names(out: Path, tmp_path: Path) -> None:
    done = CliRunner(env={"RINGWATCH_WAREHOUSE": str(tmp_path / "none")}).invoke(
        gallery, [str(tmp_path), "--watchlists", str(out)]
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "gallery.md").read_text(encoding="utf-8")
    named = {line.split("(")[1][:-1] for line in page.splitlines() if line.startswith("![")}
    drawn = {f"pictures/{path.name}" for path in (tmp_path / "pictures").glob("*.png")}
    assert named == drawn >= {"pictures/ring.png", "pictures/large-ring.png", "pictures/weeks.png"}
    assert all((tmp_path / name).with_suffix(".svg").is_file() for name in named)
    assert "**synthetic**" in page


def test_a_night_without_a_readable_ring_says_so(tmp_path: Path) -> None:
    publish(tmp_path, sizes=[2])
    done = CliRunner().invoke(gallery, [str(tmp_path / "docs"), "--watchlists", str(tmp_path)])
    assert done.exit_code == 2
    assert "no ring of 5 to 20 accounts" in done.output


def test_the_page_is_as_the_code_writes_it() -> None:
    """Its pictures are of bytes that matplotlib's version decides; the text is ours."""
    docs = Path(__file__).parents[1] / "docs"
    page = (docs / "gallery.md").read_text(encoding="utf-8")
    for name in ("ring", "ring-and-around", "timeline", "score", "large-ring", "morning", "weeks", "operators"):
        assert f"(pictures/{name}.png)" in page and (docs / "pictures" / f"{name}.png").is_file()
