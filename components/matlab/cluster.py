"""A MATLAB Parallel Server cluster as a Pulumi component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.matlab import (
    credentials,
    expiry,
    gateway,
    gateway_acceptance,
    metrics,
    names,
    passwords,
    profile,
    update_hooks,
)
from components.matlab.certificates import Content, Credentials
from components.matlab.objects import COMPONENTS, objects
from components.matlab.outputs import readme
from components.matlab.profile import Certificate
from components.matlab.settings import Settings
from components.shared.address import AddressRequest, ExternalAddress
from components.shared.component import SystemComponent
from components.shared.kube import KubernetesApi
from components.shared.manifest import base64
from components.shared.objects import PlannedObject, kept_on_destroy
from components.shared.passwords import fingerprints, password
from components.shared.survey import NOTHING, Survey

NO_LOAD_BALANCER = "Install one, or set matlab.network.clusterHost to the host that clients connect to."


def nameable(address: str) -> str:
    """The address of the load balancer. Raises RunError for one that a profile cannot name."""
    # Colons divide the parts of a profile's host string.
    if ":" in address:
        raise pulumi.RunError(
            f"The load balancer has the address {address}, and a cluster profile cannot contain an IPv6 address. Set "
            "matlab.network.clusterHost to a name that resolves to it."
        )
    return address


class MatlabCluster(SystemComponent):
    """MATLAB Job Scheduler on Kubernetes: a job manager, workers on demand, and an entrance for clients.

    The Kubernetes provider comes through `opts`.
    `address` finds the load balancer's address; it is not needed where `settings.network.cluster_host` is set.
    `survey` is what the Kubernetes cluster tells about itself, if it was asked.
    `api` is the API server through which an update pauses the queue, and that tells when its pods are Ready; without
    it, an update interrupts running jobs.
    """

    external_address: pulumi.Output[dict[str, Any]]
    """Host and ports that clients connect to: {"host": …, "ports": {name: number}}."""
    profile: pulumi.Output[str]
    """Secret. The cluster profile, ready to import in MATLAB."""
    profile_before_r2026a: pulumi.Output[str] | None
    """Secret. The profile for clients before R2026a, in the modes that serve both."""
    namespace: pulumi.Output[str]
    admin_user: pulumi.Output[str]
    admin_password: pulumi.Output[str]
    """Secret. Password of the MJS administrator."""
    release: pulumi.Output[str]
    proxy_mode: pulumi.Output[str]
    max_workers: pulumi.Output[int]
    certificate_expiry: pulumi.Output[dict[str, str]]
    """The day on which each certificate expires, as YYYY-MM-DD."""
    metrics_scrape_config: pulumi.Output[dict[str, Any]] | None
    """An entry of `scrape_configs` for Prometheus, if metrics are exported."""
    kept_on_destroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(  # noqa: PLR0913 - what it is, and where it is deployed
        self,
        name: str,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        address: ExternalAddress | None = None,
        survey: Survey = NOTHING,
        labels: Mapping[str, str] | None = None,
        api: KubernetesApi | None = None,
    ) -> None:
        """Register the cluster. Raises ValueError where an address is needed and nothing can find it."""
        self._cluster = cluster = gateway.topology(settings, survey)
        planned = objects(cluster, fingerprints(cluster.namespace), survey)
        super().__init__(
            "clusters:matlab:Cluster", name, opts, components=COMPONENTS, planned=planned, labels=labels, api=api
        )

        self._passwords = {
            names.ADMIN_SECRET: self._password(passwords.ADMIN, settings.security.admin_password),
            names.WORKER_USER_SECRET: self._password(passwords.WORKER, settings.workers.password),
        }
        self._credentials = Credentials(cluster, self.component(credentials.COMPONENT))
        self._host: pulumi.Output[str] | None = None
        self._address = address
        update = api and update_hooks.update(api, cluster, survey)
        if update:
            self.hooks = update_hooks.bindings(update, cluster)
        for item in planned:
            self._register(item)
        if update:
            update_hooks.finish(update, self.resources)
        self._complete(planned)

    def _password(self, what: str, given: Any) -> pulumi.Output[str]:
        return password(f"mjs-{what}", given, self.component(passwords.COMPONENT))

    def _register(self, item: PlannedObject) -> None:
        kind, name = item.key
        if kind != "Secret":
            self.register(item)
            return
        content = self._content(name)
        self.register(item, {file: text.apply(base64) for file, text in content.items()})

    def _content(self, secret: str) -> Content:
        """The values of a Secret. The ones that need the external address ask for it here, after its Service."""
        cluster = self._cluster
        if secret in self._passwords:
            return {names.PASSWORD_KEY: self._passwords[secret]}
        if secret == names.LDAP_SECRET:
            return {names.LDAP_CERTIFICATE_FILE: pulumi.Output.from_input(cluster.settings.ldap.certificate or "")}
        if secret in {names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET}:
            return {names.PROFILE_KEY: self._profile(secret)}
        if secret == names.METRICS_SECRET:
            self._credentials.add_metrics(self._metrics_hosts)
        return self._credentials.contents[secret]

    @property
    def host(self) -> pulumi.Output[str]:
        """The host that clients connect to; the job manager's own name where they are inside Kubernetes."""
        if self._host is None:
            self._host = self._find_host()
        return self._host

    @property
    def _metrics_hosts(self) -> pulumi.Output[Sequence[str]]:
        """Names in the certificate of the metrics. Without access from outside, they wait for no address."""
        outside = self._cluster.settings.metrics.open_port_outside_kubernetes
        host = self.host if outside else pulumi.Output.from_input("")
        return host.apply(self._cluster.metrics_hosts)

    def _find_host(self) -> pulumi.Output[str]:
        cluster, network = self._cluster, self._cluster.settings.network
        if not cluster.needs_load_balancer_address:
            return pulumi.Output.from_input(cluster.client_host or cluster.service_host(names.JOB_MANAGER))
        if self._address is None:
            raise ValueError("MatlabCluster needs `address`, or settings with network.clusterHost")
        timeout = network.load_balancer.address_timeout
        request = AddressRequest(cluster.namespace, names.INGRESS_PROXY, timeout, NO_LOAD_BALANCER)
        found = self._address(request, self.resources.get(("Service", names.INGRESS_PROXY)))
        return found.apply(nameable)

    def _profile(self, secret: str) -> pulumi.Output[str]:
        def document(known: dict[str, Any]) -> str:
            host: str = known["host"]
            leaf: Certificate = known["leaf"]
            entry = next(entry for entry in profile.profiles(self._cluster, host) if entry.secret == secret)
            name = self._cluster.settings.job_manager.name
            return profile.profile(name, entry.host, leaf if entry.with_certificate else None)

        inputs = pulumi.Output.all(host=self.host, leaf=self._credentials.client)
        return pulumi.Output.secret(inputs.apply(document))

    def _expiry(self) -> pulumi.Output[dict[str, str]]:
        """The days; what expires soon is said in a preview already."""
        settings = self._cluster.settings

        def told(ends: dict[str, str]) -> dict[str, str]:
            for warning in expiry.warnings(ends, settings):
                pulumi.log.warn(warning)
            return expiry.days(ends)

        return pulumi.Output.all(**self._credentials.ends, **expiry.given(settings)).apply(told)

    def _complete(self, planned: Sequence[PlannedObject]) -> None:
        cluster, settings, known = self._cluster, self._cluster.settings, pulumi.Output.from_input
        ports = {port.role: port.number for port in cluster.load_balancer_ports or cluster.job_manager_ports}
        if self._api:
            for key, resource in self.resources.items():
                if key[0] == gateway.ROUTE:
                    gateway_acceptance.awaited(self._api, cluster, key[1], resource)
        kept = kept_on_destroy(planned)
        has_older = ("Secret", names.PROFILE_PRE_R2026A_SECRET) in self.resources
        self.external_address = self.host.apply(lambda host: {"host": host, "ports": ports})
        self.profile = self._profile(names.PROFILE_SECRET)
        self.profile_before_r2026a = self._profile(names.PROFILE_PRE_R2026A_SECRET) if has_older else None
        self.namespace = known(cluster.namespace)
        self.admin_user = known(settings.security.admin_user)
        self.admin_password = self._passwords[names.ADMIN_SECRET]
        self.release = known(settings.release)
        self.proxy_mode = known(str(cluster.mode))
        self.max_workers = known(settings.workers.max)
        self.certificate_expiry = self._expiry()
        self.metrics_scrape_config = (
            self._metrics_hosts.apply(lambda hosts: metrics.scrape_config(cluster, hosts[0]))
            if settings.metrics.export
            else None
        )
        self.kept_on_destroy = known(kept)
        self.readme = self.host.apply(lambda host: readme(cluster, host, kept))
        self.outputs = {
            "externalAddress": self.external_address,
            "profile": self.profile,
            "namespace": self.namespace,
            "adminUser": self.admin_user,
            "adminPassword": self.admin_password,
            "release": self.release,
            "proxyMode": self.proxy_mode,
            "maxWorkers": self.max_workers,
            "certificateExpiry": self.certificate_expiry,
            "keptOnDestroy": self.kept_on_destroy,
            "readme": self.readme,
            **({"metricsScrapeConfig": self.metrics_scrape_config} if self.metrics_scrape_config else {}),
            **({"profileBeforeR2026a": self.profile_before_r2026a} if self.profile_before_r2026a else {}),
        }
        """Every output by the name that it has as a stack output."""
        self.complete(self.outputs)
