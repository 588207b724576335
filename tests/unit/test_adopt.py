"""Parts of `ops adopt` that need no cluster: who owns which field, and what an update changes."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from typing import Any

import pytest

from components.shared.kube import Json
from components.shared.recovery import Recovered
from ops import managed_fields
from ops.adopt import helm_release, ownership
from ops.adopt.comparison import Change, before_update, changes, known
from ops.adopt.credentials import known as known_credential
from ops.adopt.deployment import completed
from ops.adopt.first_generation import guide
from ops.adopt.helm_release import Release
from ops.adopt.reasons import OTHER, reason, restart
from ops.adopt.replay import Registration
from ops.adopt.values import SIGNATURE, UNKNOWN, Secret, received, sent, stored
from ops.errors import CommandError

RELEASE_NAME = "f:meta.helm.sh/release-name"


def entry(manager: str, fields: Json, operation: str = "Update", **rest: str) -> Json:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **rest}


def service(*entries: Json, kind: str = "Service") -> Json:
    metadata = {"name": "mjs-workers", "uid": "0a1b2c3d-1", "resourceVersion": "7", "managedFields": list(entries)}
    return {"kind": kind, "metadata": metadata}


HELM_FIELDS: Json = {"f:metadata": {"f:annotations": {RELEASE_NAME: {}}}, "f:spec": {"f:clusterIP": {}}}


@pytest.mark.parametrize("name", ["helm", "helm-controller", "terraform-provider-helm_v3"])
@pytest.mark.parametrize("operation", ["Update", "Apply"])
def test_fields_are_taken_from_whoever_wrote_the_name_of_the_release(name: str, operation: str) -> None:
    """Flux and Terraform have names of their own; Helm 4 applies where Helm 3 updates."""
    status = entry("kube-controller-manager", {"f:status": {}}, subresource="status")
    person = entry("kubectl-edit", {"f:metadata": {"f:labels": {"f:team": {}}}})
    fields = ownership.transferred(service(entry(name, HELM_FIELDS, operation), status, person))
    assert fields == [{**entry("pulumi-kubernetes-0a1b2c3d", HELM_FIELDS, "Apply")}, status, person]


def test_two_entries_become_one() -> None:
    """Helm 4 may have both: it creates by one operation and upgrades by the other."""
    other = {"f:metadata": {"f:annotations": {RELEASE_NAME: {}}}, "f:spec": {"f:ports": {}}}
    fields = ownership.transferred(service(entry("helm", HELM_FIELDS), entry("helm", other, "Apply")))
    assert fields is not None
    assert [item["fieldsV1"]["f:spec"] for item in fields] == [{"f:clusterIP": {}, "f:ports": {}}]


def test_a_second_transfer_finds_nothing_to_do() -> None:
    live = service(entry("helm", HELM_FIELDS))
    fields = ownership.transferred(live)
    assert fields is not None
    again = {**live, "metadata": {**live["metadata"], "managedFields": fields}}
    assert ownership.transferred(again) is None
    assert ownership.manager(again) == ownership.manager(live)


def test_the_manager_of_a_lost_state_stays() -> None:
    live = service(entry("pulumi-kubernetes-8224cc48", {"f:spec": {}}, "Apply"))
    assert ownership.manager(live) == "pulumi-kubernetes-8224cc48"
    assert ownership.transferred(live) is None


def test_an_object_that_somebody_changes_meanwhile_is_not_overwritten() -> None:
    assert {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"} in managed_fields.patch(service(), [])


def test_what_only_the_chart_sets_is_dropped() -> None:
    ports = {'k:{"port":80,"protocol":"TCP"}': {}, 'k:{"port":443,"protocol":"TCP"}': {"f:appProtocol": {}}}
    live = service(entry("helm", {**HELM_FIELDS, "f:spec": {"f:ports": ports, "f:type": {}}}))
    wanted = {"metadata": {"annotations": {}}, "spec": {"type": "ClusterIP", "ports": [{"port": 443}]}}
    assert set(ownership.dropped(live, wanted)) == {
        ("metadata", "annotations", "meta.helm.sh/release-name"),
        ("spec", "ports", "80,TCP"),
        ("spec", "ports", "443,TCP", "appProtocol"),
    }


def test_changes_tell_the_items_of_a_list_apart_by_name() -> None:
    before = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "args": ["-a"]}
    after = {"env": [{"name": "A", "value": "1"}, {"name": "C", "value": "3"}], "args": ["-a", "-b"]}
    assert list(changes(before, after)) == [
        Change(("args",), ["-a"], ["-a", "-b"]),
        Change(("env", "B"), {"name": "B", "value": "2"}, None),
        Change(("env", "C"), None, {"name": "C", "value": "3"}),
    ]
    assert list(changes(before, before)) == []


def test_the_programs_spelling_stays_where_the_server_sees_no_difference() -> None:
    """`0.5` and `500m` are one amount; as another input it would be a change in every preview."""
    wanted = {"cpu": "0.5", "memory": "1Gi", "nodeSelector": {}, "image": "new"}
    live = {"cpu": "500m", "memory": "1Gi", "image": "old", "clusterIP": "10.0.0.1"}
    after = {**live, "image": "new"}
    assert before_update(wanted, live, after) == {**wanted, "image": "old"}


def test_what_an_update_removes_was_an_input() -> None:
    """Otherwise the preview would not show it."""
    wanted: Json = {"data": {"a": "1"}}
    live = {"data": {"a": "1", "old": "2"}}
    assert before_update(wanted, live, wanted) == live
    containers = {"containers": [{"name": "one", "image": "a"}]}
    more = {"containers": [{"name": "one", "image": "a", "terminationMessagePath": "/x"}, {"name": "two"}]}
    assert before_update(containers, more, {"containers": [more["containers"][0]]}) == {
        "containers": [{"name": "one", "image": "a"}, {"name": "two"}]
    }


def test_an_unknown_value_is_compared_as_what_exists() -> None:
    wanted = {"data": {"a": UNKNOWN, "b": "2"}}
    assert known(wanted, {"data": {"a": "1", "b": "3"}}) == {"data": {"a": "1", "b": "2"}}


def test_secrets_are_marked_on_the_wire_and_in_the_state() -> None:
    values = {"data": Secret({"password": "pw"}), "ports": [1, 2.5]}
    assert received(sent(values)) == values
    marked = stored(values)["data"]
    assert marked[SIGNATURE]
    assert json.loads(marked["plaintext"]) == {"password": "pw"}


def registration(name: str, **rest: Any) -> Registration:
    return Registration(
        urn=f"urn:{name}", type="kubernetes:core/v1:ConfigMap", name=name, custom=True, inputs={}, **rest
    )


def test_a_state_that_exists_is_only_completed() -> None:
    """Entries stay as they are, what does not exist is left out, and dependencies come first."""
    present = {"urn": "urn:c", "custom": True, "type": "kubernetes:core/v1:ConfigMap", "id": "ns/c", "inputs": {"x": 1}}
    found = [
        registration("a", id="ns/a"),
        registration("b", id="ns/b", dependencies=["urn:a", "urn:missing"]),
        registration("c", id="ns/c"),
        registration("missing"),
    ]
    deployment, added = completed({"manifest": {}, "resources": [present]}, found)
    assert [item.name for item in added] == ["a", "b"]
    assert [item["urn"] for item in deployment["resources"]] == ["urn:a", "urn:b", "urn:c"]
    assert deployment["resources"][1]["dependencies"] == ["urn:a"]
    assert deployment["resources"][2] == present


def test_a_damaged_key_ends_in_a_sentence() -> None:
    found = Recovered(keys={"mjs-1": "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n"})
    with pytest.raises(CommandError, match=r"holds a damaged key or certificate \(mjs-1: .*Nothing was changed"):
        known_credential("tls:index/privateKey:PrivateKey", "mjs-1", {"algorithm": "RSA", "rsaBits": 4096}, found)


class Records:
    """A namespace with records of Helm's."""

    def __init__(self, *releases: Json) -> None:
        self.items = [
            {
                "type": "helm.sh/release.v1",
                "metadata": {
                    "name": f"sh.helm.release.v1.{one['name']}.v{one['version']}",
                    "labels": {"owner": "helm", "name": one["name"], "version": str(one["version"])},
                },
                "data": {"release": b64encode(b64encode(gzip.compress(json.dumps(one).encode()))).decode()},
            }
            for one in releases
        ]

    def get(self, _path: str, **_options: Any) -> Json:
        return {"items": self.items}


