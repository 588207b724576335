"""`python -m local.actionlint`: check the workflows of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from components.shared.target import PROJECT
from local.display import Display
from local.go_build import Build, BuildError, cache_directory

BUILD: Final = Build(
    what="actionlint",
    module=Path(__file__).parent,
    cache=cache_directory() / "actionlint",
    packages={"github.com/rhysd/actionlint/cmd/actionlint": "actionlint"},
    linker_flags="-s -w",
    announcement="It takes less than a minute.",
)


def main() -> int:
    """Run it. Returns its exit code, or 1 if it cannot be built."""
    try:
        with Display() as display:
            binary = BUILD.binaries(display.line)["actionlint"]
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    # It finds shellcheck, which checks the `run` lines, on PATH only.
    shellcheck = Path(sys.executable).parent / "shellcheck"
    return subprocess.run([binary, "-shellcheck", shellcheck, *sys.argv[1:]], cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
