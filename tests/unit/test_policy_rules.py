"""The rules of the policy pack, on the rendered examples. tests/e2e/test_policy_pack.py runs them in the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.rules import OPTIONAL, RULES, Resource
from tests.golden.test_golden import GOLDEN, STACK_FILES

EXAMPLES = [file.stem if file.parent.name == "examples" else "dev" for file in STACK_FILES]
PROTECTED = {"PersistentVolumeClaim"}


def resources(folder: Path) -> Iterator[Resource]:
    for file in sorted(folder.glob("*.yaml")):
        manifest = yaml.safe_load(file.read_text())
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        yield Resource(f"kubernetes:{group}:{manifest['kind']}", manifest, manifest["kind"] in PROTECTED)


def violations(rule: str, example: str, **config: Any) -> list[str]:
    found = resources(GOLDEN / example)
    return [f"{item.kind}: {sentence}" for item in found for sentence in RULES[rule](item, config)]


@pytest.mark.parametrize("rule", sorted(RULES.keys() - OPTIONAL))
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_keeps_the_rules_that_are_on(rule: str, example: str) -> None:
    assert violations(rule, example) == []


@pytest.mark.parametrize(
    ("example", "image"),
    [
        ("production", "ConfigMap: Image registry.example.org/matlab/mjs-worker-image:r2026a"),
        ("production", "Deployment: Image registry.example.org/matlab/mjs-job-manager-image"),
        ("julia-script", "ConfigMap: Image julia:"),
        ("julia-pool", "StatefulSet: Image julia:"),
        ("julia-script", "Job: Image julia:"),
        ("arkouda-single-node", "Deployment: Image bearsrus/arkouda-smp-server:"),
    ],
)
def test_an_image_without_a_digest_is_found_wherever_it_is(example: str, image: str) -> None:
    """The pods of MATLAB's and Julia's workers are in ConfigMaps."""
    assert any(found.startswith(image) for found in violations("images-by-digest", example))


def test_digests_satisfy_the_rule() -> None:
    """Of everything-on, only the image that a digest of another one replaces has none."""
    assert violations("images-by-digest", "everything-on") == []


def test_an_object_names_its_owners() -> None:
    item = Resource("kubernetes:core/v1:Service", {"metadata": {"labels": {"owner": "vision"}}}, protected=False)
    assert list(RULES["owner-labels"](item, {})) == []
    assert list(RULES["owner-labels"](item, {"labels": ["owner", "cost-center"]})) == [
        "It lacks cost-center. Set it in kubernetes.labels."
    ]
    key = Resource("tls:index/privateKey:PrivateKey", {}, protected=True)
    assert list(RULES["owner-labels"](key, {})) == [], "it has no labels"


@pytest.mark.parametrize("kind", ["kubernetes:core/v1:PersistentVolumeClaim", "tls:index/privateKey:PrivateKey"])
def test_data_and_keys_are_protected(kind: str) -> None:
    def said(*, protected: bool) -> list[str]:
        return list(RULES["protected-data-and-credentials"](Resource(kind, {}, protected), {}))

    assert said(protected=True) == []
    assert len(said(protected=False)) == 1
