"""What the state of the running stack knows of the Kubernetes cluster, read by the program itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_READ: Final = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine (pulumi/pulumi pkg/resource/deploy/builtins.go); stack references once used it."""
_KUBERNETES: Final = "kubernetes:"


@dataclass(frozen=True)
class State:
    """The Kubernetes objects that the stack has made. Their names, not labels, say what belongs to it."""

    uids: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """From namespace (empty for the whole cluster), kind and name to metadata.uid, as it was last seen."""

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
    answer = pulumi.runtime.invoke(_READ, {"stackName": name}).value or {}
    return State(dict(_objects(answer.get("outputs") or {})))


def _objects(resources: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], str]]:
    for resource in resources.values():
        if not str(resource.get("type", "")).startswith(_KUBERNETES):
            continue
        outputs = resource.get("outputs") or {}
        metadata = outputs.get("metadata") or {}
        if outputs.get("kind") and metadata.get("name"):
            yield (metadata.get("namespace", ""), outputs["kind"], metadata["name"]), metadata.get("uid", "")
