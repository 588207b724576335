"""Rules about who gets in and with what: LDAP, credentials, environment variables, licenses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network

from components.matlab import job_manager, workers
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared import pem
from components.shared.mistakes import Mistake, Rule, no_effect

ADDED_BY_THE_CONTROLLER = {"WORKER_NAME", "LOGBASE", "HOSTNAME", "MPICH_INTERFACE_HOSTNAME"}
RESERVED_BEGINNINGS = ("MJS_", "MDCE_OVERRIDE_", "PARALLEL_SERVER_", "CLUSTER_")
"""Of variables that MJS, the controller and the scripts read (docs/upstream.md#what-it-adds-to-a-pod)."""
SETTINGS_OF_VARIABLES = {
    "MLM_LICENSE_FILE": "matlab.license.networkLicenseManager",
    "MJS_WORKER_USERNAME": "matlab.workers.username",
    "MJS_WORKER_PASSWORD": "matlab.workers.password",
    "USER": "matlab.workers.username",
    "MJS_JAVA": "matlab.installation.javaClaim",
    "MATLAB_JAVA": "matlab.installation.javaClaim",
    "PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD": "matlab.security.adminPassword",
}


def _ldap(settings: Settings) -> Iterator[Mistake]:
    ldap, security, cluster = settings.ldap, settings.security, Topology(settings)
    if cluster.imports_ldap_certificate and not ldap.certificate:
        yield Mistake(
            "matlab.ldap.certificate",
            "is required: the job manager has to trust the ldaps:// server",
            "Paste the PEM certificate of the server or of its CA.",
        )
    if ldap.certificate and not cluster.imports_ldap_certificate:
        yield no_effect(
            "matlab.ldap.certificate",
            "it is used only with an ldaps:// URL when the job manager runs MATLAB from its image",
            "Remove it, or write an ldaps:// URL.",
        )
    if not ldap.url:
        return
    # https://www.mathworks.com/help/matlab-parallel-server/configure-ldap-server-authentication-for-matlab-job-scheduler.html
    if not cluster.uses_admin_password:
        yield Mistake(
            "matlab.security.level",
            f"is {security.level}, and MJS authenticates users against an LDAP server only at level 2",
            "Write 2, or remove matlab.ldap.",
        )
    elif not security.admin_password:
        yield Mistake(
            "matlab.security.adminPassword",
            f"is required with an LDAP server: a generated password is not the LDAP password of {security.admin_user}",
            "Run: pulumi config set --secret --path matlab.security.adminPassword",
        )
    if not ldap.security_principal_format:
        yield Mistake(
            "matlab.ldap.securityPrincipalFormat",
            "is required with ldap.url: MJS turns user names into LDAP principals with it",
            "Write it with [username], such as [username]@example.org.",
        )


def _environment(settings: Settings) -> Iterator[Mistake]:
    if not settings.workers.env and not settings.job_manager.env:
        return
    in_workers, in_job_manager = reserved_variables()
    for group, variables, reserved in (
        ("workers", settings.workers.env, in_workers),
        ("jobManager", settings.job_manager.env, in_job_manager),
    ):
        for name in variables:
            if name in reserved or name.startswith(RESERVED_BEGINNINGS):
                setting = SETTINGS_OF_VARIABLES.get(name)
                yield Mistake(
                    f"matlab.{group}.env.{name}",
                    "is set by the program itself",
                    f"Set {setting} instead." if setting else "Use another name.",
                )


def _authority(settings: Settings) -> Iterator[Mistake]:
    authority, path = settings.security.authority, "matlab.security.authority"
    if authority.key and not authority.certificate:
        yield Mistake(f"{path}.certificate", "is missing, although there is a key", "Set both, or neither.")
    if authority.certificate and not authority.key:
        yield Mistake(f"{path}.key", "is missing, although there is a certificate", "Set both, or neither.")
    if authority.certificate and not pem.is_authority(authority.certificate):
        yield Mistake(
            f"{path}.certificate",
            "is not the certificate of a CA, so nothing that it signs is trusted (basic constraints)",
            "Paste serverCert of secret.json in Secret mjs-shared-secret.",
        )
    key = authority.key.get_secret_value() if authority.key else None
    if authority.certificate and key and not pem.is_unread(key) and not pem.belongs(key, authority.certificate):
        yield Mistake(
            f"{path}.key",
            "belongs to another certificate",
            "Take serverCert and serverKey from the same secret.json.",
        )


def _license(settings: Settings) -> Iterator[Mistake]:
    for host in _license_hosts(settings):
        if not _may_be_reached(settings, host):
            network = f"{host}/32" if re.fullmatch(r"[0-9.]+", host) else f"the network of {host}"
            yield Mistake(
                "matlab.license.networkLicenseManager",
                f"{host} is outside matlab.network.policies.workerEgress, so no worker could check out a license",
                f"Add {network} to workerEgress.",
            )


def _license_hosts(settings: Settings) -> list[str]:
    servers = re.split(r"[:,]", settings.license.network_license_manager or "")
    return [server.partition("@")[2] for server in servers if server]


def _may_be_reached(settings: Settings, host: str) -> bool:
    policies = settings.network.policies
    try:
        address = ip_address(host)
    except ValueError:
        return bool(policies.worker_egress) or not policies.enabled
    return not policies.enabled or any(address in ip_network(cidr) for cidr in policies.worker_egress)


@cache
def reserved_variables() -> tuple[frozenset[str], frozenset[str]]:
    """Variables that the program sets in workers and in the job manager, read off pods that need all of them."""
    cluster = Topology(
        Settings.model_validate(
            {
                "release": "r2026a",
                "additionalSupportedReleases": ["r2024b"],
                "workers": {"max": 1},
                "installation": {"javaClaim": "java"},
            }
        )
    )
    pods = (
        workers.pod_template(cluster, ""),
        job_manager.deployment(cluster, "")["spec"]["template"],
    )
    worker, manager = (
        frozenset(variable["name"] for container in pod["spec"]["containers"] for variable in container["env"])
        for pod in pods
    )
    return worker | ADDED_BY_THE_CONTROLLER, manager


RULES: tuple[Rule[Settings], ...] = (_ldap, _environment, _authority, _license)


def license_warnings(settings: Settings) -> Iterator[str]:
    """What is accepted about licenses but deserves a word."""
    license_, egress = settings.license, settings.network.policies
    if not license_.network_license_manager and not license_.use_online_licensing:
        yield (
            "matlab.license: neither networkLicenseManager nor useOnlineLicensing is set; "
            "workers will fail to check out licenses."
        )
    if license_.network_license_manager and license_.use_online_licensing:
        yield (
            "matlab.license: networkLicenseManager and useOnlineLicensing are both set; with online licensing, workers "
            "use the license of the user who signs in. Remove the one that you do not need."
        )
    everywhere = any(ip_network(cidr).prefixlen == 0 for cidr in egress.worker_egress)
    names = [host for host in _license_hosts(settings) if not re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]+", host)]
    if egress.enabled and not everywhere and names:
        yield (
            f"matlab.license.networkLicenseManager: workers reach {', '.join(names)} only if its address is in "
            "matlab.network.policies.workerEgress."
        )
