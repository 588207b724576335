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
    if network and network["UseParallelServerProxy"] and not network["ParallelServerProxyUseMutualTLS"]:
        yield (
            "The SOCKS proxy can be reached from outside Kubernetes, and accepts clients without a certificate. Set "
            "matlab.parallelServerProxy.useMutualTLS to true, or matlab.network.internalClientsOnly to true."
        )


def security_level(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """At level 0, anybody can act in the name of any user."""
    network = _network(resource)
    if network and network["SecurityLevel"] == 0:
        yield (
            "The cluster can be reached from outside Kubernetes, and MJS checks no user. Set matlab.security.level to "
            "1 or 2, or matlab.network.internalClientsOnly to true."
        )


def _network(resource: Resource) -> Mapping[str, Any] | None:
    """How clients outside Kubernetes reach the MATLAB cluster; None if they do not, or if this is not where it is."""
    if resource.metadata.get("name") != CONTROLLER_CONFIG or "config.json" not in resource.data:
        return None
    network: Mapping[str, Any] = json.loads(resource.data["config.json"])["Network"]
    return None if network["InternalClientsOnly"] else network


def protection(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """Without protection, a destroy or a replacement deletes data or credentials."""
    if (resource.kind == CLAIM or resource.type in CREDENTIALS) and not resource.protected:
        yield "It is not protected, so a destroy would delete it for good. Register it with protect=True."


def digests(resource: Resource, _: Mapping[str, Any]) -> Iterator[str]:
    """A tag can be moved to another image; a digest cannot."""
    for image in dict.fromkeys(_images(resource)):
        if "@sha256:" not in image:
            yield f"Image {image} has no digest. Set the digest of this image, such as matlab.images.worker.digest."


def _images(resource: Resource) -> Iterator[str]:
    if template := resource.data.get("pod-template.yaml"):
        yield from _of_pod(yaml.safe_load(template)["spec"])
    if settings := resource.data.get("settings.toml"):
        yield from _texts(tomllib.loads(settings).get("manager", {}).get("image"))
    spec = resource.properties.get("spec") or {}
    if resource.kind == "Pod":
        yield from _of_pod(spec)
    elif resource.kind in {"Deployment", "StatefulSet", "DaemonSet", "Job"}:
        yield from _of_pod(spec["template"]["spec"])


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    for key in ("initContainers", "containers"):
        for container in spec.get(key) or ():
            yield from _texts(container["image"])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def owners(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """Every object needs an owner, who can be asked about it and pays for it."""
    wanted: Sequence[str] = config.get("labels") or ("owner",)
    labels = resource.metadata.get("labels") or {}
    missing = [label for label in wanted if not labels.get(label)]
    if resource.kind and missing:
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
