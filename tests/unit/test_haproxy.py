"""HAProxy's configuration under the real program: accepted in every mode, and clients reach their Service.

tests/tools/debian.py gets HAProxy where the machine has none. The end-to-end tests run the generated file with two
changes: it listens on one loopback address instead of every interface, and it asks the tests' own DNS server.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from components.matlab import haproxy as haproxy_objects
from components.matlab.settings import Haproxy
from components.matlab.topology import Mode, Topology
from tests.tools import debian
from tests.tools.container import PATIENCE
from tests.tools.roles import cluster
from tests.tools.services import Services, services
from tests.waiting import eventually

METRICS = {"metrics": {"export": True, "openPortOutsideKubernetes": True}}
BOTH = {"release": "r2026a", "additionalSupportedReleases": ["r2024b"]}
CONFIGS: dict[str, tuple[Mode, dict[str, Any]]] = {
    "legacy": (Mode.LEGACY, {"release": "r2025b"}),
    "legacy-with-metrics": (Mode.LEGACY, {"release": "r2025b", **METRICS}),
    "backwards-compatible": (Mode.BACKWARDS_COMPATIBLE, BOTH),
    "backwards-compatible-with-metrics": (Mode.BACKWARDS_COMPATIBLE, BOTH | METRICS),
    "new-multi": (Mode.NEW_MULTI, {"release": "r2026a", **METRICS}),
    "1000-workers": (Mode.LEGACY, {"release": "r2025b", "workers": {"max": 1000}}),
    "10000-workers": (Mode.LEGACY, {"release": "r2025b", "workers": {"max": 10_000}}),
    "longest-idle-timeout": (Mode.BACKWARDS_COMPATIBLE, BOTH | {"haproxy": {"idleTimeout": 2_147_483}}),
}
UPSTREAMS_LIMIT = 300
SCALE = 150
"""How much faster than in production the connections of these tests idle."""
KEEPALIVE_TIMER = 2
USER_HZ = 100


@pytest.fixture(scope="session")
def haproxy() -> list[str]:
    """Find the command that runs HAProxy."""
    return debian.find("haproxy", "haproxy")


def configuration(topology: Topology) -> str:
    return str(haproxy_objects.configuration(topology)["data"]["haproxy.cfg"])


@pytest.mark.parametrize("config", CONFIGS)
def test_haproxy_accepts_its_configuration_without_a_warning(haproxy: list[str], tmp_path: Path, config: str) -> None:
    mode, values = CONFIGS[config]
    topology = cluster(**values)
    assert topology.mode is mode
    text = configuration(topology)
    assert text.count("\nfrontend ") == text.count("\nbackend ") == len(topology.load_balancer_ports)
    file = tmp_path / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    check = subprocess.run([*haproxy, "-dW", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr
    assert "[WARNING]" not in check.stderr


class Way(NamedTuple):
    """A running HAProxy and the Services behind it."""

    process: subprocess.Popen[bytes]
    services: Services

    def connect(self, port: int) -> socket.socket:
        return socket.create_connection((self.services.entrance, port), timeout=PATIENCE)

    def listens(self) -> bool:
        assert self.process.poll() is None
        with contextlib.suppress(ConnectionRefusedError), self.connect(1080):
            return True
        return False

    def ask(self, port: int) -> str:
        """Return the greeting that a new connection gets; nothing when HAProxy closes it."""
        with contextlib.suppress(ConnectionError), self.connect(port) as connection:
            return line(connection)
        return ""


def until_closed(connection: socket.socket) -> bytes:
    """Return what comes until the other end closes the connection."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


