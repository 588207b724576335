"""Keys, certificates and profiles in the cluster's Secrets: do they exist, belong together, and last?"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from components.matlab import names
from components.shared import pem
from components.shared.kube import Json
from components.shared.pem import EXPIRY_WARNING
from ops.doctor.findings import Finding
from ops.doctor.snapshot import Snapshot

_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    names.SHARED_SECRET: (names.SHARED_SECRET_FILE, names.CERTIFICATE_FILE),
    names.PARALLEL_SERVER_PROXY_SECRET: (names.CERTIFICATE_FILE,),
    names.PROFILE_SECRET: (names.PROFILE_KEY,),
    names.METRICS_SECRET: (names.METRICS_CA_FILE, *names.METRICS_SERVER_FILES),
}
"""What each Secret has to hold. One that does not exist is missed by the pods that need it."""


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about Secrets, where you may read them."""
    secrets = snapshot.of("Secret")
    authorities: dict[str, str] = {}
    for name, files in _FILES.items():
        if name not in secrets:
            continue
        try:
            values = {file: _decoded(secrets[name], file) for file in files}
            certificates = dict(_certificates(values))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            yield Finding("MJS050", ("Secret", name), f"cannot be used: {_reason(error)}")
            continue
        yield from _expiry(name, certificates, snapshot)
        if "authority" in certificates:
            authorities[name] = certificates["authority"]
    expected = authorities.get(names.SHARED_SECRET)
    for name, authority in authorities.items():
        if expected and authority != expected:
            key = ("Secret", name)
            yield Finding("MJS051", key, f"has a certificate of another CA than Secret {names.SHARED_SECRET}")


def ends(snapshot: Snapshot) -> dict[str, datetime]:
    """When each certificate expires, by Secret and what it is; without the ones that are damaged."""
    found: dict[str, datetime] = {}
    secrets = snapshot.of("Secret")
    for name, files in _FILES.items():
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            values = {file: _decoded(secrets[name], file) for file in files}
            found |= {f"{name}: {what}": pem.end(text) for what, text in _certificates(values)}
    return found


def _decoded(secret: Json, file: str) -> str:
    return b64decode((secret.get("data") or {})[file]).decode()


def _reason(error: Exception) -> str:
    # Never the value itself: it holds a private key.
    return f"there is no {error}" if isinstance(error, KeyError) else "a file is damaged"


def _certificates(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The certificates in a Secret's files, PEM, by what they are."""
    for file, text in values.items():
        if file == names.SHARED_SECRET_FILE:
            yield "authority", json.loads(text)["serverCert"].strip()
        elif file == names.CERTIFICATE_FILE:
            document = json.loads(text)
            yield "authority", document["serverCert"].strip()
            yield "certificate", document["clientCert"].strip()
        elif file == names.PROFILE_KEY:
            scheduler: Mapping[str, Any] = json.loads(text)["SchedulerComponent"]
            if "Certificate" in scheduler:
                yield "authority", scheduler["Certificate"].strip()
                yield "certificate of the profile", scheduler["ClientCertificate"].strip()
        elif file.endswith(".crt"):
            yield file, text.strip()


def _expiry(secret: str, certificates: Mapping[str, str], snapshot: Snapshot) -> Iterator[Finding]:
    for what, text in certificates.items():
        try:
            ends = pem.end(text)
        except ValueError:
            yield Finding("MJS050", ("Secret", secret), f"cannot be used: its {what} is not a certificate")
            continue
        if ends < snapshot.taken:
            yield Finding("MJS052", ("Secret", secret), f"holds an expired {what}: it ended on {ends:%Y-%m-%d}")
        elif ends < snapshot.taken + EXPIRY_WARNING:
            yield Finding("MJS053", ("Secret", secret), f"holds a {what} that expires on {ends:%Y-%m-%d}")
