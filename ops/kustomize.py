"""A rendering as a Kustomize base: what a GitOps tool applies instead of Pulumi."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from components.matlab.settings import Settings
from components.shared.manifest import MANAGED_BY, STACK, Manifest
from components.shared.objects import TOKEN_SECRET, PlannedObject
from components.stack import StackConfig

FILE: Final = "kustomization.yaml"
PULUMI: Final = "pulumi.com/"
"""Prefix of annotations that only the Pulumi provider reads."""
KEPT: Final = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
"""Annotations of what has to outlive the application: with Pulumi these objects are protected."""
LITERAL: Final = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""Annotation of what contains `${…}`, as the scripts do: with `postBuild`, Flux would replace it.
https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
"""
REPLACED: Final = {"kustomize.toolkit.fluxcd.io/force": "enabled"}
"""Annotation of a Job. Kubernetes lets nobody change its pods, so Flux has to create it again, as Pulumi does."""
_HEADER: Final = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
"""
_SECRETS: Final = """\
# Pods wait for these Secrets, which are not part of the base. Create them in an overlay, with the keys of the files of
# the same names, for instance with External Secrets, Sealed Secrets or SOPS:
"""


def by_file(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """The objects by their file in a rendering, which names the namespace where two would have the same."""
    every = list(manifests)
    taken = Counter(_file(item) for item in every)
    return {_file(item) if taken[_file(item)] == 1 else _file(item, with_namespace=True): item for item in every}


def _file(item: Manifest, *, with_namespace: bool = False) -> str:
    metadata = item["metadata"]
    # No name holds an underscore, so no two objects share a file.
    name = f"{metadata['namespace']}_{metadata['name']}" if with_namespace else metadata["name"]
    return f"{item['kind'].lower()}-{name}.yaml"


def base(manifests: Iterable[Manifest], planned: Iterable[PlannedObject]) -> dict[str, Manifest | str]:
    """The objects without what belongs to Pulumi, by file name, and kustomization.yaml as text.

    `planned` tells of each object what Pulumi would be told. Secrets with content are written as templates and not
    listed.
    """
    plans = {_identity(item.manifest): item for item in planned}
    found: dict[str, Manifest | str] = {}
    listed: list[str] = []
    secrets: list[str] = []
    for file, item in by_file(manifests).items():
        found[file] = _bare(item, plans[_identity(item)])
        has_content = item["kind"] == "Secret" and item.get("type") != TOKEN_SECRET
        (secrets if has_content else listed).append(file)
    text = _HEADER + yaml.safe_dump({"resources": sorted(listed)}, sort_keys=False)
    if secrets:
        text = _SECRETS + "".join(f"#   {file}\n" for file in sorted(secrets)) + text
    return {**found, FILE: text}


def without_effect(stack: StackConfig) -> Iterator[str]:
    """A sentence for what the stack file sets and only Pulumi does."""
    matlab = stack.systems.get("matlab")
    if isinstance(matlab, Settings) and matlab.updates.model_fields_set:
        yield (
            "matlab.updates: has no effect on a base. Argo CD and Flux restart pods at once, which interrupts running "
            "jobs, and take no snapshot."
        )


def _identity(item: Manifest) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _bare(item: Manifest, plan: PlannedObject) -> Manifest:
    metadata: dict[str, Any] = dict(item["metadata"])
    labels = {key: value for key, value in metadata.pop("labels", {}).items() if key not in {MANAGED_BY, STACK}}
    annotations = {
        **{key: value for key, value in metadata.pop("annotations", {}).items() if not key.startswith(PULUMI)},
        **(KEPT if plan.protect else {}),
        **(LITERAL if "${" in json.dumps(item) else {}),
        **(REPLACED if item["kind"] == "Job" else {}),
    }
    given: Mapping[str, Any] = {"labels": labels, "annotations": annotations}
    # A tool that applies a field takes it back from its other writer at every sync.
    own = {key: value for key, value in item.items() if key not in plan.left_to_others}
    return {**own, "metadata": {**metadata, **{key: value for key, value in given.items() if value}}}
