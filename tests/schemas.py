"""Kubernetes' own schemas, strict: an unknown field is an error. They say nothing of ranges, patterns and choices.

kubernetes-validate brings the schemas but reads them anew for every object; here each is read once.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
from referencing import Registry, Resource

from generators.releases_page import KUBERNETES
from tests.tools import gateway_crds

SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
VERSIONS = KUBERNETES
NEWEST = VERSIONS[-1]
OF_OPERATORS = ("ServiceMonitor", "TCPRoute")
"""Kinds that Kubernetes has no schema of, and that the clusters of the tests do not serve."""
DEFINED = ("TCPRoute",)
"""Kinds whose schema is in a definition that the tests have."""


def problems(item: dict[str, Any], version: str) -> list[str]:
    """What the schema of the object's kind says against it; nothing where Kubernetes has none."""
    known = item["kind"] not in OF_OPERATORS or item["kind"] in DEFINED
    return list(_problems(json.dumps(item), version)) if known else []


@functools.lru_cache(maxsize=4096)
def _problems(text: str, version: str) -> tuple[str, ...]:
    # Of many configs, most objects are the same.
    item = json.loads(text)
    validator = _validator(item["apiVersion"], item["kind"], version)
    return tuple(
        f"{item['kind']}/{item['metadata']['name']} {error.json_path}: {error.message}" for error in validator(item)
    )


@functools.cache
def _validator(api_version: str, kind: str, version: str) -> Any:
    if kind in DEFINED:
        return jsonschema.Draft202012Validator(gateway_crds.schema(kind)).iter_errors
    folder = SCHEMAS / f"v{version}.0-local-strict"
    group, _, number = api_version.rpartition("/")
    name = f"{kind}-{group.split('.')[0]}-{number}" if group else f"{kind}-{number}"
    schema = json.loads((folder / f"{name.lower()}.json").read_text(encoding="utf-8"))
    registry: Any = Resource.from_contents(schema) @ _definitions(folder)
    return jsonschema.Draft202012Validator(schema, registry=registry).iter_errors


@functools.cache
def _definitions(folder: Path) -> Any:
    definitions = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))
    return Resource.from_contents(definitions) @ Registry()
