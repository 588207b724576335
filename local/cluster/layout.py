"""Where the control plane keeps its files, and the names that more than one module needs."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parent
FILES: Final = PACKAGE / "files"
AUDIT_POLICY: Final = "audit-policy.yaml"
VERSIONS: Final = PACKAGE / "versions"

LOOPBACK: Final = "127.0.0.1"
SERVICE_RANGE: Final = "10.96.0.0/16"
SERVICE_RANGE_IPV6: Final = "fd00:10:96::/112"
"""For Services of both families. Those that do not say so get an IPv4 address alone."""

ETCD: Final = "etcd"
APISERVER: Final = "kube-apiserver"
CONTROLLER_MANAGER: Final = "kube-controller-manager"
SCHEDULER: Final = "kube-scheduler"
KUBECTL: Final = "kubectl"
KUBEMARK: Final = "kubemark"
LOAD_BALANCER: Final = "load-balancer"

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600


class ControlPlaneError(Exception):
    """What went wrong, as a sentence for the person at the keyboard."""


def versions() -> list[str]:
    """Return the Kubernetes minor versions that can be built here, the newest last."""
    found = [path.parent.name for path in VERSIONS.glob("*/go.mod")]
    return sorted(found, key=numbers)


def numbers(version: str) -> tuple[int, ...]:
    """Return a Kubernetes minor version as what it compares by: 1.9 is older than 1.10."""
    return tuple(int(part) for part in version.split("."))


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only: a reader never sees half of it."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


class Layout:
    """The files of one control plane, all below one folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kubeconfig = directory / "kubeconfig"
        self.pki = directory / "pki"
        self.etcd = directory / "etcd"
        self.logs = directory / "logs"
        self.pids = directory / "pids"
        self.audit_log = directory / "audit.log"
        self.settings = directory / "settings.json"
        self.lock = directory / "lock"

    def create(self) -> None:
        """Make the folders. They hold private keys and Secrets, so only their owner may read them."""
        for folder in (self.directory, self.pki, self.etcd, self.logs, self.pids):
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


@dataclass(frozen=True)
class Settings:
    """What an `up` remembers for the next one."""

    version: str
    nodes: int
    port: int
    runtime: str
    """The folder of sockets and kubelet files. In the temporary folder, because a socket's path ends at 107 bytes."""

    @classmethod
    def read(cls, layout: Layout) -> Settings | None:
        """Return the settings of the last `up`, or None when there was none or its file is damaged."""
        try:
            return cls(**json.loads(layout.settings.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, layout: Layout) -> None:
        """Keep the settings for the next `up`."""
        write_private(layout.settings, json.dumps(asdict(self), indent=2) + "\n")
