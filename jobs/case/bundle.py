"""`ringwatch case`: from a ring to one sealed file, in order: check, gather, mask, write, seal, log, rename."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from graph.nights import DamagedError
from jobs import durable
from jobs.case import age, handover, tables
from jobs.case.bag import SIGNATURE, SIGNED, bag, digest
from jobs.case.clean import one_line
from jobs.case.gather import Gathered, gather
from jobs.case.machine import case_jsonld, graphml
from jobs.case.mask import Mask
from jobs.case.provenance import Cited, chain, cited
from jobs.case.report import check_font, content, guide, set_report
from jobs.case.seal import blob_of, fingerprint, load_key, sign
from jobs.case.sheets import as_csv, as_xlsx
from jobs.case.tables import Sheet
from jobs.case.terms import MODES, Terms, case_id
from jobs.case.zipped import zipped
from jobs.door.settings import DoorSettings
from jobs.errors import RingwatchError, UsageError
from jobs.settings import Settings

RING_ID = re.compile(r"R-[a-z0-9]{6,16}")
_LEAST = 6
"""Characters from which on an id is looked for in a finished lead; shorter ones occur in any text by chance."""


@dataclass(frozen=True)
class Bundle:
    """A finished bundle: where it lies, the SHA-256 of its zip (what the receiver is told by another channel), the
    newest hash of the hand-over log, and what the custodian is to resolve."""

    path: Path
    case_id: str
    zip_sha256: str
    log_head: str
    to_resolve: Path | None


def case(
    ring_id: str,
    watchlists: Path,
    warehouse: Path,
    out: Path,
    terms: Terms,
    key: Path,
    settings: Settings,
    run_date: date | None = None,
    exports: Path | None = None,
    identities: Path | None = None,
) -> Bundle:
    """Pack one ring. Nothing is written before everything is checked, and nothing is sent anywhere.

    Raises UsageError for terms, key, recipient, ring or folder that cannot serve, RingwatchError without the font.
    """
    terms.check()
    if not RING_ID.fullmatch(ring_id):
        raise UsageError(f"{ring_id!r} is no ring id (R- and 6 to 16 letters or digits)")
    if terms.mode == "request" and exports is None:
        raise UsageError("--mode request needs --exports: the raw bytes of the cited records go into it")
    if terms.mode == "lead" and identities is not None:
        raise UsageError("--identities go into a request alone, never into a lead")
    signer = load_key(key)
    to = age.recipient(terms.recipient, settings.case) if terms.recipient else None
    answers = _answers(identities) if identities else None
    check_font()
    gathered = gather(ring_id, watchlists, warehouse, run_date, settings.engine)
    name = case_id(ring_id, gathered.run_date, terms, answers[1] if answers else None)
    mask = Mask(gathered, terms.mode == "request")
    records = cited(gathered.evidence, exports, _rename(gathered)) if exports else None
    files = _files(gathered, mask, name, terms, settings, records, answers[0] if answers else None)
    files[SIGNATURE] = sign(files[SIGNED], signer)
    archive = zipped(name, files)
    content = age.encrypt(archive, to) if to else archive
    resolve = tables.to_resolve(gathered, mask, settings.case.identity_fields) if mask.true else None
    return _hand_over(
        out, name, archive, content, terms, settings, gathered, fingerprint(blob_of(signer.public_key())), resolve
    )


def _rename(g: Gathered) -> Mapping[str, Mapping[str, str]]:
    """Of the night's own settings: today's may read another platform. Raises DamagedError."""
    try:
        return DoorSettings.model_validate(g.record["settings"]["exports"]).rename
    except ValidationError as damaged:
        raise DamagedError(g.ring.night.folder, "at settings.exports") from damaged


def _files(
    g: Gathered, mask: Mask, name: str, terms: Terms, settings: Settings, records: list[Cited] | None,
    answers: Sheet | None,
) -> dict[str, bytes]:  # fmt: skip
    """The bag, without its signature."""
    lines = tables.unread_lines(g.evidence) if records is None else tables.lines(records, g.evidence, mask.true)
    sheets = {sheet.name: sheet for sheet in tables.sheets(g, mask)}
    title = f"疑似团伙线索 {name}"
    payload = {f"data/csv/{sheet.name}.csv": as_csv(sheet) for sheet in sheets.values()}
    everything = [*sheets.values(), tables.part(lines, 7)]
    if answers:
        payload["data/csv/identities.csv"] = as_csv(answers)
        everything.append(answers)
    inputs = [(file["path"], file["sha256"]) for file in g.record["inputs"]]
    zone = g.record["settings"]["exports"]["zone"]
    payload |= {
        "data/02_明细.xlsx": as_xlsx(everything, g.run_date, title),
        "data/03_验证说明.txt": guide(name, terms),
        "data/machine/ring.graphml": graphml(sheets),
        "data/machine/ring.case.jsonld": case_jsonld(name, title, terms.basis, zone, sheets, inputs),
        "data/provenance/extraction.json": _extraction(g, terms, records),
        "data/provenance/lines.csv": as_csv(lines),
    }
    if mask.true and records is not None:
        payload |= {f"data/provenance/raw/{raw}": content for raw, content, _ in chain(records)}
    inventory = [(file, digest("sha256", payload[file])) for file in sorted(payload)]
    payload["data/01_报告.pdf"] = set_report(
        content(g, mask, name, terms, settings.case, sheets, inventory, records is not None)
    )
    if not mask.true:
        _check_masked(payload, mask)
    return bag(payload, _info(g, name, terms, settings, payload))


def _check_masked(payload: Mapping[str, bytes], mask: Mask) -> None:
    """A last look at a lead: a sentence made elsewhere may one day name an id that no label stands for."""
    texts = {name: content.decode() for name, content in payload.items() if not name.endswith((".pdf", ".xlsx"))}
    for name, text in texts.items():
        if mask.shown_in(text, _LEAST):
            raise RingwatchError(
                f"the lead would have shown a true value in {name}. Nothing was written; please report it"
            )


def _extraction(g: Gathered, terms: Terms, records: list[Cited] | None) -> bytes:
    """How the bundle came about, for somebody who wants to do it again."""
    record = g.record
    said: dict[str, Any] = {
        "mode": terms.mode,
        "run_id": record["run_id"],
        "run_date": record["run_date"],
        "code_version": record["code_version"],
        "settings_sha256": record["settings_sha256"],
        "inputs": [{k: f[k] for k in ("table", "path", "sha256", "bytes", "rows_read")} for f in record["inputs"]],
        "record_bytes": "physical lines with their line ends, as in the file, unpacked if gzip; Parquet: RFC 8785 JSON",
        "records_cited": None if records is None else len(records),
        "method": "ringwatch nightly with these inputs and settings, then ringwatch case for this ring and date",
    }
    return json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n"


def _info(
    g: Gathered, name: str, terms: Terms, settings: Settings, payload: Mapping[str, bytes]
) -> list[tuple[str, str]]:
    """bag-info.txt. The names of the terms are settings, for counsel must confirm them."""
    named = settings.case.names.model_dump()
    return [
        ("Source-Organization", one_line(settings.case.organisation)),
        ("Contact-Name", one_line(settings.case.contact)),
        ("External-Identifier", name),
        ("Bagging-Date", str(g.run_date)),
        ("Bag-Size", f"{sum(map(len, payload.values()))} B"),
        ("Ring-Id", str(g.row["ring_id"])),
        ("Mode", f"{terms.mode} {MODES[terms.mode]}"),
        *((named[field], value) for field, value in terms.given().items()),
    ]


def _answers(path: Path) -> tuple[Sheet, str]:
    """The custodian's answer, as it came, and its SHA-256. Raises UsageError for what is no filled to_resolve.csv."""
    try:
        content = path.read_bytes()
        first, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    except OSError as failure:
        raise UsageError(f"--identities {path}: cannot be read ({failure.strerror})") from failure
    except (ValueError, csv.Error) as failure:
        raise UsageError(f"--identities {path}: not a CSV file in UTF-8 with a header") from failure
    if first[:3] != ["label", "kind", "id"] or any(len(row) != len(first) for row in rows):
        raise UsageError(f"--identities {path}: not a filled to_resolve.csv: its columns begin with label, kind, id")
    columns = tuple((column, column) for column in first)
    return Sheet("identities", "身份", columns, [tuple(row) for row in rows]), hashlib.sha256(content).hexdigest()


