"""One real node for all tests of this folder, or one line that says why there is none.

Where NODE_REQUIRED is set, there has to be one.
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cluster.build import ensure
from local.cluster.layout import versions
from local.pulumi import Toolchain
from tests.e2e.checkout import Checkout
from tests.e2e.conftest import toolchain
from tests.node import binaries, images, ldap
from tests.node.debian_root import debian_root
from tests.node.machine import refusal
from tests.node.namespaces import own_network
from tests.node.node import Node, NodeError
from tests.node.outside import outside
from tests.node.pods import Cluster
from tests.node.stack import SIBLINGS, Stack, deploy

__all__ = ["toolchain"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why all tests were skipped."""
    for reason in {report.longrepr[2] for report in terminalreporter.stats.get("skipped", ())}:
        terminalreporter.write_line(reason)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Iterator[Cluster]:
    """A cluster whose only node is real. This process, and what it starts, has no other network meanwhile."""
    with contextlib.ExitStack() as stack:
        try:
            found = _cluster(tmp_path_factory.mktemp("real"), stack)
        # Whatever it is: a machine that cannot run a node says so in many ways.
        except Exception as error:
            with contextlib.suppress(Exception):
                stack.close()
            if os.environ.get("NODE_REQUIRED"):
                raise
            pytest.skip(f"No real node here: {type(error).__name__}: {' '.join(str(error).split())}")
        yield found


def _cluster(folder: Path, stack: contextlib.ExitStack) -> Cluster:
    if reason := refusal():
        raise NodeError(reason)
    ensure(versions()[-1], print)
    commands = binaries.build(print)
    debian = debian_root(print)
    archive = images.assemble(folder / "images", debian, commands[1], ldap.client(print))
    # Later there is no network to get it from.
    ldap.slapd()
    stack.enter_context(own_network())
    around = stack.enter_context(outside(folder / "outside", commands[1]))
    node = Node(folder / "node", around, debian, commands, archive)
    stack.callback(node.stop)
    node.prepare()
    node.start()
    found = Cluster(around, node)
    found.check()
    return found


@pytest.fixture(scope="session")
def siblings(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Checkout]:
    """Julia sessions and an Arkouda server, deployed by one stack."""
    project = Checkout(tmp_path_factory.mktemp("siblings") / "project", cluster.control_plane)
    project.config["config"] = copy.deepcopy(SIBLINGS)
    project.target("embedded", cluster.control_plane.kubeconfig)
    project.write()
    project.run("up")
    yield project
    project.remove()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Checkout]:
    """A copy of the project that deploys to the real node; its stack is deleted in the end."""
    project = Checkout(tmp_path_factory.mktemp("project") / "project", cluster.control_plane)
    project.target("embedded", cluster.control_plane.kubeconfig)
    project.write()
    yield project
    project.remove()
    cluster.wait_until_gone("mjs")


@pytest.fixture(scope="session")
def stack(checkout: Checkout, cluster: Cluster) -> Stack:
    """The dev stack, deployed."""
    return deploy(checkout, cluster)
