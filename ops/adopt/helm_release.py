"""A release of MathWorks' chart, as Helm 3 and Helm 4 record it in Secrets of its namespace.

https://helm.sh/docs/topics/kubernetes_distros does not name the format; it is that of helm.sh/helm/v4
pkg/storage/driver/secrets.go: JSON, compressed, in base64, in a Secret's data.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final

import yaml

from components.shared.kube import RESOURCES, Json, KubernetesApi
from components.shared.mistakes import ConfigError
from components.shared.objects import Key
from ops.errors import CommandError
from ops.helm_import.chart_versions import SECOND_GENERATION, Version, as_numbers, chart_version

SELECTOR: Final = "owner=helm"
TYPE: Final = "helm.sh/release.v1"
CHART: Final = "mjs"
DEPLOYED: Final = "deployed"


@dataclass(frozen=True)
class Release:
    """A release that can be taken over."""

    name: str
    chart: Version
    values: dict[str, Any]
    """What the administrator has set."""
    objects: tuple[Key, ...]
    """Kind and name of what the chart has rendered."""
    records: tuple[str, ...]
    """The Secrets in which Helm keeps all revisions."""

    @property
    def second_generation(self) -> bool:
        """The job manager is an object of the chart, and so can be taken over in place."""
        return self.chart >= as_numbers(SECOND_GENERATION)


def read(api: KubernetesApi, namespace: str) -> Release:
    """The release of the chart in a namespace. Raises CommandError with a sentence if there is none to take over."""
    secrets = RESOURCES["Secret"].path(namespace)
    found = (api.get(secrets, query={"labelSelector": SELECTOR}) or {}).get("items") or []
    records: dict[str, list[Json]] = {}
    for item in found:
        if item.get("type") == TYPE:
            records.setdefault(item["metadata"]["labels"].get("name", ""), []).append(item)
    latest = {
        name: _decoded(max(revisions, key=lambda item: int(item["metadata"]["labels"].get("version", "0"))))
        for name, revisions in records.items()
    }
    ours = {name: release for name, release in latest.items() if _chart(release) == CHART}
    if not ours:
        others = ", ".join(f"{name} (chart {_chart(release)})" for name, release in sorted(latest.items()))
        raise CommandError(
            f"Namespace {namespace} has no release of chart {CHART}"
            + (f"; it has {others}" if others else "")
            + ". `helm list --all-namespaces` says where yours is."
        )
    if len(ours) > 1:
        raise CommandError(
            f"Namespace {namespace} has several releases of chart {CHART}: {', '.join(sorted(ours))}. Only one of them "
            "can own the objects, whose names are fixed. Delete the records of the others."
        )
    ((name, release),) = ours.items()
    status = release.get("info", {}).get("status")
    if status != DEPLOYED:
        raise CommandError(
            f"Release {name} is in status {status}, not {DEPLOYED}. Finish or roll back what Helm began "
            f"(`helm history {name} --namespace {namespace}`), then try again."
        )
    try:
        version = chart_version(release["chart"]["metadata"]["version"])
    except (CommandError, ConfigError) as error:
        raise CommandError(f"Release {name}: {error}") from error
    names = tuple(sorted(item["metadata"]["name"] for item in records[name]))
    return Release(name, version, release.get("config") or {}, _objects(release), names)


def _objects(release: Json) -> tuple[Key, ...]:
    documents = (yaml.safe_load(text) for text in re.split(r"(?m)^---", release.get("manifest") or ""))
    return tuple((item["kind"], item["metadata"]["name"]) for item in documents if item)


def _decoded(record: Json) -> Json:
    try:
        content = b64decode(b64decode(record["data"]["release"]))
        release: Json = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (KeyError, ValueError, OSError) as error:
        raise CommandError(f"Secret {record['metadata']['name']} is not a Helm release record: {error}.") from error
    return release


def _chart(release: Json) -> str:
    return str(((release.get("chart") or {}).get("metadata") or {}).get("name"))
