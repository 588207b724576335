"""A state is lost: the cluster still holds everything, and `ops adopt --stack` makes it the state again."""

from __future__ import annotations

import json
import shutil
from typing import Any

from tests.e2e.adoption import adopt
from tests.e2e.arkouda_stack import API_HOST, api_port
from tests.e2e.checkout import NAMESPACE, Checkout

SMALL = {"cpu": "100m", "memory": "64Mi"}
ARKOUDA: dict[str, Any] = {
    "declared": [{"name": "hpc", "address": "192.0.2.10"}],
    "selfRegistered": [{"name": "night"}],
    "singleNode": [{"name": "small", **SMALL, "authenticate": True, "files": {"size": "1Gi"}}],
    "multiLocale": [{"name": "big", "locales": 2, **SMALL}],
}
JULIA: dict[str, Any] = {
    "sessions": {
        "ana": {"manager": SMALL, "workers": {"max": 2, **SMALL}},
        "lab": {"kind": "pool", "groups": ["lab"], "manager": SMALL, "workers": {"max": 1, **SMALL}},
    },
    "defaults": {"depot": {"size": "1Gi"}},
}


def lose(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / ".state")


def test_the_state_of_three_systems_is_rebuilt(checkout: Checkout) -> None:
    """Passwords, keys, tokens and cookies are recovered, so nothing rotates; not one object is written."""
    arkouda = {**ARKOUDA, "apiServer": f"https://{API_HOST}:{api_port(checkout)}"}
    checkout.config["config"] |= {"clusters:arkouda": arkouda, "clusters:julia": JULIA}
    # The nodes have one CPU each.
    checkout.matlab["jobManager"] = {"resources": {"cpuRequest": "200m", "memoryRequest": "256Mi"}}
    checkout.set_secret("matlab.workers.password", "given, not generated")
    checkout.run("up")
    outputs, resources = checkout.outputs(), urns(checkout)
    lose(checkout)
    writes = len(checkout.writes())
    assert "that are missing from its state" in checkout.run("up", code=1)

    report = adopt(checkout, "--stack", checkout.stack)
    assert "The next `up` changes nothing." in report
    assert urns(checkout) == resources, "the very resources that the lost state had"
    checkout.run("pulumi", "--", "preview", "--expect-no-changes")
    checkout.run("up")
    assert checkout.outputs() == outputs
    assert checkout.writes()[writes:] == []

    assert "Added 0 resources" in adopt(checkout, "--stack", checkout.stack), "it can be repeated"
    # The rebuilt state is one like any other: a change of a setting is an update, a destroy keeps what it should.
    checkout.matlab["workers"]["max"] = 6
    checkout.write()
    checkout.run("up")
    assert checkout.outputs()["profile"] == outputs["profile"]
    checkout.run("destroy")
    assert checkout.secret("mjs-admin-password")["password"] == outputs["adminPassword"]


def test_what_has_changed_since_is_an_update(checkout: Checkout) -> None:
    """What a person deleted, or another program changed, is repaired by the next `up` and announced before."""
    checkout.matlab["metrics"] = {"export": True}
    checkout.write()
    checkout.run("up")
    outputs = checkout.outputs()
    lose(checkout)
    services = f"/api/v1/namespaces/{NAMESPACE}/services"
    checkout.api.request("DELETE", f"{services}/mjs-workers")
    labels = {"metadata": {"labels": {"app": "changed"}}}
    checkout.api.request(
        "PATCH", f"{services}/mjs-job-manager", labels, content_type="application/merge-patch+json",
        query={"fieldManager": "kubectl-edit"},
    )  # fmt: skip
    report = json.loads(adopt(checkout, "--stack", checkout.stack, "--json"))
    changed = {item["object"]: [field["path"] for field in item["fields"]] for item in report["changes"]}
    assert changed == {
        "Service mjs/mjs-job-manager": [["metadata", "labels", "app"]],
        "Secret mjs/mjs-metrics-client-certs": [["data"]],
        "Secret mjs/mjs-metrics-secret": [["data"]],
    }, "no Secret holds the key of the CA of the metrics, so their certificates are new"
    assert "Service mjs/mjs-workers" in report["created"]
    checkout.run("up")
    assert checkout.get("services", "mjs-workers") is not None
    service = checkout.get("services", "mjs-job-manager")
    assert service is not None
    assert service["metadata"]["labels"]["app"] == "mjs-job-manager"
    assert checkout.outputs()["profile"] == outputs["profile"]


def test_objects_in_other_hands_are_not_taken_over(checkout: Checkout) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}"
    text = adopt(checkout, "--stack", checkout.stack, code=1)
    assert "Nothing of stack dev exists in namespace mjs, so there is nothing to take over." in text
    checkout.run("up")
    lose(checkout)
    checkout.api.request("DELETE", f"{path}/configmaps/mjs-worker-config")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mjs-worker-config"}}
    checkout.api.request("POST", f"{path}/configmaps", body)
    writes = len(checkout.writes())
    text = adopt(checkout, "--stack", checkout.stack, code=2)
    assert "objects of somebody else under names that stack dev needs: ConfigMap/mjs-worker-config" in text
    assert checkout.writes()[writes:] == []
    checkout.api.request("DELETE", f"{path}/configmaps/mjs-worker-config")
    adopt(checkout, "--stack", checkout.stack)


def urns(checkout: Checkout) -> set[str]:
    """Every resource in the state, with its id. What the engine makes for its own use is left out."""
    resources = checkout.state()["resources"]
    return {
        f"{item['urn']} {'' if item['type'].startswith('pulumi:providers:') else item.get('id')}"
        for item in resources
        if item["type"] != "pulumi:providers:pulumi"
    }
