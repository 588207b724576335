"""One control plane for the tests of the program and its engines, beside whatever else runs on this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from local.run import pulumi_cli
from tests.e2e.checkout import Checkout
from tests.e2e.demo_project import Project
from tests.e2e.dry_run import LEVELS, DryRun

ENGINES = ("small", "pulumi") if pulumi_cli() else ("small",)
"""The tests run under the Pulumi CLI too where there is one; ENGINE=small in the environment keeps it out."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane, ended with the session; KUBERNETES_VERSION in the environment takes an older one."""
    version = os.environ.get("KUBERNETES_VERSION") or None
    control_plane = ControlPlane(tmp_path_factory.mktemp("cluster"), version=version)
    control_plane.up(print)
    yield control_plane
    control_plane.down(wipe=True)


@pytest.fixture(scope="session")
def dry_runs(cluster: ControlPlane) -> dict[str, DryRun]:
    """A place for objects that are never made, for each Pod Security level."""
    api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
    return {level: DryRun(api, level) for level in LEVELS}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that runs the program."""
    return str(request.param)


@pytest.fixture
def checkout(tmp_path: Path, cluster: ControlPlane, engine: str) -> Iterator[Checkout]:
    """A copy of the project that works on the control plane of the tests; its stack is gone when the test ends."""
    project = Checkout(tmp_path / "project", cluster, engine)
    yield project
    project.remove()


@pytest.fixture
def project(tmp_path: Path, cluster: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project of the small engine alone, in a namespace of its own; what it made is removed at the end."""
    made = Project(tmp_path, cluster, request.node.name.removeprefix("test_").replace("_", "-")[:50].strip("-"))
    yield made
    made.remove()


@pytest.fixture(autouse=True, scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Pulumi CLI keeps its logs and settings: not where the developer has theirs.

    And Ctrl-C reaches the commands that the tests send it to: a shell's background jobs, and so some CI runners, start
    with it ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith(("PULUMI_", "CLUSTERS_"))]:
        del os.environ[name]
    home = tmp_path_factory.mktemp("pulumi")
    if len(ENGINES) > 1:
        # Those that are there, and where the CLI puts what it has to download.
        plugins = Path.home() / ".pulumi" / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        (home / "plugins").symlink_to(plugins)
    os.environ["PULUMI_HOME"] = str(home)
    return home
