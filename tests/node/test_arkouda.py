"""An Arkouda server outside Kubernetes: pods reach it under the name of its Service, and only those that should."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from components.arkouda import names
from tests.e2e.arkouda_stack import GREET, NAMESPACE, SERVER
from tests.node.addresses import ARKOUDA
from tests.node.pods import POLICY_SECONDS, Cluster, Pod
from tests.waiting import eventually

CLIENT, METRICS = 5555, 5556
NOTEBOOKS = "notebooks"


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[None]:
    """The server, on a machine that has its address."""
    process = subprocess.Popen(
        [
            str(SERVER),
            f"--ServerPort={CLIENT}",
            "--ServerDaemon.daemonTypes=ServerDaemonType.DEFAULT,ServerDaemonType.METRICS",
        ],
        env={**os.environ, "STAND_IN_ADDRESS": ARKOUDA},
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: listens(METRICS))
    yield
    process.kill()
    process.wait()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((ARKOUDA, port), timeout=1):
        return True
    return False


@pytest.fixture(scope="module")
def notebook(cluster: Cluster) -> Iterator[Pod]:
    """A pod of a namespace without policies."""
    cluster.namespace(NOTEBOOKS)
    yield cluster.running(NOTEBOOKS, cluster.run(NOTEBOOKS, "notebook"))
    cluster.api.request("DELETE", f"/api/v1/namespaces/{NOTEBOOKS}")


def answer(cluster: Cluster, pod: Pod, port: int, host: str = f"hpc.{NAMESPACE}") -> str:
    """What a pod hears from the server; empty where it does not get through."""
    return cluster.execute(pod, "python3", "-c", GREET, host, str(port)).stdout


@pytest.mark.usefixtures("server", "siblings")
def test_a_notebook_reaches_the_server_under_the_name_of_its_service(cluster: Cluster, notebook: Pod) -> None:
    """The name, the Service without a selector and the EndpointSlice lead out of the network of the pods."""
    service = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/hpc")
    assert service is not None
    assert "selector" not in service["spec"]
    assert answer(cluster, notebook, CLIENT) == "arkouda\n"
    assert answer(cluster, notebook, METRICS) == "metrics\n"


@pytest.mark.usefixtures("server", "siblings")
def test_the_exporter_reaches_the_metrics_and_nothing_else_there(cluster: Cluster) -> None:
    pod = cluster.ready_pod(NAMESPACE, f"hpc{names.EXPORTER_SUFFIX}")
    eventually(lambda: answer(cluster, pod, METRICS) == "metrics\n")
    assert answer(cluster, pod, CLIENT) == ""
    # The name is not what it lacks.
    assert not cluster.reaches(pod, ARKOUDA, CLIENT)


@pytest.mark.usefixtures("server", "siblings")
def test_another_pod_of_the_namespace_reaches_nothing(cluster: Cluster) -> None:
    """The stack's namespace denies what no policy allows."""
    pod = cluster.running(NAMESPACE, cluster.run(NAMESPACE, "stranger"))
    time.sleep(POLICY_SECONDS)
    try:
        assert [cluster.reaches(pod, ARKOUDA, port) for port in (CLIENT, METRICS)] == [False, False]
    finally:
        cluster.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/stranger")
