"""What a bundle holds, and that it holds before other people's programs."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.case.conftest import LEAD, NASTY, REQUEST, World, files, made, rows, tool

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


def test_an_id_that_looks_like_a_formula_is_text(request_: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(files(request_)["data/02_明细.xlsx"]))
    assert {cell.value for cell in book["账号"]["B"]} & {n for n in NASTY if n.startswith("=")}


def test_the_report_says_suspected_and_shows_what_hides(request_: Path, tmp_path: Path) -> None:
    tool("pdftotext", "poppler-utils")
    text = "".join(pdf_text(files(request_)["data/01_报告.pdf"], tmp_path).split())
    for part in ("疑似团伙线索报告", "未核查的事项", "去掉最强的单一关联之后", "电子证明文件",
                 "示调证字〔2025〕第001号", "𠮷㐂䶮", "‹U+202E›", "0f9e8d7c" * 30):  # fmt: skip
        assert part in text, part
    assert "\u202e" not in text
    assert text.index("电子证明文件（签章页）") > text.index("清单与完整性校验值")
