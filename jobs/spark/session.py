"""A session of Spark Connect: on a cluster's server, or on Sail inside this process."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from jobs.errors import RingwatchError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client import DefaultChannelBuilder

LOCAL = "local"
_CLIENT = "pyspark.sql.connect.client"
INSTALL = "pip install 'ringwatch[spark]'"
REACHED = 10
"""Seconds until a server must have been reached."""
ANSWERED = 60
"""Seconds until it must have answered what needs no rows; a cold JVM makes a session in a few."""
_RETRIES = 6
"""Some 70 s in all, for a network that stumbles. The client's own fifteen take ten minutes, and a server that was
started anew in that time would not know the session."""
_ALIVE = 330_000
"""Milliseconds between two looks whether a silent server is still there; most servers hang up on who asks more often
than every five minutes."""

_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # the exports' times have no offset, and DuckDB's have none
    "spark.sql.ansi.enabled": "true",  # a cast that fails must fail, not become NULL
}


@contextmanager
def connected(remote: str) -> Iterator[SparkSession]:
    """Raises UsageError where the client (or, for `local`, Sail) is not installed or the address is none,
    RingwatchError where no Spark Connect server answers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas, which nothing here uses
            client = import_module("pyspark.sql.connect.session").SparkSession.builder
    except ImportError as missing:
        raise UsageError(f"--engine spark needs Spark's client, which is not installed. Run {INSTALL}") from missing
    with _server(remote) as address:
        channels = _channels(remote, address)
        _reach(remote, channels)
        session = client.channelBuilder(channels).create()
        session.client.set_retry_policies([import_module(f"{_CLIENT}.retries").DefaultPolicy(max_retries=_RETRIES)])
        try:
            _settle(remote, session)
            yield session
        finally:
            session.client.set_retry_policies([])  # to say goodbye to who is gone is not worth a minute
            session.stop()  # before the server: a client that outlives it waits for it for ever


@contextmanager
def _server(remote: str) -> Iterator[str]:
    if remote != LOCAL:
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


def _channels(remote: str, address: str) -> DefaultChannelBuilder:
    limits = [
        {"name": [{"service": "spark.connect.SparkConnectService", "method": name}], "timeout": f"{seconds}s"}
        for name, seconds in (("Config", ANSWERED), ("ReleaseSession", REACHED))
    ]
    options = [
        ("grpc.service_config", json.dumps({"methodConfig": limits})),
        ("grpc.keepalive_time_ms", _ALIVE),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    try:
        channels: DefaultChannelBuilder = import_module(_CLIENT).DefaultChannelBuilder(address, options)
    except ValueError as odd:
        raise UsageError(f"engine.remote {remote}: not an address. Write sc://host:port") from odd
    return channels


def _reach(remote: str, channels: DefaultChannelBuilder) -> None:
    grpc = import_module("grpc")
    with channels.toChannel() as channel:
        try:
            grpc.channel_ready_future(channel).result(REACHED)
        except grpc.FutureTimeoutError as nobody:
            do = "Start the Spark Connect server, or name another"
            if remote == LOCAL:
                do = "Sail runs in this process and is reached by the loopback: bring that up (ip link set lo up)"
            raise RingwatchError(f"engine.remote {remote}: nobody answers there after {REACHED} s. {do}") from nobody


def _settle(remote: str, session: SparkSession) -> None:
    try:
        for name, value in _CONF.items():
            session.conf.set(name, value)
    except import_module("pyspark.errors").PySparkException as failure:
        raise RingwatchError(
            f"engine.remote {remote}: what is there does not answer as a Spark Connect server does."
            " Look at its log, start it anew, or name another"
        ) from failure
