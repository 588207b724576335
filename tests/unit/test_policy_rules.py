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
    service = {"apiVersion": "v1", "metadata": {"labels": {"owner": "vision"}}}
    item = Resource("kubernetes:core/v1:Service", service, protected=False)
    assert list(RULES["owner-labels"](item, {})) == []
    assert list(RULES["owner-labels"](item, {"labels": ["owner", "cost-center"]})) == [
        "It lacks cost-center. Set it in kubernetes.labels."
    ]
    without_labels: tuple[tuple[str, dict[str, Any]], ...] = (
        ("tls:index/privateKey:PrivateKey", {}),
        ("kubernetes:helm.sh/v3:Release", {"chart": "mjs"}),
        ("kubernetes:core/v1:ServiceList", {"apiVersion": "v1", "items": []}),
    )
    for kind, properties in without_labels:
        assert list(RULES["owner-labels"](Resource(kind, properties, protected=False), {})) == [], kind


def test_a_misspelled_setting_of_a_rule_is_refused() -> None:
    """Pulumi's schemas cannot forbid it, and the rule would go on with its default."""
    with pytest.raises(ValueError, match=r"has no setting label\. "):
        list(RULES["owner-labels"](Resource("kubernetes:core/v1:Service", {}, protected=False), {"label": ["team"]}))


POD = {"containers": [{"image": "lab:1"}]}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("batch/v1:CronJob", {"spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}}}),
        ("apps/v1:ReplicaSet", {"spec": {"template": {"spec": POD}}}),
        ("argoproj.io/v1alpha1:Rollout", {"spec": {"template": {"spec": POD}}}),
        ("core/v1:PodTemplate", {"template": {"spec": POD}}),
        ("core/v1:Pod", {"spec": {"initContainers": POD["containers"], "containers": None}}),
        ("core/v1:Pod", {"spec": {"ephemeralContainers": POD["containers"]}}),
        ("core/v1:Pod", {"spec": {"volumes": [{"name": "data", "image": {"reference": "lab:1"}}]}}),
    ],
)
def test_an_image_is_found_in_every_kind_of_pod(kind: str, content: dict[str, Any]) -> None:
    """It used to be looked for in four kinds of workload."""
    (said,) = RULES["images-by-digest"](Resource(f"kubernetes:{kind}", content, protected=False), {})
    assert said.startswith("Image lab:1 has no digest.")


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("apps/v1:Deployment", {"spec": None}),
        ("apps/v1:Deployment", {"spec": {"template": {"spec": {"containers": [None, {"name": "injected"}]}}}}),
        ("example.org/v1:Machine", {"spec": {"containers": 3, "volumes": "none", "template": "small"}}),
        ("core/v1:ConfigMap", {"data": {"pod-template.yaml": "{{ .Values }}: ["}}),
        ("core/v1:ConfigMap", {"data": {"settings.toml": "no = toml = here"}}),
        ("core/v1:ConfigMap", {"data": {"settings.toml": 'manager = "ana"'}}),
        ("core/v1:ConfigMap", {"metadata": {"name": "mjs-controller-config"}, "data": {"config.json": "{"}}),
        ("core/v1:ConfigMap", {"metadata": {"name": "mjs-controller-config"}, "data": {"config.json": "{}"}}),
        ("core/v1:ConfigMap", {"metadata": {"name": "mjs-controller-config"}, "data": None}),
    ],
)
def test_objects_of_other_programs_are_let_through(rule: str, kind: str, content: dict[str, Any]) -> None:
    """Each of these used to end the preview with a traceback of a rule, or would have."""
    assert list(RULES[rule](Resource(f"kubernetes:{kind}", content, protected=True), {})) == []


@pytest.mark.parametrize("kind", ["kubernetes:core/v1:PersistentVolumeClaim", "tls:index/privateKey:PrivateKey"])
def test_data_and_keys_are_protected(kind: str) -> None:
    def said(*, protected: bool) -> list[str]:
        return list(RULES["protected-data-and-credentials"](Resource(kind, {}, protected), {}))

    assert said(protected=True) == []
    assert len(said(protected=False)) == 1
