"""A real Kubernetes node: kubelet, containerd, runc, CNI and kube-proxy, in namespaces of its own without a way out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.node.addresses import DNS_SERVICE, LOAD_BALANCERS, NODE, NODE_ADDRESS, OUTSIDE, PODS
from tests.node.binaries import KUBE_PROXY, KUBELET, NETWORK_POLICIES
from tests.node.control_groups import ControlGroup
from tests.node.machine import NAMESPACES
from tests.node.namespaces import ip
from tests.node.outside import FILES, VOLUMES, Outside, volume
from tests.waiting import eventually

READY_SECONDS = 60.0
OUTER_LINK, INNER_LINK = "node", "eth0"


class NodeError(Exception):
    """Why there is no node, as a sentence."""


class Node:
    """One node, which can crash and be started again: its disk stays."""

    def __init__(self, folder: Path, outside: Outside, debian: Path, commands: tuple[Path, Path], images: Path) -> None:
        self.folder, self._outside, self._debian, self._commands = folder, outside, debian, commands
        self.data = folder / "disk"
        self._images, self._console = images, folder / "console.log"
        self._group: ControlGroup | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write its configuration onto its disk, and give the cluster volumes on it."""
        config = self.data / "upper/etc/node"
        config.mkdir(parents=True)
        for name in (KUBELET, KUBE_PROXY, NETWORK_POLICIES):
            (config / f"{name}.kubeconfig").write_text(self._outside.from_node(name))
        (config / "ca.crt").write_text(self._outside.authority)
        for name in ("kubelet.yaml", "kube-proxy.yaml"):
            text = (FILES / name).read_text().replace("$dns", DNS_SERVICE).replace("$node", NODE)
            (config / name).write_text(text)
        for number in range(VOLUMES):
            (self.data / f"lib/volumes/{number}").mkdir(parents=True)
            self._outside.api.request("POST", "/api/v1/persistentvolumes", volume(number))

    def start(self) -> None:
        """Start the node and wait until it is Ready; raises NodeError."""
        try:
            self._group = ControlGroup(f"real-node-{os.getpid()}")
        except OSError as error:
            raise NodeError(f"no control group may be made: {error}") from error
        command = ["unshare", *NAMESPACES, "--fork", "--kill-child", "bash", str(FILES / "node.sh"), "outside"]
        entered = self._group.entered_by([*command, str(self._debian), str(self.data)])
        environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "CGROUP_HIERARCHIES": self._group.hierarchies,
            "NODE_NAME": NODE,
            "NODE_ADDRESS": NODE_ADDRESS,
            "NODE_LINK": INNER_LINK,
            "OUTSIDE_ADDRESS": OUTSIDE,
            "RUNTIME": str(self._commands[0]),
            "PROGRAMS": str(self._commands[1]),
            "FILES": str(FILES),
            "IMAGES": str(self._images),
        }
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                # If the tests are killed, the node is too.
                ["setpriv", "--pdeathsig", "KILL", *entered],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self._connect()
        since = time.time()
        self._wait(lambda: self.ready(since))

    @property
    def pid(self) -> int:
        """A process in the namespaces of the node."""
        assert self._process is not None
        return self._process.pid

    def _connect(self) -> None:
        """Join both network namespaces, as soon as there are two."""
        own = Path("/proc/thread-self/ns/net").readlink()
        self._wait(lambda: Path(f"/proc/{self.pid}/ns/net").readlink() != own)
        # What has the namespaces is now the child; this process only ends it.
        assert self._group is not None
        self._group.leave(self.pid)
        ip("link", "add", OUTER_LINK, "type", "veth", "peer", "name", INNER_LINK, "netns", str(self.pid))
        ip("link", "set", OUTER_LINK, "up")
        for network in (f"{NODE_ADDRESS}/32", PODS, f"{LOAD_BALANCERS}.0/24", "10.96.0.0/16"):
            via = () if network.startswith(NODE_ADDRESS) else ("via", NODE_ADDRESS)
            ip("route", "add", network, *via, "dev", OUTER_LINK, "src", OUTSIDE)

    def _wait(self, condition: Any) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if self._process is None or self._process.poll() is not None:
                raise NodeError(f"its first process ended; {self.last_lines()}")
            if time.monotonic() > deadline:
                raise NodeError(f"it is not Ready after {READY_SECONDS:.0f} s; {self.last_lines()}")
            time.sleep(0.1)

    def ready(self, since: float) -> bool:
        """Whether the node has shown itself Ready after a point in time."""
        found = self._outside.api.get(f"/api/v1/nodes/{NODE}")
        if found is None or found["spec"].get("taints"):
            return False
        conditions = {item["type"]: item for item in found["status"].get("conditions", [])}
        ready = conditions.get("Ready", {})
        if ready.get("status") != "True":
            return False
        seen = time.strptime(ready["lastHeartbeatTime"], "%Y-%m-%dT%H:%M:%SZ")
        return time.mktime(seen) - time.timezone >= int(since)

    def last_lines(self) -> str:
        """What its programs said last."""
        logs = [self._console, *sorted((self.data / "upper/var/log").glob("*.log"))]
        texts = [
            (path.stem, path.read_text(errors="replace").rstrip().splitlines()[-3:]) for path in logs if path.exists()
        ]
        return "; ".join(f"{name}: {' / '.join(lines)}" for name, lines in texts if lines)

    def crash(self) -> None:
        """End every process on the node at once, as a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._group is not None:
            self._group.remove()
            self._group = None

    def stop(self) -> None:
        """End the node and remove its disk."""
        self.crash()
        shutil.rmtree(self.folder)

    def processes(self, uid: str) -> list[int]:
        """The processes of a pod, by the numbers that they have on this machine."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cgroup"):
            try:
                groups = path.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if f"pod{uid}" in groups:
                found.append(int(path.parent.name))
        return sorted(found)


def of_pod(node: Node, pod: dict[str, Any]) -> int:
    """A process of a pod."""
    found: list[int] = eventually(lambda: node.processes(pod["metadata"]["uid"]))
    return found[0]
