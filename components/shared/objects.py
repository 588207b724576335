"""What a system consists of: one ordered list of Kubernetes objects, without Pulumi.

The component registers this list, `ops render` writes it, the preflight knows the names and kinds from it, and the
pages about restarts and about what outlives a destroy are derived from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import SecretStr

from components.shared.manifest import KEPT, Manifest

TOKEN_SECRET: Final = "kubernetes.io/service-account-token"  # noqa: S105 - a Secret's type
Key = tuple[str, str]
"""Kind and name of an object."""
Fingerprint = Callable[[SecretStr | None, str], str]
"""From a password (None: generated) and what it is for to a word that changes with it."""


@dataclass(frozen=True)
class PlannedObject:
    """One object, and how it is registered."""

    manifest: Manifest
    component: str
    """The component that it belongs to, a key of the system's `COMPONENTS`."""
    after: tuple[Key, ...] = ()
    """Objects that have to be written first, besides the ones that its pods mount or read."""
    pod_template: Manifest | None = None
    """The pod template that the object holds as text, where it is a ConfigMap with one."""
    protect: bool = False
    """A destroy keeps the object."""
    timeout: int | None = None
    """Seconds until it must be ready; None: the provider's default."""
    skip_await: bool = False
    """Nobody has to wait until it is ready."""
    wait_for: str | None = None
    """A condition that counts as ready in place of the provider's own, such as `jsonpath={.status.startTime}`."""
    take_back: bool = False
    """Fields that another writer has changed are taken back instead of being reported as a conflict."""
    left_to_others: tuple[str, ...] = ()
    """Top-level fields that the stack sets once, at creation, and then leaves to another writer."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.manifest["kind"], self.manifest["metadata"]["name"]


def protected(item: PlannedObject, system: str) -> PlannedObject:
    """The object, protected. A run whose config no longer has it knows by its label that Pulumi will not delete it."""
    metadata = item.manifest["metadata"]
    labelled = {**metadata, "labels": {**metadata.get("labels", {}), KEPT: system}}
    return replace(item, manifest={**item.manifest, "metadata": labelled}, protect=True)


def secret(name: str, namespace: str) -> Manifest:
    """A Secret without its content, which only Pulumi knows."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
    }


def token_secret(name: str, namespace: str, account: str) -> Manifest:
    """A Secret that Kubernetes itself fills with a token of a ServiceAccount; the token does not expire.

    https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": account},
        },
        "type": TOKEN_SECRET,
    }


def title(kind: str, namespace: str, name: str) -> str:
    """An object as kubectl's users write it: `Deployment mjs/mjs-controller`; one of the whole cluster without `/`."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def by_key(objects: Iterable[PlannedObject]) -> dict[Key, PlannedObject]:
    """The objects by kind and name, in the order in which they are written.

    Raises ValueError where two objects share a kind and a name, or one comes before another that it depends on.
    """
    found: dict[Key, PlannedObject] = {}
    for item in objects:
        if item.key in found:
            raise ValueError(f"two objects are {item.key}")
        found[item.key] = item
    written: set[Key] = set()
    for item in found.values():
        if early := [key for key in dependencies(item, found) if key not in written]:
            raise ValueError(f"{item.key} comes before {early}")
        written.add(item.key)
    return found


def dependencies(item: PlannedObject, known: Mapping[Key, Any]) -> list[Key]:
    """The objects of `known` that must be written before `item`: its pods start with what they find there.

    A controller recreates pods as soon as their template changes, so a Secret or ConfigMap that is written later is
    not in them, and nothing would start them again.
    """
    mentioned = [*item.after, *references(item.pod_template or _pod_template(item.manifest))]
    return list(dict.fromkeys(key for key in mentioned if key in known and key != item.key))


def _pod_template(manifest: Manifest) -> Manifest:
    template: Manifest = (manifest.get("spec") or {}).get("template") or {}
    return template


def references(pod_template: Manifest) -> list[Key]:
    """Kind and name of every object without which the pods of a template cannot start."""
    spec: Manifest = pod_template.get("spec") or {}
    found: list[Key] = []
    for volume in spec.get("volumes") or ():
        found += _of_volume(volume)
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            found += _named(source.get("secretKeyRef"), "Secret", "name")
            found += _named(source.get("configMapKeyRef"), "ConfigMap", "name")
        for source in container.get("envFrom") or ():
            found += _named(source.get("secretRef"), "Secret", "name")
            found += _named(source.get("configMapRef"), "ConfigMap", "name")
    found += _named(spec, "ServiceAccount", "serviceAccountName")
    for entry in spec.get("imagePullSecrets") or ():
        found += _named(entry, "Secret", "name")
    return found


def _of_volume(volume: Manifest) -> list[Key]:
    found = [
        *_named(volume.get("configMap"), "ConfigMap", "name"),
        *_named(volume.get("secret"), "Secret", "secretName"),
        *_named(volume.get("persistentVolumeClaim"), "PersistentVolumeClaim", "claimName"),
    ]
    for source in (volume.get("projected") or {}).get("sources") or ():
        found += _named(source.get("configMap"), "ConfigMap", "name")
        found += _named(source.get("secret"), "Secret", "name")
    return found


def _named(source: Manifest | None, kind: str, field: str) -> list[Key]:
    name = (source or {}).get(field)
    return [(kind, name)] if source and name and not source.get("optional") else []


def kept_on_destroy(objects: Sequence[PlannedObject]) -> list[str]:
    """The protected objects, as `Kind/name`: a destroy leaves them."""
    return ["/".join(item.key) for item in objects if item.protect]
