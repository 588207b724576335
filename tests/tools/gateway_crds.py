"""The definitions of the Gateway API, from its Go module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from components.shared.kube import RESOURCES, Json
from local.go_build import files_of, find_go

_PINNED: Final = Path(__file__).parent / "gateway_definitions"
_MODULE: Final = "sigs.k8s.io/gateway-api"


@cache
def definition(kind: str) -> Json:
    """The CustomResourceDefinition of a kind, from the standard channel."""
    resource = RESOURCES[kind]
    folder = files_of(find_go(_PINNED), _PINNED, _MODULE) / "config" / "crd" / "standard"
    found: Json = yaml.safe_load((folder / f"{resource.group}_{resource.plural}.yaml").read_text(encoding="utf-8"))
    return found


def schema(kind: str) -> Json:
    """The schema of a kind in the version that the program writes, in which an unknown field is an error."""
    version = RESOURCES[kind].version
    (found,) = (item for item in definition(kind)["spec"]["versions"] if item["name"] == version)
    strict: Json = _strict(found["schema"]["openAPIV3Schema"])
    del strict["properties"]["metadata"]
    return {**strict, "properties": {**strict["properties"], "metadata": {"type": "object"}}}


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _strict(value) for key, value in part.items()}
    closed = part.get("type") == "object" and isinstance(part.get("properties"), dict)
    return {"additionalProperties": False, **inner} if closed else inner
