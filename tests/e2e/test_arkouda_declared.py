"""Servers outside Kubernetes whose Service the stack declares, with a fixed address and with one that a job enters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.cluster.ports import choose_port
from tests.e2e.arkouda_stack import (
    CORE,
    SERVER,
    SLICES,
    Machine,
    addresses,
    configure,
    token_status,
)
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.own_network import OwnNetwork

MERGE = "application/merge-patch+json"
FIXED: dict[str, Any] = {"name": "fixed", "address": "192.0.2.10", "authenticate": True}


def job(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "address": "job", "port": port, "job": {"locales": 3, "executable": str(SERVER), **more}}


def test_a_fixed_address_is_where_the_service_leads(checkout: Checkout) -> None:
    configure(checkout, declared=[FIXED])
    checkout.run("up")
    service = checkout.api.get(f"{CORE}/services/fixed")
    assert service is not None
    assert "selector" not in service["spec"]
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == {"client": 5555, "metrics": 5556}
    assert addresses(checkout, "fixed") == ["192.0.2.10"]
    # The controllers make no slice of their own of a Service without a selector and without Endpoints.
    assert [item["metadata"]["name"] for item in checkout.api.request("GET", SLICES)["items"]] == ["fixed"]
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    the_token_is_a_secret_output(checkout)
    another_address_changes_the_slice_and_nothing_else(checkout)
    checkout.run("destroy")
    assert checkout.api.request("GET", SLICES)["items"] == []
    assert checkout.api.get(f"{CORE}/services/fixed") is None


def the_token_is_a_secret_output(checkout: Checkout) -> None:
    files = checkout.outputs()["arkoudaFiles"]["fixed"]
    token = files["arkouda.env"].rpartition("ARKOUDA_SERVER_TOKEN=")[2].strip()
    assert len(token) == 31
    assert f'access_token="{token}"' in files["connect.py"]
    assert token not in checkout.state_file.read_text()
    assert token not in checkout.run("outputs")


def another_address_changes_the_slice_and_nothing_else(checkout: Checkout) -> None:
    before = len(checkout.writes())
    checkout.config["config"]["clusters:arkouda"]["declared"][0]["address"] = "192.0.2.11"
    checkout.write()
    checkout.run("up")
    assert addresses(checkout, "fixed") == ["192.0.2.11"]
    writes = checkout.writes()[before:]
    assert writes
    assert all(write.startswith(f"patch {SLICES}/fixed") for write in writes), writes


def test_a_job_enters_its_address_and_takes_it_out(checkout: Checkout, tmp_path: Path, network: OwnNetwork) -> None:
    port, other_port = choose_port(), choose_port()
    configure(checkout, declared=[job("night", port, sbatchOptions=["--partition=large"]), job("day", other_port)])
    checkout.run("up")
    assert addresses(checkout, "night-job") == []
    machine = Machine(checkout, "night", tmp_path / "night", network)
    the_job_registers(checkout, machine, port)
    an_up_leaves_the_address_of_the_job(checkout, machine, port)
    a_cancelled_job_deregisters(checkout, machine)
    a_killed_job_is_overwritten_by_the_next(checkout, machine, port)
    the_end_of_the_server_ends_the_job(checkout, machine, port)
    a_job_leaves_the_address_of_its_successor(checkout, machine, port)
    the_token_patches_one_slice_and_nothing_else(checkout, machine)
    mistakes_are_explained(machine)
    a_deleted_token_is_replaced(checkout, machine)
    checkout.run("destroy")
    assert checkout.api.request("GET", SLICES)["items"] == []


def the_job_registers(checkout: Checkout, machine: Machine, port: int) -> None:
    machine.submit()
    wait_for(lambda: addresses(checkout, "night-job") == [machine.address])
    assert machine.greets(port)
    options = (machine.spool / "options").read_text().splitlines()
    assert options == [
        "--parsable",
        "--job-name=arkouda-night",
        "--dependency=singleton",
        "--nodes=3",
        "--ntasks=3",
        "--ntasks-per-node=1",
        "--signal=B:TERM@120",
        "--partition=large",
    ]
    environment = Path(f"/proc/{machine.pid}/environ").read_text()
    assert "SSL_TOKEN" not in environment
    server = Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split()[0]
    variables = dict(entry.partition("=")[::2] for entry in Path(f"/proc/{server}/environ").read_text().split("\0"))
    assert variables["SSH_SERVERS"] == "node1 node2 node3"
    assert variables["GASNET_MASTERIP"] == machine.address
    assert variables["METRICS_SERVER_PORT"] == "5556"
    # It does not register itself: the Service exists, and its POST would end it.
    assert "POST" not in machine.log.read_text()


def an_up_leaves_the_address_of_the_job(checkout: Checkout, machine: Machine, port: int) -> None:
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    # A change of the same object.
    metrics_port = choose_port()
    checkout.config["config"]["clusters:arkouda"]["declared"][0]["metrics"] = {"port": metrics_port}
    checkout.write()
    checkout.run("up")
    slice_ = checkout.api.get(f"{SLICES}/night-job")
    assert slice_ is not None
    assert {item["port"] for item in slice_["ports"]} == {port, metrics_port}
    assert addresses(checkout, "night-job") == [machine.address]
    checkout.run("pulumi", "--", "refresh", "--yes")
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    assert addresses(checkout, "night-job") == [machine.address]


def a_cancelled_job_deregisters(checkout: Checkout, machine: Machine) -> None:
    machine.cancel()
    assert addresses(checkout, "night-job") == [], machine.output()
    assert "shut down" in machine.log.read_text()


def a_killed_job_is_overwritten_by_the_next(checkout: Checkout, machine: Machine, port: int) -> None:
    machine.submit()
    wait_for(lambda: addresses(checkout, "night-job") == [machine.address])
    machine.kill()
    # The address stays, and leads nowhere.
    assert addresses(checkout, "night-job") == [machine.address]
    assert not machine.greets(port)
    machine.submit()
    wait_for(lambda: machine.greets(port))
    wait_for(lambda: "clients are led to" in machine.output())
    machine.cancel()
    assert addresses(checkout, "night-job") == []


def the_end_of_the_server_ends_the_job(checkout: Checkout, machine: Machine, port: int) -> None:
    """A user calls ak.shutdown()."""
    machine.submit()
    wait_for(lambda: addresses(checkout, "night-job") == [machine.address])
    machine.run("python3", "-c", f"import arkouda as ak; ak.connect('{machine.address}', {port}); ak.shutdown()")
    machine.wait()
    assert addresses(checkout, "night-job") == []


def a_job_leaves_the_address_of_its_successor(checkout: Checkout, machine: Machine, port: int) -> None:
    machine.submit()
    wait_for(lambda: addresses(checkout, "night-job") == [machine.address])
    other = {"endpoints": [{"addresses": ["192.0.2.77"]}]}
    checkout.api.request("PATCH", f"{SLICES}/night-job", other, content_type=MERGE)
    machine.cancel()
    assert "another server has taken over" in machine.output()
    assert addresses(checkout, "night-job") == ["192.0.2.77"]


def the_token_patches_one_slice_and_nothing_else(checkout: Checkout, machine: Machine) -> None:
    line = next(
        line for line in (machine.folder / "arkouda.env").read_text().splitlines() if line.startswith("SSL_TOKEN=")
    )
    token = line.partition("=")[2]
    empty: dict[str, Any] = {"endpoints": []}

    def status(method: str, path: str, body: Any = None) -> int:
        return token_status(checkout, token, method, path, body, content_type=MERGE)

    assert status("PATCH", f"{SLICES}/night-job", empty) == 200
    assert status("PATCH", f"{SLICES}/day-job", empty) == 403
    assert status("PATCH", f"{CORE}/services/night", {"spec": {"externalIPs": ["192.0.2.1"]}}) == 403
    for method, path in (
        ("GET", f"{SLICES}/night-job"),
        ("GET", SLICES),
        ("DELETE", f"{SLICES}/night-job"),
        ("GET", f"{CORE}/secrets"),
        ("GET", f"{CORE}/pods"),
        ("GET", f"{CORE}/services"),
    ):
        assert status(method, path) == 403, (method, path)
    assert token not in checkout.state_file.read_text()


def a_deleted_token_is_replaced(checkout: Checkout, machine: Machine) -> None:
    """How an administrator takes a stolen token out of use."""
    before = (machine.folder / "arkouda.env").read_text()
    checkout.api.request("DELETE", f"{CORE}/secrets/night-registrar")
    checkout.run("pulumi", "--", "refresh", "--yes")
    checkout.run("up")
    environment = checkout.outputs()["arkoudaFiles"]["night"]["arkouda.env"]
    assert environment != before
    token = environment.partition("SSL_TOKEN=")[2].split()[0]
    assert token_status(checkout, token, "PATCH", f"{SLICES}/night-job", {"endpoints": []}, content_type=MERGE) == 200


def mistakes_are_explained(machine: Machine) -> None:
    """The curl exit codes of the handbook, with the real curl."""
    environment = machine.folder / "arkouda.env"
    right = environment.read_text()

    def said(change: tuple[str, str], **variables: str) -> str:
        environment.write_text(right.replace(*change))
        return machine.run("./job.sh", code=1, **variables)

    host = next(line for line in right.splitlines() if line.startswith("K8S_HOST=")).partition("=")[2]
    nothing = {"ARKOUDA_ADDRESS": ""}
    try:
        assert "curl error 7: nobody listens there" in said((host, f"https://127.0.0.1:{choose_port()}"), **nothing)
        assert "curl error 6: the name" in said((host, "https://nowhere.invalid:6443"), **nothing)
        # The embedded API server listens on loopback alone.
        assert "127.0.0.1 is not an IPv4 address that pods reach" in said(("", ""), **nothing)
        assert "HTTP 401, the token is not valid" in said(("SSL_TOKEN=", "SSL_TOKEN=x"))
        assert "HTTP 403, not allowed" in said(("ARKOUDA_SLICE=night-job", "ARKOUDA_SLICE=day-job"))
        environment.write_text(right)
        everywhere = dict.fromkeys(("ARKOUDA_ADDRESS", "STAND_IN_ADDRESS"), "0.0.0.0")  # noqa: S104 - in the namespace
        assert "HTTP 422, not a valid object" in machine.run("./job.sh", code=1, **everywhere)
        # What libcurl's 36 is not: a certificate that cannot be read is 58.
        without_token = "\n".join(line for line in right.splitlines() if not line.startswith("SSL_TOKEN="))
        environment.write_text(without_token)
        assert "curl error 58: the client certificate or its key" in machine.run("./job.sh", code=1, **nothing)
        authority = machine.folder / "ca.pem"
        environment.write_text(right)
        authority.rename(machine.folder / "moved.pem")
        assert "curl error 77" in machine.run("./job.sh", code=1, **nothing)
        (machine.folder / "moved.pem").rename(authority)
    finally:
        environment.write_text(right)
