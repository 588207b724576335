"""What follows from the settings, against the tables of upstream's chart 2.1.1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import LDAP, MODES, cluster, in_mode

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES

METRICS_OUTSIDE = {"metrics": {"export": True, "openPortOutsideKubernetes": True}}
METRICS_INSIDE = {"metrics": {"export": True}}
INTERNAL = {"network": {"internalClientsOnly": True}}


@pytest.mark.parametrize(
    ("release", "additional", "more", "mode"),
    [
        ("r2026a", [], {}, NEW),
        ("r2026a", [], METRICS_INSIDE, NEW),
        ("r2026a", [], METRICS_OUTSIDE, NEW_MULTI),
        ("r2026b", ["r2026a"], {}, NEW),
        ("r2026b", ["r2026a"], METRICS_OUTSIDE, NEW_MULTI),
        ("r2026a", ["r2025b"], {}, BACKWARDS),
        ("r2026a", ["r2024a", "r2025b"], METRICS_OUTSIDE, BACKWARDS),
        ("r2026b", ["r2026a", "r2025b"], {}, BACKWARDS),
        ("r2025b", [], {}, LEGACY),
        ("r2025b", [], METRICS_OUTSIDE, LEGACY),
        ("r2024a", [], {}, LEGACY),
        ("r2026a", [], INTERNAL, NO_PROXY),
        ("r2026a", ["r2024b"], INTERNAL, NO_PROXY),
        ("r2024a", [], INTERNAL, NO_PROXY),
    ],
)
def test_the_proxy_mode_is_the_first_that_fits(
    release: str, additional: list[str], more: dict[str, Any], mode: str
) -> None:
    """Internal clients first, then the oldest release served, then the newest."""
    here = cluster({"release": release, "additionalSupportedReleases": additional}, more)
    assert here.mode == mode


@pytest.mark.parametrize(
    ("mode", "haproxy", "pool_proxies", "socks", "name"),
    [
        (NO_PROXY, False, False, False, None),
        (LEGACY, True, True, False, None),
        (BACKWARDS, True, True, True, "mjs-parallel-server-proxy"),
        (NEW, False, False, True, "mjs-ingress-proxy"),
        (NEW_MULTI, True, False, True, "mjs-parallel-server-proxy"),
    ],
)
def test_each_mode_runs_its_proxies(mode: str, haproxy: bool, pool_proxies: bool, socks: bool, name: str) -> None:
    """docs/upstream.md#modes."""
    here = in_mode(mode)
    assert here.uses_haproxy is haproxy
    assert here.uses_pool_proxies is pool_proxies
    assert here.uses_parallel_server_proxy is socks
    assert here.open_to_outside is (mode != NO_PROXY)
    if socks:
        assert here.parallel_server_proxy_name == name


@pytest.mark.parametrize(
    ("release", "lookup", "job_manager"),
    [("r2024a", 27356, 27359), ("r2026a", 27356, 27359), ("r2026b", 27356, 27357), ("r2027a", 27356, 27357)],
)
def test_the_job_managers_ports_follow_the_base_port(release: str, lookup: int, job_manager: int) -> None:
    """The rule for r2026b is dead code upstream (B40) and lives here."""
    here = cluster({"release": release})
    assert (here.lookup_port, here.job_manager_port) == (lookup, job_manager)
    assert [port.number for port in here.job_manager_ports] == list(range(27350, 27360))
    moved = cluster({"release": release, "network": {"basePort": 20000}})
    assert (moved.lookup_port, moved.job_manager_port) == (lookup - 7350, job_manager - 7350)
    assert [port.name for port in moved.job_manager_ports] == [f"tcp-{20000 + offset}" for offset in range(10)]


@pytest.mark.parametrize(
    ("workers", "per_proxy", "count"),
    [
        (0, 32, 0),
        (1, 32, 1),
        (32, 32, 1),
        (33, 32, 2),
        (64, 32, 2),
        (65, 32, 3),
        (5, 1, 5),
        (9, 4, 3),
    ],
)
def test_pool_proxies_are_as_many_as_the_workers_need(workers: int, per_proxy: int, count: int) -> None:
    """The controller computes the same number and refuses a load balancer that lacks a port."""
    sizes = {"workers": {"max": workers}, "poolProxy": {"workersPerPoolProxy": per_proxy}}
    legacy = in_mode(LEGACY, sizes)
    assert legacy.pool_proxy_count == count
    assert [port.number for port in legacy.pool_proxy_ports] == [30000 + index for index in range(count)]
    assert in_mode(NEW, {"workers": {"max": workers}}).pool_proxy_ports == ()


POOL = [("tcp-pool-proxy-30000", 30000), ("tcp-pool-proxy-30001", 30001)]
SOCKS = ("tcp-parallel-server-proxy-1080", 1080)
JOB_MANAGER = [("tcp-lookup-27356", 27356), ("tcp-jobmanager-27359", 27359)]
METRICS = ("metrics-8001", 8001)


@pytest.mark.parametrize(
    ("mode", "ports"),
    [
        (NO_PROXY, []),
        (LEGACY, [*JOB_MANAGER, *POOL]),
        (BACKWARDS, [*JOB_MANAGER, SOCKS, *POOL]),
        (NEW, [SOCKS]),
        (NEW_MULTI, [SOCKS, METRICS]),
    ],
)
def test_the_load_balancer_has_the_ports_of_the_mode_in_upstreams_order(
    mode: str, ports: list[tuple[str, int]]
) -> None:
    """B5: the controller itself checks only some of them."""
    assert list(in_mode(mode).load_balancer_ports) == ports


