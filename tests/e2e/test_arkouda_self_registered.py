"""Servers that create their own Services: what the account may do, what is left of them, and who removes it."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from local.cluster import ControlPlane
from local.cluster.ports import choose_port
from tests.e2e.arkouda_stack import (
    CORE,
    NAMESPACE,
    SERVER,
    Machine,
    configure,
    ops,
    token_status,
)
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.own_network import OwnNetwork

OWN = ("lab", "lab-metrics")
DELAY = {"STAND_IN_DELAY": "1"}


@pytest.fixture
def port() -> int:
    return choose_port()


@pytest.fixture
def machine(checkout: Checkout, tmp_path: Path, port: int, network: OwnNetwork) -> Machine:
    server = {"name": "lab", "port": port, "metrics": {"port": choose_port()}, "job": {"executable": str(SERVER)}}
    configure(checkout, selfRegistered=[server])
    checkout.run("up")
    return Machine(checkout, "lab", tmp_path / "lab", network)


def existing(checkout: Checkout, kind: str = "services") -> list[str]:
    return [name for name in OWN if checkout.api.get(f"{CORE}/{kind}/{name}") is not None]


def token_of(machine: Machine) -> str:
    lines = (machine.folder / "arkouda.env").read_text().splitlines()
    return next(line for line in lines if line.startswith("SSL_TOKEN=")).partition("=")[2]


def test_a_server_registers_itself_and_leaves_nothing(checkout: Checkout, machine: Machine, port: int) -> None:
    machine.submit(**DELAY)
    wait_for(lambda: machine.log.exists() and "registered" in machine.log.read_text().splitlines())
    requests = [line for line in machine.log.read_text().splitlines() if " curl " in line]
    assert requests == [
        "POST services curl 0",
        "POST endpoints curl 0",
        "POST services curl 0",
        "POST endpoints curl 0",
    ]
    endpoints = checkout.api.get(f"{CORE}/endpoints/lab")
    service = checkout.api.get(f"{CORE}/services/lab")
    assert endpoints is not None
    assert service is not None
    (subset,) = endpoints["subsets"]
    assert [address["ip"] for address in subset["addresses"]] == [machine.address]
    # One number for Service, target and Endpoints: the server announces its Service's port as its own.
    (own,) = service["spec"]["ports"]
    assert {own["port"], own["targetPort"], subset["ports"][0]["port"]} == {port}
    assert machine.greets(port)
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    assert existing(checkout) == [*OWN]
    machine.cancel()
    assert existing(checkout) == []
    assert existing(checkout, "endpoints") == []
    assert "DELETE services/lab curl 0" in machine.log.read_text()


def test_a_killed_server_is_an_orphan_until_the_next_job_or_a_command(
    checkout: Checkout, machine: Machine, port: int
) -> None:
    """SIGKILL, a lost node, the time limit: no server deregisters, and without job.sh the next one gets HTTP 409."""
    leave_an_orphan(checkout, machine)
    # The server alone, without the job around it.
    alone = 'ARKOUDA_DIR="$PWD"; source common.sh; load_settings; exec "$ARKOUDA_EXECUTABLE" "${ARGUMENTS[@]}"'
    server = machine.run("bash", "-c", alone, code=1)
    assert "error: 409" in server
    assert "POST services curl 22" in server
    assert "error in HTTP request" in server
    # The warning of a preview names the cure.
    assert "Service lab, lab-metrics exists" in checkout.run("preview")
    machine.submit(**DELAY)
    wait_for(lambda: machine.log.read_text().splitlines().count("registered") == 2)
    assert machine.greets(port)
    machine.kill()
    listed = json.loads(ops(checkout, "arkouda-orphans", "--config", str(checkout.stack_file), "--json"))
    assert f"{CORE}/services/lab" in listed["objects"]
    assert not listed["deleted"]
    assert existing(checkout) == [*OWN]
    ops(checkout, "arkouda-orphans", "--config", str(checkout.stack_file), "--delete")
    assert existing(checkout) == []
    assert ops(checkout, "arkouda-orphans", "--config", str(checkout.stack_file)) == ""
    leave_an_orphan(checkout, machine)
    machine.run("./job.sh", str(machine.folder), "forget")
    assert existing(checkout) == []


def leave_an_orphan(checkout: Checkout, machine: Machine) -> None:
    machine.submit(**DELAY)

    def adopted() -> bool:
        found = [checkout.api.get(f"{CORE}/services/{name}") or {} for name in OWN]
        return all(item.get("metadata", {}).get("ownerReferences") for item in found)

    wait_for(adopted)
    # The last request comes after the Services.
    wait_for(lambda: machine.log.read_text().endswith("registered\n"))
    machine.kill()
    assert existing(checkout) == [*OWN]


def test_destroy_deletes_orphans_too(checkout: Checkout, machine: Machine) -> None:
    """They are not in the state; Kubernetes deletes them with the Role that they depend on."""
    leave_an_orphan(checkout, machine)
    checkout.run("destroy")
    wait_for(lambda: existing(checkout) == [] and existing(checkout, "endpoints") == [])
    assert checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}") is not None


def service(name: str, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 5555, "protocol": "TCP", "targetPort": 5555}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports, **spec}}


def endpoints(name: str, address: str) -> dict[str, Any]:
    subsets = [{"addresses": [{"ip": address}], "ports": [{"port": 5555, "protocol": "TCP"}]}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}, "subsets": subsets}


def test_the_account_can_register_its_server_and_do_nothing_else(checkout: Checkout, machine: Machine) -> None:
    token = token_of(machine)

    def status(method: str, path: str, body: Any = None, **options: str) -> int:
        return token_status(checkout, token, method, f"{CORE}/{path}", body, **options)

    # The policy is in force a moment after it is created.
    wait_for(lambda: status("POST", "services?dryRun=All", service("lab", type="NodePort")) == 422)
    assert status("POST", "services?dryRun=All", service("lab", type="LoadBalancer")) == 422
    assert status("POST", "services?dryRun=All", service("lab", externalIPs=["198.51.100.7"])) == 422
    assert status("POST", "services?dryRun=All", service("lab", selector={"app": "any"})) == 422
    assert status("POST", "services?dryRun=All", service("other")) == 422
    assert status("POST", "endpoints?dryRun=All", endpoints("other", "192.0.2.1")) == 422
    assert status("POST", "services", service("lab")) == 200
    assert status("POST", "services", service("lab")) == 409
    assert status("POST", "endpoints", endpoints("lab", machine.address)) == 200
    patch = {"spec": {"externalIPs": ["198.51.100.7"]}}
    assert status("PATCH", "services/lab", patch, content_type="application/merge-patch+json") == 422
    for method, path in (
        ("GET", "services/lab"),
        ("GET", "services"),
        ("GET", "endpoints/lab"),
        ("DELETE", "services/other"),
        ("DELETE", "endpoints/other"),
        ("GET", "pods"),
        ("GET", "secrets"),
    ):
        assert status(method, path) == 403, (method, path)
    assert status("POST", "pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}) == 403
    assert token_status(checkout, token, "GET", "/api/v1/nodes") == 403
    assert status("DELETE", "services/lab", {}) == 200
    assert status("DELETE", "services/lab", {}) == 404
    assert token not in checkout.state_file.read_text()


@pytest.mark.parametrize(
    ("hosts", "status"),
    [("127.0.1.1 node1\n", "error: 422"), ("192.0.2.9 other\n", "error: 422")],
    ids=["debians-loopback-line", "no-line"],
)
def test_a_line_in_etc_hosts_that_no_server_survives(machine: Machine, hosts: str, status: str) -> None:
    """The server takes its address from /etc/hosts; the job cannot mend that, but it leaves no Service behind."""
    machine.hosts.write_text(hosts)
    said = machine.run("./job.sh", code=1)
    assert status in said
    assert "POST endpoints curl 22" in said


def test_a_wrong_namespace_is_explained_before_the_server_starts(machine: Machine) -> None:
    environment = machine.folder / "arkouda.env"
    environment.write_text(environment.read_text().replace("NAMESPACE=arkouda", "NAMESPACE=default"))
    said = machine.run("./job.sh", code=1)
    assert "cannot delete services lab: HTTP 403, not allowed" in said
    assert not machine.log.exists()


# Servers up to v2024.03.18


def kubectl(control_plane: ControlPlane, *words: str) -> str:
    command = [str(control_plane.kubectl), "--kubeconfig", str(control_plane.kubeconfig), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def test_an_old_server_registers_with_a_certificate(checkout: Checkout, tmp_path: Path, network: OwnNetwork) -> None:
    port = choose_port()
    server = {"name": "lab", "port": port, "credential": "certificate", "job": {"executable": str(SERVER)}}
    configure(checkout, selfRegistered=[{**server, "metrics": {"port": choose_port()}}])
    checkout.run("up")
    assert checkout.api.get(f"{CORE}/secrets/lab-registrar") is None
    machine = Machine(checkout, "lab", tmp_path / "lab", network)
    assert "SSL_TOKEN" not in (machine.folder / "arkouda.env").read_text()
    requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    name = "arkouda-arkouda-lab"

    def approve() -> None:
        wait_for(lambda: checkout.api.get(f"{requests}/{name}") is not None)
        kubectl(checkout.control_plane, "certificate", "approve", name)

    approval = threading.Thread(target=approve)
    approval.start()
    path = str(checkout.control_plane.kubectl.parent)
    said = machine.run(
        "bash", "-c", f'PATH="{path}:$PATH" ./request-certificate.sh', KUBECONFIG=str(checkout.control_plane.kubeconfig)
    )
    approval.join()
    assert f"kubectl certificate approve {name}" in said
    assert (machine.folder / "key.pem").stat().st_mode & 0o077 == 0
    machine.submit(**DELAY)
    wait_for(lambda: existing(checkout) == [*OWN])
    machine.cancel()
    assert existing(checkout) == []
