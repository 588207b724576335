"""A home folder for tests and measurements, so that nothing of the developer's is read or written."""

from __future__ import annotations

import os
from pathlib import Path

from local.pulumi import Toolchain
from local.pulumi.plugins import users_home


def move_home(home: Path, toolchain: Toolchain) -> None:
    """Make `home` the home folder of this process and its children; `toolchain` stays what they find.

    What is built stays in the developer's cache. The plugins of the developer's Pulumi are linked file by file, because
    Pulumi skips links to folders; new ones are downloaded into `home`. Pulumi itself does not look at $HOME: without
    $PULUMI_HOME it takes the home folder in /etc/passwd.
    """
    os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    plugins = home / ".pulumi" / "plugins"
    plugins.mkdir(parents=True)
    for folder in (users_home() / "plugins").glob("*/"):
        (plugins / folder.name).mkdir()
        for file in folder.iterdir():
            (plugins / folder.name / file.name).symlink_to(file)
    if toolchain.official:
        os.environ["PATH"] = os.pathsep.join((str(toolchain.command.parent), os.environ["PATH"]))
    os.environ |= {"HOME": str(home), "PULUMI_HOME": str(home / ".pulumi")}
