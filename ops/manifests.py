"""All objects of a MATLAB cluster in a moment, without Pulumi: a rendering needs an engine, and a tenth of a second.

`components/matlab/cluster.py` registers the same ones (tests/unit/test_rendering.py compares them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic import SecretStr

from components.matlab import names
from components.matlab.manifests import controller, job_manager, network_policies, proxies, workers
from components.matlab.profile import Certificate, profile, profiles
from components.matlab.storage import own_claims
from components.matlab.topology import Topology
from components.shared.manifest import Manifest, claim
from components.shared.namespace import namespace

Name = tuple[str, str]
"""Kind and name of an object."""
Mark = Callable[[SecretStr | None], str]

ADDRESS: Final = "load-balancer-address.invalid"
"""Stands for the external address; a name under .invalid never resolves (RFC 2606)."""


def fixed_mark(_: SecretStr | None) -> str:
    """The mark of a generated password, for those who look at no passwords (components/shared/passwords.py)."""
    return "generated"


def objects(cluster: Topology, mark: Mark = fixed_mark) -> dict[Name, Manifest]:
    """Every manifest but the Secrets, by kind and name."""
    made = list(_manifests(cluster, mark))
    found = {(item["kind"], item["metadata"]["name"]): item for item in made}
    if len(found) != len(made):
        raise AssertionError("two objects share a kind and a name")
    return found


def _manifests(cluster: Topology, mark: Mark) -> Iterator[Manifest]:
    settings = cluster.settings
    if settings.namespace.create:
        yield namespace(settings.namespace)
    yield from network_policies.network_policies(cluster)
    for name, volume in own_claims(cluster).items():
        yield claim(name, cluster.namespace, volume)
    yield workers.configuration(cluster)
    yield workers.template(cluster, mark(settings.workers.password))
    yield workers.service(cluster)
    if cluster.uses_pool_proxies:
        yield proxies.pool_proxy_template(cluster)
        for number in range(1, cluster.pool_proxy_count + 1):
            yield proxies.pool_proxy_service(cluster, number)
    if cluster.open_to_outside and settings.network.load_balancer.create:
        yield proxies.load_balancer(cluster)
    yield job_manager.configuration(cluster)
    yield job_manager.deployment(cluster, mark(settings.security.admin_password))
    yield job_manager.service(cluster)
    if cluster.uses_parallel_server_proxy:
        yield proxies.parallel_server_proxy(cluster)
        if cluster.uses_haproxy:
            yield proxies.parallel_server_proxy_service(cluster)
    if cluster.uses_haproxy:
        yield proxies.haproxy_config(cluster)
        yield proxies.haproxy(cluster)
    yield controller.service_account(cluster)
    yield controller.role(cluster)
    yield controller.role_binding(cluster)
    yield controller.configuration(cluster)
    yield controller.deployment(cluster)


def secrets(cluster: Topology) -> dict[Name, Any]:
    """The Secrets, each as what its content is made from: another content is never made from the same."""
    security = cluster.settings.security
    credentials = security.credentials_generation, security.authority
    host = cluster.settings.network.cluster_host or ADDRESS
    leaf = Certificate(str(credentials), "key", "authority")
    found: dict[str, Any] = {
        names.ADMIN_SECRET: security.admin_password,
        names.WORKER_USER_SECRET: cluster.settings.workers.password,
        names.SHARED_SECRET: credentials,
        names.PARALLEL_SERVER_PROXY_SECRET: credentials,
    }
    if cluster.imports_ldap_certificate:
        found[names.LDAP_SECRET] = cluster.settings.ldap.certificate
    for entry in profiles(cluster, host):
        certificate = leaf if entry.with_certificate else None
        found[entry.secret] = profile(cluster.settings.job_manager.name, entry.host, certificate)
    metrics = cluster.settings.metrics
    if cluster.secure_metrics and not metrics.bring_own_certificates:
        # A CA of their own, which no given authority replaces.
        authority = security.credentials_generation
        found[names.METRICS_SECRET] = authority, metrics.open_port_outside_kubernetes and host
        found[names.METRICS_CLIENT_SECRET] = authority
    return {("Secret", name): (cluster.namespace, content) for name, content in found.items()}