def line(connection: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\n") and (more := connection.recv(4096)):
        received += more
    return received.decode().rstrip("\n")


@contextlib.contextmanager
def running(haproxy: list[str], topology: Topology, folder: Path) -> Iterator[Way]:
    with services(topology.service_host("mjs").removeprefix("mjs.")) as stand_ins:
        text = configuration(topology)
        for real, here in (
            ("bind :::", f"bind {stand_ins.entrance}:"),
            (" v4v6", ""),
            ("    parse-resolv-conf\n", f"    nameserver tests {stand_ins.name_server}\n"),
        ):
            assert real in text
            text = text.replace(real, here)
        file = folder / "haproxy.cfg"
        file.write_text(text, encoding="utf-8")
        with (folder / "haproxy.log").open("wb") as log:
            process = subprocess.Popen([*haproxy, "-db", "-f", file], stdout=log, stderr=log)
        try:
            way = Way(process, stand_ins)
            eventually(way.listens)
            yield way
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(PATIENCE)


EVERYTHING = {**BOTH, **METRICS, "workers": {"max": 64}, "haproxy": {"idleTimeout": Haproxy().idle_timeout // SCALE}}
"""Every frontend that there can be, and the default idle timeout, scaled."""
TARGETS = {
    27356: "mjs-job-manager:27356",
    27359: "mjs-job-manager:27359",
    1080: "mjs-parallel-server-proxy:1080",
    8001: "mjs-job-manager:8001",
    30000: "mjs-pool-proxy-1:30000",
    30001: "mjs-pool-proxy-2:30001",
}


@pytest.fixture(scope="module")
def way(haproxy: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """Run one HAProxy with every frontend, and all Services but the second pool proxy's."""
    with running(haproxy, cluster(**EVERYTHING), tmp_path_factory.mktemp("haproxy")) as way:
        way.services.add("mjs-job-manager", [27356, 27359, 8001])
        way.services.add("mjs-parallel-server-proxy", [1080])
        way.services.add("mjs-pool-proxy-1", [30000])
        yield way


def test_every_frontend_leads_to_its_service(way: Way) -> None:
    """Services need not exist when HAProxy starts: these came after it, and one comes now."""
    assert way.ask(30001) == ""
    way.services.add("mjs-pool-proxy-2", [30001])
    assert {port.number for port in cluster(**EVERYTHING).load_balancer_ports} == set(TARGETS)
    for port, target in TARGETS.items():
        assert eventually(lambda port=port: way.ask(port)) == target


def test_a_program_that_restarts_is_reached_again(way: Way) -> None:
    """Who connects meanwhile has to wait, no more."""
    assert eventually(lambda: way.ask(1080))
    way.services.stop("mjs-parallel-server-proxy", 1080)
    with way.connect(1080) as early:
        time.sleep(0.2)
        way.services.serve("mjs-parallel-server-proxy", 1080)
        assert line(early) == TARGETS[1080]
    assert way.ask(1080) == TARGETS[1080]


def test_a_client_that_has_nothing_more_to_say_still_gets_its_answer(way: Way) -> None:
    """Half-closed connections pass: MJS closes one direction at the end of a transfer."""
    eventually(lambda: way.ask(27359))
    with way.connect(27359) as client:
        assert line(client) == TARGETS[27359]
        client.sendall(b"the last line\n")
        client.shutdown(socket.SHUT_WR)
        assert until_closed(client) == b"the last line\ngoodbye\n"


def test_silent_connections_are_kept_alive(way: Way) -> None:
    """Clouds' load balancers forget a silent connection after 240 s and more; Linux would first ask after 7200 s."""
    eventually(lambda: way.ask(27356))
    with way.connect(27356) as client:
        line(client)
        haproxys_end, clients_end = client.getpeername(), client.getsockname()
        assert 0 < eventually(lambda: _keepalive_seconds(haproxys_end, clients_end)) <= 120


def _keepalive_seconds(local: tuple[str, int], remote: tuple[str, int]) -> float | None:
    """Return when the kernel will ask whether the other end is still there (proc(5), /proc/net/tcp)."""
    for entry in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = entry.split()
        if (_address(fields[1]), _address(fields[2])) == (local, remote):
            timer, ticks = (int(part, 16) for part in fields[5].split(":"))
            return ticks / USER_HZ if timer == KEEPALIVE_TIMER else None
    return None


def _address(text: str) -> tuple[str, int]:
    raw, port = text.split(":")
    return socket.inet_ntoa(int(raw, 16).to_bytes(4, sys.byteorder)), int(port, 16)


def test_an_interactive_pool_may_be_silent_for_longer_than_upstream_allows(
    haproxy: list[str], way: Way, tmp_path: Path
) -> None:
    """B31: upstream closes connections after 300 silent seconds, and an interactive pool dies while its user thinks.

    Both ends of the clock are scaled: with upstream's limit the silent connection is closed and the one with traffic
    stays; with the default of haproxy.idleTimeout the same silence does no harm.
    """
    limit = UPSTREAMS_LIMIT // SCALE
    upstreams = cluster(**EVERYTHING | {"haproxy": {"idleTimeout": limit}})
    with running(haproxy, upstreams, tmp_path) as short:
        short.services.add("mjs-pool-proxy-1", [30000])
        for each in (way, short):
            assert eventually(lambda each=each: each.ask(30000)) == TARGETS[30000]
        with way.connect(30000) as ours, short.connect(30000) as silent, short.connect(30000) as busy:
            assert [line(connection) for connection in (ours, silent, busy)] == [TARGETS[30000]] * 3
            begin = time.monotonic()
            while time.monotonic() - begin < 1.5 * limit:
                busy.sendall(b"work\n")
                assert line(busy) == "work"
                time.sleep(0.1 * limit)
            # The Service behind it sees the end too.
            assert until_closed(silent) in {b"", b"goodbye\n"}
            ours.sendall(b"still there\n")
            assert line(ours) == "still there"
