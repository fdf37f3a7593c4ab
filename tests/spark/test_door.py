"""The door on the cluster lets in what the door on one machine lets in, counts alike and refuses alike."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from jobs import parts
from jobs.door.discover import Drop, sources
from jobs.door.loading import Read, load
from jobs.door.settings import DoorSettings
from jobs.door.together import SMALL
from jobs.errors import ExportError, RingwatchError
from jobs.settings import EngineSettings
from jobs.tombstones import append, obey, tombstone
from jobs.warehouse import Warehouse
from tests.door.drops import CHAT, ORDERS, order, write_drop
from tests.kept import SECOND

pytest.importorskip("pyspark", reason="Spark's client is an extra: pip install .[spark]")
pytest.importorskip("pysail", reason="Sail is an extra: pip install .[spark]")

from jobs.spark import door as cluster
from jobs.spark.session import connected
from jobs.spark.tables import SparkTables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Held = dict[str, pl.DataFrame]
DAY = "2025-06-30"


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with connected("local") as session:
        yield session


@pytest.fixture(autouse=True)
def none_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is a task of its own, unless a test says otherwise."""
    monkeypatch.setattr(cluster, "SMALL", 0)


@pytest.fixture
def both(session: SparkSession, tmp_path: Path) -> Callable[[Path], tuple[Held, Held]]:
    """Load these exports here, and on the cluster; each time into the same two warehouses."""

    def both(exports: Path) -> tuple[Held, Held]:
        here = loaded(tmp_path / "here", exports, None)
        with Warehouse.open(parts.state_of(tmp_path / "there")) as file:
            return here, entered(file, exports, on(session, file, exports))

    return both


def on(session: SparkSession, file: Warehouse, exports: Path) -> Read:
    """The door on the cluster."""
    (tonight := file.path.parent / parts.TONIGHT).mkdir(exist_ok=True)
    return cluster.Door(SparkTables(session, tonight, 0), file, exports, EngineSettings(threads=1)).read


def loaded(folder: Path, exports: Path, read: Read | None) -> Held:
    with Warehouse.open(parts.state_of(folder)) as file:
        return entered(file, exports, read)


def entered(file: Warehouse, exports: Path, read: Read | None) -> Held:
    """What the warehouse then holds: of every table all rows."""
    load(file, exports, DoorSettings(), until=SECOND, elsewhere=read)
    assert not read or not any(len(rows) for rows in held(file, {}).values())
    obey(file, file.path)
    parts.pour_out(file)
    tables = held(file, parts.files(file))
    files = "SELECT * EXCLUDE (noted) FROM files ORDER BY file_id"
    return {**tables, "files": file.frame(files), "rejects": file.frame("SELECT * FROM rejects_rows ORDER BY ALL")}


def held(file: Warehouse, paths: dict[str, list[Path]]) -> Held:
    """The rows in the parts, or in the file where there are none."""
    found = {}
    for table in ("orders_rows", "accounts_rows", "devices_rows", "chat_links_rows", "labels_rows"):
        listed = list(map(str, paths.get(table, [])))
        rows = f"read_parquet({listed})" if listed else table
        found[table] = file.frame(f"SELECT * EXCLUDE (replaced) FROM {rows} ORDER BY file_id, line")
    return found


def same(here: Held, there: Held) -> bool:
    return all(there[table].equals(rows) for table, rows in here.items())


def many_orders(folder: Path) -> Path:
    """A drop of five files of orders in which keys come again, in the same file and in others, with dirt."""
    drawn = random.Random(5)
    lines = [order(f"q{drawn.randrange(600)}", amount=str(drawn.randrange(9) - 1)) for _ in range(2000)]
    lines += [order(f"q{n}") + ",one more" for n in range(5)]
    drawn.shuffle(lines)
    texts = ["\n".join([ORDERS, *lines[at::5], ""]) for at in range(5)]
    write_drop(folder / DAY, orders_csv=None, **{f"orders_{at}_csv": text for at, text in enumerate(texts)})
    return folder


