"""The embedded control plane, for real: processes are started, killed and counted on this machine."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.shared.target import PROJECT
from local.cluster import ControlPlane, ControlPlaneError
from local.cluster.layout import versions
from local.cluster.load_balancer import address
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_SECONDS = 30
LISTEN = "0A"

WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.invalid/web:1
          readinessProbe: {exec: {command: ["true"]}}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {type: LoadBalancer, loadBalancerClass: example.com/other, selector: {app: web}, ports: [{port: 80}]}
"""

PRIVILEGED = """
apiVersion: v1
kind: Pod
metadata: {name: privileged}
spec: {containers: [{name: c, image: registry.invalid/c:1, securityContext: {privileged: true}}]}
"""


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Bring up one control plane for this module, beside whatever else runs, and remove it."""
    control_plane = ControlPlane(tmp_path_factory.mktemp("cluster") / "state", nodes=2)
    control_plane.up(print)
    yield control_plane
    control_plane.down(wipe=True)
    assert not control_plane.layout.directory.exists()


def kubectl(control_plane: ControlPlane, *arguments: str, stdin: str | None = None) -> str:
    command = [control_plane.kubectl, "--kubeconfig", control_plane.kubeconfig, *arguments]
    run = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    if run.returncode:
        raise AssertionError(run.stderr)
    return run.stdout


def get(control_plane: ControlPlane, *arguments: str) -> Any:
    return json.loads(kubectl(control_plane, "get", "-o", "json", *arguments))


def load_balancer_address(control_plane: ControlPlane, namespace: str, name: str) -> str | None:
    ingress = get(control_plane, "-n", namespace, "service", name)["status"]["loadBalancer"].get("ingress", [])
    return ingress[0]["ip"] if ingress else None


def process_ids(control_plane: ControlPlane) -> dict[str, int]:
    status = control_plane.status()
    assert status is not None
    return {name: pid for name, pid in status.processes.items() if pid is not None}


def processes_naming(directory: Path) -> list[bytes]:
    """Return the command lines of all processes on this machine that name a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            found.append(path.read_bytes())
    return [command for command in found if str(directory).encode() in command]


def listeners(pid: int) -> set[tuple[str, int]]:
    """Return address and port of every TCP listener, and of every UDP socket, that a process has open."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            kind, _, inode = str(descriptor.readlink()).partition(":")
            inodes.add(inode.strip("[]") if kind == "socket" else "")
    found = set()
    for table, family in (("tcp", 4), ("tcp6", 6), ("udp", 4), ("udp6", 6)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (line.split()[column] for column in (1, 3, 9))
            if inode in inodes and (state == LISTEN or table.startswith("udp")):
                raw, port = local.split(":")
                # The kernel prints each 32-bit word of the address in the machine's byte order.
                words = b"".join(bytes.fromhex(raw[at : at + 8])[::-1] for at in range(0, len(raw), 8))
                version = socket.AF_INET if family == 4 else socket.AF_INET6
                found.add((socket.inet_ntop(version, words), int(port, 16)))
    return found


def test_a_workload_runs(control_plane: ControlPlane) -> None:
    """A Deployment with a claim becomes Available, and a Service gets its address: all that a stack waits for."""
    kubectl(control_plane, "create", "namespace", "workload")
    kubectl(control_plane, "-n", "workload", "apply", "-f", "-", stdin=WORKLOAD)
    kubectl(control_plane, "-n", "workload", "wait", "--for=condition=Available", "--timeout=30s", "deployment/web")
    claim = get(control_plane, "-n", "workload", "pvc", "data")
    assert claim["status"]["phase"] == "Bound"
    assert claim["spec"]["storageClassName"] == "standard"
    given = eventually(lambda: load_balancer_address(control_plane, "workload", "web"))
    assert given == address("workload", "web")
    assert given.startswith("127.")
    assert load_balancer_address(control_plane, "workload", "elsewhere") is None


def test_the_address_survives_destroy_and_up(control_plane: ControlPlane) -> None:
    """A cluster profile names the address; users would have to import a new one each time it changed."""
    kubectl(control_plane, "create", "service", "loadbalancer", "again", "--tcp=80")
    before = eventually(lambda: load_balancer_address(control_plane, "default", "again"))
    kubectl(control_plane, "delete", "service", "again", "--cascade=foreground", "--wait")
    kubectl(control_plane, "create", "service", "loadbalancer", "again", "--tcp=80")
    assert eventually(lambda: load_balancer_address(control_plane, "default", "again")) == before


def test_it_is_the_version_it_says(control_plane: ControlPlane) -> None:
    status = control_plane.status()
    assert status is not None
    assert json.loads(kubectl(control_plane, "get", "--raw", "/version"))["gitVersion"] == status.version


def test_every_listener_is_on_the_loopback_interface(control_plane: ControlPlane) -> None:
    """Upstream's kubemark serves on 0.0.0.0, and kube-controller-manager and kube-scheduler do by default."""
    found = {name: listeners(pid) for name, pid in process_ids(control_plane).items()}
    assert {"etcd", "kube-controller-manager", "kube-scheduler", "node-1", "node-2", "load-balancer"} < set(found)
    status = control_plane.status()
    assert status is not None
    port = int(status.server.rpartition(":")[2])
    assert {name: ports for name, ports in found.items() if ports} == {"kube-apiserver": {("127.0.0.1", port)}}


