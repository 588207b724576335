"""Labels, annotations and placement of pods: each group has its own, and what the program sets stays as it is."""

from __future__ import annotations

import pytest
import yaml

from components.arkouda.multi_locale import locale_app
from components.matlab import names
from components.matlab.topology import Topology
from components.shared.config_paths import dotted
from components.shared.manifest import Manifest
from components.shared.mistakes import ConfigError
from tests.julia_worker import worker_pod
from tests.unit.arkouda_stacks import manifests as arkouda_manifests
from tests.unit.arkouda_stacks import one
from tests.unit.clusters import EVERYTHING, LABELS, MODES, PODS, Values, cluster, in_mode, manifests
from tests.unit.julia_sessions import made

SPEC = {
    "priorityClassName": PODS["priorityClass"],
    "runtimeClassName": PODS["runtimeClass"],
    "schedulerName": PODS["scheduler"],
    "affinity": PODS["affinity"],
    "topologySpreadConstraints": PODS["topologySpreadConstraints"],
}
MODE = "backwards-compatible-mode"
"""The mode in which every kind of pod runs."""
GROUPS = {
    "workers": names.WORKER,
    "jobManager": names.JOB_MANAGER,
    "controller": names.CONTROLLER,
    "parallelServerProxy": names.PARALLEL_SERVER_PROXY,
    "haproxy": names.INGRESS_PROXY,
    "poolProxy": names.POOL_PROXY,
}
"""Group of settings, and the `app` label of its pods."""
KEPT = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}


def templates(here: Topology) -> dict[str, Manifest]:
    """Every pod template, by the `app` label of its pods."""
    found = {}
    for (kind, _), item in manifests(here).items():
        if kind == "Deployment":
            template = item["spec"]["template"]
        elif kind == "ConfigMap" and names.TEMPLATE_FILE in item["data"]:
            template = yaml.safe_load(item["data"][names.TEMPLATE_FILE])
        else:
            continue
        found[template["metadata"]["labels"]["app"]] = template
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_the_pods_of_one_group_have_its_settings_and_no_others_do(group: str) -> None:
    labels = LABELS if group != "poolProxy" else {}
    before, after = templates(in_mode(MODE)), templates(in_mode(MODE, {group: {**PODS, **labels}}))
    assert set(after) == set(GROUPS.values())
    app = GROUPS[group]
    assert {name for name in after if after[name] != before[name]} == {app}
    template = after[app]
    assert {name: template["spec"].get(name) for name in SPEC} == SPEC
    assert template["metadata"]["annotations"].items() >= PODS["annotations"].items()
    assert template["metadata"]["labels"] == {**labels.get("labels", {}), "app": app}


def test_a_selector_is_the_app_label_alone_whatever_labels_the_pods_have() -> None:
    """A selector never changes, so a label that got into one could never be changed either."""
    settings = {group: LABELS for group in GROUPS if group != "poolProxy"}
    plain, labelled = (manifests(in_mode(MODE, values)) for values in ({}, settings))
    for key, item in labelled.items():
        if key[0] in {"Deployment", "Service"}:
            assert item["spec"]["selector"] == plain[key]["spec"]["selector"]
        assert item["metadata"] == plain[key]["metadata"]


def test_autoscalers_leave_job_manager_and_workers_where_they_are() -> None:
    """Worker pods have no controller: Karpenter evicted them in the middle of a job, and nothing moved the job."""
    found = templates(in_mode(MODE))
    kept = {app for app, item in found.items() if (item["metadata"].get("annotations") or {}).items() >= KEPT.items()}
    assert kept == {names.WORKER, names.JOB_MANAGER}


@pytest.mark.parametrize("group", ["workers", "jobManager"])
def test_an_annotation_of_the_settings_replaces_a_default(group: str) -> None:
    own = {"karpenter.sh/do-not-disrupt": "false"}
    annotations = templates(in_mode(MODE, {group: {"annotations": own}}))[GROUPS[group]]["metadata"]["annotations"]
    assert annotations.items() >= {**KEPT, **own}.items()


def own_keys(part: str) -> dict[str, set[str]]:
    """What the program itself sets in each group, in any mode."""
    found: dict[str, set[str]] = {group: set() for group in GROUPS}
    for mode in MODES:
        pods = templates(in_mode(mode, EVERYTHING))
        for group, app in GROUPS.items():
            found[group] |= (pods.get(app, {"metadata": {}})["metadata"].get(part) or {}).keys()
    return found


@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_what_the_program_or_the_controller_sets_cannot_be_set(part: str) -> None:
    added = {"mjs/worker-name", "mjs/worker-id"} | ({"checksum/template"} if part == "annotations" else set())
    for group, keys in own_keys(part).items():
        for key in (keys | added) - KEPT.keys():
            if group == "poolProxy" and part == "labels":
                continue
            with pytest.raises(ConfigError) as refused:
                in_mode(MODE, {group: {part: {key: "mine"}}})
            (mistake,) = refused.value.mistakes
            assert mistake.path == dotted(("matlab", group, part, key))


def test_a_mistake_deep_in_an_affinity_is_named_with_its_whole_path() -> None:
    terms = [{"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelektor": {}}}]
    wrong: Values = {"affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}}
    with pytest.raises(ConfigError) as refused:
        cluster({"jobManager": wrong})
    (mistake,) = refused.value.mistakes
    assert mistake.path == (
        "matlab.jobManager.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]"
        ".podAffinityTerm.labelSelektor"
    )
    assert mistake.remedy == "Did you mean labelSelector?"


def test_locales_stay_apart_beside_an_affinity_of_their_own() -> None:
    here = one("multi", **PODS)
    apart = PODS["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    for key in (("Deployment", "hpc"), ("StatefulSet", locale_app(here.settings.multi_locale[0]))):
        affinity = arkouda_manifests(here)[key]["spec"]["template"]["spec"]["affinity"]
        assert affinity.keys() == PODS["affinity"].keys()
        terms = affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert terms[:-1] == apart
        assert terms[-1]["topologyKey"] == "kubernetes.io/hostname"


def test_julia_workers_on_demand_have_the_settings_too() -> None:
    """They are not in any manifest: the session makes their pods from a text."""
    text = made(workers={**PODS, **LABELS})["ConfigMap", "julia-ana-startup"]["data"]["settings.toml"]
    pod = worker_pod(text)
    assert {name: pod["spec"].get(name) for name in SPEC} == SPEC
    assert pod["metadata"]["annotations"].items() >= {**KEPT, **PODS["annotations"]}.items()
    assert pod["metadata"]["labels"].items() >= LABELS["labels"].items()
