"""A state is lost: the way back that docs/data.md describes."""

from __future__ import annotations

import json
import shutil

from tests.e2e.checkout import NAMESPACE, STACK, Checkout

LET_GO = (
    "/apis/apps/v1/namespaces/{}/deployments",
    "/api/v1/namespaces/{}/services",
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/secrets",
    "/api/v1/namespaces/{}/serviceaccounts",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
)


def test_profiles_stay_valid_and_data_is_kept(checkout: Checkout) -> None:
    checkout.run("up")
    before = json.loads(checkout.outputs()["profile"])["SchedulerComponent"]
    password = checkout.secret("mjs-admin-password")["password"]
    claim = checkout.get("persistentvolumeclaims", "mjs-checkpoint")
    assert claim is not None
    shared = json.loads(checkout.secret("mjs-shared-secret")["secret.json"])

    shutil.rmtree(checkout.root / ".state")
    writes = len(checkout.writes())
    for _ in range(2):
        assert "that its state does not know" in checkout.run("up", code=1)
        assert checkout.writes()[writes:] == [], "nothing is overwritten or adopted, whichever provider runs"

    checkout.matlab["security"] = {"authority": {"certificate": shared["serverCert"]}}
    checkout.set_secret("matlab.security.authority.key", shared["serverKey"])
    checkout.set_secret("matlab.security.adminPassword", password)
    checkout.matlab["namespace"] = {"create": False}
    checkout.matlab["storage"] = {
        "checkpoint": {"claim": "mjs-checkpoint"},
        "log": {"claim": "mjs-log"},
        "workerLog": {"claim": "mjs-worker-log"},
    }
    checkout.write()
    query = {"labelSelector": f"clusters.pulumi/stack={STACK}"}
    for path in LET_GO:
        for item in checkout.api.request("GET", path.format(NAMESPACE), query=query)["items"]:
            checkout.api.request("DELETE", f"{path.format(NAMESPACE)}/{item['metadata']['name']}")
    checkout.run("up")

    outputs = checkout.outputs()
    after = json.loads(outputs["profile"])["SchedulerComponent"]
    assert after["Certificate"] == before["Certificate"], "profiles of old have a leaf of the same CA"
    assert after["Host"] == before["Host"]
    assert outputs["adminPassword"] == password
    kept = checkout.get("persistentvolumeclaims", "mjs-checkpoint")
    assert kept is not None
    assert kept["metadata"]["uid"] == claim["metadata"]["uid"]
    checkout.remove()
    checkout.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    checkout.wait_until_gone()
