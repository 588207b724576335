"""The command line: `python -m local.cluster up | down | status | build`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Final

from components.shared.target import EMBEDDED_DIR_VARIABLE
from local.cluster import build
from local.cluster.control_plane import ControlPlane
from local.cluster.layout import ControlPlaneError, versions
from local.display import Display
from ops.exit_codes import FAILED, INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.cluster", description=sys.modules["local.cluster"].__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it, if it does not run yet")
    down = commands.add_parser("down", help="stop it; its data stays")
    status = commands.add_parser("status", help="say what runs")
    builder = commands.add_parser("build", help="build its binaries into the cache, and nothing else")
    for command in (up, down, status):
        command.add_argument(
            "--dir", type=Path, help=f"its folder (default: ${EMBEDDED_DIR_VARIABLE}, else .state/cluster)"
        )
    for command in (up, builder):
        command.add_argument(
            "--version",
            choices=versions(),
            help="Kubernetes' minor version (default: the newest, or what the folder holds)",
        )
    up.add_argument("--nodes", type=int, help="hollow nodes, each with 1 CPU and 3840Mi (default: 4, or as last time)")
    down.add_argument("--wipe", action="store_true", help="remove the data too")
    for command in (up, status):
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _up(arguments: argparse.Namespace) -> None:
    control_plane = ControlPlane(arguments.dir, arguments.nodes, arguments.version)
    with Display() as display:
        started = control_plane.up(display.line)
    status = control_plane.status()
    if status is None:
        raise ControlPlaneError(f"the settings in {control_plane.layout.directory} have disappeared")
    if arguments.json:
        print(json.dumps({**asdict(status), "started": started}, indent=2))
    else:
        how = "runs" if started else "is already running"
        print(f"Kubernetes {status.version} {how} at {status.server} with {status.nodes} nodes")
        print(f"export KUBECONFIG={status.kubeconfig}")


def _down(arguments: argparse.Namespace) -> None:
    ended = ControlPlane(arguments.dir).down(wipe=arguments.wipe)
    print(f"Ended {', '.join(ended)}" if ended else "Nothing was running")


def _status(arguments: argparse.Namespace) -> None:
    control_plane = ControlPlane(arguments.dir)
    status = control_plane.status()
    if arguments.json:
        print(json.dumps(asdict(status) if status else {"ready": False, "processes": {}}, indent=2))
    elif status:
        for name, pid in status.processes.items():
            print(f"{name:<24} {pid or 'has ended by itself'}")
    if status is None or not status.ready:
        raise ControlPlaneError(
            f"no control plane is ready in {control_plane.layout.directory}; `python -m local.cluster up` starts it"
        )
    if not arguments.json:
        print(f"Kubernetes {status.version} is ready at {status.server}\nexport KUBECONFIG={status.kubeconfig}")


def _build(arguments: argparse.Namespace) -> None:
    with Display() as display:
        binaries = build.ensure(arguments.version or versions()[-1], display.line)
    for path in binaries.values():
        print(path)


COMMANDS: Final = {"up": _up, "down": _down, "status": _status, "build": _build}


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run one command; returns the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = _parser().parse_args()
    try:
        COMMANDS[arguments.command](arguments)
    except ControlPlaneError as error:
        print(f"{arguments.command} failed: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{arguments.command} was interrupted; what it had started has been ended", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
