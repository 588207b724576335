"""Rules about who gets in and with what: LDAP, credentials, licenses."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab.fields import license_servers, proxy_host
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared import pem
from components.shared.hosts import reaches, share
from components.shared.mistakes import Mistake, Rule, no_effect
from components.shared.placeholders import is_unread_secret


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
            f"is {security.level}, but MJS authenticates users against an LDAP server only at level 2",
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


def _authority(settings: Settings) -> Iterator[Mistake]:
    authority, path = settings.security.authority, "matlab.security.authority"
    if authority.key and not authority.certificate:
        yield Mistake(f"{path}.certificate", "is missing, although there is a key", "Set both, or neither.")
    if authority.certificate and not authority.key:
        yield Mistake(f"{path}.key", "is missing, although there is a certificate", "Set both, or neither.")
    if authority.certificate and (problem := pem.authority_problem(authority.certificate)):
        yield Mistake(
            f"{path}.certificate",
            problem,
            "Paste serverCert of secret.json in Secret mjs-shared-secret, or another CA certificate without key usage.",
        )
    key = authority.key.get_secret_value() if authority.key else None
    if authority.certificate and key and not is_unread_secret(key) and not pem.belongs(key, authority.certificate):
        yield Mistake(
            f"{path}.key",
            "belongs to another certificate",
            "Take serverCert and serverKey from the same secret.json.",
        )


def _validity(settings: Settings) -> Iterator[Mistake]:
    authority, ldap = settings.security.authority.certificate, settings.ldap.certificate
    if authority and (problem := pem.invalid_now(authority)):
        yield Mistake(
            "matlab.security.authority.certificate",
            f"{problem}, so no client would trust the cluster",
            "Paste a valid CA certificate with its key, or remove matlab.security.authority and hand out new profiles.",
        )
    if ldap and (problem := pem.invalid_now(ldap)):
        yield Mistake(
            "matlab.ldap.certificate",
            f"{problem}, so the job manager would not trust the LDAP server",
            "Paste the present certificate of the server or of its CA.",
        )


def _license(settings: Settings) -> Iterator[Mistake]:
    if not settings.network.policies.enabled:
        return
    allowed = settings.network.policies.worker_egress
    for server in license_servers(settings.license.network_license_manager or ""):
        known = reaches(allowed, server.host)
        reachable, network = bool(allowed), f"the network of {server.host}"
        if known is not None:
            reachable, network = known, f"{server.host}/32"
        if not reachable:
            yield Mistake(
                "matlab.license.networkLicenseManager",
                f"{server.host} is outside matlab.network.policies.workerEgress, so no worker could check out a "
                "license",
                f"Add {network} to workerEgress.",
            )


RULES: tuple[Rule[Settings], ...] = (_ldap, _authority, _validity, _license)


def expiry_warnings(settings: Settings) -> Iterator[str]:
    """Certificates that expire soon."""
    for path, certificate in (
        ("matlab.ldap.certificate", settings.ldap.certificate),
        ("matlab.security.authority.certificate", settings.security.authority.certificate),
    ):
        if certificate and (words := pem.soon(pem.end(certificate))):
            yield f"{path}: {words}."


def ldap_warnings(settings: Settings) -> Iterator[str]:
    """An LDAP server that everybody between it and the job manager can listen to."""
    if settings.ldap.url and settings.ldap.url.startswith("ldap://"):
        yield (
            "matlab.ldap.url: with ldap://, the passwords of all users travel unencrypted from the job manager to the "
            "LDAP server. Use ldaps:// if the server offers it."
        )


def license_warnings(settings: Settings) -> Iterator[str]:
    """What is accepted about licenses but deserves a word."""
    license_, policies = settings.license, settings.network.policies
    path = "matlab.license"
    if not license_.network_license_manager and not license_.use_online_licensing:
        yield (
            f"{path}: neither networkLicenseManager nor useOnlineLicensing is set; workers will fail to check out "
            "licenses. Set one of them."
        )
    if license_.network_license_manager and license_.use_online_licensing:
        yield (
            f"{path}: networkLicenseManager and useOnlineLicensing are both set; with online licensing, workers use "
            "the license of the user who signs in. Remove the one that you do not need."
        )
    if not policies.enabled or share(policies.worker_egress, 4) == 1:
        return
    proxy = settings.network.web_proxy
    hosts = dict.fromkeys(proxy_host(url) for url in (proxy.http, proxy.https) if url)
    if unknown := [host for host in hosts if reaches(policies.worker_egress, host) is None]:
        yield (
            f"matlab.network.webProxy: workers reach {', '.join(unknown)} only if its address is in "
            "matlab.network.policies.workerEgress."
        )
    servers = license_servers(license_.network_license_manager or "")
    names = [server.host for server in servers if not server.host.replace(".", "").isdigit()]
    if names:
        yield (
            f"{path}.networkLicenseManager: workers reach {', '.join(names)} only if its address is in "
            "matlab.network.policies.workerEgress."
        )
    if license_.use_online_licensing:
        yield (
            f"{path}.useOnlineLicensing: workers reach MathWorks' licensing service only if its addresses are in "
            "matlab.network.policies.workerEgress."
        )


def open_warnings(settings: Settings) -> Iterator[str]:
    """A job manager that runs the programs of anybody who reaches it."""
    cluster, security = Topology(settings), settings.security
    balancer = settings.network.load_balancer
    guarded = security.require_client_certificate or cluster.uses_admin_password
    reachable = cluster.uses_pool_proxies or (cluster.uses_parallel_server_proxy and not cluster.mutual_tls)
    if reachable and not guarded and not balancer.source_ranges:
        yield (
            f"matlab.security: with level {security.level} and without requireClientCertificate, everybody who reaches "
            "the cluster can run programs on its workers. Set one of them, or list the networks of your users in "
            "matlab.network.loadBalancer.sourceRanges."
        )
