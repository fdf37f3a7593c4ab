"""What other people's programs say of a bundle, from the sample and from exports that another hand wrote."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import networkx as nx
import pytest
from click.testing import CliRunner

from graph.explore import open_night
from jobs.__main__ import main
from tests.case.conftest import LEAD, REQUEST, World, files, keys, made, rows, tool

DROP = Path(__file__).parents[3] / "shared" / "drop"


@pytest.fixture(scope="module", params=["sample", "another hand's drop"])
def judged(request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A night with a ring to pack."""
    if request.param == "sample":
        return world
    if not DROP.is_dir():
        pytest.skip("no drop of another hand beside the checkout")
    folder = tmp_path_factory.mktemp("drop")
    other = World(
        folder, DROP, folder / "out", folder / "w.duckdb", folder / "key", folder / "signers", folder / "identity",
        folder / "settings.toml",
    )  # fmt: skip
    keys(other)
    where = ["--exports", str(DROP), "--warehouse", str(other.warehouse), "--out", str(other.watchlists)]
    ran = CliRunner().invoke(main, ["nightly", "--catch-up", *where])
    assert ran.exit_code == 0, ran.output
    other.ring_id = open_night(other.watchlists).table("rings").sort("rank")["ring_id"][0]
    return other


@pytest.fixture(scope="module")
def lead(judged: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(judged.case(tmp_path_factory.mktemp("lead"), *LEAD))


@pytest.fixture(scope="module")
def request_(judged: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(judged.case(tmp_path_factory.mktemp("request"), *REQUEST))


def laid_out(bundle: Path, folder: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return next(folder.iterdir())


def test_workbook_has_no_formula_and_every_cell_is_text(request_: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(files(request_)["data/02_明细.xlsx"]))
    assert book.sheetnames == ["账号", "设备", "收付款账号", "关联", "行为", "受害人", "来源"]
    kinds = {cell.data_type for page in book for row in page.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s"}


def test_graphml_reads_back(request_: Path) -> None:
    held = files(request_)
    graph = nx.read_graphml(io.BytesIO(held["data/machine/ring.graphml"]), force_multigraph=True)
    assert graph.number_of_edges() == len(rows(held["data/csv/ties.csv"]))
    assert {row["account"] for row in rows(held["data/csv/accounts.csv"])} <= set(graph)


def test_bagit_and_sha256sum(lead: Path, tmp_path: Path) -> None:
    bagit = pytest.importorskip("bagit")
    folder = laid_out(lead, tmp_path)
    assert bagit.Bag(str(folder)).validate()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", manifest], cwd=folder, check=True)


def test_ssh_keygen(judged: World, lead: Path, tmp_path: Path) -> None:
    ssh = tool("ssh-keygen", "openssh-client")
    folder = laid_out(lead, tmp_path)
    signed = (folder / "tagmanifest-sha256.txt").read_bytes()
    check = [ssh, "-Y", "verify", "-f", str(judged.signers), "-I", "platform", "-n", "case@ringwatch"]
    check += ["-s", str(folder / "tagmanifest-sha256.txt.sig")]
    assert subprocess.run(check, input=signed, capture_output=True, check=False).returncode == 0
    assert subprocess.run(check, input=signed + b" ", capture_output=True, check=False).returncode != 0


def test_age(judged: World, tmp_path: Path) -> None:
    age = tool("age", "age")
    bundle = made(judged.case(tmp_path, *LEAD, "--recipient", "liaison"))
    assert bundle.name.endswith(".zip.age")
    opened = subprocess.run([age, "-d", "-i", judged.identity, bundle], capture_output=True, check=True).stdout
    assert zipfile.ZipFile(io.BytesIO(opened)).testzip() is None


@pytest.mark.slow
def test_case_validate(world: World, tmp_path: Path) -> None:
    """Ten seconds on its smallest ring."""
    command = shutil.which("case_validate", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not command:
        pytest.skip("case_validate is not installed: pip install case-utils")
    bundle = made(world.case(tmp_path, *LEAD))
    graph = tmp_path / "ring.jsonld"
    graph.write_bytes(files(bundle)["data/machine/ring.case.jsonld"])
    said = subprocess.run([command, "--allow-info", graph], capture_output=True, check=False, text=True)
    assert said.returncode == 0, said.stdout[:2000]
    assert "Conforms: True" in said.stdout
