"""What the API server says about settings of pods: it accepts what is accepted, and rejects what is refused.

The controller creates the workers, so only its log would have these answers, once a job waits for workers.
"""

from __future__ import annotations

import pytest

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.mistakes import ConfigError
from components.shared.passwords import plain_fingerprint
from tests.e2e.dry_run import DryRun
from tests.unit.clusters import SMALLEST, Values, cluster, manifests, merged

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
COST = "controller.kubernetes.io/pod-deletion-cost"
TERM: Values = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "mjs-worker"}}}
EXISTS: Values = {"labelSelector": {"matchExpressions": [{"key": "tenant", "operator": "Exists"}]}}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def near(**term: object) -> Values:
    return {"affinity": {"podAffinity": {REQUIRED: [{**TERM, **term}]}}}


def on_node(name: str) -> Values:
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [field]}]}}}}


def annotated(key: str, value: str) -> Values:
    return {"annotations": {key: value}}


def spread(**fields: object) -> Values:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", **fields}
    return {"topologySpreadConstraints": [constraint]}


REJECTED = {
    "a-container-that-the-pod-lacks": annotated(f"{APP_ARMOR}worker", "runtime/default"),
    "a-profile-without-localhost": annotated(f"{APP_ARMOR}mjs-worker", "matlab-profile"),
    "no-profile-at-level-baseline": annotated(f"{APP_ARMOR}mjs-worker", "unconfined"),
    "a-cost-in-words": annotated(COST, "high"),
    "a-cost-with-a-sign": annotated(COST, "+5"),
    "a-cost-of-more-than-32-bits": annotated(COST, "2147483648"),
    "a-pod-of-the-kubelet": annotated("kubernetes.io/config.mirror", "x"),
    "tolerations-that-are-no-json": annotated("scheduler.alpha.kubernetes.io/tolerations", "all"),
    "a-key-in-both-lists": near(matchLabelKeys=["tenant"], mismatchLabelKeys=["tenant"]),
    "a-list-of-no-label-key": near(mismatchLabelKeys=["a b"]),
    "a-key-that-an-expression-has": {**near(matchLabelKeys=["tenant"], **EXISTS), "labels": {"tenant": "lab"}},
    "a-list-without-a-selector": {
        "affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "zone", "matchLabelKeys": ["tenant"]}]}}
    },
    "a-node-with-an-underscore": on_node("node_1"),
    "a-constraint-of-no-label-key": spread(labelSelector={}, matchLabelKeys=["a b"]),
}
ACCEPTED = {
    "a-scheduler-of-gke": {"scheduler": "gke.io/optimize-utilization-scheduler"},
    "a-queue-with-a-dot": {"kueueQueue": "team.a"},
    "the-default-profile": annotated(f"{APP_ARMOR}mjs-worker", "runtime/default"),
    "a-profile-of-the-node": annotated(f"{APP_ARMOR}mjs-worker", "localhost/matlab"),
    "a-negative-cost": annotated(COST, "-2147483648"),
    "a-time-for-karpenter": annotated("karpenter.sh/do-not-disrupt", "1h30m"),
    "other-tenants-with-a-label": {**near(mismatchLabelKeys=["tenant"], **EXISTS), "labels": {"tenant": "lab"}},
    "keys-for-all-pods": spread(labelSelector={}, matchLabelKeys=["tenant"]),
    "a-node-by-its-name": on_node("ip-10-0-0-1.example.org"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_the_api_server_rejects_is_refused_before(dry_runs: dict[str, DryRun], name: str) -> None:
    workers = {"workers": REJECTED[name]}
    unchecked = Topology(Settings.model_validate(merged(SMALLEST, workers)))
    (objection,) = dry_runs["baseline"].objections(list(manifests(unchecked, plain_fingerprint).values()))
    assert objection.startswith("Pod mjs-worker-template-0")
    with pytest.raises(ConfigError):
        cluster(workers)


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_works_is_not_refused(dry_runs: dict[str, DryRun], name: str) -> None:
    here = cluster({"workers": ACCEPTED[name]})
    assert dry_runs["baseline"].objections(list(manifests(here, plain_fingerprint).values())) == []


def test_a_privileged_namespace_may_run_pods_without_a_profile(dry_runs: dict[str, DryRun]) -> None:
    pods = {"workers": annotated(f"{APP_ARMOR}mjs-worker", "unconfined")}
    here = cluster(pods, {"namespace": {"podSecurity": "privileged"}})
    assert dry_runs["privileged"].objections(list(manifests(here, plain_fingerprint).values())) == []