@pytest.mark.parametrize(
    ("mode", "ports"),
    [
        (LEGACY, [*JOB_MANAGER, *POOL, METRICS]),
        (BACKWARDS, [*JOB_MANAGER, SOCKS, *POOL, METRICS]),
    ],
)
def test_metrics_for_outside_come_last_on_the_load_balancer(mode: str, ports: list[tuple[str, int]]) -> None:
    assert list(in_mode(mode, METRICS_OUTSIDE).load_balancer_ports) == ports


@pytest.mark.parametrize("mode", [LEGACY, BACKWARDS, NEW])
def test_metrics_for_inside_only_are_not_on_the_load_balancer(mode: str) -> None:
    assert METRICS not in in_mode(mode, METRICS_INSIDE).load_balancer_ports


def test_a_metrics_port_is_a_whole_number_in_its_name() -> None:
    """B16: upstream wrote metrics-8.001e+03 for an integer from the command line."""
    here = in_mode(NEW_MULTI, {"metrics": {"port": 9100}})
    assert here.metrics_port == ("metrics-9100", 9100)


GHCR = "ghcr.io/mathworks-ref-arch/matlab-parallel-server-k8s"


def test_default_images_carry_the_release_as_tag() -> None:
    """docs/upstream.md#images."""
    here = cluster({"release": "r2025b"})
    images = here.settings.images
    assert here.worker_image == f"{GHCR}/mjs-worker-image:r2025b"
    assert here.job_manager_image == f"{GHCR}/mjs-job-manager-image:r2025b"
    assert images.controller.reference("") == f"{GHCR}/mjs-controller-image:2.1.1"
    assert images.parallel_server_proxy.reference("") == "ghcr.io/mathworks/parallel-server-proxy:v1.0.1"
    assert images.haproxy.reference("") == "haproxy:3.3"


@pytest.mark.parametrize(
    ("installation", "images", "worker", "job_manager"),
    [
        (
            {"claim": "matlab"},
            {},
            "mathworks/matlab-deps:r2026a",
            f"{GHCR}/mjs-job-manager-image:r2026a",
        ),
        (
            {"claim": "matlab", "jobManagerUsesClaim": True},
            {},
            "mathworks/matlab-deps:r2026a",
            "mathworks/matlab-deps:r2026a",
        ),
        (
            {"claim": "matlab", "jobManagerUsesClaim": True},
            {"worker": {"tag": "r2025b"}, "jobManager": {"tag": "r2025a"}},
            "mathworks/matlab-deps:r2025b",
            "mathworks/matlab-deps:r2025a",
        ),
        (
            {},
            {"worker": {"repository": "registry.example.org:5000/matlab", "tag": "mine"}},
            "registry.example.org:5000/matlab:mine",
            f"{GHCR}/mjs-job-manager-image:r2026a",
        ),
        (
            {},
            {"worker": {"digest": "sha256:" + "0" * 64}},
            f"{GHCR}/mjs-worker-image:r2026a@sha256:" + "0" * 64,
            f"{GHCR}/mjs-job-manager-image:r2026a",
        ),
    ],
)
def test_matlab_from_a_claim_runs_on_the_dependencies_alone(
    installation: dict[str, Any], images: dict[str, Any], worker: str, job_manager: str
) -> None:
    """docs/upstream.md#images."""
    here = cluster({"installation": installation, "images": images})
    assert (here.worker_image, here.job_manager_image) == (worker, job_manager)


@pytest.mark.parametrize(
    ("release", "additional", "tag"),
    [
        ("r2026a", ["r2024a", "r2025a"], "r2025a"),
        ("r2026a", ["r2025a", "r2024a"], "r2025a"),
        ("r2025b", [], "r2025b"),
        ("r2024a", [], "r2024a"),
        ("r2026b", ["r2026a", "r2024b"], "r2024b"),
    ],
)
def test_pool_proxies_run_the_newest_release_before_r2026a(release: str, additional: list[str], tag: str) -> None:
    """B33: upstream's documentation says matlabRelease, for which no such image exists from r2026a on."""
    here = cluster({"release": release, "additionalSupportedReleases": additional})
    repository = "containers.mathworks.com/matlab-parallel-server-k8s/parallel-server-proxy-image"
    assert here.pool_proxy_image == f"{repository}:{tag}"


@pytest.mark.parametrize(
    ("security", "shared"),
    [
        ({}, True),
        ({"useSecureCommunication": False, "requireClientCertificate": False}, True),
        ({"useSecureCommunication": False, "requireScriptVerification": False}, True),
        ({"requireClientCertificate": False, "requireScriptVerification": False}, True),
        (
            {
                "useSecureCommunication": False,
                "requireClientCertificate": False,
                "requireScriptVerification": False,
            },
            False,
        ),
    ],
)
def test_the_shared_secret_is_mounted_when_any_of_three_settings_needs_it(
    security: dict[str, bool], shared: bool
) -> None:
    """docs/upstream.md#credentials."""
    assert cluster({"security": security}).uses_shared_secret is shared


@pytest.mark.parametrize(
    ("ldap", "installation", "imports"),
    [
        ({}, {}, False),
        ({"url": "ldap://ldap.example.org:389"}, {}, False),
        ({"url": "ldaps://ldap.example.org"}, {"claim": "matlab", "jobManagerUsesClaim": True}, False),
    ],
)
def test_an_ldap_certificate_is_imported_only_into_an_images_trust_store(
    ldap: dict[str, str], installation: dict[str, Any], imports: bool
) -> None:
    """docs/upstream.md#ldap."""
    assert cluster(LDAP, {"ldap": ldap, "installation": installation}).imports_ldap_certificate is imports
