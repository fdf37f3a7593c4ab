"""A standalone cluster of Apache Spark on this machine: a master, workers of one core each, a Spark Connect server.

`SPARK_HOME` says where Spark is (a distribution, or the `pyspark` folder that pip makes), as for Spark's own scripts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120
"""Seconds until every part of it must answer."""
_DEPLOY = "org.apache.spark.deploy"


@dataclass
class Cluster:
    """`remote` is what `engine.remote` wants."""

    remote: str
    workers: list[subprocess.Popen[bytes]]

    def lose(self, worker: int) -> None:
        """As when a machine dies: the worker and its executors, at once."""
        _kill(self.workers[worker])


@contextmanager
def standalone(home: Path, logs: Path, workers: int = 2) -> Iterator[Cluster]:
    """Start it, and end all of it."""
    master, connect = _free(), _free()
    address = f"spark://127.0.0.1:{master}"
    with ExitStack() as ends:

        def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
            log = ends.enter_context((logs / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [str(home / "bin" / "spark-class"), *arguments],
                env={
                    **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
                    "SPARK_LOCAL_DIRS": str(logs), "PYSPARK_PYTHON": sys.executable,
                    "PYTHONPATH": str(Path(__file__).parents[2]),  # workers run what graph/ does group by group
                },
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            ends.callback(_kill, process)
            return process

        start("master", f"{_DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", str(master), "--webui-port", "0")
        _wait(master)
        running = [
            start(f"worker{n}", f"{_DEPLOY}.worker.Worker", "--cores", "1", "--memory", "1g", "--webui-port", "0",
                  "--host", "127.0.0.1", "--work-dir", str(logs / f"work{n}"), address)
            for n in range(workers)
        ]  # fmt: skip
        conf = {
            "spark.connect.grpc.binding.port": connect,
            "spark.ui.enabled": "false",
            "spark.executor.memory": "768m",
            "spark.executor.cores": 1,
            "spark.sql.shuffle.partitions": 4,
        }
        start("connect", f"{_DEPLOY}.SparkSubmit", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
              "--master", address, *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
              "spark-internal")  # fmt: skip
        _wait(connect)
        yield Cluster(f"sc://127.0.0.1:{connect}", running)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