def test_authorization_and_admission_are_real(control_plane: ControlPlane) -> None:
    """What a stack gets wrong must fail here as it would in production."""
    own = ["--kubeconfig", str(control_plane.layout.pki / "node-1.kubeconfig")]
    with pytest.raises(AssertionError, match="no relationship found between node 'node-1' and this object"):
        kubectl(control_plane, *own, "-n", "kube-system", "get", "secret", "unrelated")
    with pytest.raises(AssertionError, match="is not allowed to modify labels: node-restriction"):
        kubectl(control_plane, *own, "label", "node", "node-1", "node-restriction.kubernetes.io/a=b")
    kubectl(control_plane, "create", "namespace", "restricted")
    kubectl(control_plane, "label", "namespace", "restricted", "pod-security.kubernetes.io/enforce=restricted")
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        kubectl(control_plane, "-n", "restricted", "apply", "-f", "-", stdin=PRIVILEGED)


def test_the_audit_log_counts_a_users_requests(control_plane: ControlPlane) -> None:
    """Later tests count what a program sends; the control plane's own requests must not be among them."""
    kubectl(control_plane, "create", "configmap", "audited")
    events = [json.loads(line) for line in control_plane.audit_log.read_text().splitlines()]
    created = [
        event for event in events if event["verb"] == "create" and event.get("objectRef", {}).get("name") == "audited"
    ]
    assert [event["user"]["username"] for event in created] == ["embedded-admin"]
    assert not [event for event in events if event["user"].get("username", "").startswith("system:node:")]


def test_a_second_up_finds_it(control_plane: ControlPlane) -> None:
    before = process_ids(control_plane)
    assert control_plane.up() == []
    assert ControlPlane(control_plane.layout.directory).up() == []
    assert process_ids(control_plane) == before


def test_an_older_version_may_not_open_its_data(control_plane: ControlPlane) -> None:
    """An older API server may fail on what a newer one wrote. It is refused before it is even built."""
    oldest, newest = versions()[0], versions()[-1]
    before = process_ids(control_plane)
    with pytest.raises(
        ControlPlaneError, match=rf"holds the data of Kubernetes {newest}, which {oldest} may not read.*down --wipe"
    ):
        ControlPlane(control_plane.layout.directory, version=oldest).up()
    assert process_ids(control_plane) == before
    status = control_plane.status()
    assert status is not None
    assert status.version.startswith(f"v{newest}.")


def test_it_recovers_from_a_crash_with_its_data(control_plane: ControlPlane) -> None:
    """The load balancer's watch breaks too, and must come back by itself."""
    kubectl(control_plane, "create", "configmap", "kept", "--from-literal=key=value")
    before = process_ids(control_plane)
    control_plane.kill("kube-apiserver")
    with pytest.raises(ControlPlaneError, match="does not run"):
        control_plane.kill("kube-apiserver")
    assert control_plane.up() == ["kube-apiserver"]
    after = process_ids(control_plane)
    assert {name for name in before if after[name] != before[name]} == {"kube-apiserver"}
    assert get(control_plane, "configmap", "kept")["data"] == {"key": "value"}
    kubectl(control_plane, "create", "service", "loadbalancer", "after-the-crash", "--tcp=80")
    assert eventually(lambda: load_balancer_address(control_plane, "default", "after-the-crash"))


def test_it_moves_when_its_port_is_taken(control_plane: ControlPlane) -> None:
    """After a reboot another program may have the port; the kubeconfig must then lead to the new one."""
    status = control_plane.status()
    assert status is not None
    control_plane.down()
    with socket.create_server(("127.0.0.1", int(status.server.rpartition(":")[2]))):
        control_plane.up()
    moved = control_plane.status()
    assert moved is not None
    assert moved.server != status.server
    assert get(control_plane, "configmap", "kept")["data"] == {"key": "value"}


def test_down_leaves_no_process(control_plane: ControlPlane) -> None:
    """Neither one that it knows nor one that it has forgotten."""
    assert process_ids(control_plane)
    control_plane.down()
    assert process_ids(control_plane) == {}
    assert processes_naming(control_plane.layout.directory) == []


def test_an_interrupted_up_leaves_no_process(tmp_path: Path) -> None:
    """Ctrl-C while kube-apiserver starts: nothing may stay behind that nobody remembers."""
    command = [sys.executable, "-m", "local.cluster", "up", "--dir", tmp_path, "--nodes", "1"]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as up:
        eventually((tmp_path / "pids" / "kube-apiserver.json").exists)
        up.send_signal(signal.SIGINT)
        _, error = up.communicate(timeout=WAIT_SECONDS)
    assert up.returncode == 130
    assert "interrupted" in error
    assert processes_naming(tmp_path) == []
    ControlPlane(tmp_path).down(wipe=True)


def test_a_failing_up_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    """The reason stands in the component's log, which nobody knows where to find."""
    (tmp_path / "etcd" / "member").mkdir(parents=True)
    (tmp_path / "etcd" / "member" / "snap").write_text("a file where etcd wants a folder")
    with pytest.raises(
        ControlPlaneError, match=r"etcd ended while it started; the last lines of .*etcd\.log:(?s:.*)snap"
    ):
        ControlPlane(tmp_path, nodes=1).up()
    assert processes_naming(tmp_path) == []
    ControlPlane(tmp_path).down(wipe=True)


def test_a_full_disk_is_named_in_place_of_what_a_program_wrote_without_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Etcd ends with a stack trace of Go."""
    (tmp_path / "etcd" / "member").mkdir(parents=True)
    (tmp_path / "etcd" / "member" / "snap").write_text("a file where etcd wants a folder")
    monkeypatch.setattr("local.cluster.startup.FULL", sys.maxsize)
    with pytest.raises(ControlPlaneError, match=rf"the disk of {tmp_path}/logs is full\. Free some space"):
        ControlPlane(tmp_path, nodes=1).up()
    ControlPlane(tmp_path).down(wipe=True)
