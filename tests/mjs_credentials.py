"""Credentials as MJS's controller makes them, with short keys."""

from __future__ import annotations

from typing import Any

from components.matlab import credentials, names, profile
from components.matlab.profile import Certificate
from local.pulumi import credentials as make

PASSWORD = "an administrator's own"


def made_secrets(host: str = "host") -> dict[str, dict[str, str]]:
    """Values of the Secrets by name: the administrator's own, then the controller's; `host` is the profile's."""

    def key() -> dict[str, Any]:
        return make.private_key({"algorithm": "RSA", "rsaBits": 2048}).outputs

    own = key()
    common = {"validityPeriodHours": 87_600, "allowedUses": []}
    subject = {"subject": {"commonName": "server"}, "privateKeyPem": own["privateKeyPem"], "isCaCertificate": True}
    ca = make.self_signed_certificate({**common, **subject}).outputs["certPem"]

    def leaf() -> Certificate:
        other = key()
        request = {"subject": {"commonName": "client"}, "privateKeyPem": other["privateKeyPem"]}
        signing = {
            "certRequestPem": make.certificate_request(request).outputs["certRequestPem"],
            "caCertPem": ca,
            "caPrivateKeyPem": own["privateKeyPem"],
        }
        text = make.locally_signed_certificate({**common, **signing}).outputs["certPem"]
        return Certificate(text, other["privateKeyPemPkcs8"], ca)

    return {
        names.ADMIN_SECRET: {names.PASSWORD_KEY: PASSWORD},
        names.SHARED_SECRET: {
            names.SHARED_SECRET_FILE: credentials.shared_secret(ca, own["privateKeyPemPkcs8"]),
            names.CERTIFICATE_FILE: credentials.certificate_file(leaf()),
        },
        names.PARALLEL_SERVER_PROXY_SECRET: {names.CERTIFICATE_FILE: credentials.certificate_file(leaf())},
        names.PROFILE_SECRET: {names.PROFILE_KEY: profile.profile("MJS_Kubernetes", host, leaf())},
    }
