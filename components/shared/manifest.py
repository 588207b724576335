"""Building blocks of Kubernetes manifests: plain dictionaries, no Pulumi, the same bytes for the same settings."""

from __future__ import annotations

import functools
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from components.shared.groups import Resources, Toleration, Volume
from components.shared.references import in_order
from components.shared.yaml_for_go import Dumper

Manifest = dict[str, Any]

GPU: Final = "nvidia.com/gpu"
"""The resource by which NVIDIA's device plugin counts GPUs."""
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
STACK: Final = "clusters.pulumi/stack"
"""Tells people which stack made an object. What belongs to a stack is what its state contains."""
KEPT: Final = "clusters.pulumi/kept"
"""Label of an object that must outlive the setting that describes it. Its value is the system."""
CHECKSUM: Final = "checksum/config"
"""Pod annotation that changes with the configuration, so that pods roll with it."""
CREDENTIALS_GENERATION: Final = "clusters.pulumi/credentials-generation"
"""Pod annotation that changes with the credentials, whose own bytes must stay out of pod specs."""


def owned_by(stack: str) -> dict[str, str]:
    """The labels that every object of a stack carries."""
    return {MANAGED_BY: "pulumi", STACK: stack}


def manifest(  # noqa: PLR0913 - the parts of a manifest
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **rest: Any,
) -> Manifest:
    """One Kubernetes object."""
    metadata: Manifest = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def config_map(name: str, namespace: str, data: Mapping[str, str]) -> Manifest:
    """A ConfigMap."""
    return manifest("v1", "ConfigMap", name, namespace, data=dict(data))


def base64(text: str) -> str:
    """The form in which a Secret's `data` holds text."""
    return b64encode(text.encode()).decode()


def secret_data(secret: Mapping[str, Any]) -> dict[str, str]:
    """The data of a Secret, in clear."""
    return {key: b64decode(text).decode() for key, text in (secret.get("data") or {}).items()}


def checksum(data: Mapping[str, str]) -> str:
    """SHA-256 of a ConfigMap's data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def yaml_text(document: Any) -> str:
    """YAML with sorted keys and no line folding: for MJS's controller other bytes are another version."""
    return _yaml_text(json.dumps(document))


@functools.lru_cache(maxsize=256)
def _yaml_text(document: str) -> str:
    # The same few pod templates, thousands of times, for generators/matlab_changes.py: PyYAML is slow,
    # and its faster twin in C writes other bytes and is not everywhere.
    return yaml.dump(json.loads(document), Dumper=Dumper, sort_keys=True, width=float("inf"), allow_unicode=True)


def env(values: Mapping[str, str]) -> list[Manifest]:
    """Environment variables as a person wrote them: Kubernetes expands $(NAME), and $$(NAME) stays as $(NAME).

    A variable comes after the ones that it refers to: Kubernetes leaves references to later ones as they are.
    """
    return [{"name": name, "value": values[name]} for name in in_order(values)]


def literal_env(values: Mapping[str, str]) -> list[Manifest]:
    """Environment variables that hold exactly these texts, whatever they contain."""
    return env({name: literal(value) for name, value in values.items()})


def literal(text: str) -> str:
    """A text that means itself in a variable, a command or an argument of a container."""
    return text.replace("$", "$$") if "$(" in text or "$$" in text else text


def env_from_secret(name: str, secret: str, key: str) -> Manifest:
    """An environment variable with a Secret's content."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def resources(amounts: Resources, extra_limits: Mapping[str, str] | None = None) -> Manifest:
    """Requests and limits of a container, without empty entries."""
    requests = {"cpu": amounts.cpu_request, "memory": amounts.memory_request}
    limits = {"cpu": amounts.cpu_limit, "memory": amounts.memory_limit, **(extra_limits or {})}
    parts = {"requests": requests, "limits": limits}
    return {
        part: present
        for part, given in parts.items()
        if (present := {key: value for key, value in given.items() if value})
    }


def tolerations(given: Sequence[Toleration]) -> list[Manifest]:
    """Tolerations as the API writes them."""
    return [toleration.model_dump(by_alias=True, exclude_none=True) for toleration in given]


def claim(name: str, namespace: str, volume: Volume, labels: Mapping[str, str] | None = None) -> Manifest:
    """The claim that the stack makes for a volume."""
    spec: Manifest = {
        "accessModes": [str(mode) for mode in volume.access_modes],
        "resources": {"requests": {"storage": volume.size}},
    }
    if volume.storage_class:
        spec["storageClassName"] = volume.storage_class
    return manifest("v1", "PersistentVolumeClaim", name, namespace, labels=labels, spec=spec)


def volume_source(name: str, own_claim: str, volume: Volume) -> Manifest:
    """The pod volume for a place for data."""
    if not volume.persistent:
        return {"name": name, "emptyDir": {}}
    return {"name": name, "persistentVolumeClaim": {"claimName": volume.claim or own_claim}}


def read_only_claim(name: str, claim_name: str) -> Manifest:
    """The pod volume of a claim that nobody may write; some drivers need the word at the source too (B19)."""
    return {"name": name, "persistentVolumeClaim": {"claimName": claim_name, "readOnly": True}}


def files(folder: Path, *file_names: str) -> dict[str, str]:
    """The text of files that a ConfigMap carries."""
    return {name: _text(folder / name) for name in file_names}


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
