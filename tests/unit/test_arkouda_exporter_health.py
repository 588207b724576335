"""The health check of the exporter, against a server that answers what an exporter answers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT

CHECK = PROJECT / "components" / "arkouda" / "files" / "exporter_health.py"


class Exporter:
    """Answers /metrics with a text."""

    def __init__(self, home: Path) -> None:
        self.text, self.home = "", home
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(exporter.text.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reads(self, value: str) -> None:
        self.text = f'# HELP x\narkouda_reported_timestamp{{arkouda_server_name="hpc"}} {value}\nother 1.0\n'

    def check(self) -> int:
        environment = {
            **os.environ,
            "HOME": str(self.home),
            "METRICS_SCRAPE_PORT": str(self.server.server_port),
            "METRICS_POLLING_INTERVAL": "30",
        }
        return subprocess.run(
            [sys.executable, str(CHECK)], env=environment, capture_output=True, check=False
        ).returncode

    def pass_minutes(self, minutes: int) -> None:
        """As if the last check were that long ago."""
        memory = self.home / "last-reading"
        value, _, since = memory.read_text().rpartition("\n")
        memory.write_text(f"{value}\n{float(since) - 60 * minutes}")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    found = Exporter(tmp_path)
    yield found
    found.server.shutdown()


def test_an_exporter_that_repeats_its_last_values_is_restarted(exporter: Exporter) -> None:
    """Upstream's answers HTTP while nothing is collected, so a check of HTTP alone is green for ever."""
    exporter.reads("1.7325e+09")
    assert exporter.check() == 0
    exporter.pass_minutes(3)
    assert exporter.check() == 0
    exporter.pass_minutes(1)
    assert exporter.check() == 1
    # The container that takes its place has as long as the first one.
    assert exporter.check() == 0


def test_an_exporter_that_reads_stays(exporter: Exporter) -> None:
    for value in ("1.0", "2.0", "3.0"):
        exporter.reads(value)
        assert exporter.check() == 0
        exporter.pass_minutes(60)


@pytest.mark.parametrize("text", ["", "arkouda_reported_timestamp 0.0\n"])
def test_an_exporter_without_a_server_waits(exporter: Exporter, text: str) -> None:
    """A Slurm job that does not run at night must not make the exporter restart all night."""
    exporter.text = text
    for _ in range(2):
        assert exporter.check() == 0
        exporter.pass_minutes(60)


def test_an_exporter_that_does_not_answer_is_not_healthy(exporter: Exporter) -> None:
    exporter.server.shutdown()
    exporter.server.server_close()
    assert exporter.check() == 1
