"""Every kind of tampering is found, exits 7, and is named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs.case.bag import bag, manifest
from jobs.case.seal import sign
from jobs.case.zipped import unzipped, zipped
from tests.case.conftest import LEAD, REQUEST, World, made

SIG = "tagmanifest-sha256.txt.sig"
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def bundle(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(world.case(tmp_path_factory.mktemp("verify"), *LEAD))


@pytest.fixture(scope="module")
def other(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(world.case(tmp_path_factory.mktemp("other"), *REQUEST))


@pytest.fixture(scope="module")
def encrypted(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(world.case(tmp_path_factory.mktemp("age"), *LEAD, "--recipient", "liaison"))


def test_intact(world: World, bundle: Path) -> None:
    result = world.verify(bundle)
    assert result.exit_code == 0
    assert "signed by platform" in result.output


def test_intact_and_encrypted(world: World, encrypted: Path) -> None:
    assert world.verify(encrypted, "--identity", str(world.identity)).exit_code == 0


def changed(files: Files) -> None:
    files["data/csv/acts.csv"] += b"x"


def missing(files: Files) -> None:
    del files["data/csv/acts.csv"]


def extra(files: Files) -> None:
    files["data/csv/more.csv"] = b"x"


def extra_tag(files: Files) -> None:
    files["notes.txt"] = b"x"


def changed_manifest(files: Files) -> None:
    """Somebody who changes a file and writes its manifests anew, down to the tag manifests."""
    files["data/csv/acts.csv"] += b"x"
    payload = {n: c for n, c in files.items() if n.startswith("data/")}
    for algorithm in ("sha256", "sm3"):
        files[f"manifest-{algorithm}.txt"] = manifest(algorithm, payload)


def all_manifests(files: Files) -> None:
    files["data/csv/acts.csv"] += b"x"
    payload = {n: c for n, c in files.items() if n.startswith("data/")}
    info = [tuple(line.split(": ", 1)) for line in files["bag-info.txt"].decode().splitlines()]
    signature = files[SIG]
    files.clear()
    files.update(bag(payload, [(k, v) for k, v in info if k != "Payload-Oxum"]))
    files[SIG] = signature


def sm3_manifest(files: Files) -> None:
    files["manifest-sm3.txt"] = files["manifest-sm3.txt"].replace(b"0", b"1", 1)


def sm3_tag_manifest(files: Files) -> None:
    files["tagmanifest-sm3.txt"] = files["tagmanifest-sm3.txt"].replace(b"0", b"1", 1)


def bag_info(files: Files) -> None:
    files["bag-info.txt"] = files["bag-info.txt"].replace("审批人甲".encode(), "审批人丁".encode())


def no_manifest(files: Files) -> None:
    del files["manifest-sha256.txt"]


def broken_manifest(files: Files) -> None:
    files["manifest-sha256.txt"] += b"\xff\n"


def no_signature(files: Files) -> None:
    del files[SIG]


def broken_signature(files: Files) -> None:
    files[SIG] = files[SIG].replace(b"A", b"B", 3)


def no_text_of_a_signature(files: Files) -> None:
    files[SIG] = b"signed, truly"


def wrong_key(files: Files) -> None:
    files[SIG] = sign(files["tagmanifest-sha256.txt"], Ed25519PrivateKey.generate())


CASES: list[tuple[Callable[[Files], None], tuple[str, ...]]] = [
    (changed, ("changed file: data/csv/acts.csv",)),
    (missing, ("missing file: data/csv/acts.csv",)),
    (extra, ("extra file: data/csv/more.csv",)),
    (extra_tag, ("extra file: notes.txt",)),
    (changed_manifest, ("changed manifest: manifest-sha256.txt", "changed manifest: manifest-sm3.txt")),
    (all_manifests, ("bad signature", "does not match")),
    (sm3_manifest, ("changed manifest: manifest-sm3.txt",)),
    (sm3_tag_manifest, ("says tagmanifest-sm3.txt",)),
    (bag_info, ("changed file: bag-info.txt",)),
    (no_manifest, ("missing file: manifest-sha256.txt",)),
    (broken_manifest, ("manifest-sha256.txt cannot be read",)),
    (no_signature, ("missing signature",)),
    (broken_signature, ("bad signature",)),
    (no_text_of_a_signature, ("bad signature", "cannot be read")),
    (wrong_key, ("wrong key: signed by SHA256:", "not in --signers")),
]


@pytest.mark.parametrize(("tamper", "said"), CASES, ids=[c[0].__name__ for c in CASES])
def test_tampering_in_the_bag(
    world: World, bundle: Path, tmp_path: Path, tamper: Callable[[Files], None], said: tuple[str, ...]
) -> None:
    root, files = unzipped(bundle.read_bytes())
    tamper(files)
    forged = tmp_path / bundle.name
    forged.write_bytes(zipped(root, files))
    result = world.verify(forged)
    assert result.exit_code == 7, result.output
    for part in said:
        assert part in result.stderr
    assert "‹U+" not in result.stderr  # what a terminal is shown in place of a line end


def test_a_signature_from_another_case(world: World, bundle: Path, other: Path, tmp_path: Path) -> None:
    root, files = unzipped(bundle.read_bytes())
    files[SIG] = unzipped(other.read_bytes())[1][SIG]
    (tmp_path / "x.zip").write_bytes(zipped(root, files))
    assert "bad signature" in world.verify(tmp_path / "x.zip").stderr


def test_another_folder_name(world: World, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped("R-other", unzipped(bundle.read_bytes())[1]))
    result = world.verify(tmp_path / "x.zip")
    assert (result.exit_code, "another case" in result.stderr) == (7, True)


def zip_tricks(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "truncated", content[: len(content) // 2]
    yield "flipped", content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    yield "trailing", content + b"x"
    yield "leading", b"x" + content
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"x"
    yield "comment", out.getvalue()
    yield "empty", b""
    yield "no zip", b"x" * 1000
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil", b"x")
    yield "outside", out.getvalue()


def test_tampering_with_the_zip(world: World, bundle: Path, tmp_path: Path) -> None:
    for name, content in zip_tricks(bundle.read_bytes()):
        path = tmp_path / "x.zip"
        path.write_bytes(content)
        result = world.verify(path)
        assert result.exit_code == 7, name


def test_a_truncated_or_flipped_age_file(world: World, encrypted: Path, tmp_path: Path) -> None:
    content = encrypted.read_bytes()
    path = tmp_path / encrypted.name
    for forged in (
        content[:-1],
        content[: len(content) // 2],
        *(flipped(content, i) for i in (3, 60, 150, len(content) // 2)),
    ):
        path.write_bytes(forged)
        result = world.verify(path, "--identity", str(world.identity))
        assert (result.exit_code, "age file does not open" in result.stderr) == (7, True)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_an_age_file_for_somebody_else(world: World, encrypted: Path, tmp_path: Path) -> None:
    identity = tmp_path / "identity"
    identity.write_text(str(pyrage.x25519.Identity.generate()))
    identity.chmod(0o600)
    result = world.verify(encrypted, "--identity", str(identity))
    assert (result.exit_code, "somebody else" in result.stderr) == (7, True)


def test_what_stops_the_check_itself(world: World, bundle: Path, encrypted: Path, tmp_path: Path) -> None:
    open_to_all = tmp_path / "identity"
    open_to_all.write_bytes(world.identity.read_bytes())
    open_to_all.chmod(0o644)
    for result, said in (
        (world.verify(encrypted), "--identity"),
        (world.verify(encrypted, "--identity", str(open_to_all)), "others can read"),
        (world.verify(tmp_path / "nothing.zip"), "cannot be read"),
    ):
        assert (result.exit_code, said in result.stderr) == (2, True)


def test_needs_neither_network_nor_warehouse(world: World, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("jobs.warehouse.Warehouse.open", refuse)
    assert world.verify(bundle).exit_code == 0
