"""Tell whether an exporter works: it answers, and its answer is at most a few readings old.

The exporter waits for the server without a timeout, so after a restart of the server it may repeat its last values
for ever. The time of the last reading is a series of its own; its unit does not matter here, it only has to change.
Before the first reading there is none, and the exporter is healthy: the server may not run.
"""

import os
import re
import sys
import time
import urllib.request
from pathlib import Path

READINGS = 5
"""Readings that may fail."""
SERIES = re.compile(r"^arkouda_reported_timestamp(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


def reading(port: str) -> str:
    """The value of the series; empty before the first reading."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=4) as answer:
        values = SERIES.findall(answer.read().decode())
    return " ".join(value for value in values if float(value))


def main() -> None:
    """Compare the reading with that of the last check."""
    memory = Path(os.environ["HOME"]) / "last-reading"
    value, now = reading(os.environ["METRICS_SCRAPE_PORT"]), time.time()
    seen, since = "", now
    if memory.exists():
        seen, _, text = memory.read_text().rpartition("\n")
        since = float(text)
    if value != seen or not value:
        memory.write_text(f"{value}\n{now}")
    elif now - since > READINGS * int(os.environ["METRICS_POLLING_INTERVAL"]) + 60:
        # The next container starts without a memory.
        memory.unlink()
        sys.exit("the exporter repeats old values")


main()
