"""A Kubernetes control plane on this machine: bring it up, find it again, take it down."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.shared.target import EMBEDDED_CONTEXT, embedded_kubeconfig
from local.cluster import build, storage
from local.cluster.api import AdminApi
from local.cluster.components import Components
from local.cluster.kubeconfig import server
from local.cluster.layout import (
    ControlPlaneError,
    Layout,
    Settings,
    numbers,
    versions,
)
from local.cluster.processes import Processes
from local.cluster.startup import Startup, end, next_settings
from local.go_build import Progress, silent
from local.locks import locked

# Files are removed by name, never the whole folder: it is the user's, and may contain other files.
WIPED: Final = ("kubeconfig*", "pki", "etcd", "logs", "pids", "settings.json*", "audit*", "lock")


@dataclass(frozen=True)
class Status:
    """What runs, and how to reach it."""

    directory: str
    kubeconfig: str
    context: str
    server: str
    version: str
    nodes: int
    ready: bool
    processes: dict[str, int | None]
    """Name → process id; None for one that ended without being stopped."""


class ControlPlane:
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler, hollow nodes and a load balancer's stand-in."""

    def __init__(
        self,
        directory: Path | None = None,
        nodes: int | None = None,
        version: str | None = None,
        extra: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Name a control plane by its folder.

        `nodes` and `version` (such as 1.36) stay as they were at the last `up` when they are None; at first there are
        4 nodes of the newest version. `extra` gives processes further arguments, for a real node instead of hollow
        ones (0 nodes).
        """
        self.layout = Layout((directory or embedded_kubeconfig().parent).absolute())
        self._nodes = nodes
        self._version = version
        self._extra = extra or {}
        self._processes = Processes(self.layout.pids, self.layout.logs)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; its context is `embedded`."""
        return self.layout.kubeconfig

    @property
    def audit_log(self) -> Path:
        """The audit log: one JSON object per line, for all requests but the control plane's own."""
        return self.layout.audit_log

    @property
    def binaries(self) -> dict[str, Path]:
        """Name → path of the parts. Builds them when they are not in the cache."""
        return build.ensure(self._chosen_version(Settings.read(self.layout)))

    @property
    def kubectl(self) -> Path:
        """Kubectl of the same version, for the tests. Builds it when it is not in the cache."""
        return build.kubectl(self._chosen_version(Settings.read(self.layout)))

    def up(self, progress: Progress = silent) -> list[str]:
        """Start what does not run yet, and wait until pods can be scheduled; returns the names of what it started.

        Raises ControlPlaneError. When it fails or is interrupted, it ends what it started.
        """
        if self._nodes is not None and self._nodes < (0 if self._extra else 1):
            raise ControlPlaneError(f"a cluster needs at least one node to run pods on, but --nodes is {self._nodes}")
        version = self._chosen_version(Settings.read(self.layout))
        binaries = build.ensure(version, progress)
        self.layout.create()
        with locked(self.layout.lock, lambda: progress("Another `up` or `down` is running; waiting for it")):
            # Read again: the command that we waited for may have changed the settings.
            old = Settings.read(self.layout)
            settings = next_settings(self._processes, old, version, self._nodes)
            if old is not None and old.port != settings.port:
                # All that still runs knows the old port; it ends before the new one is written down, lest it be missed.
                end(self._processes, self._processes.names())
            if settings != old:
                settings.write(self.layout)
            components = Components(self.layout, settings, binaries, self._extra)
            startup = Startup(self.layout, settings, self._processes, components, progress)
            try:
                startup.run()
            except BaseException:
                end(self._processes, startup.started)
                raise
            return startup.started

    def down(self, *, wipe: bool = False) -> list[str]:
        """End all processes, and with `wipe` remove the data too; returns the names of what it ended."""
        if not self.layout.directory.is_dir():
            return []
        with locked(self.layout.lock, lambda: None):
            ended = end(self._processes, self._processes.names())
            settings = Settings.read(self.layout)
            if settings is not None:
                # Hollow kubelets write the pods' Secrets there.
                shutil.rmtree(settings.runtime, ignore_errors=True)
            if wipe:
                self._wipe()
        return ended

    def status(self) -> Status | None:
        """Return what runs; None when there never was an `up` in this folder."""
        settings = Settings.read(self.layout)
        if settings is None:
            return None
        records = {name: self._processes.find(name) for name in self._processes.names()}
        alive = bool(records) and all(records.values())
        return Status(
            directory=str(self.layout.directory),
            kubeconfig=str(self.kubeconfig),
            context=EMBEDDED_CONTEXT,
            server=server(settings.port),
            version=build.kubernetes_version(_kept_version(settings)),
            nodes=settings.nodes,
            ready=alive and AdminApi(self.layout).is_ready(),
            processes={name: record.pid if record else None for name, record in records.items()},
        )

    def stop_process(self, name: str) -> None:
        """End one process with SIGTERM; `up` starts it again. Raises ControlPlaneError when it does not run."""
        self._end_one(name, force=False)

    def kill(self, name: str) -> None:
        """End one process with SIGKILL, as a crash would; `up` starts it again."""
        self._end_one(name, force=True)

    def restart(self, name: str) -> None:
        """End one process, start it again, and wait until pods can be scheduled."""
        self.stop_process(name)
        self.up()

    def _end_one(self, name: str, *, force: bool) -> None:
        if not self._processes.stop([name], force=force):
            raise ControlPlaneError(
                f"{name} does not run in {self.layout.directory}; "
                f"what runs there: {', '.join(self._processes.names()) or 'nothing'}"
            )

    def _chosen_version(self, old: Settings | None) -> str:
        version = self._version or (_kept_version(old) if old else versions()[-1])
        build.module_directory(version)
        if old and numbers(version) < numbers(old.version):
            raise ControlPlaneError(
                f"{self.layout.directory} holds the data of Kubernetes {old.version}, which {version} may not read; "
                "remove it with `down --wipe`, or choose another --dir"
            )
        return version

    def _wipe(self) -> None:
        storage.remove_provisioned_folders(self.layout.etcd)
        for pattern in WIPED:
            for path in self.layout.directory.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.layout.directory.rmdir()


def _kept_version(settings: Settings) -> str:
    """Return the version of the last `up`, or the next newer one: an older checkout may have built another."""
    known = versions()
    return next((name for name in known if numbers(name) >= numbers(settings.version)), known[-1])
