"""Generated credentials, as the Secrets of a Kubernetes cluster still hold them when the state is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SecretReader = Callable[[str, str], Mapping[str, str]]
"""Returns the values of a Secret, decoded, by namespace and name; empty if there is no such Secret."""


@dataclass(frozen=True)
class Recovered:
    """Credentials by the name of the Pulumi resource that had made them."""

    passwords: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Private keys: PKCS#8 or OpenSSH."""
    certificates: Mapping[str, str] = field(default_factory=dict)
    """Certificates, PEM."""
