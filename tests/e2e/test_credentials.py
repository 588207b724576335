"""Certificates that really expire soon, and the two ways to replace them, on a real API server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509

from tests.e2e.checkout import Checkout, refused
from tests.pem import pair

DAYS = 30
VALIDITY = "VALIDITY_HOURS = 87_600"
INVALID = "every profile that you handed out becomes invalid"
STAYS = "The CA stays"


def test_certificates_expire_and_are_replaced(checkout: Checkout) -> None:
    certificates = checkout.root / "components" / "matlab" / "certificates.py"
    text = certificates.read_text()
    assert VALIDITY in text
    certificates.write_text(text.replace(VALIDITY, f"VALIDITY_HOURS = {24 * DAYS}"))
    checkout.matlab["metrics"] = {"export": True}
    checkout.matlab["ldap"] = {
        "url": "ldaps://ldap.example.org:636",
        "securityPrincipalFormat": "[username]@example.org",
        "certificate": pair("ldap", ends=timedelta(days=DAYS)).certificate,
    }
    checkout.set_secret("matlab.security.adminPassword", "of the directory")
    day = f"{datetime.now(UTC) + timedelta(days=DAYS):%Y-%m-%d}"
    checkout.run("up")

    outputs = checkout.outputs()
    profile = scheduler(outputs["profile"])
    end = x509.load_pem_x509_certificate(profile["ClientCertificate"].encode()).not_valid_after_utc
    names = ("authority", "jobManager", "ldap", "metrics", "metricsClient", "parallelServerProxy", "profile")
    assert outputs["certificateExpiry"] == dict.fromkeys(names, f"{end:%Y-%m-%d}")
    assert f"{end:%Y-%m-%d}" == day
    preview = checkout.run("preview")
    for name in ("jobManager", "parallelServerProxy", "profile", "metrics", "metricsClient"):
        assert f"The certificate `{name}` expires on {day}. Increase matlab.security.leafGeneration" in preview
    assert f"The certificate `authority` expires on {day}. Increase matlab.security.credentialsGeneration" in preview
    assert f"matlab.ldap.certificate: expires on {day}" in preview
    assert INVALID not in preview
    assert STAYS not in preview

    checkout.matlab["security"]["leafGeneration"] = 2
    checkout.write()
    preview = checkout.run("preview")
    assert STAYS in preview
    assert INVALID not in preview
    before = {
        name: checkout.deployment(name)["metadata"]["generation"] for name in ("mjs-controller", "mjs-job-manager")
    }
    checkout.run("up")
    after = {name: checkout.deployment(name)["metadata"]["generation"] for name in before}
    assert [name for name in before if before[name] != after[name]] == ["mjs-job-manager"]
    renewed = scheduler(checkout.outputs()["profile"])
    assert renewed["Certificate"] == profile["Certificate"]
    assert renewed["ClientCertificate"] != profile["ClientCertificate"]
    ca = x509.load_pem_x509_certificate(renewed["Certificate"].encode())
    for certificate in (renewed["ClientCertificate"], profile["ClientCertificate"]):
        x509.load_pem_x509_certificate(certificate.encode()).verify_directly_issued_by(ca)
    again = checkout.run("preview")
    assert STAYS not in again

    checkout.matlab["security"]["credentialsGeneration"] = 2
    checkout.write()
    preview = checkout.run("preview")
    assert INVALID in preview
    assert STAYS not in preview
    checkout.run("up")
    assert scheduler(checkout.outputs()["profile"])["Certificate"] != renewed["Certificate"]

    checkout.matlab["security"]["leafGeneration"] = 3
    checkout.write()
    checkout.run("up")

    # `up` without a preview, which is what the embedded default does, would replace the CA before Pulumi fails.
    checkout.matlab["security"] |= {"credentialsGeneration": 1, "leafGeneration": 5}
    possible = "Write 2 to keep them, or 3 to replace them.", "Write 3 to keep them, or 4 to replace them."
    refused(checkout, *possible)


def scheduler(profile: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(profile)["SchedulerComponent"]
    return found


def generations(checkout: Checkout) -> dict[str, int]:
    """How often each Deployment has changed."""
    names = ("mjs-controller", "mjs-job-manager", "mjs-ingress-proxy")
    return {name: checkout.deployment(name)["metadata"]["generation"] for name in names}
