"""The command lines of the control plane: one table of flags per component."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from components.shared.target import PROJECT
from local.cluster.certificates import (
    AUTHORITY,
    SERVICE_ACCOUNT,
    certificate_path,
    key_path,
    public_key_path,
)
from local.cluster.layout import (
    APISERVER,
    AUDIT_POLICY,
    CONTROLLER_MANAGER,
    ETCD,
    KUBEMARK,
    LOAD_BALANCER,
    LOOPBACK,
    SCHEDULER,
    SERVICE_RANGE,
    SERVICE_RANGE_IPV6,
    Layout,
    Settings,
)
from local.cluster.nodes import node_names
from local.cluster.processes import Command

ISSUER: Final = "https://kubernetes.default.svc.cluster.local"
# RFC 5737: an address that nobody uses. Without one, kube-apiserver looks for a default route, and fails without that.
ADVERTISED: Final = "192.0.2.1"
# etcd refuses to advertise a socket (embed/config.go, checkHostURLs). With a single member, nobody connects to it.
ETCD_ADVERTISED: Final = f"http://{LOOPBACK}:2380"
AUDIT_MEGABYTES: Final = 64

Flags = Mapping[str, str | int]


@dataclass(frozen=True)
class Components:
    """Makes the command of each process of one control plane."""

    layout: Layout
    settings: Settings
    binaries: Mapping[str, Path]
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a process → further arguments. The last one of a flag counts."""

    def commands(self) -> list[Command]:
        """Return all commands, in the order in which they start."""
        control_plane = {
            ETCD: self._etcd(),
            APISERVER: self._apiserver(),
            CONTROLLER_MANAGER: self._controller_manager(),
            SCHEDULER: self._scheduler(),
        }
        nodes = [(name, KUBEMARK, self._node(name)) for name in node_names(self.settings.nodes)]
        table: list[tuple[str, str, Flags]] = [(name, name, flags) for name, flags in control_plane.items()]
        commands = [_command(name, self.binaries[binary], flags) for name, binary, flags in [*table, *nodes]]
        return [
            replace(command, argv=(*command.argv, *self.extra.get(command.name, ())))
            for command in (*commands, self._load_balancer())
        ]

    def clients(self) -> list[str]:
        """Return the names of the processes that have a kubeconfig of their own."""
        return [CONTROLLER_MANAGER, SCHEDULER, LOAD_BALANCER, *node_names(self.settings.nodes)]

    @property
    def runtime(self) -> Path:
        """The folder of sockets and kubelet files."""
        return Path(self.settings.runtime)

    @property
    def etcd_socket(self) -> Path:
        """Where etcd listens. A socket in a folder of its owner needs no certificates and no port."""
        return self.runtime / "etcd.sock"

    def node_root(self, name: str) -> Path:
        """Return a hollow kubelet's root folder, where it writes the pods' volumes, Secrets among them."""
        return self.runtime / name

    def kubeconfig(self, name: str) -> Path:
        """Return the path of a component's own kubeconfig."""
        return self.layout.pki / f"{name}.kubeconfig"

    def _certificate(self, name: str) -> str:
        return str(certificate_path(self.layout.pki, name))

    def _key(self, name: str) -> str:
        return str(key_path(self.layout.pki, name))

    def _etcd(self) -> Flags:
        return {
            "name": ETCD,
            "data-dir": str(self.layout.etcd),
            "listen-client-urls": f"unix://{self.etcd_socket}",
            # For peers, etcd uses a socket without a file, to which every user of the machine can connect
            # (rafthttp.NewListener): hence TLS, although a single member has no peers.
            "listen-peer-urls": f"unixs://{self.runtime / 'etcd-peer.sock'}",
            "peer-client-cert-auth": "true",
            "peer-trusted-ca-file": self._certificate(AUTHORITY),
            "peer-cert-file": self._certificate(ETCD),
            "peer-key-file": self._key(ETCD),
            "advertise-client-urls": ETCD_ADVERTISED,
            "initial-advertise-peer-urls": ETCD_ADVERTISED,
            "initial-cluster": f"{ETCD}={ETCD_ADVERTISED}",
            "enable-grpc-gateway": "false",
            # If etcd is killed, nothing is lost: the kernel has its writes. A power cut may lose some. To wait for the
            # disk would cost every write several milliseconds, on a shared disk tens.
            "unsafe-no-fsync": "true",
            "log-level": "warn",
        }

    def _apiserver(self) -> Flags:
        return {
            "etcd-servers": f"unix://{self.etcd_socket}",
            "bind-address": LOOPBACK,
            "secure-port": self.settings.port,
            "advertise-address": ADVERTISED,
            # Endpoints on a loopback address are refused, and no pod really runs that could dial another.
            "endpoint-reconciler-type": "none",
            "tls-cert-file": self._certificate(APISERVER),
            "tls-private-key-file": self._key(APISERVER),
            "client-ca-file": self._certificate(AUTHORITY),
            "anonymous-auth": "false",
            "authorization-mode": "Node,RBAC",
            # As kubeadm and the clouds do: Pod Security decides which pods may be privileged.
            "allow-privileged": "true",
            "enable-admission-plugins": "NodeRestriction",
            "service-cluster-ip-range": f"{SERVICE_RANGE},{SERVICE_RANGE_IPV6}",
            "service-account-issuer": ISSUER,
            "service-account-key-file": str(public_key_path(self.layout.pki, SERVICE_ACCOUNT)),
            "service-account-signing-key-file": self._key(SERVICE_ACCOUNT),
            # A copy: a path into this checkout would make another checkout's `up` restart the API server.
            "audit-policy-file": str(self.layout.directory / AUDIT_POLICY),
            "audit-log-path": str(self.layout.audit_log),
            "audit-log-maxsize": AUDIT_MEGABYTES,
            "audit-log-maxbackup": 1,
            # Otherwise it waits a minute for its clients to end their watches, which they never do.
            "shutdown-watch-termination-grace-period": "1s",
            "profiling": "false",
        }

    def _controller_manager(self) -> Flags:
        return {
            "kubeconfig": str(self.kubeconfig(CONTROLLER_MANAGER)),
            "leader-elect": "false",
            "secure-port": 0,
            "profiling": "false",
            # Each of some forty controllers fetches a token at first: with the default of 20 requests a second in 4 s.
            "kube-api-qps": 200,
            "kube-api-burst": 400,
            # Without it the controllers share one user, whose role allows it almost nothing (RBAC bootstrap policy).
            "use-service-account-credentials": "true",
            "root-ca-file": self._certificate(AUTHORITY),
            "service-account-private-key-file": self._key(SERVICE_ACCOUNT),
            "cluster-signing-cert-file": self._certificate(AUTHORITY),
            "cluster-signing-key-file": self._key(AUTHORITY),
            "enable-hostpath-provisioner": "true",
        }

    def _scheduler(self) -> Flags:
        return {
            "kubeconfig": str(self.kubeconfig(SCHEDULER)),
            "leader-elect": "false",
            "secure-port": 0,
            "profiling": "false",
        }

    def _node(self, name: str) -> Flags:
        return {"name": name, "kubeconfig": str(self.kubeconfig(name)), "root-dir": str(self.node_root(name))}

    def _load_balancer(self) -> Command:
        argv = (sys.executable, "-m", "local.cluster.load_balancer", str(self.kubeconfig(LOAD_BALANCER)))
        return Command(LOAD_BALANCER, argv, {**_environment(), "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"})


def _environment() -> dict[str, str]:
    """Return all that a process gets of the caller's environment."""
    return {"PATH": os.defpath}


def _command(name: str, binary: Path, flags: Flags) -> Command:
    return Command(name, (str(binary), *(f"--{flag}={value}" for flag, value in flags.items())), _environment())
