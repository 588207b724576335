"""The control group of the node, in both versions of Linux' control groups."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from tests.waiting import eventually

ROOT = Path("/sys/fs/cgroup")
NEEDED = ("cpu", "memory", "pids")
PATIENCE = 20.0
ENTER = 'while [[ $1 != -- ]]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"'
NAMED = "name=systemd"
"""A hierarchy without controllers, which runc expects where it exists."""


class ControlGroup:
    """A group of a name of its own in every hierarchy; raises OSError where none may be made."""

    def __init__(self, name: str) -> None:
        self._folders: list[Path] = []
        self.hierarchies = "2"
        """What node.sh mounts: the controllers of each hierarchy, or 2 for the one of version 2."""
        try:
            if (ROOT / "cgroup.controllers").exists():
                self._make_second(name)
            else:
                self._make_first(name)
        except OSError:
            self.remove()
            raise

    def _make_second(self, name: str) -> None:
        control = ROOT / "cgroup.subtree_control"
        present = set((ROOT / "cgroup.controllers").read_text().split())
        wanted = present & {*NEEDED, "cpuset", "io", "hugetlb"}
        if missing := set(NEEDED) - present:
            raise OSError(f"no controller {', '.join(sorted(missing))}")
        if wanted - set(control.read_text().split()):
            control.write_text(" ".join(f"+{controller}" for controller in sorted(wanted)))
        self._make(ROOT / name)

    def _make_first(self, name: str) -> None:
        hierarchies = []
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            mount, _, source = line.partition(" - ")
            kind, _, options = source.split(" ")[:3]
            if kind != "cgroup":
                continue
            place = Path(mount.split(" ")[4])
            controllers = [option for option in options.split(",") if option not in {"rw", "ro", "xattr"}]
            controllers = [option for option in controllers if not option.startswith("release_agent")]
            folder = place / name
            self._make(folder)
            if "cpuset" in controllers:
                # Empty in a new group, and no process may be moved into it then.
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (folder / file).write_text((place / file).read_text())
            hierarchies.append("systemd" if NAMED in controllers else ",".join(controllers))
        if missing := set(NEEDED) - {name for names in hierarchies for name in names.split(",")}:
            raise OSError(f"no controller {', '.join(sorted(missing))}")
        self.hierarchies = " ".join(hierarchies)

    def _make(self, folder: Path) -> None:
        folder.mkdir()
        self._folders.append(folder)

    def entered_by(self, command: list[str]) -> list[str]:
        """A command that makes itself a member, and then becomes another command."""
        return [
            "bash",
            "-c",
            ENTER,
            "bash",
            *(str(folder / "cgroup.procs") for folder in self._folders),
            "--",
            *command,
        ]

    def leave(self, pid: int) -> None:
        """Take a process out again: in version 2, only groups without processes may have groups below them."""
        if self.hierarchies == "2":
            first = self._folders[0] / "init/cgroup.procs"
            eventually(lambda: first.exists() and first.read_text())
            own = Path("/proc/self/cgroup").read_text().strip().rpartition(":")[2]
            (ROOT / own.lstrip("/") / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the groups, as soon as their processes have ended."""
        deadline = time.monotonic() + PATIENCE
        while any([self._emptied(folder) for folder in self._folders]):  # noqa: C419 - each of them
            if time.monotonic() > deadline:
                raise AssertionError(f"processes are left in {self._folders}")
            time.sleep(0.05)

    @staticmethod
    def _emptied(folder: Path) -> bool:
        """Remove what can be removed; whether something is left."""
        for path in sorted((path.parent for path in folder.rglob("cgroup.procs")), key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                path.rmdir()
        return folder.exists()
