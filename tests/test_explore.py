"""Asking a published night, and pictures by their structure: nodes there, labels in the frame, none on another."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl
import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from graph import canvas, words
from graph.canvas import Picture, short
from graph.columns import MORE, MOST, column, layout
from graph.explore import Night, NotThereError, ReplacedError, open_night, ring_graph
from graph.tables import WATCHLISTS
from jobs.gallery import main as gallery

NIGHT = date(2025, 6, 22)
START = datetime(2025, 3, 1, 12)
SIZES = [2, 5, 30, 50, 150]
ROLES = ("seller", "buyer", "both", "promoter", "source", "holder")


def account(i: int) -> str:
    return f"account-{i:04d}-of-{i:04d}"


def links(ring_id: str, size: int) -> list[dict[str, object]]:
    """A ring of so many accounts: two devices and payees, a referral line, and for every fifth pair a phone."""
    rows = []
    for i in range(size):
        shared = [
            ("device", f"device-{i % 2}"), ("payee", f"pay-{i % 2}"), ("payer", "pay-0"), ("contact", "网站.example"),
            *([("inviter", account(i // 3))] if i else []),
            *([("phone", f"$phone_{i // 10}$")] if i % 5 == 0 else []),
        ]  # fmt: skip
        for kind, entity in shared:
            since = START + timedelta(days=i % 30)
            until = since + timedelta(days=10 + i % 90)
            values = (ring_id, account(i), kind, entity, 1.0 + i % 4, since, until)
            rows.append(dict(zip(WATCHLISTS["links"].schema.names, values, strict=True)))
    return rows


def members(ring_id: str, size: int) -> list[dict[str, object]]:
    return [
        {
            "rank": i + 1, "account_id": account(i), "ring_id": ring_id, "score": 0.99 - i / 1000,
            "role": "organiser" if i == 0 else ROLES[i % len(ROLES)], "typology": "pyramid", "n_victims": 0,
            "exposure_cny": Decimal(0), "loss_cny": Decimal(0), "region": None, "reasons": [], "against": [],
            "verdict": None,
        }
        for i in range(size)
    ]  # fmt: skip


def row(rank: int, ring_id: str, size: int) -> dict[str, object]:
    return {
        "rank": rank, "ring_id": ring_id, "score": 0.9, "typology": "pyramid",
        "typologies": [{"name": "pyramid", "score": 0.9}, {"name": "brushing", "score": 0.2}], "action": "refer",
        "refer_to": "police", "accounts": sorted(map(account, range(size))), "n_accounts": size, "n_devices": 2,
        "n_payees": 2, "n_victims": 3, "exposure_cny": Decimal("1234.50"), "loss_cny": Decimal("1000.00"),
        "open_cny": Decimal("99.00"), "exposure_warned_cny": Decimal(0), "priority": 1.0, "first_activity_at": START,
        "last_activity_at": START, "lifecycle": "new", "previous_ring_ids": [], "regions": [], "axes": [],
        "weakest_tie": "phone $phone_0$", "reasons": ["疑似传销 <b>3 次</b>"], "against": ["一家人"], "verdict": None,
    }  # fmt: skip


def evidence(ring_id: str) -> list[dict[str, object]]:
    """An act and a tie, in the very sentences that the watchlists print."""
    act = words.say("fact", "zh", what=words.act("recruiting_message", "zh"), at=f"{START:%Y-%m-%d %H:%M}")
    held = words.say("fact_tie", "zh", kind="设备", entity="d", since="2025-03-01", until="2025-03-02")
    columns = WATCHLISTS["evidence"].schema.names
    return [
        dict(zip(columns, (ring_id, "pyramid", account(i), "chat_links", f"m{i}", fact, "f", "0", i), strict=True))
        for i, fact in enumerate([act, held])
    ]


def publish(out: Path, day: date = NIGHT, sizes: list[int] = SIZES) -> Path:
    """A published night with a ring `R-<size>` of each size; the largest first."""
    named = {f"R-{size}": size for size in sorted(sizes, reverse=True)}
    tables: dict[str, list[dict[str, object]]] = {
        "rings": [row(i + 1, r, n) for i, (r, n) in enumerate(named.items())],
        "accounts": [m for r, n in named.items() for m in members(r, n)],
        "links": [link for r, n in named.items() for link in links(r, n)],
        "evidence": [fact for r in named for fact in evidence(r)],
        "open_orders": [
            {"ring_id": r, "order_id": "o1", "buyer_id": "b", "seller_id": account(0), "amount": Decimal(9),
             "paid_at": START}
            for r in named
        ],
    }  # fmt: skip
    folder = out / f"run_date={day}"
    folder.mkdir(parents=True)
    for name, table in WATCHLISTS.items():
        schema = pl.DataFrame(table.schema.empty_table()).schema
        pl.DataFrame(tables.get(name, []), schema=schema).write_parquet(folder / f"{name}.parquet")
    (folder / "run.json").write_text('{"settings": {"publish": {"language": "zh"}}}')
    return out


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


def test_the_newest_night_unless_told(tmp_path: Path) -> None:
    publish(tmp_path, date(2025, 6, 20), [2])
    publish(tmp_path, date(2025, 6, 21), [2, 5])
    (tmp_path / "run_date=2025-06-30").mkdir()  # not published: it has no record
    assert open_night(tmp_path).date == date(2025, 6, 21)
    assert open_night(tmp_path, date(2025, 6, 20)).rings()["ring_id"].to_list() == ["R-2"]


def test_what_is_not_there_says_what_is(tmp_path: Path, night: Night) -> None:
    with pytest.raises(NotThereError, match="no published night"):
        open_night(tmp_path)
    with pytest.raises(NotThereError, match="There are 1, 2025-06-22 to 2025-06-22"):
        open_night(night.folder.parent, date(2020, 1, 1))
    with pytest.raises(NotThereError, match=r"Did you mean R-150\?"):
        night.ring("R-151")


def test_no_mixture_of_two_publications(tmp_path: Path) -> None:
    night = open_night(publish(tmp_path, sizes=[5]))
    ring = night.ring("R-5")
    (night.folder / "run.json").write_text('{"run_id": "again"}')
    with pytest.raises(ReplacedError):
        ring.members()


def test_a_ring_answers(night: Night) -> None:
    ring = night.ring("R-5")
    assert tuple(ring.why()) == ("疑似传销 <b>3 次</b>",)
    assert repr(ring.against()) == "- 一家人"
    assert ring.members()["account_id"].to_list() == [account(i) for i in range(5)]
    assert set(ring.links()["ring_id"]) == {"R-5"} == set(ring.evidence()["ring_id"])
    assert ring.open_orders()["order_id"].to_list() == ["o1"]
    assert ring.acts()["happened_at"].to_list() == [START], "an act has its minute; a tie is no act"


def test_plain_text_and_escaped_html(night: Night) -> None:
    ring = night.ring("R-5")
    for part in ("R-5", "传销 pyramid 0.90", "score 0.900", "1,234.50", "+ 疑似传销 <b>3 次</b>", "- 一家人"):
        assert part in repr(ring), part
    assert "5 rings, 5 of them new" in repr(night)
    page = ring._repr_html_()
    assert "&lt;b&gt;3 次&lt;/b&gt;" in page and "<b>" not in page


def test_the_graph_has_every_member_and_one_node_a_payment_account(night: Night) -> None:
    graph = night.ring("R-5").graph()
    assert {n for kind, n in graph if kind == "account"} == {account(i) for i in range(5)}
    assert {n for kind, n in graph if kind == "pay"} == {"pay-0", "pay-1"}
    assert graph.nodes["pay", "pay-0"]["kinds"] == ["payee", "payer"]
    assert graph.nodes["account", account(0)] == {"role": "organiser", "score": 0.99}
    edge = graph.edges[("account", account(2)), ("pay", "pay-0")]
    assert (edge["kinds"], edge["weight"], edge["first_at"]) == (["payee", "payer"], 3.0, START + timedelta(days=2))
    assert graph.edges[("account", account(4)), ("account", account(1))]["parent"] == ("account", account(1))
    assert list(graph) == list(night.ring("R-5").graph())


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


def test_the_readme_picture_is_of_a_readable_ring(out: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(gallery, ["--watchlists", str(out), "--out", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pictures/ring.png").read_bytes().startswith(b"\x89PNG")
    svg = (tmp_path / "pictures/ring.svg").read_text()
    assert 'id="node device device-0"' in svg
    assert "account-0004-of-0004" in svg and "account-0005-of-0005" not in svg


def test_a_night_without_such_a_ring_says_so(tmp_path: Path) -> None:
    publish(tmp_path, sizes=[2])
    done = CliRunner().invoke(gallery, ["--watchlists", str(tmp_path), "--out", str(tmp_path / "pictures")])
    assert done.exit_code == 2
    assert "no ring of 5 to 20 accounts" in done.output
