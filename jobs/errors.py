"""One class per person who must act; the exit-code table of the contract."""

from __future__ import annotations


class RingwatchError(Exception):
    """Something stopped the command; the message says what, where and what to do. Exit 1."""

    exit_code = 1


class UsageError(RingwatchError):
    """The caller must mend the command line or the settings file. Exit 2."""

    exit_code = 2


class ExportError(RingwatchError):
    """The exports' owner must mend a file: it breaks the contract. Nothing is published. Exit 3.

    `file`, `line` (data records from 1) and `column` say where, as far as known; no cell's text is ever part of the
    message.
    """

    exit_code = 3

    def __init__(
        self, what: str, *, file: str | None = None, line: int | None = None, column: str | None = None, do: str = ""
    ) -> None:
        where = ", ".join(
            f"{label} {value}"
            for label, value in (("file", file), ("line", line), ("column", column))
            if value is not None
        )
        super().__init__(": ".join(part for part in (where, what) if part) + (f". {do}" if do else ""))
        self.file, self.line, self.column = file, line, column


class BusyError(RingwatchError):
    """Another run holds the warehouse; wait for it. Exit 4."""

    exit_code = 4


class GateError(RingwatchError):
    """An analyst must look: a publish gate refused, and yesterday's watchlists stand. Exit 5."""

    exit_code = 5


class NotYetError(RingwatchError):
    """Cron must try again later: the exports are not there yet. Exit 6."""

    exit_code = 6


class TamperedError(RingwatchError):
    """The receiver must ask again: a bundle is not what was signed. Exit 7."""

    exit_code = 7
