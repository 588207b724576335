"""The `graph` command."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from components.stack import load_file
from ops.graph import mermaid, svg
from ops.graph.model import places


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "graph", help="draw what a stack deploys and who talks to whom", epilog="It needs no cluster."
    )
    parser.add_argument("--config", type=Path, required=True, metavar="Pulumi.NAME.yaml", help="stack file")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--mermaid", action="store_true", help="print Mermaid text instead of SVG")
    kind.add_argument("--json", action="store_true", help="print JSON instead of SVG")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    found = places(load_file(arguments.config))
    if arguments.json:
        print(json.dumps({"namespaces": [place.json() for place in found]}, indent=2))
    else:
        print((mermaid if arguments.mermaid else svg).text(found), end="")
    return 0
