"""`python -m ops doctor --before`: what would go wrong, told before anything is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.shared.kube import RESOURCES, Json
from tests.e2e.accounts import become
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.patient import doctor

LAB = "lab"


@pytest.fixture
def lab(checkout: Checkout) -> Iterator[str]:
    """A namespace of somebody else, in which a MATLAB cluster is to be deployed."""
    namespaces = RESOURCES["Namespace"].path()
    create(checkout, "Namespace", {}, namespace=None, name=LAB)
    checkout.matlab["namespace"] = {"name": LAB, "create": False}
    checkout.write()
    yield LAB
    checkout.api.request("DELETE", f"{namespaces}/{LAB}")
    wait_for(lambda: checkout.api.get(f"{namespaces}/{LAB}") is None)


def create(checkout: Checkout, kind: str, body: Json, *, name: str, namespace: str | None = LAB) -> None:
    resource = RESOURCES[kind]
    version = f"{resource.group}/{resource.version}".lstrip("/")
    manifest = {"apiVersion": version, "kind": kind, **body, "metadata": {"name": name, **body.get("metadata", {})}}
    checkout.api.request("POST", resource.path(namespace), manifest)


def before(checkout: Checkout) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit code, findings, and what could not be checked."""
    done = doctor(checkout, "--before", "--json")
    (report,) = json.loads(done.stdout)["stacks"]
    return done.returncode, report["findings"], report["notChecked"]


def messages(checkout: Checkout) -> dict[str, list[str]]:
    """What was found, by code."""
    code, findings, _ = before(checkout)
    assert code == 1
    found: dict[str, list[str]] = {}
    for one in findings:
        found.setdefault(one["code"], []).append(one["message"])
    return found


def test_a_stack_that_fits_has_no_findings_and_nothing_is_written(checkout: Checkout) -> None:
    earlier = checkout.writes()
    done = doctor(checkout, "--before")
    assert (done.returncode, done.stdout) == (0, "Stack dev: healthy\n"), done.stderr
    assert checkout.writes() == earlier
    checkout.run("up")
    assert before(checkout) == (0, [], []), "what the stack itself has made is not in its way"


def test_everything_that_is_missing_is_named(checkout: Checkout, lab: str) -> None:
    checkout.matlab["storage"] = {
        "checkpoint": {"claim": "jobs"},
        "log": {"size": "1Gi", "storageClass": "fast"},
        "workerLog": {"persistent": False},
    }
    checkout.matlab["images"] = {"pullSecrets": ["registry"]}
    checkout.matlab["network"] = {"loadBalancer": {"create": False}}
    monitored = {"name": "hpc", "address": "192.0.2.10"}
    monitored["metrics"] = {"exporter": True, "serviceMonitor": True}  # type: ignore[assignment]
    checkout.config["config"]["clusters:arkouda"] = {"declared": [monitored]}
    checkout.write()
    create(
        checkout,
        "ConfigMap",
        {"metadata": {"annotations": {"meta.helm.sh/release-name": "r"}}},
        name="mjs-worker-config",
    )
    found = messages(checkout)
    assert found["PRE002"] == [
        "matlab.images.pullSecrets[0]: namespace lab has no Secret registry",
        "matlab.network.loadBalancer.create: is false, but namespace lab has no Service mjs-ingress-proxy",
        "matlab.storage.checkpoint.claim: namespace lab has no PersistentVolumeClaim jobs",
        "matlab.storage.log.storageClass: the cluster has no StorageClass fast",
    ]
    (monitor,) = found["PRE010"]
    assert "arkouda.declared[0].metrics.serviceMonitor: is true, but the cluster has no ServiceMonitors" in monitor
    assert found["PRE005"] == [
        "matlab.namespace.name: namespace lab already contains objects of Helm release r: ConfigMap/mjs-worker-config"
    ]
    done = doctor(checkout, "--before")
    assert "  fix:  Create it, or correct the name.\n" in done.stdout
    assert "docs/runbook.md#pre002" in done.stdout


def test_a_namespace_that_does_not_fit_is_refused(checkout: Checkout, lab: str) -> None:
    strict = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    path = f"{RESOURCES['Namespace'].path()}/{lab}"
    checkout.api.request("PATCH", path, strict, content_type="application/merge-patch+json")
    create(
        checkout,
        "PersistentVolumeClaim",
        {"spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "5Gi"}}}},
        name="mjs-checkpoint",
    )
    found = messages(checkout)
    assert found["PRE001"][0].startswith("matlab.namespace.name: the Pod Security level of namespace lab ")
    assert "matlab.storage.checkpoint.size: claim mjs-checkpoint has 5Gi, and a claim cannot shrink" in found["PRE004"]
    checkout.matlab["namespace"] = {"name": "nowhere", "create": False}
    checkout.write()
    assert messages(checkout) == {"PRE001": ["matlab.namespace.name: namespace nowhere does not exist"]}


def test_quotas_and_limits_are_added_up(checkout: Checkout, lab: str) -> None:
    """Four workers of 500m, a job manager of 1 CPU, controller and proxy."""
    hard = {"requests.cpu": "2", "limits.cpu": "100", "pods": "100", "persistentvolumeclaims": "2"}
    create(checkout, "ResourceQuota", {"spec": {"hard": hard}}, name="small")
    limits = [{"type": "Container", "max": {"memory": "512Mi"}}]
    create(checkout, "LimitRange", {"spec": {"limits": limits}}, name="modest")
    found = messages(checkout)
    assert found["PRE007"] == [
        "ResourceQuota small allows 2 of persistentvolumeclaims, but the stack needs 3 at its maximum",
        "ResourceQuota small allows 2 of requests.cpu, but the stack needs 3200m at its maximum",
        "ResourceQuota small limits cpu, so it rejects pods without a limit: Deployment mjs-job-manager",
    ]
    assert "LimitRange modest allows 512Mi of memory, but a container of workers has 1Gi" in found["PRE008"]
    path = RESOURCES["LimitRange"].path(lab)
    checkout.api.request("DELETE", f"{path}/modest")
    create(checkout, "LimitRange", {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}}, name="kind")
    assert not any("no limit" in text for text in messages(checkout)["PRE007"]), "the LimitRange sets one"


def test_a_reader_learns_which_rights_are_missing_and_what_was_not_checked(checkout: Checkout, lab: str) -> None:
    become(checkout, "view", lab)
    checkout.write()
    code, findings, unseen = before(checkout)
    assert code == 1
    lacking = [one["message"] for one in findings if one["code"] == "PRE006"]
    assert len(lacking) == 1
    assert "your user lacks rights in namespace lab: create, delete, patch configmaps" in lacking[0]
    assert {"Secret", "StorageClass"} <= set(unseen)
