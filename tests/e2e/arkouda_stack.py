"""A stack of Arkouda servers on the control plane of the tests, and the machine on which its jobs run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from components.shared.kube import ApiError, KubernetesApi
from tests.conftest import PROJECT
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import is_dead, wait_for
from tests.e2e.own_network import ADDRESS, OwnNetwork

NAMESPACE = "arkouda"
TOOLS = PROJECT / "tests" / "tools" / "arkouda"
SERVER = TOOLS / "arkouda_server"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
API_HOST = "kubernetes.default.svc"
"""A name in the certificate of the API server that, unlike its address, a stack config may name."""
GREET = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3) as connection:
    connection.sendall(b"hello\\n")
    print(connection.recv(64).decode(), end="")
"""
"""Program of a client: prints what the server answers."""


def api_port(checkout: Checkout) -> int:
    port = urlsplit(checkout.api.server).port
    assert port is not None
    return port


def configure(checkout: Checkout, **arkouda: Any) -> None:
    """Make it a stack of these Arkouda servers and nothing else."""
    checkout.config["config"] = {
        "clusters:kubernetes": {"embedded": True},
        "clusters:arkouda": {"apiServer": f"https://{API_HOST}:{api_port(checkout)}", **arkouda},
    }
    by_jobs = [
        *arkouda.get("selfRegistered", ()),
        *(one for one in arkouda.get("declared", ()) if one["address"] == "job"),
    ]
    if not by_jobs:
        del checkout.config["config"]["clusters:arkouda"]["apiServer"]
    checkout.write()


def ops(checkout: Checkout, *words: str, text: str = "", code: int = 0) -> str:
    """Run `python -m ops`; returns standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", *words],
        cwd=checkout.root, env=checkout.environment(), input=text, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout


class Machine:
    """A login node and the first node of a job: the files of one server, unpacked, and stand-ins on PATH."""

    def __init__(self, checkout: Checkout, server: str, folder: Path, network: OwnNetwork) -> None:
        self._network = network
        self.folder, self.spool, self.home = folder / "files", folder / "spool", folder / "home"
        for place in (folder, self.spool, self.home):
            place.mkdir(parents=True, exist_ok=True)
        outputs = json.dumps(checkout.outputs()["arkoudaFiles"])
        ops(checkout, "arkouda-files", "--out", str(self.folder), "--server", server, text=outputs)
        self.address = ADDRESS
        self.log = folder / "requests"
        self.hosts = folder / "hosts"
        self.hosts.write_text(f"127.0.0.1 localhost\n{self.address} node1\n")
        # curl reads this file in every command; the nodes of a real cluster have name servers.
        (self.home / ".curlrc").write_text(f'resolve = "{API_HOST}:{api_port(checkout)}:127.0.0.1"\n')

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.home),
            "PATH": os.pathsep.join((str(TOOLS / "slurm"), os.environ["PATH"])),
            "PYTHONPATH": str(TOOLS / "client"),
            "ARKOUDA_ADDRESS": self.address,
            "STAND_IN_ADDRESS": self.address,
            "STAND_IN_SPOOL": str(self.spool),
            "STAND_IN_LOG": str(self.log),
            "STAND_IN_HOSTS": str(self.hosts),
            "STAND_IN_HOSTNAME": "node1",
            **variables,
        }

    def run(self, *command: str, code: int = 0, **variables: str) -> str:
        """Run a command to its end; returns all it prints."""
        done = subprocess.run(
            self._network.inside(*command),
            cwd=self.folder, env=self.environment(**variables), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout

    def submit(self, **variables: str) -> None:
        """Submit the job; it runs in the background."""
        assert self.run("./submit.sh", **variables).strip() == "4711"

    def greets(self, port: int) -> bool:
        """The server of the job answers."""
        words = self._network.inside(sys.executable, "-c", GREET, self.address, str(port))
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout == "arkouda\n"

    @property
    def pid(self) -> int:
        return int((self.spool / "pid").read_text())

    def output(self) -> str:
        return (self.spool / "output").read_text()

    def cancel(self) -> None:
        """`scancel --batch --signal=TERM`, and wait for the end of the job."""
        self.run("scancel", "--batch", "--signal=TERM", "4711")
        self.wait()

    def wait(self) -> None:
        wait_for(lambda: is_dead(self.pid))

    def kill(self) -> None:
        """What a lost node or the end of Slurm's patience does to a job: no trap runs."""
        os.killpg(self.pid, signal.SIGKILL)
        self.wait()


def token_status(checkout: Checkout, token: str, method: str, path: str, body: Any = None, **options: str) -> int:
    """HTTP status of a request with a token of the stack."""
    kubeconfig = yaml.safe_load(checkout.control_plane.kubeconfig.read_text())
    kubeconfig["users"] = [{"name": entry["name"], "user": {"token": token}} for entry in kubeconfig["users"]]
    file = checkout.root / "token.kubeconfig"
    file.write_text(yaml.safe_dump(kubeconfig))
    try:
        KubernetesApi.connect(file, None).request(method, path, body, **options)
    except ApiError as error:
        return error.status
    return 200


def addresses(checkout: Checkout, name: str) -> list[str]:
    """The addresses in an EndpointSlice."""
    found = checkout.api.get(f"{SLICES}/{name}")
    assert found is not None, name
    return [address for endpoint in found.get("endpoints") or () for address in endpoint["addresses"]]
