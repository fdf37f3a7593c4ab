"""A zip with the same bytes for the same files on every machine: sorted, undated, and stored as they are.

Stored, because deflated bytes differ between builds of zlib; and because the one zip that these files make can then
be made again by the receiver: anything before, between or behind its files shows.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

LARGEST = 4_000_000_000
"""Bytes of a bundle that is opened: more is none of ours, and would fill the memory."""


class BadZipError(Exception):
    """No zip of ours; the text says why."""


def zipped(root: str, files: Mapping[str, bytes]) -> bytes:
    """A zip of `files` below the folder `root`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{root}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100600 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def unzipped(content: bytes) -> tuple[str, dict[str, bytes]]:
    """The folder's name and its files. Raises BadZipError for what `zipped` does not make."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > min(LARGEST, len(content)):
                raise BadZipError("the zip claims more than it holds")
            roots = {entry.filename.partition("/")[0] for entry in entries}
            if len(roots) != 1 or len({entry.filename for entry in entries}) < len(entries):
                raise BadZipError("the zip does not hold one folder with each file once")
            files = {entry.filename.partition("/")[2]: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError, ValueError) as failure:
        raise BadZipError("no whole zip: truncated or damaged") from failure
    return roots.pop(), files
