"""What the state of the running stack knows of the Kubernetes cluster, read by the program itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.shared.manifest import KEPT

_READ: Final = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine (pulumi/pulumi pkg/resource/deploy/builtins.go); stack references once used it."""
_KUBERNETES: Final = "kubernetes:"
_CERTIFICATE: Final = "tls:index/locallySignedCert:LocallySignedCert"
BEING_WRITTEN: Final = "failed to load checkpoint"
ATTEMPTS: Final = 50
PAUSE_SECONDS: Final = 0.1

ObjectKey = tuple[str, str, str]
"""Namespace (empty for the whole cluster), kind and name of an object."""


@dataclass(frozen=True)
class State:
    """The Kubernetes objects that the stack has made. Their names, not labels, say what belongs to it."""

    uids: Mapping[ObjectKey, str] = field(default_factory=dict)
    """metadata.uid of each object, as it was last seen."""
    kept: Mapping[ObjectKey, str] = field(default_factory=dict)
    """The system of each object whose label says that it is kept."""
    certificates: frozenset[str] = frozenset()
    """Names of the certificates that the stack has signed."""

    def owned(self, namespace: str) -> frozenset[tuple[str, str]]:
        """Kind and name of every object in the namespace, and of the namespace itself."""
        inside = {(kind, name) for place, kind, name in self.uids if place == namespace}
        itself = {("Namespace", namespace)} if ("", "Namespace", namespace) in self.uids else set()
        return frozenset(inside | itself)


def read_state() -> State:
    """Read the state as it was before this run; empty for a new stack.

    A label with the stack's name would say the same, but `pulumi stack rename` changes the name, and a lost state
    leaves the label behind.
    """
    import pulumi

    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for _ in range(ATTEMPTS):
        try:
            answer = pulumi.runtime.invoke(_READ, {"stackName": name}).value or {}
            return _state(answer.get("outputs") or {})
        except Exception as error:
            # The engine is writing the checkpoint that it reads: it has just recorded that the stack exists.
            if BEING_WRITTEN not in str(error):
                raise
            time.sleep(PAUSE_SECONDS)
    raise pulumi.RunError("The state of this stack cannot be read: its file is incomplete. Nothing was changed.")


def _state(resources: Mapping[str, Any]) -> State:
    found = dict(_objects(resources))
    kept = {key: labels[KEPT] for key, metadata in found.items() if KEPT in (labels := metadata.get("labels") or {})}
    certificates = {
        urn.rpartition("::")[2] for urn, resource in resources.items() if resource.get("type") == _CERTIFICATE
    }
    uids = {key: metadata.get("uid", "") for key, metadata in found.items()}
    return State(uids, kept, frozenset(certificates))


def _objects(resources: Mapping[str, Any]) -> Iterator[tuple[ObjectKey, Mapping[str, Any]]]:
    for resource in resources.values():
        if not str(resource.get("type", "")).startswith(_KUBERNETES):
            continue
        outputs = resource.get("outputs") or {}
        metadata = outputs.get("metadata") or {}
        if outputs.get("kind") and metadata.get("name"):
            yield (metadata.get("namespace", ""), outputs["kind"], metadata["name"]), metadata
