"""Let a coverage-guided fuzzer look for bytes that our own parsing gets wrong.

    python tests/fuzz/parsing.py [seconds] [seed]

What is tried: decoding and looking through a text export (`jobs.door.text`), finding its records one by one
(`jobs.door.walked`), and telling and masking personal numbers (`jobs.door.personal`), each against the standard
library or its own promise. With atheris (`pip install '.[fuzz]'`) inputs grow where they reach new code, and one that
fails is printed; without it Hypothesis searches with the same checks, steered by how much an input breaks, and says so.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
import hypothesis
import polars as pl
from hypothesis import strategies as st

from graph.exports import ORDERS
from jobs.errors import ExportError
from tests.door import slow_reader

atheris: Any = import_module("atheris") if sys.argv[1:2] == ["--guided"] else None
with atheris.instrument_imports(include=["jobs.door"]) if atheris else nullcontext():
    from jobs.door import personal
    from jobs.door.discover import Source
    from jobs.door.text import Text, prepare
    from jobs.door.walked import Walked, walk_csv, walk_ndjson

SECONDS = 60
_SEPARATOR = "\x1f"
_HEADER = b"order_id,category\n"
_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)
Found = list[tuple[list[str] | None, str]]
STARTS = (b'\0q1,a\nq2,"b\nc"\n', b'\0q1,"\xc0\xcf"\r\n\r\n', b'\1{"a":1}\n \n', b"\2x 138-1234-5678")
PIECES = (
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\r\n",
    b"q1",
    b" ",
    b"{",
    b"}",
    b"13812345678",
    "老".encode(),
    "老".encode("gb18030"),
)


def csv_records(data: bytes, folder: Path) -> int:
    """Records of a CSV file of an id and a free text, beside the standard library's. Returns broken records."""
    text = _prepared(_HEADER + data, folder)
    if text is None:
        return 0
    found = _found(walk_csv([text.path], folder / "records", 2, frozenset({1})), 2)
    lines, at, sure = _lines(text), 1, Found()
    while at < len(lines):
        if not lines[at].strip("\r"):
            at += 1
            continue
        cells, span = slow_reader._split(lines, at, 2, {0})
        sure.append((cells, "\n".join(lines[at : at + span]).rstrip("\r")))
        at += span
    assert found == sure
    return sum(cells is None for cells, _ in found)


def ndjson_records(data: bytes, folder: Path) -> int:
    """Lines of an NDJSON file. Returns broken ones."""
    text = _prepared(data, folder)
    if text is None:
        return 0
    found = _found(walk_ndjson([text.path], folder / "records", _SEPARATOR), 1)
    bare = [line.rstrip("\r") for line in _lines(text) if line.strip(" \t\r")]
    assert found == [(None if "\r" in line or _SEPARATOR in line else [line], line) for line in bare]
    return sum(cells is None for cells, _ in found)


def personal_numbers(data: bytes, folder: Path) -> int:
    """What is masked holds no raw number, and nothing else is changed. Returns how much was masked."""
    text = data.decode("utf-8", "ignore")
    masked = personal.masked(text)
    assert not personal.holds_raw(masked)
    assert masked == text or personal.holds_raw(text)
    assert not personal.is_phone(text) or personal.looks_raw(text)
    return masked.count("***")


CHECKS: tuple[Callable[[bytes, Path], int], ...] = (csv_records, ndjson_records, personal_numbers)


def check(data: bytes, folder: Path) -> int:
    """One input: its first byte chooses what is tried. AssertionError where ours differs."""
    return CHECKS[data[0] % len(CHECKS)](data[1:], folder) if data else 0


def _prepared(data: bytes, folder: Path) -> Text | None:
    """The text as the door sees it, after a look at what it says about it; None if it is rightly refused."""
    path = folder / "orders.csv"
    path.write_bytes(data)
    try:
        text = prepare(Source(ORDERS, path, path.name, "csv"), folder)
    except ExportError as error:
        assert not data or b"\0" in data or "mixed" in str(error) or _undecodable(data)
        return None
    content = text.path.read_bytes()
    assert content.decode().removeprefix("\ufeff") == slow_reader._decoded(data)[0]
    assert (text.bytes, text.quotes) == (len(data), b'"' in data)
    assert text.lines == content.count(b"\n") + (not content.endswith(b"\n"))
    return text


def _undecodable(data: bytes) -> bool:
    try:
        slow_reader._decoded(data)
    except slow_reader.RefusedError:
        return True
    return False


def _lines(text: Text) -> list[str]:
    """Without a byte order mark and without line feeds; a last empty line is none."""
    lines = text.path.read_bytes().decode("utf-8-sig").split("\n")
    return lines if lines[-1] else lines[:-1]


def _found(walked: Walked, width: int) -> Found:
    """Every record's cells (None: broken) and raw text."""
    frame = pl.read_parquet(list(walked.paths))
    cells = {line: list(rest) for line, *rest in frame.rows()}
    numbers = range(1, sum(walked.totals) + 1)
    assert sorted([*cells, *walked.malformed]) == list(numbers)
    assert frame.width == width + 1
    return [(cells.get(n), raw) for n, raw in zip(numbers, walked.raw(numbers), strict=True)]


def guided(seconds: int, seed: int, folder: Path) -> None:
    """Atheris: never comes back, the process ends with libFuzzer's verdict."""
    for number, start in enumerate(STARTS):
        (folder / "corpus").mkdir(exist_ok=True)
        (folder / "corpus" / str(number)).write_bytes(start)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", f"-artifact_prefix={folder}/"]
    atheris.Setup(
        ["parsing", str(folder / "corpus"), *options, "-verbosity=0", "-print_final_stats=1"],
        lambda data: check(data, folder) and None,
    )
    atheris.Fuzz()


def searched(examples: int, seed: int, folder: Path) -> None:
    """Hypothesis: as many inputs as asked for, steered towards those that make many broken records."""
    content = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40).map(b"".join)

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=examples, deadline=None, database=None)
    @hypothesis.given(st.sampled_from([bytes([way]) for way in range(len(CHECKS))]), content)
    def search(first: bytes, rest: bytes) -> None:
        hypothesis.target(float(check(first + rest, folder)))

    search()


def main(seconds: int, seed: int) -> None:
    """Print the seed, and search for so long."""
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        if find_spec("atheris"):
            print(f"atheris, seed {seed}, {seconds} s", flush=True)
            subprocess.run([sys.executable, __file__, "--guided", str(seconds), str(seed), folder], check=True)
        else:
            print(f"atheris is not installed: Hypothesis, seed {seed}, {100 * seconds} inputs", flush=True)
            searched(100 * seconds, seed, Path(folder))
    print("no difference found")


if __name__ == "__main__":
    if atheris:
        guided(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [SECONDS, secrets.randbelow(1 << 31)][len(given) :]))
