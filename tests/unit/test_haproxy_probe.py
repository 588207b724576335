"""HAProxy's readiness probe, run with the grep of either variant of its image against real sockets."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from components.matlab import haproxy
from local.cluster.ports import choose_port
from tests.tools import debian
from tests.unit.clusters import cluster, in_mode


@pytest.fixture(scope="module", params=["GNU", "BusyBox"])
def grep(request: pytest.FixtureRequest) -> list[str]:
    """The command of Debian, and that of Alpine."""
    return ["grep"] if request.param == "GNU" else [*debian.find("busybox", "busybox", "--help"), "grep"]


@contextmanager
def listening(family: socket.AddressFamily, port: int) -> Iterator[socket.socket]:
    with socket.create_server(("", port), family=family, dualstack_ipv6=family == socket.AF_INET6) as server:
        yield server


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_haproxy_is_ready_while_it_listens(grep: list[str], family: socket.AddressFamily) -> None:
    port = choose_port()
    # The first of HAProxy's ports is that of the lookup.
    settings = {"release": "r2025a", "network": {"basePort": port - 6}}
    here = cluster(settings, {"haproxy": {"bindIPv6": family == socket.AF_INET6}})
    program, *words = haproxy.listens(here)
    assert program == "grep"

    def is_ready() -> bool:
        return subprocess.run([*grep, *words], check=False).returncode == 0

    assert not is_ready()
    with listening(family, port) as server, socket.create_connection(("127.0.0.1", port)):
        assert is_ready()
        connection, _ = server.accept()
    with connection:
        assert not is_ready(), "a connection that outlives its listener is none"


def test_the_probe_asks_for_a_port_of_the_mode() -> None:
    for mode, first in (("legacy-proxy-mode", 27356), ("new-multi-proxy-mode", 1080)):
        (container,) = haproxy.deployment(in_mode(mode))["spec"]["template"]["spec"]["containers"]
        command = container["readinessProbe"]["exec"]["command"]
        assert f":{first:04X} " in command[2]
