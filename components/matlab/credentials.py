"""The credentials of a MATLAB cluster, in the Secrets and documents where MJS and its controller find them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from components.matlab import names
from components.matlab.profile import Certificate, profile, profiles
from components.matlab.topology import Topology
from components.shared.objects import PlannedObject, protected, secret

COMPONENT: Final = "credentials"


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The Secrets, without their values."""

    def planned(name: str, **options: Any) -> PlannedObject:
        return PlannedObject(secret(name, cluster.namespace), COMPONENT, **options)

    for name in (names.SHARED_SECRET, names.PARALLEL_SERVER_PROXY_SECRET):
        yield protected(planned(name), names.SYSTEM)
    if cluster.makes_metrics_certificates:
        for name in (names.METRICS_SECRET, names.METRICS_CLIENT_SECRET):
            yield planned(name)
    for entry in profiles(cluster, ""):
        # The controller rewrites a profile whose host is outdated; the next `up` takes it back.
        yield planned(entry.secret, take_back=True)


def sources(cluster: Topology, host: str) -> dict[str, Any]:
    """What the content of each Secret of the cluster is made from: equal sources, equal content.

    `host` is the external address.
    """
    settings = cluster.settings
    security = settings.security
    generation = security.credentials_generation, security.leaf_generation, security.authority
    leaf = Certificate(str(generation), "key", "authority")
    found: dict[str, Any] = {
        names.ADMIN_SECRET: security.admin_password,
        names.WORKER_USER_SECRET: settings.workers.password,
        names.SHARED_SECRET: generation,
        names.PARALLEL_SERVER_PROXY_SECRET: generation,
    }
    if cluster.imports_ldap_certificate:
        found[names.LDAP_SECRET] = settings.ldap.certificate
    for entry in profiles(cluster, host):
        found[entry.secret] = profile(settings.job_manager.name, entry.host, leaf if entry.with_certificate else None)
    if cluster.makes_metrics_certificates:
        # Metrics have their own CA, which security.authority does not replace.
        authority = security.credentials_generation, security.leaf_generation
        found[names.METRICS_SECRET] = authority, cluster.metrics_hosts(host)
        found[names.METRICS_CLIENT_SECRET] = authority
    return found


def shared_secret(authority: str, key: str) -> str:
    """`secret.json`: the CA and its key."""
    return json.dumps({"serverCert": authority, "serverKey": key}, indent=2)


def certificate_file(leaf: Certificate) -> str:
    """`certificate.json`: a leaf, its key and the CA."""
    document = {"clientCert": leaf.certificate, "clientKey": leaf.key, "serverCert": leaf.authority}
    return json.dumps(document, indent=2)
