"""Groups of settings that every system has: container images, resources, claims, scheduling."""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from components.shared import node_labels, reserved_keys
from components.shared.fields import (
    HIGHEST_PORT,
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


_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = (
    r"(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\]"
)
# https://github.com/distribution/reference/blob/main/reference.go
_REPOSITORY = re.compile(rf"(?:(?:{_DOMAIN})(?::[0-9]+)?/)?{_PATH}(?:/{_PATH})*", re.ASCII)
_REPOSITORY_LENGTH = 255
_HOST = re.compile(rf"(?:{_DOMAIN})(?::(?P<port>[0-9]+))?", re.ASCII)
_OF_WINDOWS: Final = ("nanoserver", "windowsservercore")
_OF_NOTHING: Final = f"sha256:{sha256().hexdigest()}"
"""What scripts write that got no answer."""


def _repository(value: str) -> str:
    name, at, digest = value.partition("@")
    last = name.rsplit("/", 1)[-1]
    if at or ":" in last:
        alone, _, tag = last.partition(":")
        parts = [f"repository: {name.removesuffix(last)}{alone}"]
        parts += [f'tag: "{tag}"'] if tag else []
        parts += [f"digest: {digest}"] if digest else []
        refuse(f"{value!r} contains a tag or digest, which have settings of their own", f"Write {', '.join(parts)}.")
    if not _REPOSITORY.fullmatch(value) or len(value) > _REPOSITORY_LENGTH or not _has_possible_host(value):
        refuse(
            f"{value!r} is not an image repository",
            "Write registry/path with the path in lower case and without a scheme, such as registry.example.org/mjs.",
        )
    return value


def _tag(value: str) -> str:
    if not re.fullmatch(r"\w[\w.-]{0,127}", value, re.ASCII):
        refuse(f"{value!r} is not an image tag", "Use up to 128 letters, digits, underscores, dots and dashes.")
    if any(word in value for word in _OF_WINDOWS):
        refuse(f"{value!r} is an image for Windows", "Write the tag of an image for Linux.")
    return value


def _digest(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        refuse(f"{value!r} is not an image digest", "Write sha256: and 64 hexadecimal digits.")
    if value == _OF_NOTHING:
        refuse("is the digest of an empty file", "Write the digest of the image, as `docker pull` prints it.")
    return value


def _registry(value: str) -> str:
    host = value.partition("/")[0]
    if not (_REPOSITORY.fullmatch(f"{value}/image") and _is_host(host) and _has_possible_host(f"{value}/image")):
        refuse(f"{value!r} is not a registry", "Write its host, and a path if there is one, without a scheme.")
    return value


def _has_possible_host(repository: str) -> bool:
    host, slash, _ = repository.partition("/")
    if not slash or not _is_host(host):
        return True
    # A host with an underscore is a folder of Docker Hub to the grammar, but the kubelet takes it for a host.
    match = _HOST.fullmatch(host)
    return match is not None and (match["port"] is None or 0 < int(match["port"]) <= HIGHEST_PORT)


def _is_host(text: str) -> bool:
    # https://github.com/distribution/reference/blob/main/normalize.go: anything else is a folder of Docker Hub.
    return "." in text or ":" in text or text == "localhost"


def path_of(repository: str) -> str:
    """The path of an image in its registry."""
    host, _, path = repository.partition("/")
    return path if _is_host(host) else repository


DOCKER_HUB: Final = ("", "docker.io", "index.docker.io", "registry-1.docker.io")
"""Its hosts; an image without a host is there too."""
_PARTS_OF_DOCKER_HUB: Final = 2


def is_impossible_on_docker_hub(repository: str) -> bool:
    """Tell whether a repository would be on Docker Hub, whose names are USER/NAME: its host is probably missing."""
    path = path_of(repository)
    host = repository.removesuffix(path).rstrip("/")
    return host in DOCKER_HUB and len(path.split("/")) > _PARTS_OF_DOCKER_HUB


Registry = Annotated[str, AfterValidator(_registry)]
Repository = Annotated[str, AfterValidator(_repository)]
Tag = Annotated[str, AfterValidator(_tag)]
Digest = Annotated[str, AfterValidator(_digest)]


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
