"""A rendering as a Kustomize base: what a GitOps tool applies instead of Pulumi."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from components.shared.manifest import MANAGED_BY, STACK, Manifest
from components.shared.objects import TOKEN_SECRET

FILE: Final = "kustomization.yaml"
PULUMI: Final = "pulumi.com/"
"""Prefix of annotations that only the Pulumi provider reads."""
KEPT: Final = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
"""Annotations of what has to outlive the application: with Pulumi these objects are protected."""
_HEADER: Final = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
"""
_SECRETS: Final = """\
# Pods read these Secrets, which are not part of the base. Create them with the keys of the files with the same names,
# for instance with External Secrets, Sealed Secrets or SOPS, before you apply the base:
"""


def by_file(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """The objects by their file in a rendering, which names the namespace where two would have the same."""
    every = list(manifests)
    taken = Counter(_file(item) for item in every)
    return {_file(item) if taken[_file(item)] == 1 else _file(item, with_namespace=True): item for item in every}


def _file(item: Manifest, *, with_namespace: bool = False) -> str:
    metadata = item["metadata"]
    parts = (item["kind"].lower(), *([metadata["namespace"]] if with_namespace else []), metadata["name"])
    return f"{'-'.join(parts)}.yaml"


def base(manifests: Iterable[Manifest], kept: Iterable[str]) -> dict[str, Manifest | str]:
    """The objects without what belongs to Pulumi, by file name, and kustomization.yaml as text.

    `kept` names the objects that have to outlive the application, as `Kind/name`. Secrets with content are written as
    templates and not listed.
    """
    protected = set(kept)
    found: dict[str, Manifest | str] = {}
    listed: list[str] = []
    secrets: list[str] = []
    for file, item in by_file(manifests).items():
        kind, name = item["kind"], item["metadata"]["name"]
        found[file] = _bare(item, keep=f"{kind}/{name}" in protected)
        has_content = kind == "Secret" and item.get("type") != TOKEN_SECRET
        (secrets if has_content else listed).append(file)
    text = _HEADER + yaml.safe_dump({"resources": sorted(listed)}, sort_keys=False)
    if secrets:
        text = _SECRETS + "".join(f"#   {file}\n" for file in sorted(secrets)) + text
    return {**found, FILE: text}


def _bare(item: Manifest, *, keep: bool) -> Manifest:
    metadata: dict[str, Any] = dict(item["metadata"])
    labels = {key: value for key, value in metadata.pop("labels", {}).items() if key not in {MANAGED_BY, STACK}}
    annotations = {
        key: value for key, value in metadata.pop("annotations", {}).items() if not key.startswith(PULUMI)
    } | (KEPT if keep else {})
    given: Mapping[str, Any] = {"labels": labels, "annotations": annotations}
    return {**item, "metadata": {**metadata, **{key: value for key, value in given.items() if value}}}
