"""Each liaison gets its own rings, by a rule that is stated; and what comes back is read as verdicts."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.explore import open_night
from jobs.__main__ import main
from jobs.door.loading import load
from jobs.leads import UNKNOWN, places
from jobs.settings import Settings
from jobs.warehouse import Warehouse
from tests.case.conftest import World


def run(world: World, out: Path) -> Result:
    return CliRunner().invoke(main, ["leads", "--watchlists", str(world.watchlists), "--out", str(out)])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("members", "victims", "expected"),
    [
        (["440305", "440306", "110105"], ["310104"], ["4403", "1101", "3101"]),  # most members
        (["440305", "110105"], ["440306"], ["4403", "1101"]),  # equally many: the one with a victim
        (["440305", "110105"], ["310104"], ["1101", "4403", "3101"]),  # neither: the smaller code
        ([None, None], ["310104", "110105"], ["1101", "3101"]),  # no member's region known
        ([None], [], [UNKNOWN]),
        (["../../etc", "44", "４４０３０５"], ["440305"], ["4403"]),  # no code is no place, nor a path
    ],
)
def test_the_rule(members: list[str | None], victims: list[str], expected: list[str]) -> None:
    found = places(members, victims, 4)
    assert [place.place for place in found] == expected
    assert [place.lead for place in found] == [True] + [False] * (len(expected) - 1)


def test_every_ring_to_refer_leads_once_with_each_authority(world: World, tmp_path: Path) -> None:
    result = run(world, tmp_path)
    assert result.exit_code == 0, result.output
    folder = Path(result.output.strip())
    rings = open_night(world.watchlists).rings().filter(pl.col("action") == "refer")
    assert rings.height > 2
    for authority in ("police", "market_regulator"):
        mine = set(rings.filter(pl.col("refer_to").is_in([authority, "both"]))["ring_id"])
        rows = [row for path in sorted(folder.glob(f"{authority}/*/index.csv")) for row in table(path)]
        assert sorted(row["ring_id"] for row in rows if row["lead"] == "建议主办") == sorted(mine)
        assert {row["ring_id"] for row in rows} == mine
        assert all("移送规则" in row["rule"] for row in rows)
    for path in folder.rglob("index.csv"):
        assert [r["subject_id"] for r in table(path.with_name("feedback.csv"))] == [r["ring_id"] for r in table(path)]
        assert path.stat().st_mode & 0o077 == 0


def test_an_index_names_no_account(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.csv"))
    accounts = open_night(world.watchlists).table("accounts")["account_id"]
    assert not [account for account in accounts if len(account) > 6 and account in text]


def test_again_replaces_the_folder_whole(world: World, tmp_path: Path) -> None:
    folder = Path(run(world, tmp_path).output.strip())
    before = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.csv")}
    (folder / "police" / "more.txt").write_text("x")
    assert run(world, tmp_path).exit_code == 0
    assert {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == [folder.name]


def answered(world: World, tmp_path: Path, verdict: str, encoding: str = "utf-8-sig") -> tuple[Path, str]:
    folder = Path(run(world, tmp_path / "leads").output.strip())
    source = max(sorted(folder.rglob("feedback.csv")), key=lambda p: p.stat().st_size)
    rows = table(source)
    rows[0] |= {
        "verdict": verdict,
        "decided_at": "2025-06-24 10:00:00",
        "analyst": "联络人乙",
        "note": "已立案，核实中",
    }
    form = tmp_path / "feedback_4403.csv"
    with form.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return form, rows[0]["subject_id"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_returned_form_is_read_as_verdicts(world: World, tmp_path: Path, encoding: str) -> None:
    form, ring = answered(world, tmp_path, "confirmed", encoding)
    drop = tmp_path / "exports" / "2025-06-30"
    shutil.copytree(world.exports / "2025-06-23", drop)
    result = CliRunner().invoke(main, ["leads", "--returned", str(form), "--drop", str(drop)])
    assert result.exit_code == 0, result.output
    with Warehouse.open(tmp_path / "w.duckdb") as db:
        load(db, tmp_path / "exports", Settings().exports, until=None)
        found = db.rows("SELECT subject_id, verdict, note FROM labels_rows")
        assert db.rows("SELECT count(*) FROM rejects_rows JOIN files USING (file_id) WHERE table_name = 'labels'") == [
            (0,)
        ]
    assert found == [(ring, "confirmed", "已立案，核实中")]
    again = CliRunner().invoke(main, ["leads", "--returned", str(form), "--drop", str(drop)])
    assert (again.exit_code, "there already" in again.stderr) == (2, True)


def test_a_verdict_that_is_none(world: World, tmp_path: Path) -> None:
    form, _ = answered(world, tmp_path, "guilty")
    result = CliRunner().invoke(main, ["leads", "--returned", str(form), "--drop", str(tmp_path)])
    assert (result.exit_code, "line 1" in result.stderr) == (2, True)
    assert not list(tmp_path.glob("labels*"))


def test_half_an_order(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["leads", "--out", str(tmp_path)]).exit_code == 2


def test_what_is_no_form_is_not_taken_for_one_without_verdicts(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_text("subject,verdict\nR-aaaaaa,confirmed\n")
    (tmp_path / "drop").mkdir()
    result = CliRunner().invoke(main, ["leads", "--returned", str(form), "--drop", str(tmp_path / "drop")])
    assert (result.exit_code, "no column subject_id, decided_at" in result.stderr) == (2, True)
    assert list((tmp_path / "drop").iterdir()) == []
