"""What is outside the node: control plane, DNS server, and addresses that pods must not reach."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane, certificates
from local.cluster.certificates import ADMIN, AUTHORITY, Identity
from local.cluster.kubeconfig import server, write_kubeconfig
from local.cluster.layout import APISERVER, CONTROLLER_MANAGER, LOAD_BALANCER, Settings
from local.cluster.processes import Command, Processes
from tests.node.addresses import ARKOUDA, INTERNET, LDAP, LOAD_BALANCERS, METADATA, NODE, OUTSIDE
from tests.node.binaries import COREDNS, KUBE_PROXY, KUBELET, NETWORK_POLICIES
from tests.node.namespaces import ip

FILES = Path(__file__).parent / "files"
GROUP = "node-programs"
IDENTITIES = (
    Identity(KUBELET, f"system:node:{NODE}", ("system:nodes",)),
    Identity(KUBE_PROXY, "system:kube-proxy"),
    Identity(NETWORK_POLICIES, NETWORK_POLICIES, (GROUP,)),
    Identity(COREDNS, COREDNS, (GROUP,)),
)
VOLUMES = 40
VOLUME_SIZE = "20Gi"
PATHS = {
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "Service": "/api/v1/namespaces/kube-system/services",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
}


class Outside:
    """A control plane without hollow nodes, in the network namespace of this process."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._programs, self._processes = programs, Processes(folder, folder)
        self._listeners: list[socket.socket] = []
        pki = folder / "cluster" / "pki"
        self.control_plane = ControlPlane(
            folder / "cluster",
            nodes=0,
            extra={
                # The namespace has no way out, so every address in it is as private as loopback.
                APISERVER: (
                    "--bind-address=0.0.0.0",
                    "--endpoint-reconciler-type=lease",
                    f"--advertise-address={OUTSIDE}",
                    "--kubelet-preferred-address-types=InternalIP",
                    f"--kubelet-client-certificate={certificates.certificate_path(pki, ADMIN)}",
                    f"--kubelet-client-key={certificates.key_path(pki, ADMIN)}",
                ),
                # Its folders would be those of this machine. See `volumes`.
                CONTROLLER_MANAGER: ("--enable-hostpath-provisioner=false",),
                LOAD_BALANCER: (LOAD_BALANCERS,),
            },
        )

    def start(self) -> None:
        """Start everything, and make what every cluster contains."""
        for address in (METADATA, INTERNET, OUTSIDE, ARKOUDA, LDAP):
            ip("address", "add", f"{address}/32", "dev", "lo")
        self.control_plane.up()
        layout = self.control_plane.layout
        settings = Settings.read(layout)
        assert settings is not None
        self.port = settings.port
        certificates.ensure(layout.pki, IDENTITIES)
        for identity in IDENTITIES:
            write_kubeconfig(self.kubeconfig(identity.file), layout.pki, identity.file, self.port)
        self.api = KubernetesApi.connect(self.control_plane.kubeconfig, EMBEDDED_CONTEXT)
        for item in yaml.safe_load_all((FILES / "node-programs.yaml").read_text()):
            self.api.request("POST", PATHS[item["kind"]], item)
        corefile = layout.directory / "Corefile"
        text = (FILES / "Corefile").read_text().replace("$address", OUTSIDE)
        corefile.write_text(text.replace("$kubeconfig", str(self.kubeconfig(COREDNS))))
        command = (str(self._programs / COREDNS), "-conf", str(corefile))
        self._processes.start(Command(COREDNS, command))
        for address in (METADATA, INTERNET):
            self._listen(address)

    def kubeconfig(self, name: str) -> Path:
        """The kubeconfig of a program."""
        return self.control_plane.layout.pki / f"{name}.kubeconfig"

    def from_node(self, name: str) -> str:
        """The kubeconfig of a program on the node: there, the API server has another address."""
        config = yaml.safe_load(self.kubeconfig(name).read_text())
        cluster: dict[str, Any] = config["clusters"][0]["cluster"]
        assert cluster["server"] == server(self.port)
        cluster |= {"server": f"https://{OUTSIDE}:{self.port}", "tls-server-name": "kubernetes"}
        text: str = yaml.safe_dump(config)
        return text

    @property
    def authority(self) -> str:
        """Certificate of the authority that signs for everybody, in PEM."""
        return certificates.certificate_path(self.control_plane.layout.pki, AUTHORITY).read_text()

    def _listen(self, address: str) -> None:
        """Greet everybody who comes to port 80."""
        listener = socket.create_server((address, 80))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        self._listeners.append(listener)

    def stop(self) -> None:
        """End everything."""
        for listener in self._listeners:
            listener.close()
        self._processes.stop([COREDNS])
        self.control_plane.down(wipe=True)


@contextlib.contextmanager
def outside(folder: Path, programs: Path) -> Iterator[Outside]:
    """Run what is outside the node."""
    found = Outside(folder, programs)
    try:
        found.start()
        yield found
    finally:
        found.stop()


def volume(number: int) -> dict[str, Any]:
    """A local PersistentVolume: unlike one of type hostPath, the kubelet gives it to the group of the pod."""
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"local-{number}"},
        "spec": {
            "capacity": {"storage": VOLUME_SIZE},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": "standard",
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": f"/var/lib/volumes/{number}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
        },
    }
