"""Julia sessions on the real node: a prompt that starts workers with its own token, and a pool whose workers dial in.

Julia itself is a stand-in (julia/julia.py).
"""

from __future__ import annotations

import contextlib
import os
import pty
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from components.julia import names
from components.julia.topology import POOL_PORT, WORKER_PORTS
from tests.e2e.checkout import Checkout
from tests.node.addresses import API_SERVICE, INTERNET
from tests.node.pods import Cluster, Pod, address
from tests.node.stack import restarts
from tests.waiting import eventually

ANA, GRID = (names.session(name) for name in ("ana", "grid"))
STRANGERS = "strangers"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
DETACH = b"\x10\x11"
"""Ctrl-P and Ctrl-Q, as docs/julia.md says."""
SECONDS = 90
WORKER_PORT = WORKER_PORTS.first + 1
"""Julia adds the number of its process, which is 1 in a container."""


def only(cluster: Cluster, namespace: str) -> Pod:
    """The pod of a session."""
    return cluster.ready_pod(namespace, namespace, SECONDS)


def workers(cluster: Cluster, namespace: str) -> list[Pod]:
    return cluster.pods(namespace, f"{namespace}-worker")


@contextlib.contextmanager
def attached(cluster: Cluster, command: str, user: str) -> Iterator[int]:
    """Run the command that attaches to a session, in a terminal, which it gives; detach in the end."""
    terminal, end = pty.openpty()
    words = shlex.split(command)[1:]
    process = subprocess.Popen(
        [cluster.kubectl, "--kubeconfig", str(cluster.control_plane.kubeconfig), "--as", user, *words],
        stdin=end, stdout=end, stderr=end, start_new_session=True,
    )  # fmt: skip
    os.close(end)
    try:
        yield terminal
        os.write(terminal, DETACH)
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def type_line(cluster: Cluster, checkout: Checkout, session: str, line: str, answer: str) -> None:
    """Type a line at the prompt of a session, as its user, and wait for the answer; the session keeps running."""
    found: dict[str, Any] = checkout.outputs()["juliaSessions"][session]
    pod = only(cluster, found["namespace"])
    before = cluster.log(pod).count(answer)
    with attached(cluster, found["attach"], "ana") as terminal:
        os.write(terminal, f"{line}\n".encode())
        eventually(lambda: cluster.log(pod).count(answer) > before, SECONDS)
    assert restarts(only(cluster, found["namespace"])) == 0


@pytest.fixture(scope="module")
def stranger(cluster: Cluster) -> Iterator[Pod]:
    """A pod of a namespace without policies."""
    cluster.namespace(STRANGERS)
    yield cluster.running(STRANGERS, cluster.run(STRANGERS, "stranger"))
    cluster.api.request("DELETE", f"/api/v1/namespaces/{STRANGERS}")


@pytest.fixture(scope="module")
def ana(siblings: Checkout, cluster: Cluster) -> list[Pod]:
    """The workers that the prompt of the session has started."""
    line = siblings.outputs()["juliaSessions"]["ana"]["addprocs"]
    type_line(cluster, siblings, "ana", line, "2 workers")
    return workers(cluster, ANA)


def test_the_prompt_starts_workers_that_join_it(cluster: Cluster, ana: list[Pod]) -> None:
    """With the session's token and rights, through its quota and its policies; workers reach each other."""
    assert len(ana) == 2
    log = cluster.log(only(cluster, ANA))
    for pod in ana:
        assert f"{pod['metadata']['name']} has joined" in log
    assert {pod["metadata"]["labels"]["worker-id"] for pod in workers(cluster, ANA)} == {"2", "3"}


def test_somebody_who_comes_back_finds_the_prompt_as_it_was(
    siblings: Checkout, cluster: Cluster, ana: list[Pod]
) -> None:
    """The end of a connection is not the end of the session, and its workers stay."""
    type_line(cluster, siblings, "ana", "nworkers()", f"{len(ana)} workers")


def test_a_worker_has_no_token_and_no_way_to_the_api_server(cluster: Cluster, ana: list[Pod]) -> None:
    session = only(cluster, ANA)
    assert cluster.execute(session, "ls", TOKEN).returncode == 0
    for pod in ana:
        assert "No such file" in cluster.execute(pod, "ls", TOKEN).stderr
        assert not cluster.reaches(pod, API_SERVICE, 443)
        assert not cluster.reaches(pod, INTERNET, 80)
        assert not cluster.reaches(pod, address(session), WORKER_PORT)


def test_nobody_else_reaches_a_worker(cluster: Cluster, ana: list[Pod], stranger: Pod) -> None:
    """Who knows the cookie runs code in the session, and the cookie is in the command line of each worker."""
    for pod in (stranger, only(cluster, GRID)):
        assert not cluster.reaches(pod, address(ana[0]), WORKER_PORT)
    assert cluster.reaches(ana[1], address(ana[0]), WORKER_PORT)


def test_workers_end_with_their_session(cluster: Cluster, ana: list[Pod]) -> None:
    """The package leaves them behind; here the session's pod owns them."""
    session = only(cluster, ANA)
    path = f"/api/v1/namespaces/{ANA}/pods"
    cluster.api.request("DELETE", f"{path}/{session['metadata']['name']}")
    for pod in ana:
        eventually(lambda name=pod["metadata"]["name"]: cluster.api.get(f"{path}/{name}") is None, SECONDS)
    assert only(cluster, ANA)["metadata"]["uid"] != session["metadata"]["uid"]


def test_the_workers_of_a_pool_dial_in(siblings: Checkout, cluster: Cluster, stranger: Pod) -> None:
    """Under the name of the session's Service, with a cookie that is in no command line; nobody has a token."""
    line = siblings.outputs()["juliaSessions"]["grid"]["addprocs"]
    session = only(cluster, GRID)
    found = workers(cluster, GRID)
    eventually(lambda: cluster.log(session).count("has joined") == len(found) == 2, SECONDS)
    type_line(cluster, siblings, "grid", line, "2 workers")
    for pod in (session, *found):
        assert "No such file" in cluster.execute(pod, "ls", TOKEN).stderr
    assert not cluster.reaches(stranger, address(session), POOL_PORT)
    assert cluster.reaches(found[0], address(session), POOL_PORT)
