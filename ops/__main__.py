"""Commands for operators: `python -m ops …`.

Exit code 0; 2 for a rejected config, and for options and files that cannot be used; 130 after Ctrl-C; 1 for anything
else. With --json, an error is JSON too.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from components.shared.kube import ApiError, Unreachable
from components.shared.mistakes import ConfigError
from components.stack import load_file
from ops.errors import CommandError, UsageError, tell
from ops.exit_codes import FAILED, INTERRUPTED, REFUSED


def _render(arguments: argparse.Namespace) -> int:
    stack = load_file(arguments.config, arguments.stack)
    # After the check, because importing the SDKs takes a second.
    from ops.kustomize import without_effect
    from ops.render import render, render_base, write
    from ops.rendering_folder import write as write_files

    if arguments.kustomize:
        files = render_base(stack)
        write_files(files, arguments.out)
        for sentence in without_effect(stack):
            print(sentence, file=sys.stderr)
        what = "files"
    else:
        files, outputs = render(stack)
        write(files, outputs, arguments.out)
        what = "objects"
    print(f"{len(files)} {what} in {arguments.out}", file=sys.stderr)
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
    render.add_argument("--kustomize", action="store_true", help="write a Kustomize base, for GitOps (docs/gitops.md)")
    render.add_argument("--json", action="store_true", help="print mistakes as JSON on standard output")
    render.set_defaults(run=_render)
    if words[:1] != ["render"]:
        # `render` does not need these modules.
        from ops import arkouda, drift, init, rights, shared_secret, status
        from ops.adopt import command as adopt
        from ops.doctor import command as doctor
        from ops.graph import command as graph
        from ops.helm_import import command as helm_import
        from ops.impact import command as impact
        from ops.move_claim import command as move_claim

        adopt.add_command(commands)
        doctor.add_command(commands)
        impact.add_command(commands)
        drift.add_command(commands)
        move_claim.add_command(commands)
        status.add_command(commands)
        shared_secret.add_command(commands)
        graph.add_command(commands)
        helm_import.add_command(commands)
        arkouda.add_commands(commands)
        init.add_command(commands)
        rights.add_command(commands)
    if any(re.fullmatch(r"(--[a-z-]+=)?", word) for word in words):
        parser.error("an argument is empty, probably because a shell variable is not set")
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
        tell(error, as_json=arguments.json)
        return REFUSED if isinstance(error, UsageError | OSError) else FAILED
    except (Unreachable, ApiError) as error:
        sentence = f"The cluster cannot be read or changed: {error}. Run the command again."
        tell(CommandError(sentence), as_json=arguments.json)
        return FAILED
    except (KeyboardInterrupt, EOFError):
        # Ctrl-D ends a question in the way that Ctrl-C ends everything.
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
