"""Bring the processes of a control plane to what its settings say: start what is missing, replace what is outdated."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from local.cluster import certificates, nodes
from local.cluster.api import AdminApi
from local.cluster.components import Components
from local.cluster.kubeconfig import write_kubeconfig
from local.cluster.layout import (
    APISERVER,
    AUDIT_POLICY,
    CONTROLLER_MANAGER,
    ETCD,
    FILES,
    PRIVATE_FOLDER,
    ControlPlaneError,
    Layout,
    Settings,
)
from local.cluster.ports import choose_port, is_free
from local.cluster.processes import Command, Processes
from local.go_build import Progress

FULL: Final = 4 * 1024**2
"""Free bytes with which a disk counts as full."""
READY_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.1
# kube-controller-manager makes it in each namespace; pods are refused before (ServiceAccount admission).
DEFAULT_SERVICE_ACCOUNT: Final = "/api/v1/namespaces/default/serviceaccounts/default"
RUNTIME_PREFIX: Final = "clusters-"
# unix(7): a socket's path ends at 107 bytes. This is the longest one below the folder.
RUNTIME_LIMIT: Final = 107 - len("/node-999/hollow-kubelet.4294967295/pod-resources/kubelet.sock")


def end(processes: Processes, names: Iterable[str]) -> list[str]:
    """End processes, kube-apiserver after its clients and etcd after it; returns who was alive."""
    order = {APISERVER: 1, ETCD: 2}
    groups: list[list[str]] = [[], [], []]
    for name in names:
        groups[order.get(name, 0)].append(name)
    return [name for group in groups for name in processes.stop(group)]


def next_settings(processes: Processes, old: Settings | None, version: str, count: int | None) -> Settings:
    """Return the settings of this `up`: those of the last one, as far as they still hold."""
    port = old.port if old else choose_port()
    if processes.find(APISERVER) is None and not is_free(port):
        port = choose_port()
    if count is None:
        count = old.nodes if old else nodes.DEFAULT_NODES
    runtime = old.runtime if old and _is_ours(Path(old.runtime)) else _new_runtime()
    return Settings(version=version, nodes=count, port=port, runtime=runtime)


def _is_ours(runtime: Path) -> bool:
    """Tell whether the folder is there and ours alone: everybody may write in the temporary folder, and clean it."""
    try:
        found = runtime.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == PRIVATE_FOLDER
    )


def _new_runtime() -> str:
    runtime = tempfile.mkdtemp(prefix=RUNTIME_PREFIX)
    if len(runtime) > RUNTIME_LIMIT:
        Path(runtime).rmdir()
        raise ControlPlaneError(
            f"the temporary folder's path {tempfile.gettempdir()} is too long for sockets; set TMPDIR to a shorter one"
        )
    return runtime


@dataclass
class Startup:
    """One `up` after its settings are known and its binaries are there."""

    layout: Layout
    settings: Settings
    processes: Processes
    components: Components
    progress: Progress
    started: list[str] = field(default_factory=list)
    """Filled as processes start, so that an interrupted `up` can end them."""

    def run(self) -> None:
        """Start all, in order, and wait until pods can be scheduled."""
        shutil.copyfile(FILES / AUDIT_POLICY, self.layout.directory / AUDIT_POLICY)
        commands = self.components.commands()
        issued = self._identities()
        end(self.processes, self._outdated(commands, issued))
        # Heartbeats are whole seconds.
        since = datetime.now(UTC).replace(microsecond=0)
        begin = time.monotonic()
        for command in commands:
            if self.processes.find(command.name) is None:
                self._start(command)
            if command.name == ETCD:
                self._wait(lambda: _answers(self.components.etcd_socket), ETCD, "does not answer")
            if command.name == APISERVER:
                self._wait(self._api().is_ready, APISERVER, "is not ready")
                if APISERVER in self.started:
                    self._api().apply_objects()
                    self.progress(f"{APISERVER} answers after {time.monotonic() - begin:.1f} s")
        self._wait_for_nodes(since)
        if self.started:
            self.progress(f"Ready after {time.monotonic() - begin:.1f} s, with {self.settings.nodes} nodes")

    def _api(self) -> AdminApi:
        return AdminApi(self.layout)

    def _identities(self) -> list[str]:
        """Make all certificates and kubeconfigs that are missing or no longer good; returns the certificates' names."""
        pki = self.layout.pki
        wanted = (*certificates.IDENTITIES, *nodes.node_identities(self.settings.nodes))
        issued = certificates.ensure(pki, wanted)
        write_kubeconfig(self.layout.kubeconfig, pki, certificates.ADMIN, self.settings.port)
        for name in self.components.clients():
            write_kubeconfig(self.components.kubeconfig(name), pki, name, self.settings.port)
        return issued

    def _outdated(self, commands: list[Command], issued: list[str]) -> list[str]:
        """Return the processes to end: each keeps the certificates and the flags that it began with."""
        everything = not {certificates.AUTHORITY, certificates.SERVICE_ACCOUNT}.isdisjoint(issued)
        wanted = {command.name: list(command.argv) for command in commands}
        outdated = []
        for name in self.processes.names():
            record = self.processes.find(name)
            if everything or name in issued or record is None or record.argv != wanted.get(name):
                outdated.append(name)
        return outdated

    def _start(self, command: Command) -> None:
        if command.name in nodes.node_names(self.settings.nodes):
            root = self.components.node_root(command.name)
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(mode=PRIVATE_FOLDER)
        # Recorded before the process exists, because an interruption may come at any moment.
        self.started.append(command.name)
        self.processes.start(command)

    def _wait_for_nodes(self, since: datetime) -> None:
        api = self._api()
        for name in nodes.remove_surplus(api, self.settings.nodes):
            self.progress(f"Removed {name}")
        self._wait(
            lambda: api.get(DEFAULT_SERVICE_ACCOUNT) is not None,
            CONTROLLER_MANAGER,
            "has not made the default service account",
        )
        for name in nodes.node_names(self.settings.nodes):
            after = since if name in self.started else None
            self._wait(partial(nodes.is_ready, api, name, after), name, "is not Ready")

    def _wait(self, condition: Callable[[], bool], blamed: str, otherwise: str) -> None:
        """Wait for a condition; raises ControlPlaneError when time is up or a process that we started has ended."""
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            for name in self.started:
                if self.processes.find(name) is None:
                    self._fail(f"{name} ended while it started", name)
            if time.monotonic() > deadline:
                self._fail(f"{blamed} {otherwise} after {READY_SECONDS:.0f} s", blamed)
            time.sleep(POLL_SECONDS)

    def _fail(self, reason: str, name: str) -> None:
        log = self.processes.log(name)
        # What a program writes without space is seldom the reason.
        if shutil.disk_usage(log.parent).free < FULL:
            raise ControlPlaneError(f"{reason}: the disk of {log.parent} is full. Free some space, then try again.")
        raise ControlPlaneError(f"{reason}; the last lines of {log}:\n{self.processes.log_tail(name)}")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
