"""The plugins of this program, and a plugin folder of our own for machines that cannot download them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from components.shared.target import PROJECT
from local.cluster.layout import write_private
from local.locks import locked

EXECUTABLE: Final = 0o755


@dataclass(frozen=True)
class Plugin:
    """A plugin as Pulumi names it: `resource-tls-v5.6.2`."""

    kind: str
    name: str
    version: str

    @property
    def directory(self) -> str:
        """Name of its folder below `plugins`."""
        return f"{self.kind}-{self.name}-v{self.version}"

    @property
    def file(self) -> str:
        """Name of its executable."""
        return f"pulumi-{self.kind}-{self.name}"

    def installed(self, home: Path) -> Path | None:
        """Return its folder in a Pulumi home, or None. Pulumi marks a download that did not finish with `.partial`."""
        folder = home / "plugins" / self.directory
        return folder if (folder / self.file).exists() and not Path(f"{folder}.partial").exists() else None


KUBERNETES: Final = "kubernetes"
PROVIDERS: Final = (KUBERNETES, "tls", "random")


def providers() -> list[Plugin]:
    """Return the provider plugins that the Python SDKs ask for: each asks for its own version."""
    return [Plugin("resource", name, installed_version(f"pulumi-{name}")) for name in PROVIDERS]


def users_home() -> Path:
    """Return the Pulumi home of the person: $PULUMI_HOME, else ~/.pulumi."""
    chosen = os.environ.get("PULUMI_HOME")
    return Path(chosen) if chosen else Path.home() / ".pulumi"


def login_file(variables: Mapping[str, str]) -> Path:
    """Return where `pulumi login` notes the backend, in an environment with these variables."""
    home = variables.get("PULUMI_CREDENTIALS_PATH") or variables.get("PULUMI_HOME") or Path.home() / ".pulumi"
    return Path(home, "credentials.json")


def lay_out(home: Path, folders: Mapping[str, Mapping[str, str | Path]]) -> None:
    """Make `plugins` of a Pulumi home of ours exactly these folders: folder → file → text of a script, or file to link.

    The folders are real ones: Pulumi skips a link to a folder.
    """
    plugins = home / "plugins"
    plugins.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(home / "lock", lambda: None):
        # The files next to the folders record when Pulumi last used a plugin.
        for stale in [
            path for path in plugins.iterdir() if path.is_dir() and not path.is_symlink() and path.name not in folders
        ]:
            shutil.rmtree(stale)
        for folder, files in folders.items():
            (plugins / folder).mkdir(exist_ok=True)
            for name, content in files.items():
                _place(plugins / folder / name, content)


def _place(path: Path, content: str | Path) -> None:
    if isinstance(content, Path):
        if not path.is_symlink() or path.readlink() != content:
            temporary = path.with_name(f"{path.name}.new")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(content)
            temporary.replace(path)
    elif path.is_symlink() or not path.exists() or path.read_text(encoding="utf-8") != content:
        write_private(path, content)
        path.chmod(EXECUTABLE)


def script(module: str, *arguments: str) -> str:
    """Return a shell script that runs one of our modules as a plugin, with this Python and from this checkout."""
    words = [sys.executable, "-u", "-m", module, *arguments]
    return f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(PROJECT))} exec {shlex.join(words)} "$@"\n'
