"""What follows from the settings: proxy mode, ports, images, addresses. Pure functions, no Pulumi."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from math import ceil

from components.matlab import names
from components.matlab.fields import ldap_servers
from components.matlab.settings import Settings
from components.shared.groups import Image
from components.shared.workload import Port

FIRST_SOCKS_RELEASE = "r2026a"
"""First release whose clients speak SOCKS5 through the parallel server proxy."""
NEWEST_PUBLISHED_RELEASE = "r2026a"
"""Newest release that chart 2.1.1 publishes images for."""
JOB_MANAGER_PORTS = 10


class Mode(StrEnum):
    """How clients reach the cluster; the values are upstream's names (docs/upstream.md#modes)."""

    NO_PROXY = "no-proxy-mode"
    LEGACY = "legacy-proxy-mode"
    BACKWARDS_COMPATIBLE = "backwards-compatible-mode"
    NEW = "new-proxy-mode"
    NEW_MULTI = "new-multi-proxy-mode"


class Topology:
    """One cluster as its settings make it."""

    def __init__(self, settings: Settings, gateway_address: str | None = None) -> None:
        """`gateway_address` is the address of the Gateway that the settings name."""
        self.settings = settings
        self._gateway_address = gateway_address

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return self.settings.namespace.name

    @cached_property
    def mode(self) -> Mode:
        """The proxy mode: the first match wins (docs/upstream.md#modes)."""
        settings = self.settings
        oldest = min(settings.additional_supported_releases, default=settings.release)
        metrics = settings.metrics
        if settings.network.internal_clients_only:
            return Mode.NO_PROXY
        if oldest >= FIRST_SOCKS_RELEASE:
            return Mode.NEW_MULTI if metrics.export and metrics.open_port_outside_kubernetes else Mode.NEW
        return Mode.LEGACY if settings.release < FIRST_SOCKS_RELEASE else Mode.BACKWARDS_COMPATIBLE

    @property
    def uses_haproxy(self) -> bool:
        """Clients connect through HAProxy."""
        return self.mode in {Mode.LEGACY, Mode.BACKWARDS_COMPATIBLE, Mode.NEW_MULTI}

    @property
    def uses_pool_proxies(self) -> bool:
        """Clients before R2026a need pool proxies."""
        return self.mode in {Mode.LEGACY, Mode.BACKWARDS_COMPATIBLE}

    @property
    def uses_parallel_server_proxy(self) -> bool:
        """Clients of R2026a and later connect through the parallel server proxy."""
        return self.mode in {Mode.BACKWARDS_COMPATIBLE, Mode.NEW, Mode.NEW_MULTI}

    @property
    def parallel_server_proxy_name(self) -> str:
        """Deployment and `app` label of the parallel server proxy: in mode new it is the ingress proxy itself."""
        return names.PARALLEL_SERVER_PROXY if self.uses_haproxy else names.INGRESS_PROXY

    @property
    def open_to_outside(self) -> bool:
        """Clients outside Kubernetes can connect."""
        return self.mode is not Mode.NO_PROXY

    @property
    def uses_gateway(self) -> bool:
        """Clients outside Kubernetes connect through a Gateway."""
        return self.open_to_outside and self.settings.network.gateway.name is not None

    # Ports (docs/upstream.md#ports)

    @property
    def base_port(self) -> int:
        """First port of the job manager. A direct profile contains it, and clients add the offsets themselves."""
        return self.settings.network.base_port

    @property
    def lookup_port(self) -> int:
        """Port of the lookup service."""
        return self.base_port + 6

    @property
    def job_manager_port(self) -> int:
        """Port of the job manager itself; the offset changes with r2026b."""
        return self.base_port + (7 if self.settings.release >= "r2026b" else 9)

    @property
    def job_manager_ports(self) -> tuple[Port, ...]:
        """Ports of the job manager's Service, without the one of the metrics."""
        return tuple(Port(f"tcp-{port}", port) for port in range(self.base_port, self.base_port + JOB_MANAGER_PORTS))

    @property
    def metrics_port(self) -> Port:
        """Port of the metrics, if they are exported."""
        return Port(f"metrics-{self.settings.metrics.port}", self.settings.metrics.port)

    @property
    def metrics_outside(self) -> bool:
        """The metrics port is open to clients outside Kubernetes."""
        metrics = self.settings.metrics
        return self.uses_haproxy and metrics.export and metrics.open_port_outside_kubernetes

    @property
    def pool_proxy_count(self) -> int:
        """Pool proxies that the maximum number of workers needs, even in a mode without pool proxies."""
        return ceil(self.settings.workers.max / self.settings.pool_proxy.workers_per_pool_proxy)

    @cached_property
    def pool_proxy_ports(self) -> tuple[Port, ...]:
        """One port per pool proxy, in order.

        The name of every port contains its number: server-side apply merges ports by number, so a new number under an
        old name would be added to the old port, and a Service cannot have two ports with the same name.
        """
        first = self.settings.pool_proxy.base_port
        count = self.pool_proxy_count if self.uses_pool_proxies else 0
        return tuple(Port(f"tcp-pool-proxy-{first + index}", first + index) for index in range(count))

    @property
    def parallel_server_proxy_port(self) -> Port:
        """Port of the parallel server proxy."""
        number = self.settings.parallel_server_proxy.port
        return Port(f"tcp-parallel-server-proxy-{number}", number)

    @property
    def load_balancer_ports(self) -> tuple[Port, ...]:
        """Ports of the Service for clients outside, in upstream's order."""
        ports: list[Port] = []
        if self.uses_pool_proxies:
            lookup, manager = self.lookup_port, self.job_manager_port
            ports += [Port(f"tcp-lookup-{lookup}", lookup), Port(f"tcp-jobmanager-{manager}", manager)]
        if self.uses_parallel_server_proxy:
            ports.append(self.parallel_server_proxy_port)
        ports += self.pool_proxy_ports
        if self.metrics_outside:
            ports.append(self.metrics_port)
        return tuple(ports)

    # Credentials (docs/upstream.md#credentials)

    @property
    def mutual_tls(self) -> bool:
        """The parallel server proxy requires the profile's certificate."""
        return self.uses_parallel_server_proxy and self.settings.parallel_server_proxy.use_mutual_tls

    @property
    def uses_shared_secret(self) -> bool:
        """Job manager and workers mount the shared secret."""
        security = self.settings.security
        return (
            security.use_secure_communication
            or security.require_client_certificate
            or security.require_script_verification
        )

    @property
    def secure_metrics(self) -> bool:
        """Metrics are exported over HTTPS."""
        return self.settings.metrics.export and self.settings.metrics.use_secure

    @property
    def makes_metrics_certificates(self) -> bool:
        """The stack creates the certificates of the metrics itself."""
        return self.secure_metrics and not self.settings.metrics.bring_own_certificates

    @property
    def uses_admin_password(self) -> bool:
        """MJS requires the administrator's password (security level 2)."""
        return self.settings.security.level >= 2  # noqa: PLR2004 - MJS's own scale

    @property
    def imports_ldap_certificate(self) -> bool:
        """The job manager imports the LDAP server's certificate. MATLAB from a claim has a trust store of its own."""
        url = self.settings.ldap.url
        return url is not None and url.startswith("ldaps://") and not self.job_manager_uses_claim

    @property
    def ldap_ports(self) -> tuple[int, ...]:
        """Ports of the LDAP servers."""
        url = self.settings.ldap.url
        return tuple(sorted({server.port for server in ldap_servers(url)})) if url else ()

    # MATLAB (docs/upstream.md#images)

    @property
    def matlab_release(self) -> str:
        """The release as MJS writes it, such as R2026a."""
        return self.settings.release.replace("r", "R")

    @property
    def job_manager_uses_claim(self) -> bool:
        """The job manager takes MATLAB from the claim."""
        return self.settings.installation.claim is not None and self.settings.installation.job_manager_uses_claim

    @property
    def worker_image(self) -> str:
        """Image reference of the workers; with MATLAB from a claim, the dependencies alone under the worker's tag."""
        images = self.settings.images
        if self.settings.installation.claim:
            return images.reference(images.matlab_deps, images.worker.tag or self.settings.release)
        return images.reference(images.worker, self.settings.release)

    @property
    def job_manager_image(self) -> str:
        """Image reference of the job manager."""
        images = self.settings.images
        if self.job_manager_uses_claim:
            return images.reference(images.matlab_deps, images.job_manager.tag or self.settings.release)
        return images.reference(images.job_manager, self.settings.release)

    @property
    def worker_pull_policy(self) -> str:
        """Pull policy of the workers' image; upstream's applies with MATLAB from a claim too."""
        return self._pull_policy(self.settings.images.worker, from_claim=self.settings.installation.claim is not None)

    @property
    def job_manager_pull_policy(self) -> str:
        """Pull policy of the job manager's image."""
        return self._pull_policy(self.settings.images.job_manager, from_claim=self.job_manager_uses_claim)

    def _pull_policy(self, image: Image, *, from_claim: bool) -> str:
        dependencies = self.settings.images.matlab_deps
        if from_claim and "pull_policy" in dependencies.model_fields_set:
            return str(dependencies.pull_policy)
        return str(image.pull_policy)

    @property
    def pool_proxy_image(self) -> str:
        """Image reference of the pool proxies: the newest release before r2026a that is served (B33)."""
        releases = (self.settings.release, *self.settings.additional_supported_releases)
        older = [release for release in releases if release < FIRST_SOCKS_RELEASE]
        images = self.settings.images
        return images.reference(images.pool_proxy, max(older, default=self.settings.release))

    @property
    def images_in_use(self) -> tuple[Image, ...]:
        """Settings of the images that some pod runs."""
        images = self.settings.images
        found = [
            images.matlab_deps if self.settings.installation.claim else images.worker,
            images.matlab_deps if self.job_manager_uses_claim else images.job_manager,
            images.controller,
            *([images.parallel_server_proxy] if self.uses_parallel_server_proxy else []),
            *([images.haproxy] if self.uses_haproxy else []),
            *([images.pool_proxy] if self.uses_pool_proxies else []),
        ]
        return tuple(found)

    # Addresses

    def service_host(self, service: str) -> str:
        """Fully qualified DNS name of a Service of the cluster."""
        return f"{service}.{self.namespace}.svc.{self.settings.network.cluster_domain}"

    def metrics_hosts(self, host: str) -> tuple[str, ...]:
        """Names and addresses in the certificate of the metrics, the one to scrape first.

        `host` is the one that clients outside connect to.
        """
        metrics, inside = self.settings.metrics, self.service_host(names.JOB_MANAGER)
        if not metrics.open_port_outside_kubernetes:
            return (inside,)
        return (host, inside) if metrics.service_monitor else (host,)

    @property
    def client_host(self) -> str | None:
        """The host that clients connect to, where no load balancer has to tell it."""
        return self.settings.network.cluster_host or (self._gateway_address if self.uses_gateway else None)

    @property
    def needs_load_balancer_address(self) -> bool:
        """The profile needs the address that the load balancer gets."""
        return self.open_to_outside and not self.uses_gateway and self.settings.network.cluster_host is None
