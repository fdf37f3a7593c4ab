"""Published nights run again, filled in, and broken off, on a small synthetic market: the same register."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs import nightly, published
from jobs.__main__ import main
from jobs.settings import Settings
from tests.kept import THREE as NIGHTS
from tests.kept import copied


@pytest.fixture(scope="module")
def market(first_night: Path) -> Path:
    """Exports of three nights; nobody writes here."""
    return first_night / "exports"


@pytest.fixture(scope="module")
def reference(market: Path, first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nights in their order; nobody writes here."""
    home = copied(first_night, tmp_path_factory.mktemp("all"))
    for night in NIGHTS[1:]:
        run(market, home, night)
    return home


def run(market: Path, home: Path, night: date) -> None:
    nightly.nightly(market, home / "w.duckdb", home / "out", night, False, Settings())


def digests(home: Path, *nights: date) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for night in nights
        for path in sorted(published.folder_of(home / "out", night).glob("*.parquet"))
    }


def test_nights_run_again_in_any_order_change_no_byte(market: Path, reference: Path, tmp_path: Path) -> None:
    home = copied(reference, tmp_path)
    run(market, home, NIGHTS[1])
    assert digests(home, *NIGHTS) == digests(reference, *NIGHTS)
    (home / "w.duckdb").unlink()  # from here on in a warehouse built anew
    for night in (NIGHTS[0], NIGHTS[2]):
        run(market, home, night)
    assert digests(home, *NIGHTS) == digests(reference, *NIGHTS)


def test_a_night_filled_in_takes_names_and_changes_none(market: Path, first_night: Path, tmp_path: Path) -> None:
    home = copied(first_night, tmp_path)
    run(market, home, NIGHTS[2])
    before = digests(home, NIGHTS[0], NIGHTS[2])
    run(market, home, NIGHTS[1])
    filled = digests(home, NIGHTS[1])
    run(market, home, NIGHTS[2])
    assert digests(home, NIGHTS[0], NIGHTS[2]) == before
    assert digests(home, NIGHTS[1]) == filled
    names = {n: published.tables(published.night(home / "out", n), "rings")[0] for n in NIGHTS}
    known = set(names[NIGHTS[0]]["ring_id"]) | set(names[NIGHTS[2]]["ring_id"])
    assert len(known & set(names[NIGHTS[1]]["ring_id"])) > 0.8 * names[NIGHTS[1]].height


@pytest.mark.parametrize("step", ["publish", pytest.param("learn", marks=pytest.mark.slow)])
def test_a_run_broken_off_leaves_it_whole(
    step: str, market: Path, first_night: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copied(first_night, tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*(("jobs.runs.Night.publish", killed) if step == "publish" else ("jobs.nightly.learn", killed)))
        with pytest.raises(KeyboardInterrupt):
            run(market, home, NIGHTS[1])
    there = NIGHTS[:1] if step == "publish" else NIGHTS[:2]
    assert published.dates(home / "out") == there
    latest = json.loads((home / "out" / "latest.json").read_text())
    assert latest["run_date"] == str(there[-1]), "it moves last, and never to a night that is not there"
    run(market, home, NIGHTS[len(there)])
    then = NIGHTS[: len(there) + 1]
    assert digests(home, *then) == digests(reference, *then)


def test_run_json_tells_its_place(reference: Path) -> None:
    records = [json.loads((published.folder_of(reference / "out", n) / "run.json").read_text()) for n in NIGHTS]
    assert [record["register_place"] for record in records] == [1, 2, 3]


@pytest.mark.slow
def test_catching_up_is_running_in_order(market: Path, reference: Path, tmp_path: Path) -> None:
    where = ["--exports", str(market), "--warehouse", str(tmp_path / "w.duckdb"), "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(main, ["nightly", *where, "--catch-up"]).exit_code == 0
    assert digests(tmp_path, *NIGHTS) == digests(reference, *NIGHTS)