def release(name: str = "campus", version: int = 1, *, chart: str = "mjs", of: str = "2.1.1", **rest: Any) -> Json:
    metadata = {"metadata": {"name": chart, "version": of}}
    return {"name": name, "version": version, "info": {"status": "deployed"}, "chart": metadata, **rest}


def read(*releases: Json) -> Release:
    return helm_release.read(Records(*releases), "mjs")  # type: ignore[arg-type]


def test_the_newest_revision_counts() -> None:
    """As numbers: 10 comes after 9."""
    manifest = "---\n# Source: x\nkind: Service\nmetadata: {name: mjs-workers}\n---\n"
    superseded = release(version=9, info={"status": "superseded"})
    found = read(release(version=10, config={"maxWorkers": 4}, manifest=manifest), superseded)
    assert found.values == {"maxWorkers": 4}
    assert found.objects == (("Service", "mjs-workers"),)
    assert set(found.records) == {"sh.helm.release.v1.campus.v9", "sh.helm.release.v1.campus.v10"}
    assert found.second_generation
    assert not read(release(of="1.7.0")).second_generation


@pytest.mark.parametrize(
    ("releases", "sentence"),
    [
        ([], r"Namespace mjs has no release of chart mjs\. `helm list"),
        ([release("web", chart="nginx")], r"no release of chart mjs; it has web \(chart nginx\)"),
        ([release(info={"status": "pending-upgrade"})], "is in status pending-upgrade, not deployed"),
        ([release("a"), release("b")], "has several releases of chart mjs: a, b"),
        ([release(of="3.0.0")], "Release campus: .*the supported versions are"),
    ],
)
def test_what_cannot_be_taken_over_ends_in_a_sentence(releases: list[Json], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        read(*releases)


@pytest.mark.parametrize(
    ("chart", "sentence"),
    [
        ((1, 7, 0), "mkdir /data/r2025b && cd /data"),
        ((1, 4, 0), "Queued jobs cannot be kept"),
    ],
)
def test_the_way_from_the_first_generation_names_what_is_there(chart: tuple[int, int, int], sentence: str) -> None:
    values = {"checkpointPVC": "jobs", "matlabRelease": "r2025b"}
    text = guide(Release("campus", chart, values, (), ()), "lab", "research", "prod")
    assert sentence in text
    assert "claim jobs" in text.replace("Claim", "claim")
    assert "helm uninstall campus --namespace lab --wait" in text
    assert "Not kept: running jobs" in text


def test_reasons() -> None:
    assert reason("Deployment", "spec.template.spec.automountServiceAccountToken") == "least privilege (B19, B36)"
    assert reason("Service", "spec.type") == OTHER
    assert restart("Deployment", "mjs-job-manager", "metadata.labels.x") is None
    assert "running jobs are interrupted" in str(restart("Deployment", "mjs-job-manager", "spec.template.spec.x"))
    assert "all workers are replaced" in str(restart("ConfigMap", "mjs-worker-template", "data.pod-template.yaml"))
