"""The one list of objects: what is written before what, what is kept, and what another list would get wrong."""

from __future__ import annotations

import re

import pytest
import yaml

from components.matlab.objects import COMPONENTS, objects
from components.shared.manifest import Manifest
from components.shared.objects import PlannedObject, by_key, dependencies, kept_on_destroy, references
from components.shared.passwords import plain_fingerprint
from tests.unit.clusters import EVERYTHING, MODES, in_mode

POD = {
    "serviceAccountName": "runner",
    "imagePullSecrets": [{"name": "registry"}],
    "initContainers": [{"name": "init", "envFrom": [{"configMapRef": {"name": "defaults"}}]}],
    "containers": [
        {
            "name": "main",
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "password", "key": "p"}}}],
            "envFrom": [{"secretRef": {"name": "environment"}}],
        }
    ],
    "volumes": [
        {"name": "a", "secret": {"secretName": "keys"}},
        {"name": "b", "configMap": {"name": "scripts"}},
        {"name": "c", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "d", "projected": {"sources": [{"secret": {"name": "more"}}, {"configMap": {"name": "rest"}}]}},
        {"name": "e", "emptyDir": {}},
    ],
}


def test_everything_that_a_pod_mounts_reads_or_runs_as_is_found() -> None:
    assert set(references({"spec": POD})) == {
        ("ServiceAccount", "runner"),
        ("Secret", "registry"),
        ("ConfigMap", "defaults"),
        ("Secret", "password"),
        ("Secret", "environment"),
        ("Secret", "keys"),
        ("ConfigMap", "scripts"),
        ("PersistentVolumeClaim", "data"),
        ("Secret", "more"),
        ("ConfigMap", "rest"),
    }


def _config_map(name: str, **options: object) -> PlannedObject:
    manifest: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return PlannedObject(manifest, "workers", **options)  # type: ignore[arg-type]


def test_a_list_that_names_an_object_before_what_it_needs_is_rejected() -> None:
    template = {"spec": {"volumes": [{"name": "v", "configMap": {"name": "scripts"}}]}}
    reader, scripts = _config_map("template", pod_template=template), _config_map("scripts")
    assert list(by_key([scripts, reader])) == [("ConfigMap", "scripts"), ("ConfigMap", "template")]
    with pytest.raises(ValueError, match="comes before"):
        by_key([reader, scripts])
    with pytest.raises(ValueError, match="two objects"):
        by_key([scripts, scripts])


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["smallest", "everything"])
@pytest.mark.parametrize("mode", MODES)
def test_what_a_pod_reads_is_written_before_the_pod_and_before_its_template(
    mode: str, settings: dict[str, object]
) -> None:
    """A rotation wrote the worker template first: every worker was recreated with the old Secret, and never again."""
    planned = by_key(objects(in_mode(mode, settings), plain_fingerprint))
    written: list[tuple[str, str]] = []
    for key, item in planned.items():
        text = yaml.safe_dump(item.pod_template or item.manifest)
        needed = dependencies(item, planned)
        assert set(needed) <= set(written)
        if item.pod_template or key[0] == "Deployment":
            named = {other for other in planned if re.search(rf"\b(secretName|claimName|name): {other[1]}\n", text)}
            mounted = {other for other in named if other[0] in {"Secret", "ConfigMap", "PersistentVolumeClaim"}}
            assert mounted - {key} <= set(needed)
        written.append(key)
    template = planned["ConfigMap", "mjs-worker-template"]
    assert {("Secret", "mjs-shared-secret"), ("Secret", "mjs-worker-user"), ("Deployment", "mjs-job-manager")} <= set(
        dependencies(template, planned)
    )


def test_the_controller_comes_last() -> None:
    """It makes credentials and profile itself where it does not find them."""
    planned = by_key(objects(in_mode("backwards-compatible-mode"), plain_fingerprint))
    *before, last = planned
    assert last == ("Deployment", "mjs-controller")
    secrets = {key for key in before if key[0] == "Secret"} - {
        ("Secret", "mjs-admin-password"),
        ("Secret", "mjs-worker-user"),
    }
    assert secrets <= set(dependencies(planned[last], planned))


def test_data_passwords_and_credentials_are_kept_on_destroy() -> None:
    assert kept_on_destroy(objects(in_mode("new-proxy-mode"), plain_fingerprint)) == [
        "Namespace/mjs",
        "PersistentVolumeClaim/mjs-checkpoint",
        "PersistentVolumeClaim/mjs-log",
        "PersistentVolumeClaim/mjs-worker-log",
        "Secret/mjs-admin-password",
        "Secret/mjs-worker-user",
        "Secret/mjs-shared-secret",
        "Secret/mjs-parallel-server-proxy-secret",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_every_object_belongs_to_a_component(mode: str) -> None:
    assert {item.component for item in objects(in_mode(mode), plain_fingerprint)} <= COMPONENTS.keys()
