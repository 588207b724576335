"""Fields of an object that somebody else added: what belongs to the stack, or to Kubernetes itself, is none."""

from __future__ import annotations

from typing import Any

import pytest

from ops.foreign_fields import foreign_fields

CONTAINER = {"name": "mjs", "image": "i", "env": [{"name": "A", "value": "1"}]}
MANIFEST = {
    "metadata": {"name": "mjs-job-manager"},
    "spec": {
        "replicas": 1,
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}},
        "ports": [{"port": 1080}],
    },
    "data": {"a": "1"},
}


def in_the_pod(fields: dict[str, Any]) -> dict[str, Any]:
    return {"f:spec": {"f:template": {"f:spec": fields}}}


def paths(fields: dict[str, Any], manager: str = "kubectl-edit", **entry: Any) -> list[str]:
    entries = [{"manager": manager, "operation": "Update", "fieldsV1": fields, **entry}]
    live = {"kind": "Deployment", "metadata": {"name": "mjs-job-manager", "managedFields": entries}}
    return [one.path for one in foreign_fields(MANIFEST, live)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (in_the_pod({"f:nodeSelector": {}}), ["spec.template.spec.nodeSelector"]),
        (in_the_pod({"f:nodeSelector": {"f:disk": {}, "f:zone": {}}}), ["spec.template.spec.nodeSelector"]),
        ({"f:data": {"f:a": {}, "f:b.conf": {}}}, ["data.b.conf"]),
        ({"f:spec": {"f:paused": {}, "f:replicas": {}}}, ["spec.paused"]),
        (
            in_the_pod({"f:containers": {'k:{"name":"mjs"}': {"f:env": {'k:{"name":"B"}': {".": {}, "f:value": {}}}}}}),
            ['spec.template.spec.containers[{"name":"mjs"}].env[{"name":"B"}]'],
        ),
        (
            in_the_pod({"f:containers": {'k:{"name":"sidecar"}': {".": {}, "f:image": {}}}}),
            ['spec.template.spec.containers[{"name":"sidecar"}]'],
        ),
        (
            {"f:spec": {"f:ports": {'k:{"port":22,"protocol":"TCP"}': {".": {}}}}},
            ['spec.ports[{"port":22,"protocol":"TCP"}]'],
        ),
    ],
)
def test_an_added_field_is_named_by_the_highest_path_that_is_new(fields: dict[str, Any], found: list[str]) -> None:
    assert paths(fields) == found


@pytest.mark.parametrize(
    "fields",
    [
        # The stack sets it too; if the value differs, the provider reports it.
        {"f:spec": {"f:replicas": {}}},
        in_the_pod({"f:containers": {'k:{"name":"mjs"}': {".": {}, "f:image": {}}}}),
        {"f:spec": {"f:ports": {'k:{"port":1080,"protocol":"TCP"}': {".": {}, "f:port": {}}}}},
        # kubectl rollout restart
        {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}}},
        {"f:metadata": {"f:labels": {"f:team": {}}}, "f:status": {"f:conditions": {}}},
    ],
)
def test_what_the_stack_sets_and_what_is_everybodys_is_not_foreign(fields: dict[str, Any]) -> None:
    assert paths(fields) == []


def test_kubernetes_and_pulumi_are_not_foreign() -> None:
    fields = in_the_pod({"f:nodeSelector": {}})
    assert paths(fields, "pulumi-kubernetes-1f2e3d4c") == []
    assert paths(fields, "kube-controller-manager") == []
    assert paths(fields, "kubectl-edit", subresource="status") == []
    assert paths(fields, "helm") == ["spec.template.spec.nodeSelector"]


def test_the_content_of_a_secret_is_hidden_in_a_plan_and_never_foreign() -> None:
    entries = [{"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:password": {}}}}]
    live = {"kind": "Secret", "metadata": {"name": "s", "managedFields": entries}}
    assert list(foreign_fields({"data": "[secret]"}, live)) == []
