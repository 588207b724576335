"""Rules that need more than one setting (facts §2; bugs B12, B21, B23, B32, B37 of upstream as clear refusals)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from components.matlab import topology
from components.matlab.settings import HIGHEST_PORT, Settings
from components.matlab.topology import JOB_MANAGER_PORTS, Mode, Topology
from components.shared.fields import quantity
from components.shared.mistakes import Mistake, Rule, dotted
from components.shared.network_policy import METADATA_ADDRESSES

FIRST_METRICS_RELEASE = "r2024b"
RESTRICTED = "restricted"
NO_WORKER_STARTS = "is restricted, and MATLAB's workers start as root: none of them would run"
"""The controller alone hears of the refused pods: the deployment would look well (components/shared/security.py)."""
RESERVED_ENV = (
    {"WORKER_NAME", "LOGBASE", "HOSTNAME", "MPICH_INTERFACE_HOSTNAME", "USER", "SHELL", "MLM_LICENSE_FILE"},
    ("MJS_", "MDCE_OVERRIDE_", "PARALLEL_SERVER_"),
)
"""Variables that the controller and the scripts set: names, and beginnings of names (facts §3.4, §3.8, §3.10)."""
RESERVED_MOUNTS = ("/mjs", "/opt/matlab", "/opt/additionalmatlab", "/usr/local/share/matlab/mjs/java", "/cert", "/tmp")  # noqa: S108


def _workers(settings: Settings) -> Iterator[Mistake]:
    workers = settings.workers
    if workers.min > workers.max:
        # The controller would create min workers, beyond the maximum and the pool proxies (B12).
        yield Mistake(
            "matlab.workers.min",
            f"{workers.min} is more than matlab.workers.max, {workers.max}",
            "Lower min or raise max.",
        )


def _pod_security(settings: Settings) -> Iterator[Mistake]:
    if settings.namespace.pod_security == RESTRICTED:
        yield Mistake("matlab.namespace.podSecurity", NO_WORKER_STARTS, "Write baseline.")


def _releases(settings: Settings) -> Iterator[Mistake]:
    path = "matlab.additionalSupportedReleases"
    for index, release in enumerate(settings.additional_supported_releases):
        if release == settings.release:
            yield Mistake(f"{path}[{index}]", f"{release} is the cluster's own release", "Remove it.")
        elif release > settings.release:
            yield Mistake(
                f"{path}[{index}]",
                f"{release} is newer than matlab.release, {settings.release}",
                "Set matlab.release to the newest release and list the older ones.",
            )
    yield from _duplicates(path, settings.additional_supported_releases)


def _claims(settings: Settings) -> Iterator[Mistake]:
    yield from _duplicates("matlab.installation.additionalClaims", settings.installation.additional_claims)
    if settings.installation.job_manager_uses_claim and not settings.installation.claim:
        yield Mistake(
            "matlab.installation.jobManagerUsesClaim",
            "is true, but no claim holds MATLAB",
            "Set matlab.installation.claim, or remove this.",
        )
    for claim, path in settings.workers.claims.items():
        # A mount above one of these hides what the image has there.
        if any(f"{path}/".startswith(f"{used}/") or used.startswith(f"{path}/") for used in RESERVED_MOUNTS):
            yield Mistake(
                dotted(["matlab", "workers", "claims", claim]),
                f"{path} belongs to MATLAB Parallel Server",
                "Mount it elsewhere.",
            )
    twice = [path for path, count in Counter(settings.workers.claims.values()).items() if count > 1]
    for path in twice:
        yield Mistake("matlab.workers.claims", f"{path} is given to two claims", "Give each claim its own path.")


def _ports(settings: Settings) -> Iterator[Mistake]:
    here = Topology(settings)
    last = here.base_port + JOB_MANAGER_PORTS - 1
    if last > HIGHEST_PORT:
        yield Mistake(
            "matlab.network.basePort",
            f"the job manager needs ten ports, and {here.base_port} leaves no room below {HIGHEST_PORT}",
            f"Write {HIGHEST_PORT - JOB_MANAGER_PORTS + 1} or less.",
        )
    if settings.metrics.export and here.base_port <= settings.metrics.port <= last:
        yield Mistake(
            "matlab.metrics.port",
            f"{settings.metrics.port} is one of the job manager's ports, {here.base_port} to {last}",
            "Choose a port outside that range.",
        )
    if here.pool_proxy_ports and here.pool_proxy_ports[-1].number > HIGHEST_PORT:
        count = len(here.pool_proxy_ports)
        yield Mistake(
            "matlab.poolProxy.basePort",
            f"{settings.workers.max} workers need {count} pool proxies, and their ports go beyond {HIGHEST_PORT}",
            f"Write {HIGHEST_PORT - count + 1} or less, or raise matlab.poolProxy.workersPerPoolProxy.",
        )
    yield from _load_balancer_collisions(here)


def _load_balancer_collisions(here: Topology) -> Iterator[Mistake]:
    owners = {
        "tcp-lookup": "matlab.network.basePort",
        "tcp-jobmanager": "matlab.network.basePort",
        here.parallel_server_proxy_port.name: "matlab.parallelServerProxy.port",
        here.metrics_port.name: "matlab.metrics.port",
    }
    seen: dict[int, str] = {}
    for port in here.load_balancer_ports:
        if port.number in seen:
            yield Mistake(
                owners.get(port.name, "matlab.poolProxy.basePort"),
                f"port {port.number} of the load balancer would be both {seen[port.number]} and {port.name}",
                "Choose ports that do not meet (docs/network.md).",
            )
            return
        seen[port.number] = port.name


def _metrics(settings: Settings) -> Iterator[Mistake]:
    metrics, path = settings.metrics, "matlab.metrics"
    release = settings.images.job_manager.tag or settings.release
    if metrics.export and re.fullmatch(r"r20\d\d[ab]", release) and release < FIRST_METRICS_RELEASE:
        yield Mistake(
            f"{path}.export",
            f"needs a job manager of r2024b or later, and this one is {release}",
            "Set matlab.images.jobManager.tag to r2024b or later, or export to false.",
        )
    if metrics.open_port_outside_kubernetes and not metrics.export:
        yield Mistake(
            f"{path}.openPortOutsideKubernetes", "is true, but no metrics are exported", "Set matlab.metrics.export."
        )
    if metrics.open_port_outside_kubernetes and settings.network.internal_clients_only:
        yield Mistake(
            f"{path}.openPortOutsideKubernetes",
            "is true, but matlab.network.internalClientsOnly closes every way in",
            "Set one of the two to false.",
        )
    if metrics.bring_own_certificates and not (metrics.export and metrics.use_secure):
        yield Mistake(
            f"{path}.bringOwnCertificates",
            "is true, but no metrics are exported over HTTPS",
            "Set matlab.metrics.export and useSecure to true, or remove this.",
        )


def _way_in(settings: Settings) -> Iterator[Mistake]:
    here, network = Topology(settings), settings.network
    balancer = network.load_balancer
    guarded = bool(balancer.source_ranges) or (balancer.create and balancer.type == "ClusterIP")
    if here.uses_parallel_server_proxy and not here.mutual_tls and not guarded:
        # A SOCKS5 relay to any address inside the cluster, open to whoever reaches the load balancer (B37).
        yield Mistake(
            "matlab.parallelServerProxy.useMutualTLS",
            "is false, so anybody who reaches the load balancer could connect to any address inside the cluster",
            "Set it to true, or name the networks of your users in matlab.network.loadBalancer.sourceRanges.",
        )
    if here.mode is Mode.NO_PROXY:
        return
    if balancer.create and balancer.type != "LoadBalancer" and not network.cluster_host:
        yield Mistake(
            "matlab.network.clusterHost",
            f"is required with a Service of type {balancer.type}: it gets no address that clients could use",
            "Write the host name or IP address that clients connect to.",
        )
    if balancer.type == "NodePort" and balancer.create:
        for port in here.load_balancer_ports:
            if not 30000 <= port.number <= 32767:  # noqa: PLR2004 - Kubernetes' default range for node ports
                yield Mistake(
                    "matlab.network.loadBalancer.type",
                    f"NodePort cannot carry port {port.number}: clients use the same number inside and outside, and "
                    "node ports lie between 30000 and 32767",
                    "Choose ports in that range, or type LoadBalancer.",
                )
    if not balancer.create and balancer.model_fields_set - {"create", "source_ranges", "address_timeout"}:
        yield Mistake(
            "matlab.network.loadBalancer.create",
            "is false, but the other settings describe a Service to make",
            "Remove them, or set create to true.",
        )


def _policies(settings: Settings) -> Iterator[Mistake]:
    for index, cidr in enumerate(settings.network.policies.worker_egress):
        if cidr in METADATA_ADDRESSES:
            # Inside a wider network it is left out; alone, nothing would be left.
            yield Mistake(
                f"matlab.network.policies.workerEgress[{index}]",
                f"{cidr} is where clouds hand the node's credentials to whoever asks",
                "Remove it.",
            )


def _ldap(settings: Settings) -> Iterator[Mistake]:
    ldap, here = settings.ldap, Topology(settings)
    if here.imports_ldap_certificate and not ldap.certificate:
        yield Mistake(
            "matlab.ldap.certificate",
            "is required: the job manager has to trust the ldaps:// server",
            "Paste the PEM certificate of the server or of its CA.",
        )
    if ldap.certificate and not here.imports_ldap_certificate:
        yield Mistake(
            "matlab.ldap.certificate",
            "would be used by nobody: only an ldaps:// url with MATLAB from the image needs it",
            "Remove it, or write an ldaps:// url.",
        )


def _resources(settings: Settings) -> Iterator[Mistake]:
    resources = {
        "workers": settings.workers.resources,
        "jobManager": settings.job_manager.resources,
        "controller": settings.controller.resources,
        "parallelServerProxy": settings.parallel_server_proxy.resources,
        "poolProxy": settings.pool_proxy.resources,
        "haproxy": settings.haproxy.resources,
    }
    for part, amounts in resources.items():
        for what in ("cpu", "memory"):
            request, limit = getattr(amounts, f"{what}_request"), getattr(amounts, f"{what}_limit")
            if request and limit and quantity(request) > quantity(limit):
                yield Mistake(
                    f"matlab.{part}.resources.{what}Request",
                    f"{request} is more than the limit, {limit}",
                    f"Lower it, or raise {what}Limit.",
                )


def _environment(settings: Settings) -> Iterator[Mistake]:
    reserved, beginnings = RESERVED_ENV
    for part, variables in (("workers", settings.workers.env), ("jobManager", settings.job_manager.env)):
        for name in variables:
            if name in reserved or name.startswith(beginnings):
                yield Mistake(
                    f"matlab.{part}.env.{name}", "is set by MATLAB Parallel Server itself", "Use another name."
                )


def _authority(settings: Settings) -> Iterator[Mistake]:
    authority, path = settings.security.authority, "matlab.security.authority"
    if authority.key and not authority.certificate:
        yield Mistake(f"{path}.certificate", "is missing beside the key", "Give both, or neither.")
    if authority.certificate and not authority.key:
        yield Mistake(f"{path}.key", "is missing beside the certificate", "Give both, or neither.")


def _duplicates(path: str, items: Sequence[str]) -> Iterator[Mistake]:
    for item, count in Counter(items).items():
        if count > 1:
            yield Mistake(path, f"{item} stands there {count} times", "Keep one.")


RULES: tuple[Rule[Settings], ...] = (
    _workers,
    _pod_security,
    _releases,
    _claims,
    _ports,
    _metrics,
    _way_in,
    _policies,
    _ldap,
    _resources,
    _environment,
    _authority,
)


def warnings(settings: Settings) -> Iterator[str]:
    """What is accepted and still deserves a word."""
    if settings.release > topology.NEWEST_PUBLISHED_RELEASE:
        yield (
            f"matlab.release: upstream has not published {settings.release} for Kubernetes yet; "
            "its ports follow the rule for r2026b and later."
        )
    if not settings.license.network_license_manager and not settings.license.use_online_licensing:
        yield (
            "matlab.license: neither networkLicenseManager nor useOnlineLicensing is set; "
            "workers will fail to check out licences."
        )
