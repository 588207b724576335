"""The stacks that a change touches."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from components import stack_file
from components.shared.mistakes import ConfigError
from ops.errors import CommandError
from ops.where import is_embedded, names_embedded, target_in

PROGRAM: Final = ("components/", "__main__.py", "Pulumi.yaml", "requirements.txt")
"""What every stack is made from."""
STACK_FILE: Final = re.compile(r"Pulumi\.([\w.-]+)\.yaml", re.ASCII)
NO_COMMIT: Final = "0" * 40
"""What GitHub and GitLab write for the commit before the first one."""


def every(project: Path) -> list[str]:
    """The stacks that a CI system can reach: all but the embedded ones, which live on somebody's machine."""
    names = (found[1] for path in sorted(project.iterdir()) if (found := STACK_FILE.fullmatch(path.name)))
    # One with mistakes is listed: its preview says what is wrong.
    return [name for name in names if not is_embedded(project / f"Pulumi.{name}.yaml")]


def touched(project: Path, paths: Iterable[str]) -> list[str]:
    """The stacks that a change of these files touches."""
    changed = list(paths)
    if any(path.startswith(PROGRAM) for path in changed):
        return every(project)
    own = {found[1] for path in changed if (found := STACK_FILE.fullmatch(path))}
    return [name for name in every(project) if name in own]


def misplaced(paths: Iterable[str]) -> list[str]:
    """Changed files with the name of a stack file that Pulumi does not read: it wants them next to Pulumi.yaml."""
    return sorted(
        path
        for path in paths
        if not STACK_FILE.fullmatch(path) and STACK_FILE.fullmatch(re.sub(r"\.yml$", ".yaml", path.rpartition("/")[2]))
    )


def gone(project: Path, base: str) -> list[str]:
    """The stacks that a CI system reached at a commit, and whose file has been deleted or has become embedded since."""
    changed = changed_since(project, base) or ()
    names = {found[1] for path in changed if (found := STACK_FILE.fullmatch(path))} - set(every(project))
    return sorted(name for name in names if _was_reached(project, base, name))


def _was_reached(project: Path, base: str, name: str) -> bool:
    command = ["git", "show", "--end-of-options", f"{base}:./Pulumi.{name}.yaml"]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False)  # noqa: S603 - not a shell
    try:
        return done.returncode == 0 and not names_embedded(target_in(stack_file.parsed(done.stdout)))
    except ConfigError:
        return True


def changed_since(project: Path, base: str) -> list[str] | None:
    """The files that differ from those of a commit; None if there is no commit to compare with."""
    if base == NO_COMMIT:
        return None
    # The project may be a folder of a larger repository.
    command = ["git", "diff", "--no-renames", "--relative", "--name-only", "-z", "--end-of-options", base, "HEAD"]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False)  # noqa: S603 - not a shell
    if done.returncode:
        raise CommandError(
            f"`git diff` failed: {os.fsdecode(done.stderr).strip()} Fetch the whole history (fetch-depth: 0). If the "
            "commit is gone because somebody pushed with --force, start the workflow by hand: it takes every stack."
        )
    return [path for path in os.fsdecode(done.stdout).split("\0") if path]
