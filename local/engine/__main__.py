"""`python -m local.engine preview|up|destroy|outputs --stack NAME`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from components.shared.kube import ApiError, Unreachable
from local.engine import commands
from local.engine.errors import EngineError
from local.engine.report import Report

_ABOUT = """Runs this Pulumi program without the Pulumi CLI: enough for preview, up, destroy and outputs of its stacks.
Everything else (refresh, import, stack, config, state, policy, cancel, other secrets providers, replacements) is the
Pulumi CLI's. What this engine cannot do it refuses; it never ignores it."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.engine", description=_ABOUT)
    commands_ = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", required=True, help="the stack, as in Pulumi.<stack>.yaml")
    common.add_argument("--json", action="store_true", help="one JSON object on stdout; text for people goes to stderr")
    common.add_argument("--state-dir", type=Path, help="where states are kept (default: $CLUSTERS_STATE_DIR or .state)")
    common.add_argument("--config-file", type=Path, help="the stack's config (default: Pulumi.<stack>.yaml)")
    about = {
        "preview": "say what up would do, tried on the API server with dry runs",
        "up": "create, update and delete until the cluster is as the program says",
        "destroy": "delete all but protected resources and what they stand on",
        "outputs": "print the stack's outputs as one JSON object",
    }
    made = {
        name: commands_.add_parser(name, parents=[common], help=text, description=text) for name, text in about.items()
    }
    made["preview"].add_argument(
        "--expect-no-changes", action="store_true", help="exit with 1 when anything would change"
    )
    made["destroy"].add_argument("--purge", action="store_true", help="delete protected resources too, without asking")
    made["outputs"].add_argument("--show-secrets", action="store_true", help="secret values in clear")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 1 after an error that was reported."""
    chosen = _parser().parse_args(arguments)
    report = Report(dry_run=chosen.command == "preview", as_json=chosen.json)
    try:
        target = commands.Target.find(chosen.stack, chosen.config_file, chosen.state_dir)
        if chosen.command == "preview":
            return commands.preview(target, report, expect_no_changes=chosen.expect_no_changes)
        if chosen.command == "up":
            return commands.up(target, report, as_json=chosen.json)
        if chosen.command == "destroy":
            return commands.destroy(target, report, purge=chosen.purge)
        return commands.outputs(target, show_secrets=chosen.show_secrets)
    except (EngineError, ApiError, Unreachable) as error:
        report.error(str(error))
        return 1
    except KeyboardInterrupt:
        report.error("interrupted")
        return 1


if __name__ == "__main__":
    sys.exit(main())
