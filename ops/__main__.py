"""Day-2 commands: `python -m ops …`. Exit code 0; 2 for a refused config; 1 for anything else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from components.shared.mistakes import ConfigError
from ops.errors import CommandError
from ops.stack_values import load_file

REFUSED = 2


def _render(arguments: argparse.Namespace) -> int:
    stack = load_file(arguments.config, arguments.stack)
    # After the check: the SDKs take a second to import, and a refused config need not wait for them.
    from ops.render import render, write

    files, outputs = render(stack)
    write(files, outputs, arguments.out)
    print(f"{len(files)} objects in {arguments.out}", file=sys.stderr)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command."""
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    render = commands.add_parser("render", help="write one YAML file per Kubernetes object, without a cluster")
    render.add_argument("--config", type=Path, required=True, metavar="Pulumi.NAME.yaml", help="stack file")
    render.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    render.add_argument("--stack", metavar="NAME", help="stack name; default: from the file's name")
    render.add_argument("--json", action="store_true", help="mistakes as JSON on standard output")
    render.set_defaults(run=_render)
    if words[:1] != ["render"]:
        # Not for a rendering, which needs none of what they import.
        from ops import import_table, import_values, reference

        for command in (import_values, import_table, reference):
            command.add_command(commands)
    arguments = parser.parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except ConfigError as error:
        if arguments.json:
            print(error.json())
        else:
            print(error, file=sys.stderr)
        return REFUSED
    except (CommandError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
