"""A published night with one ring whose ids are as nasty as the door lets pass, and everything needed to pack it.

All data is synthetic: the sample market, with the ids of one of its rings replaced.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyrage
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from graph.explore import open_night
from jobs.__main__ import main
from jobs.case.report import check_font
from jobs.case.seal import blob_of
from jobs.errors import RingwatchError

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
NASTY = (
    "a\u202egpj.𠮷㐂䶮",  # turns the reading order; characters beyond the basic plane
    '=HYPERLINK("http://example.org","点")',
    "a" + "0f9e8d7c" * 30,
    "a,\u2066\u200b\u0007ring",
    "<script>&amp;]]>",
    "#let x = 1 $ *b* _i_ `r` @ref \\",
    "-1+1|x",
)
LEAD = ("--mode", "lead", "--basis", "反电信网络诈骗法第二十六条", "--approver", "审批人甲")
REQUEST = (
    "--mode", "request", "--basis", "刑事诉讼法第五十四条", "--approver", "审批人甲", "--document-number",
    "示调证字〔2025〕第001号", "--unit", "示例市公安局𠮷", "--officer", "承办人乙", "--scope",
    "团伙成员账号、订单、收付款账号",
)  # fmt: skip


@dataclass
class World:
    """Where everything lies; `ring_id` is the ring with the nasty ids, `true` all ids of its members and payees."""

    folder: Path
    exports: Path
    watchlists: Path
    warehouse: Path
    key: Path
    signers: Path
    identity: Path
    settings: Path
    ring_id: str = ""
    true: list[str] = field(default_factory=list)

    def case(self, out: Path, *more: str, ring_id: str | None = None, exports: bool = True) -> Result:
        """Run `ringwatch case`."""
        read = ("--exports", str(self.exports)) if exports else ()
        return CliRunner().invoke(
            main,
            ["case", ring_id or self.ring_id, "--watchlists", str(self.watchlists), "--warehouse", str(self.warehouse),
             "--out", str(out), "--key", str(self.key), "--settings", str(self.settings), *read, *more],
        )  # fmt: skip

    def verify(self, bundle: Path, *more: str) -> Result:
        """Run `ringwatch verify`."""
        return CliRunner().invoke(main, ["verify", str(bundle), "--signers", str(self.signers), *more])


def made(result: Result) -> Path:
    """The bundle that a successful `case` names first."""
    assert result.exit_code == 0, result.output
    return Path(result.output.splitlines()[0])


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A night on the sample's first drop."""
    try:
        check_font()
    except RingwatchError:
        pytest.skip("fonts-noto-cjk is not installed: apt-get install fonts-noto-cjk, or make setup-system")
    folder = tmp_path_factory.mktemp("case")
    world = World(
        folder, folder / "exports", folder / "out", folder / "w.duckdb", folder / "key", folder / "signers",
        folder / "identity", folder / "settings.toml",
    )  # fmt: skip
    keys(world)
    drop = world.exports / "2025-06-23"
    shutil.copytree(SAMPLE / "2025-06-23", drop)
    truth = pl.read_parquet(SAMPLE / "truth.parquet").filter(pl.col("typology") == "confirm_first")
    ring = truth.group_by("ring_id").agg(pl.col("account_id").sort()).sort(pl.col("account_id").list.len(), "ring_id")
    names = dict(zip(ring["account_id"][-1], NASTY, strict=False))
    rename(drop, names)
    where = ["--exports", str(world.exports), "--warehouse", str(world.warehouse), "--out", str(world.watchlists)]
    ran = CliRunner().invoke(main, ["nightly", *where])
    assert ran.exit_code == 0, ran.output
    night = open_night(world.watchlists)
    found = night.table("accounts").filter(pl.col("account_id").is_in(list(names.values())))
    assert not found.is_empty(), "the ring with the nasty ids was not found: choose another of the sample's"
    world.ring_id = found["ring_id"].mode().sort()[0]
    mine = night.ring(world.ring_id)
    world.true = sorted({*mine.row["accounts"], *mine.links()["entity_id"], *mine.evidence()["key"]})
    return world


def keys(world: World) -> None:
    """A signing key, who may sign, an age identity, and settings that name its recipient."""
    key = Ed25519PrivateKey.generate()
    world.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    world.signers.write_text(f"platform ssh-ed25519 {base64.b64encode(blob_of(key.public_key())).decode()}\n")
    identity = pyrage.x25519.Identity.generate()
    world.identity.write_text(f"# an age identity\n{identity}\n")
    world.settings.write_text(
        '[case]\norganisation = "示例二手交易平台"\ncontact = "liaison@example.org"\n'
        f'[case.recipients]\nliaison = "{identity.to_public()}"\n'
    )
    for secret in (world.key, world.identity):
        secret.chmod(0o600)


def rename(drop: Path, names: dict[str, str]) -> None:
    """Replace whole cells of a drop's files."""
    for path in sorted(drop.iterdir()):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            text = [n for n, t in frame.schema.items() if t == pl.String]
            frame.with_columns(pl.col(text).replace(names)).write_parquet(path)
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        encoding = "utf-8"
        try:
            content = data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "gb18030"
            content = data.decode(encoding)
        for old, new in names.items():
            if ".csv" in path.name:
                quoted = '"' + new.replace('"', '""') + '"'
                content = content.replace(old, quoted)
            else:
                content = content.replace(old, new.replace("\\", "\\\\").replace('"', '\\"').replace("\x07", "\\u0007"))
        data = content.encode(encoding)
        path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def files(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed: apt-get install {package}, or make setup-system")
    return found
