"""What a bundle holds, and that it holds before other people's programs."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import networkx as nx
import pytest

from tests.case.conftest import LEAD, NASTY, REQUEST, World, made

PAYLOAD = {
    "data/01_报告.pdf", "data/02_明细.xlsx", "data/03_验证说明.txt", "data/machine/ring.graphml",
    "data/machine/ring.case.jsonld", "data/provenance/extraction.json", "data/provenance/lines.csv",
    *(f"data/csv/{name}.csv" for name in ("accounts", "devices", "payees", "ties", "acts", "victims")),
}  # fmt: skip
TAGS = {
    "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sm3.txt", "tagmanifest-sha256.txt",
    "tagmanifest-sm3.txt", "tagmanifest-sha256.txt.sig",
}  # fmt: skip


@pytest.fixture(scope="module")
def lead(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(world.case(tmp_path_factory.mktemp("lead"), *LEAD))


@pytest.fixture(scope="module")
def request_(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(world.case(tmp_path_factory.mktemp("request"), *REQUEST))


def files(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def laid_out(bundle: Path, folder: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return next(folder.iterdir())


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed: apt-get install {package}, or make setup-system")
    return found


def test_the_tree(lead: Path, request_: Path) -> None:
    assert set(files(lead)) == PAYLOAD | TAGS
    more = set(files(request_)) - PAYLOAD - TAGS
    assert more and all(name.startswith("data/provenance/raw/") for name in more)


def test_private(lead: Path) -> None:
    assert stat.S_IMODE(lead.stat().st_mode) == 0o600
    assert stat.S_IMODE(lead.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("terms", [LEAD, REQUEST], ids=["lead", "request"])
def test_twice_the_same_bytes(world: World, terms: tuple[str, ...], tmp_path: Path) -> None:
    first, second = (made(world.case(tmp_path / name, *terms)) for name in ("one", "two"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_no_true_value_in_any_file_of_a_lead(world: World, lead: Path, tmp_path: Path) -> None:
    """In the workbook's and the report's text as well. Ids this long occur nowhere by chance."""
    texts = {n: c.decode() for n, c in files(lead).items() if not n.endswith((".pdf", ".xlsx"))}
    with zipfile.ZipFile(io.BytesIO(files(lead)["data/02_明细.xlsx"])) as book:
        texts |= {f"xlsx {name}": book.read(name).decode() for name in book.namelist()}
    if shutil.which("pdftotext"):
        texts["pdf"] = pdf_text(files(lead)["data/01_报告.pdf"], tmp_path)
    looked_for = {part for true in world.true for part in true.split("|") if len(part) >= 6}
    assert len(looked_for) > 30
    for name, text in texts.items():
        assert not [true for true in looked_for if true in text], name


def test_the_search_can_find(world: World, request_: Path) -> None:
    accounts = rows(files(request_)["data/csv/accounts.csv"])
    assert {row["account_id"] for row in accounts} & set(world.true)


def pdf_text(pdf: bytes, folder: Path) -> str:
    (folder / "report.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", folder / "report.pdf", "-"], capture_output=True, check=True).stdout.decode()


def test_labels_are_the_same_in_both(lead: Path, request_: Path) -> None:
    masked, true = (rows(files(b)["data/csv/accounts.csv"]) for b in (lead, request_))
    assert [r["account"] for r in masked] == [r["account"] for r in true]
    assert {r["account_id"] for r in masked} == {""} and all(r["account_id"] for r in true)


def test_every_raw_record_hashes_to_its_line(world: World, request_: Path) -> None:
    held = files(request_)
    lines = rows(held["data/provenance/lines.csv"])
    taken = 0
    for line in lines:
        raw = held[f"data/provenance/{line['raw_file']}"]
        part = raw[int(line["offset"]) : int(line["offset"]) + int(line["length"])]
        assert hashlib.sha256(part).hexdigest() == line["record_sha256"]
        taken += len(part) + (line["form"] == "rfc8785")
        if line["form"] == "raw" and line["file"].endswith(".csv"):
            original = (world.exports / line["file"]).read_bytes().splitlines(keepends=True)
            assert part == original[int(line["physical_line"]) - 1]
    # and no other bytes than those
    assert taken == sum(len(c) for n, c in held.items() if "/raw/" in n)


def test_a_lead_tells_of_lines_file_number_and_hash_alone(lead: Path, request_: Path) -> None:
    masked, true = (rows(files(b)["data/provenance/lines.csv"]) for b in (lead, request_))
    assert set(masked[0]) == {"file_sha256", "record", "record_sha256"}
    assert masked == [{k: row[k] for k in masked[0]} for row in true]


def test_csv_is_one_record_a_line(request_: Path) -> None:
    for name, content in files(request_).items():
        if name.endswith(".csv") and "/raw/" not in name:
            assert content.count(b"\r\n") == content.count(b"\n") == len(rows(content)) + 1, name


def test_workbook_has_no_formula_and_every_cell_is_text(request_: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(files(request_)["data/02_明细.xlsx"]))
    assert book.sheetnames == ["账号", "设备", "收付款账号", "关联", "行为", "受害人", "来源"]
    kinds = {cell.data_type for page in book for row in page.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert {cell.value for cell in book["账号"]["B"]} & {n for n in NASTY if n.startswith("=")}


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


def test_ssh_keygen(world: World, lead: Path, tmp_path: Path) -> None:
    ssh = tool("ssh-keygen", "openssh-client")
    folder = laid_out(lead, tmp_path)
    signed = (folder / "tagmanifest-sha256.txt").read_bytes()
    check = [ssh, "-Y", "verify", "-f", str(world.signers), "-I", "platform", "-n", "case@ringwatch"]
    check += ["-s", str(folder / "tagmanifest-sha256.txt.sig")]
    assert subprocess.run(check, input=signed, capture_output=True, check=False).returncode == 0
    assert subprocess.run(check, input=signed + b" ", capture_output=True, check=False).returncode != 0


def test_age(world: World, tmp_path: Path) -> None:
    age = tool("age", "age")
    bundle = made(world.case(tmp_path, *LEAD, "--recipient", "liaison"))
    assert bundle.name.endswith(".zip.age")
    opened = subprocess.run([age, "-d", "-i", world.identity, bundle], capture_output=True, check=True).stdout
    assert zipfile.ZipFile(io.BytesIO(opened)).testzip() is None


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


def test_the_report_says_suspected_and_shows_what_hides(request_: Path, tmp_path: Path) -> None:
    tool("pdftotext", "poppler-utils")
    text = "".join(pdf_text(files(request_)["data/01_报告.pdf"], tmp_path).split())
    for part in ("疑似团伙线索报告", "未核查的事项", "去掉最强的单一关联之后", "电子证明文件",
                 "示调证字〔2025〕第001号", "𠮷㐂䶮", "‹U+202E›", "0f9e8d7c" * 30):  # fmt: skip
        assert part in text, part
    assert "\u202e" not in text
    assert text.index("电子证明文件（签章页）") > text.index("清单与完整性校验值")
