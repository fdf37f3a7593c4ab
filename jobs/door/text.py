"""A text export as received: hashed, unpacked, and brought to UTF-8, without looking at its records yet."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer

from jobs.door.discover import Source
from jobs.errors import ExportError, NotYetError

CHUNK = 1 << 20
MAX_LINE = 2_000_000
"""Bytes. DuckDB's CSV reader stops there, and no honest line of an export is a thousandth of it."""


class _Hashing(io.RawIOBase):
    """A file that remembers the SHA-256 and the size of what was read from it: the bytes as received."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.sha.update(data)
        self.size += len(data)
        return data

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


@dataclass(frozen=True)
class Stamp:
    """What a file's metadata say; when none of it changed, nor did the content, and nothing need be hashed again."""

    size: int
    modified: int
    changed: int
    inode: int

    def __str__(self) -> str:
        return f"{self.size}/{self.modified}/{self.changed}/{self.inode}"


def stamp(source: Source) -> Stamp:
    """The file's stamp now. Raises NotYetError when it has gone."""
    try:
        found = source.path.lstat()
    except OSError:
        raise NotYetError(f"file {source.rel}: gone while it was read. Try again when the drop is whole") from None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@contextmanager
def received(source: Source) -> Iterator[_Hashing]:
    """The file's bytes, hashed on the way. Never follows a link and never waits for a pipe."""
    try:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotYetError(f"file {source.rel}: gone while it was read. Try again when the drop is whole") from None
    except OSError as error:
        raise ExportError(f"cannot be opened: {error.strerror}", file=source.rel, do="Check its rights") from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ExportError("not a plain file", file=source.rel, do="Put the file itself into the drop")
        yield _Hashing(file)


def sha256(source: Source) -> str:
    """SHA-256 of the bytes as received."""
    with received(source) as file:
        while file.read(CHUNK):
            pass
        return file.sha.hexdigest()


@dataclass(frozen=True)
class Text:
    """A text export ready to be read: `path` is UTF-8 (the file itself where it was), NUL-free, no line too long.

    `sha256` and `bytes` are those of the file as received; `lines` counts physical lines, a last one without its
    line end included; `quotes` says whether any quotation mark occurs, `blanks` whether one has a blank
    beside it, `even` whether all line ends are alike.
    `marks` are pairs (byte offset in `path`, line ends before it), ascending, to find a line without reading all.
    """

    path: Path
    sha256: str
    bytes: int
    lines: int
    quotes: bool
    blanks: bool
    even: bool
    marks: Sequence[tuple[int, int]]


def prepare(source: Source, scratch: Path) -> Text:
    """Hash, unpack and decode one text export; what had to be changed is written below `scratch`.

    Raises ExportError for an empty, truncated or undecodable file, NUL bytes, and a line over MAX_LINE.
    """
    plain = source.path
    with received(source) as file:
        content: BinaryIO = file  # type: ignore[assignment]
        if source.gzipped:
            content = gzip.GzipFile(fileobj=io.BufferedReader(file, CHUNK), mode="rb")  # type: ignore[assignment]
            plain = scratch / "unpacked"
        scan = _Scan(source.rel)
        with plain.open("wb") if source.gzipped else Path(os.devnull).open("wb") as copy:
            for chunk in _chunks(content, source.rel):
                scan.take(chunk)
                if source.gzipped:
                    copy.write(chunk)
        while file.read(CHUNK):  # whatever the unpacker left unread belongs to the hash
            pass
    lines = scan.finish(file.size)
    marks = scan.marks
    if not scan.utf8:
        plain, marks = _from_gb18030(plain, scratch / "decoded", source.rel), [(0, 0)]
    return Text(plain, file.sha.hexdigest(), file.size, lines, scan.quotes, scan.blanks, scan.even, marks)


def _chunks(content: BinaryIO, rel: str) -> Iterator[bytes]:
    try:
        while chunk := content.read(CHUNK):
            yield chunk
    except gzip.BadGzipFile:
        raise ExportError("not gzip, or damaged gzip", file=rel, do="Send the file again") from None
    except (EOFError, zlib.error):
        raise ExportError("truncated or damaged gzip", file=rel, do="Send the file again") from None


