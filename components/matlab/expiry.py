"""When the certificates of a MATLAB cluster expire, and what to do before that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from components.matlab.settings import Settings
from components.shared import pem

AUTHORITY: Final = "authority"
JOB_MANAGER: Final = "jobManager"
PROXY: Final = "parallelServerProxy"
PROFILE: Final = "profile"
METRICS: Final = "metrics"
METRICS_CLIENT: Final = "metricsClient"
LDAP: Final = "ldap"
"""Names of the certificates in the stack output `certificateExpiry`."""
_NEW_CA: Final = (
    "Increase matlab.security.credentialsGeneration by one and hand out the new profile: "
    "every profile in use becomes invalid."
)
_NEW_LEAVES: Final = (
    "Increase matlab.security.leafGeneration by one: the CA stays, so profiles in use stay valid until they expire."
)
_NEW_PROFILE: Final = "Increase matlab.security.leafGeneration by one and hand out the new profile before that day."
_REMEDIES: Final[Mapping[str, str]] = {
    AUTHORITY: _NEW_CA,
    JOB_MANAGER: _NEW_LEAVES,
    PROXY: _NEW_LEAVES,
    PROFILE: _NEW_PROFILE,
    METRICS: _NEW_LEAVES,
    METRICS_CLIENT: _NEW_LEAVES,
}


def days(ends: Mapping[str, str]) -> dict[str, str]:
    """The day on which each certificate expires, from ISO times."""
    return {name: end[:10] for name, end in ends.items()}


def given(settings: Settings) -> dict[str, str]:
    """When the certificates expire that the settings contain and the cluster uses as they are."""
    certificate = settings.ldap.certificate
    return {LDAP: pem.end(certificate).isoformat()} if certificate else {}


def warnings(ends: Mapping[str, str], settings: Settings, now: datetime | None = None) -> Iterator[str]:
    """A sentence for each certificate of the stack that expires soon, with the remedy.

    Certificates in the settings have a warning of their own, which names the setting.
    """
    for name, end in ends.items():
        if name == LDAP or (name == AUTHORITY and settings.security.authority.certificate):
            continue
        if words := pem.soon(datetime.fromisoformat(end), now):
            yield f"The certificate `{name}` {words}. {_REMEDIES[name]}"