@pytest.mark.slow
def test_two_nights_with_dirt(two_nights: Path, both: Callable[[Path], tuple[Held, Held]]) -> None:
    here, there = both(two_nights / "exports")
    assert same(here, there)
    assert len(here["rejects"])
    assert here["files"]["superseded"].sum()


@pytest.mark.parametrize("small", [0, pytest.param(SMALL, marks=pytest.mark.slow)])
def test_of_a_key_in_many_files_the_last_row_wins(
    tmp_path: Path, both: Callable[[Path], tuple[Held, Held]], monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(cluster, "SMALL", small)
    here, there = both(many_orders(tmp_path / "x"))
    assert same(here, there)
    assert len(here["orders_rows"]) < 600 < here["files"]["superseded"].sum()


@pytest.mark.slow
def test_a_drop_that_changed_takes_the_place_of_what_it_was(
    tmp_path: Path, both: Callable[[Path], tuple[Held, Held]]
) -> None:
    exports = many_orders(tmp_path / "x")
    both(exports)
    (exports / DAY / "orders_4.csv").unlink()
    here, there = both(exports)
    assert same(here, there)
    kept = {path.name for path in (tmp_path / "there" / "orders" / DAY).iterdir()}
    assert {Path(name).name for names in parts_of(tmp_path / "there") for name in names} >= kept
    assert same(there, both(exports)[1])


def parts_of(folder: Path) -> list[list[Path]]:
    with Warehouse.open(parts.state_of(folder)) as file:
        return list(parts.files(file).values())


@pytest.mark.slow
def test_the_erased_do_not_come_in(tmp_path: Path, both: Callable[[Path], tuple[Held, Held]]) -> None:
    for side in ("here", "there"):
        state = parts.state_of(tmp_path / side)
        append(state, {"event": "done", "tombstone": tombstone(state, "ab1")})
    here, there = both(many_orders(tmp_path / "x"))
    for found in (here, there):
        assert found["accounts_rows"]["account_id"].to_list() == ["ab2"]
        assert not found["orders_rows"]["buyer_id"].eq("ab1").any()
    assert here["orders_rows"]["order_id"].equals(there["orders_rows"]["order_id"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"orders_csv": f"{ORDERS}\n{order(buyer_id='13812345678')}\n"},
        {"chat_links_csv": f"{CHAT.removeprefix('message_id,')}\n"},
        {"accounts_csv": ""},
        {"devices_csv": None, "devices_parquet": b"PAR1 and no more"},
    ],
)
def test_what_is_refused_here_is_refused_there(
    session: SparkSession, tmp_path: Path, wrong: dict[str, str | bytes | None]
) -> None:
    exports = tmp_path / "x"
    write_drop(exports / DAY, **wrong)
    with pytest.raises(ExportError) as here:
        loaded(tmp_path / "here", exports, None)
    with Warehouse.open(parts.state_of(tmp_path / "there")) as file:
        with pytest.raises(ExportError) as there:
            load(file, exports, DoorSettings(), until=SECOND, elsewhere=on(session, file, exports))
        assert file.rows("SELECT count(*) FROM files") == [(0,)]
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize("lacking", ["exports", "warehouse"])
def test_a_worker_that_does_not_see_the_shared_path_says_so(
    session: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    exports = write_drop(tmp_path / "exports" / DAY).parent
    with Warehouse.open(parts.state_of(tmp_path / "warehouse")) as file:
        read = on(session, file, exports)
        monkeypatch.setattr(Path, "is_dir", lambda path: lacking not in path.parts)  # workers are this process
        given = [(1, one) for one in sources(Drop(SECOND, exports / DAY), exports)]
        seen = pytest.raises(RingwatchError, match="not there for a worker")
        with seen as said, read(given, SECOND, DoorSettings()):
            pass
    assert lacking in str(said.value)