def _line_ends(chunk: bytes) -> int:
    numpy = import_module("numpy")  # only here: a bundle, which looks up a few lines, need not wait for it
    return int(numpy.count_nonzero(numpy.frombuffer(chunk, numpy.uint8) == ord("\n")))  # a sixth of chunk.count's time


class _Scan:
    """One look at the bytes on their way through: everything that needs no knowledge of records."""

    def __init__(self, rel: str) -> None:
        self.rel = rel
        self.utf8 = True
        self.line_ends = 0
        self.quotes = self.blanks = False
        self.size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.marks: list[tuple[int, int]] = []
        self._returns = self._pairs = 0
        self._last = b""
        self._tail = 0  # bytes since the last line end
        self._pending = False  # the decoder holds half a character

    def take(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            line = self.line_ends + chunk[: chunk.index(b"\0")].count(b"\n")
            raise ExportError("a NUL byte: damaged, or not text", file=self.rel, line=line or None, do="Send it again")
        self.marks.append((self.size, self.line_ends))
        self.size += len(chunk)
        self.quotes = self.quotes or b'"' in chunk
        if self.quotes and not self.blanks:
            seam = self._last + chunk[:1]
            self.blanks = any(beside in text for beside in (b' "', b'" ') for text in (chunk, seam))
        self._check_length(chunk)
        self.line_ends += _line_ends(chunk)
        if b"\r" in chunk or self._last == b"\r":
            self._returns += chunk.count(b"\r")
            self._pairs += chunk.count(b"\r\n") + (self._last == b"\r" and chunk.startswith(b"\n"))
        self._last = chunk[-1:]
        if self.utf8 and (self._pending or not chunk.isascii()):
            try:
                self._decoder.decode(chunk)
                self._pending = bool(self._decoder.getstate()[0])
            except UnicodeDecodeError:
                self.utf8 = False

    @property
    def even(self) -> bool:
        """Are all line ends alike, with no carriage return between them?"""
        return self._returns == self._pairs and self._pairs in (0, self.line_ends)

    def _check_length(self, chunk: bytes) -> None:
        first = chunk.find(b"\n")
        if self._tail + (first if first >= 0 else len(chunk)) > MAX_LINE:
            raise ExportError(
                f"a line of more than {MAX_LINE} bytes",
                file=self.rel,
                line=self.line_ends or None,
                do="Send it again",
            )
        self._tail = self._tail + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1

    def finish(self, received_bytes: int) -> int:
        if received_bytes == 0 or self.size == 0:
            raise ExportError(
                "a file of zero bytes", file=self.rel, do="Send the whole file; an empty table has a header"
            )
        if self._pending:
            self.utf8 = False
        return self.line_ends + (1 if self._tail else 0)


def _from_gb18030(path: Path, target: Path, rel: str) -> Path:
    """Transcode, line by line, so that a file which is neither encoding, or both, is refused with its line.

    GB18030 also decodes much UTF-8, into other characters: a file counts as mixed when more than one non-ASCII line
    in a thousand is UTF-8 with two or more Chinese characters. By chance a GB18030 line is that in 1 of 50,000. The
    line that is named is the first of the encoding that fewer lines have.
    """
    foreign = local = first_foreign = first_local = 0
    with path.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
        for number, raw in enumerate(file):
            if not raw.isascii():
                if _is_utf8(raw, 2):
                    foreign += 1
                    first_foreign = first_foreign or number
                else:
                    local += 1
                    first_local = first_local or number
            try:
                out.write(raw.decode("gb18030"))
            except UnicodeDecodeError:
                named = number if local > foreign else _first_not_utf8(path)
                raise _not_one_encoding("neither UTF-8 nor GB18030", rel, named) from None
    if foreign * 1000 > local:
        named = first_foreign if foreign <= local else first_local
        raise _not_one_encoding("UTF-8 and GB18030 mixed in one file", rel, named)
    return target


def _not_one_encoding(what: str, rel: str, line: int) -> ExportError:
    return ExportError(what, file=rel, line=line or None, do="Send the file in one encoding")


def _first_not_utf8(path: Path) -> int:
    with path.open("rb") as file:
        return next(number for number, line in enumerate(file) if not _is_utf8(line, 0))


def _is_utf8(raw: bytes, chinese: int) -> bool:
    """Is the line UTF-8, with so many Chinese characters or more?"""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum("　" <= c <= "鿿" or "！" <= c <= "｠" for c in text) >= chinese
