"""Groups of settings that every system has: container images, resources, claims, scheduling."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from components.shared import node_labels, reserved_keys
from components.shared.fields import (
    Bool,
    Count,
    Distinct,
    DnsName,
    LabelKey,
    LabelValue,
    Line,
    Model,
    NamespaceName,
    refuse,
)
from components.shared.image_names import Digest, Repository, Tag
from components.shared.quantities import Bytes, Cpu


class PullPolicy(StrEnum):
    """When the kubelet pulls an image (imagePullPolicy)."""

    ALWAYS = "Always"
    NEVER = "Never"
    IF_NOT_PRESENT = "IfNotPresent"


class AccessMode(StrEnum):
    """How many nodes may mount a volume (accessModes of a PersistentVolumeClaim)."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_ONLY_MANY = "ReadOnlyMany"
    READ_WRITE_MANY = "ReadWriteMany"
    READ_WRITE_ONCE_POD = "ReadWriteOncePod"


class Image(Model):
    """One container image."""

    repository: Repository
    """Registry and path, without a tag."""
    tag: Tag | None = None
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: Digest | None = None
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pull_policy: PullPolicy = PullPolicy.IF_NOT_PRESENT
    """Always, Never or IfNotPresent."""

    def reference(self, tag: str) -> str:
        """The full image reference; `tag` is used where none is set."""
        tagged = f"{self.repository}:{self.tag or tag}"
        return f"{tagged}@{self.digest}" if self.digest else tagged


def has_own_repository(image: Image) -> bool:
    """Tell whether the stack file names the repository."""
    return "repository" in image.model_fields_set


class Resources(Model):
    """Requests and limits of one container, as Kubernetes quantities; null leaves one out."""

    cpu_request: Cpu | None = None
    """CPU that the scheduler reserves, in cores."""
    cpu_limit: Cpu | None = None
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memory_request: Bytes | None = None
    """Memory that the scheduler reserves, in bytes."""
    memory_limit: Bytes | None = None
    """Memory above which the container is killed, in bytes; null: no limit."""


def _modes_together(value: tuple[AccessMode, ...]) -> tuple[AccessMode, ...]:
    # kubernetes pkg/apis/core/validation, ValidatePersistentVolumeClaimSpec
    if AccessMode.READ_WRITE_ONCE_POD in value and len(value) > 1:
        refuse("lists ReadWriteOncePod with other access modes", "List it alone, or remove it.")
    if set(value) == {AccessMode.READ_ONLY_MANY}:
        refuse("is read-only, but the claim is new and empty", "Write ReadWriteOnce or ReadWriteMany.")
    return value


AccessModes = Annotated[Distinct[AccessMode], Field(min_length=1), AfterValidator(_modes_together)]


class Volume(Model):
    """A volume for data: a claim that the stack creates and keeps, one that exists, or none."""

    claim: DnsName | None = None
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: Bytes
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storage_class: DnsName | None = None
    """StorageClass of the claim that the stack creates; null: the default class."""
    access_modes: AccessModes = (AccessMode.READ_WRITE_ONCE,)
    """Access modes of the claim that the stack creates."""
    persistent: Bool = True
    """false: no claim; the data is deleted with the pod."""

    @model_validator(mode="after")
    def _one_way(self) -> Volume:
        if self.claim and self.model_fields_set & {"size", "storage_class", "access_modes"}:
            refuse(
                "names an existing claim and describes a new one",
                "Remove claim, or remove size, storageClass and accessModes.",
            )
        if not self.persistent and self.model_fields_set - {"persistent"}:
            refuse("describes a claim, but persistent is false", "Remove persistent, or remove the other settings.")
        return self


class Toleration(Model):
    """A taint that pods tolerate (Kubernetes toleration)."""

    key: LabelKey | None = None
    """Taint key; null with operator Exists: every key."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """Exists or Equal."""
    value: LabelValue | None = None
    """Taint value, with operator Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """NoSchedule, PreferNoSchedule or NoExecute; null: every effect."""
    toleration_seconds: Count | None = None
    """Seconds to stay on the node, with effect NoExecute; null: forever."""

    @model_validator(mode="after")
    def _as_the_api_demands(self) -> Toleration:
        if self.operator == "Exists" and self.value:
            refuse("has a value, but operator Exists takes none", "Remove value, or write operator: Equal.")
        if self.key is None and self.operator == "Equal":
            refuse("has no key", "Write a key, or operator: Exists for every taint.")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            refuse("has tolerationSeconds without effect NoExecute", "Write effect: NoExecute.")
        return self


class Namespace(Model):
    """The namespace of one system. Object names are fixed, so a namespace can contain each system only once."""

    name: NamespaceName
    """Name of the namespace."""
    create: Bool = True
    """true: the stack creates and keeps it; false: it already exists."""
    pod_security: Literal["privileged", "baseline", "restricted"] = "baseline"
    """Pod Security level that is enforced in a namespace that the stack creates. Violations of `restricted` are always
    reported. A level that the system's own pods violate is rejected."""


RESERVED_LABELS: Final = ("app", "app.kubernetes.io/managed-by")
RESERVED_PREFIXES: Final = ("clusters.pulumi/", "mjs/")


def _own_labels(value: dict[str, str]) -> dict[str, str]:
    for label in value:
        if label in RESERVED_LABELS or label.startswith(RESERVED_PREFIXES):
            refuse(f"sets `{label}`, which the program sets itself", "Choose another label.")
        if reserved_keys.is_of_kubernetes(label):
            refuse(f"sets `{label}`, and controllers of Kubernetes act on labels with this prefix", "Remove it.")
        if owner := reserved_keys.owner(label):
            refuse(f"sets `{label}`, {owner}", "Remove it.")
    return value


def _node_selector(value: dict[str, str]) -> dict[str, str]:
    for label, wanted in value.items():
        if found := node_labels.impossible(label, [wanted]):
            refuse(*found)
    return value


NodeSelector = Annotated[dict[LabelKey, LabelValue], AfterValidator(_node_selector)]
"""Labels that a node must have."""
OwnLabels = Annotated[dict[LabelKey, LabelValue], AfterValidator(_own_labels)]


def _kubeconfig(value: str) -> str:
    if "://" in value or value.startswith("$") or re.match(r"[~/][^:]*:[~/]", value):
        refuse(f"{value!r} is not a path", "Write the path of one file. Only ~ is expanded; variables are not.")
    return value


KubeconfigPath = Annotated[Line, AfterValidator(_kubeconfig)]
"""The path of one kubeconfig."""


class Target(Model):
    """The Kubernetes cluster that the stack file names. The program never touches another one."""

    context: Line | None = None
    """Context in the kubeconfig, which names the cluster. Required unless embedded is true."""
    kubeconfig: KubeconfigPath | None = None
    """Path of the kubeconfig; null: $KUBECONFIG or ~/.kube/config. A relative path starts at the project's folder; ~
    is expanded."""
    embedded: Bool = False
    """true: deploy to the local control plane that `make cluster-up` starts."""
    labels: OwnLabels = {}  # noqa: RUF012 - pydantic copies defaults
    """Labels of every object that the stack creates, such as owner: vision. Running pods are not restarted: their
    labels stay as they are."""

    @model_validator(mode="after")
    def _names_one_cluster(self) -> Target:
        if self.embedded and (self.context or self.kubeconfig):
            refuse("names a context and the embedded cluster", "Remove embedded, or remove context and kubeconfig.")
        if not self.embedded and not self.context:
            refuse(
                "names no cluster",
                "Write context: NAME (see kubectl config get-contexts), or embedded: true for the local one.",
            )
        return self
