"""`python -m tests.bench`: measure, print a table, and write all figures to a file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local.cluster import ControlPlane
from local.pulumi import Toolchain, find_or_build
from tests.bench import deployment, program
from tests.bench.deployment import Bench
from tests.bench.measure import Figure, busy_share, run
from tests.conftest import PROJECT
from tests.e2e.home import move_home

RESULTS = PROJECT / ".state" / "bench.json"
BUSY = 0.25
"""From this share of the processors on, times say more about the machine's other work than about the program."""
PACKAGES = ("pulumi", "pulumi-kubernetes", "pulumi-tls", "pulumi-random", "pydantic")
Section = Callable[[int], Iterator[Figure]]


def machine(toolchain: Toolchain) -> dict[str, Any]:
    """What was measured on, without names of hosts or folders."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    return {
        "processors": os.cpu_count(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "Pulumi": run(toolchain.command, "version").output.strip() + ("" if toolchain.official else ", built"),
    }


def load() -> dict[str, Any]:
    """What else the machine does."""
    return {"average": [round(each, 2) for each in os.getloadavg()], "busy": round(busy_share(), 2)}


def _line(figure: Figure) -> str:
    digits = 0 if figure.unit in {"MiB", "KiB"} or (not figure.unit and figure.value == int(figure.value)) else 2
    spread = f"{figure.low:.{digits}f} … {figure.high:.{digits}f}" if figure.runs > 1 else ""
    goal = "" if figure.goal is None else f"≤ {figure.goal:g} {'met' if figure.met else 'MISSED'}"
    value = f"{figure.value:.{digits}f} {figure.unit}".rstrip()
    return f"  {figure.name:<54} {value:>11}  {spread:<17} {goal:<13} {figure.note}".rstrip()


def measure(sections: dict[str, Section], repetitions: int) -> Iterator[dict[str, Any]]:
    """Run the sections, printing as they go."""
    for name, section in sections.items():
        before = load()
        print(f"\n{name}: {(section.func if isinstance(section, partial) else section).__doc__}")
        if before["busy"] > BUSY:
            share = f"{before['busy']:.0%}"
            print(f"  WARNING: {share} of the processors were at work before this; repeat it on a quiet machine.")
        figures = []
        for figure in section(repetitions):
            figures.append(asdict(figure) | {"met": figure.met})
            print(_line(figure), flush=True)
        yield {"section": name, "load": before, "figures": figures}


def main() -> int:
    """Exit code 0 whatever the figures are: a missed goal is for people to read."""
    names = ("evaluation", "growth", *deployment.SECTIONS)
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="default: .state/bench.json")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="runs of each case (5)")
    arguments = parser.parse_args()
    chosen = arguments.only or names
    for name in [name for name in os.environ if name.startswith(("PULUMI_", "CLUSTERS_"))]:
        del os.environ[name]
    toolchain = find_or_build(lambda line: print(line, file=sys.stderr))
    result: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(toolchain),
        "sections": [],
    }

    def keep(sections: Iterator[dict[str, Any]]) -> None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        for section in sections:
            result["sections"].append(section)
            # After each: a later one may fail.
            arguments.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    print("Median, then least … most of all runs.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        move_home(folder / "home", toolchain)
        alone: dict[str, Section] = {
            "evaluation": partial(program.evaluation, folder=folder),
            "growth": partial(program.growth, folder=folder),
        }
        keep(measure({key: alone[key] for key in alone if key in chosen}, arguments.repetitions))
        if any(key in chosen for key in deployment.SECTIONS):
            control_plane = ControlPlane(folder / "cluster")
            control_plane.up(lambda line: print(line, file=sys.stderr))
            try:
                result["machine"]["Kubernetes"] = status.version if (status := control_plane.status()) else ""
                bench = Bench(folder, control_plane, toolchain)
                deployed: dict[str, Section] = {
                    key: partial(section, bench) for key, section in deployment.SECTIONS.items() if key in chosen
                }
                keep(measure(deployed, arguments.repetitions))
            finally:
                control_plane.down(wipe=True)
    print(f"\nAll figures: {arguments.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
