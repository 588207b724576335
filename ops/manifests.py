"""All objects of a MATLAB cluster by kind and name, without Pulumi."""

from __future__ import annotations

from typing import Any

from components.matlab.objects import objects as planned_objects
from components.matlab.system import PLACEHOLDER_ADDRESS as ADDRESS
from components.matlab.system import SYSTEM
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.objects import Fingerprint, Key

Name = Key


def fixed_mark(_given: object, _purpose: str) -> str:
    """The fingerprint of a generated password."""
    return "generated"


def objects(cluster: Topology, mark: Fingerprint = fixed_mark) -> dict[Name, Manifest]:
    """Every manifest but the Secrets."""
    return {item.key: item.manifest for item in planned_objects(cluster, mark) if item.key[0] != "Secret"}


def secrets(cluster: Topology) -> dict[Name, Any]:
    """What the content of each Secret is made from."""
    sources = SYSTEM.secret_sources(cluster.settings)
    return {("Secret", name): (cluster.namespace, content) for name, content in sources.items()}


__all__ = ["ADDRESS", "Name", "fixed_mark", "objects", "secrets"]