def _hand_over(
    out: Path, name: str, archive: bytes, content: bytes, terms: Terms, settings: Settings, g: Gathered, signer: str,
    resolve: Sheet | None,
) -> Bundle:  # fmt: skip
    path = out / f"{name}.zip{'.age' if content is not archive else ''}"
    log = settings.case.log or out / "handover.jsonl"
    now = datetime.now(UTC)
    zip_sha256 = hashlib.sha256(archive).hexdigest()
    entry = {
        "at": now.isoformat(timespec="seconds"),
        "keep_until": f"{now.year + settings.case.keep_years}{now:-%m-%d}",
        "case_id": name, "ring_id": str(g.row["ring_id"]), "run_date": str(g.run_date), "mode": terms.mode,
        "signer": signer, "zip_sha256": zip_sha256, "file": path.name,
        "file_sha256": hashlib.sha256(content).hexdigest(), **terms.given(),
    }  # fmt: skip
    listed = out / f"{name}.to_resolve.csv"
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = durable.beside(path, content)
        try:
            # Logged first: a bundle that nobody remembers must not exist, an entry without one does no harm.
            head = handover.append(log, entry)
            durable.take_place(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        if resolve:
            durable.write(listed, as_csv(resolve))
    except OSError as failure:
        raise UsageError(f"--out {out}: cannot be written ({failure.strerror})") from failure
    return Bundle(path, name, zip_sha256, head, listed if resolve else None)
