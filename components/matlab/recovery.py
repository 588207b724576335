"""Where the generated credentials of a MATLAB cluster are found again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from components.matlab import names, passwords, rotation
from components.matlab.topology import Topology
from components.shared.recovery import Recovered, SecretReader

_PASSWORDS: Final = {passwords.ADMIN: names.ADMIN_SECRET, passwords.WORKER: names.WORKER_USER_SECRET}


def recovered(cluster: Topology, secret: SecretReader) -> Recovered:
    """Passwords, the CA of the current generation, and its leaves.

    A leaf of another CA is left out: the program would hand it out with the wrong one (B7). So are the certificates of
    the metrics, because no Secret holds the key of their CA.
    """

    def values(name: str) -> Mapping[str, str]:
        return secret(cluster.namespace, name)

    found = {
        f"mjs-{what}": password
        for what, name in _PASSWORDS.items()
        if (password := values(name).get(names.PASSWORD_KEY))
    }
    security = cluster.settings.security
    authority = rotation.authority_name(security.credentials_generation)
    shared = _document(values(names.SHARED_SECRET).get(names.SHARED_SECRET_FILE))
    ca, ca_key = shared.get("serverCert"), shared.get("serverKey")
    if not ca or not ca_key:
        return Recovered(found)
    keys, certificates = {authority: ca_key}, {authority: ca}
    profile = _document(values(names.PROFILE_SECRET).get(names.PROFILE_KEY)).get("SchedulerComponent") or {}
    leaves = {
        "job-manager": _document(values(names.SHARED_SECRET).get(names.CERTIFICATE_FILE)),
        "proxy": _document(values(names.PARALLEL_SERVER_PROXY_SECRET).get(names.CERTIFICATE_FILE)),
        rotation.CLIENT: {
            "serverCert": profile.get("Certificate"),
            "clientCert": profile.get("ClientCertificate"),
            "clientKey": profile.get("ClientPrivateKey"),
        },
    }
    for what, leaf in leaves.items():
        certificate, key = leaf.get("clientCert"), leaf.get("clientKey")
        if certificate and key and leaf.get("serverCert") == ca:
            generation = security.leaf_generation
            name = rotation.leaf_name(authority, what, generation)
            keys[name] = key
            certificates[name] = certificate
            if mark := rotation.given_mark(security.authority):
                certificates[rotation.leaf_name(authority, what, generation, mark)] = certificate
    return Recovered(found, keys, certificates)


def _document(text: str | None) -> dict[str, Any]:
    """A JSON document that may be missing or damaged: MJS's controller accepts a Secret that somebody else filled."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
