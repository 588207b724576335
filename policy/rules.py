"""The rules, as functions from one resource to what is wrong with it. They need neither engine nor program."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

CONTROLLER_CONFIG = "mjs-controller-config"
"""ConfigMap in which MathWorks' controller reads how a MATLAB cluster is reached (docs/upstream.md)."""
CREDENTIALS = frozenset({"tls:index/privateKey:PrivateKey", "random:index/randomPassword:RandomPassword"})
CLAIM = "PersistentVolumeClaim"
POD_SPECS = (
    ("spec",),
    ("template", "spec"),
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
"""Where an object of any kind holds a pod: also those of operators, which follow Kubernetes' own kinds."""


@dataclass(frozen=True)
class Resource:
    """One resource that the stack registers."""

    type: str
    """Pulumi's type, such as `kubernetes:apps/v1:Deployment`."""
    properties: Mapping[str, Any]
    protected: bool

    @property
    def kind(self) -> str:
        """Kind of a Kubernetes object; empty for anything else."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else ""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Metadata of a Kubernetes object."""
        return self.properties.get("metadata") or {}

    @property
    def data(self) -> Mapping[str, str]:
        """Content of a ConfigMap."""
        return (self.properties.get("data") or {}) if self.kind == "ConfigMap" else {}


Rule = Callable[[Resource, Mapping[str, Any]], Iterator[str]]
"""From a resource and the rule's configuration to what is wrong, one sentence each."""


def mutual_tls(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """A SOCKS proxy without mutual TLS connects anybody who reaches it to every pod behind it."""
    network = _network(resource)
    if network.get("UseParallelServerProxy") and not network.get("ParallelServerProxyUseMutualTLS"):
        yield (
            "The SOCKS proxy can be reached from outside Kubernetes, and accepts clients without a certificate. Set "
            "matlab.parallelServerProxy.useMutualTLS to true, or matlab.network.internalClientsOnly to true."
        )


def security_level(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """At level 0, anybody can act in the name of any user."""
    network = _network(resource)
    if network.get("SecurityLevel") == 0:
        yield (
            "The cluster can be reached from outside Kubernetes, and MJS checks no user. Set matlab.security.level to "
            "1 or 2, or matlab.network.internalClientsOnly to true."
        )


def _network(resource: Resource) -> Mapping[str, Any]:
    """How clients outside Kubernetes reach the MATLAB cluster; empty if they do not, or if this is not where it is."""
    if resource.metadata.get("name") != CONTROLLER_CONFIG:
        return {}
    network = _at(_parsed(json.loads, resource.data.get("config.json")), "Network")
    return {} if network.get("InternalClientsOnly") else network


def _parsed(read: Callable[[str], Any], text: str | None) -> Mapping[str, Any]:
    """What a document says; nothing if it is of another program, which may call anything by the same name."""
    try:
        return _at(read(text)) if text else {}
    except (ValueError, yaml.YAMLError):
        return {}


def _at(value: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def protection(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """Without protection, a destroy or a replacement deletes data or credentials."""
    if (resource.kind == CLAIM or resource.type in CREDENTIALS) and not resource.protected:
        yield "It is not protected, so a destroy would delete it for good. Register it with protect=True."


def digests(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """A tag can be moved to another image; a digest cannot."""
    for image in dict.fromkeys(_images(resource)):
        if "@" not in image:
            yield f"Image {image} has no digest. Set the digest of this image, such as matlab.images.worker.digest."


def _images(resource: Resource) -> Iterator[str]:
    yield from _of_pod(_at(_parsed(yaml.safe_load, resource.data.get("pod-template.yaml")), "spec"))
    yield from _texts(_at(_parsed(tomllib.loads, resource.data.get("settings.toml")), "manager").get("image"))
    if resource.kind:
        for path in POD_SPECS:
            yield from _of_pod(_at(resource.properties, *path))


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in _items(spec.get(key)):
            yield from _texts(container.get("image"))
    for volume in _items(spec.get("volumes")):
        yield from _texts(_at(volume, "image").get("reference"))


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Sequence):
        yield from (item for item in value if isinstance(item, Mapping))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def owners(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """Every object needs an owner, who can be asked about it and pays for it."""
    if unknown := config.keys() - {"labels"}:
        raise ValueError(f"owner-labels has no setting {', '.join(sorted(unknown))}. Write the labels under `labels`.")
    wanted: Sequence[str] = config.get("labels") or ("owner",)
    labels = resource.metadata.get("labels") or {}
    missing = [label for label in wanted if not labels.get(label)]
    # A release of Helm has the prefix of an object, and a list the form of one, but neither has labels.
    is_object = "apiVersion" in resource.properties and "items" not in resource.properties
    if resource.kind and is_object and missing:
        yield f"It lacks {', '.join(missing)}. Set it in kubernetes.labels."


RULES: Mapping[str, Rule] = {
    "socks-proxy-with-mutual-tls": mutual_tls,
    "no-open-security-level": security_level,
    "protected-data-and-credentials": protection,
    "images-by-digest": digests,
    "owner-labels": owners,
}
OPTIONAL = frozenset({"images-by-digest", "owner-labels"})
"""Rules that are off until the configuration sets their `enforcementLevel`."""
