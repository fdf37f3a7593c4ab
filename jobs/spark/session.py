"""A session of Spark Connect: on a cluster's server, or on Sail inside this process."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.errors import RingwatchError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local"
INSTALL = "pip install 'ringwatch[spark]'"
_PATIENCE = 10
"""Seconds until a server must have answered."""

_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # the exports' times have no offset, and DuckDB's have none
    "spark.sql.ansi.enabled": "true",  # a cast that fails must fail, not become NULL
}


@contextmanager
def connected(remote: str) -> Iterator[SparkSession]:
    """Raises UsageError where the client (or, for `local`, Sail) is not installed, RingwatchError where nobody
    answers."""
    try:
        builder = import_module("pyspark.sql").SparkSession.builder
        import_module("grpc")
    except ImportError as missing:
        raise UsageError(f"--engine spark needs Spark's client, which is not installed. Run {INSTALL}") from missing
    with _server(remote) as address:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas, which nothing here uses
            session = builder.remote(address).create()
        try:
            for name, value in _CONF.items():
                session.conf.set(name, value)
            yield session
        finally:
            session.stop()  # before the server: a client that outlives it waits for it for ever


@contextmanager
def _server(remote: str) -> Iterator[str]:
    if remote != LOCAL:
        _answers(remote)
        yield remote
        return
    os.environ.setdefault("RUST_LOG", "error")  # cron mails every line
    try:
        server = import_module("pysail.spark").SparkConnectServer(port=0)
    except ImportError as missing:
        raise UsageError(f'engine.remote "local" needs Sail, which is not installed. Run {INSTALL}') from missing
    server.start(background=True)
    try:
        yield "sc://{}:{}".format(*server.listening_address)
    finally:
        server.stop()


def _answers(remote: str) -> None:
    """The client itself would try for minutes before it says that nobody is there."""
    place = urlsplit(remote)
    try:
        socket.create_connection((place.hostname or "", place.port or 15002), timeout=_PATIENCE).close()
    except OSError as failure:
        raise RingwatchError(f"engine.remote {remote}: nobody answers there ({failure.strerror or failure})."
                             " Start the Spark Connect server, or name another") from failure  # fmt: skip
