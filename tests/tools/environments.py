"""Python environments for tools whose requirements clash with those of the program."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.go_build import cache_directory
from local.locks import locked
from tests.tools.debian import ToolError

COMPLETE = "complete"


def environment(requirements: Path) -> Path:
    """The `bin` folder of an environment with exactly these requirements; made once, in the cache of the user.

    Raises ToolError with what pip said.
    """
    content = f"{sys.version}\n{requirements.read_text()}"
    cache = cache_directory() / "tools"
    folder = cache / f"{requirements.stem}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / f"{folder.name}.lock", lambda: None):
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements))
            (folder / COMPLETE).touch()
    return folder / "bin"


def _run(*command: str) -> None:
    variables = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    if run.returncode:
        raise ToolError(f"`{' '.join(command)}` failed:\n{run.stdout}{run.stderr}")
