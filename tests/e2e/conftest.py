"""One control plane for all end-to-end tests, and a `pulumi` command that touches nothing of the developer's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from local.cluster.layout import Settings
from local.pulumi import Toolchain, find_or_build
from tests.e2e.adoption import STACK
from tests.e2e.checkout import Checkout
from tests.e2e.dry_run import LEVELS, DryRun
from tests.e2e.exec_node import LABEL, ExecNode
from tests.e2e.home import move_home
from tests.e2e.own_network import OwnNetwork, OwnNetworkError
from tests.e2e.transitions import Transitions


@pytest.fixture(autouse=True, scope="session")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """The `pulumi` command of this machine. From here on, the home folder is an empty one.

    Ctrl-C reaches the commands that the tests send it to: background jobs of a shell, and so some CI runners, start
    with it ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith(("PULUMI_", "CLUSTERS_"))]:
        if name != "PULUMI_HOME":  # where the developer's plugins are
            del os.environ[name]
    found = find_or_build(print)
    move_home(tmp_path_factory.mktemp("home"), found)
    return found


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Iterator[ControlPlane]:
    """A running control plane, ended with the session; KUBERNETES_VERSION in the environment chooses its version."""
    version = os.environ.get("KUBERNETES_VERSION") or None
    control_plane = ControlPlane(tmp_path_factory.mktemp("cluster"), version=version)
    control_plane.up(print)
    yield control_plane
    control_plane.down(wipe=True)


@pytest.fixture(scope="session")
def dry_runs(cluster: ControlPlane) -> dict[str, DryRun]:
    """A place for objects that are never created, for each Pod Security level."""
    api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
    return {level: DryRun(api, level) for level in LEVELS}


@pytest.fixture
def network(cluster: ControlPlane) -> Iterator[OwnNetwork]:
    """A machine's network, for servers whose address Kubernetes accepts."""
    settings = Settings.read(cluster.layout)
    assert settings is not None
    try:
        found = OwnNetwork(settings.port)
    except OwnNetworkError as error:
        pytest.skip(str(error))
    with found:
        yield found


@pytest.fixture(scope="session")
def transitions(cluster: ControlPlane) -> Transitions:
    """A place for objects that follow others."""
    return Transitions(KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT))


@pytest.fixture
def checkout(tmp_path: Path, cluster: ControlPlane) -> Iterator[Checkout]:
    """A copy of the project that works on the control plane of the tests; its stack is deleted when the test ends."""
    project = Checkout(tmp_path / "project", cluster)
    yield project
    project.remove()


@pytest.fixture
def adopter(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """A checkout whose stack file is yet to be written, and a kubeconfig as a user has it."""
    monkeypatch.setenv("KUBECONFIG", str(checkout.control_plane.kubeconfig))
    checkout.stack_file.unlink()
    checkout.name_stack(STACK)
    # Only to say that the stack is on a cluster of the user's own.
    checkout.target("embedded", checkout.control_plane.kubeconfig)
    yield checkout
    checkout.remove()


@pytest.fixture
def node(checkout: Checkout, tmp_path: Path) -> Iterator[ExecNode]:
    """The stack, deployed on a node whose job manager runs commands."""
    checkout.matlab["jobManager"] = {"nodeSelector": LABEL}
    checkout.matlab["updates"] = {"waitForJobs": 60}
    checkout.write()
    with ExecNode(checkout.api, tmp_path / "node").running() as node:
        checkout.run("up")
        yield node
        checkout.remove()
