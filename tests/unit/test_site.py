"""Settings for the site that a cluster runs at: mirror, IP families, files of its own, queue, drains."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.matlab import names
from components.matlab.preflight import objections
from components.matlab.topology import Topology
from components.shared.inventory import Inventory
from components.shared.manifest import Manifest
from tests.unit.clusters import EVERYTHING, PODS, Values, cluster, in_mode, manifests
from tests.unit.test_pod_settings import GROUPS, MODE, templates

UPSTREAM = "mathworks-ref-arch/matlab-parallel-server-k8s"


def images(here: Topology) -> dict[str, str]:
    """The image of each kind of pod."""
    by_app = {app: template["spec"]["containers"][0]["image"] for app, template in templates(here).items()}
    return {group: by_app[app] for group, app in GROUPS.items()}


def test_a_mirror_replaces_the_registry_of_every_image() -> None:
    assert images(in_mode(MODE, {"images": {"registry": "mirror.example.org:5000/cache"}})) == {
        "workers": f"mirror.example.org:5000/cache/{UPSTREAM}/mjs-worker-image:r2026a",
        "jobManager": f"mirror.example.org:5000/cache/{UPSTREAM}/mjs-job-manager-image:r2026a",
        "controller": f"mirror.example.org:5000/cache/{UPSTREAM}/mjs-controller-image:2.1.1",
        "parallelServerProxy": "mirror.example.org:5000/cache/mathworks/parallel-server-proxy:v1.0.1",
        "haproxy": "mirror.example.org:5000/cache/haproxy:3.3",
        "poolProxy": ("mirror.example.org:5000/cache/matlab-parallel-server-k8s/parallel-server-proxy-image:r2024b"),
    }


def test_an_image_with_a_repository_of_its_own_does_not_come_from_the_mirror() -> None:
    own: Values = {"images": {"registry": "mirror.example.org", "haproxy": {"repository": "docker.io/library/haproxy"}}}
    found = images(in_mode(MODE, own))
    assert found["haproxy"] == "docker.io/library/haproxy:3.3"
    assert found["controller"].startswith(f"mirror.example.org/{UPSTREAM}/")


def test_matlab_from_a_claim_runs_its_dependencies_from_the_mirror() -> None:
    own: Values = {"images": {"registry": "mirror.example.org"}, "installation": {"claim": "matlab"}}
    assert images(in_mode(MODE, own))["workers"] == "mirror.example.org/mathworks/matlab-deps:r2026a"


PROXY: Values = {"network": {"webProxy": {"https": "http://proxy.example.org:3128", "noProxy": [".example.org"]}}}


def test_programs_learn_of_the_web_proxy_in_both_cases_and_reach_services_without_it() -> None:
    """Curl reads some of the variables in lower case only, and other programs in upper case."""
    direct = "localhost,127.0.0.1,.svc,.cluster.local,.example.org"
    expected = {"HTTPS_PROXY": "http://proxy.example.org:3128", "NO_PROXY": direct}
    expected |= {name.lower(): value for name, value in expected.items()}
    for app, template in templates(in_mode(MODE, PROXY)).items():
        variables = {item["name"]: item.get("value") for item in template["spec"]["containers"][0].get("env", ())}
        found = {name: value for name, value in variables.items() if name.upper().endswith("_PROXY")}
        assert found == (expected if app in {names.WORKER, names.JOB_MANAGER} else {})


def test_a_variable_of_the_stack_file_can_build_on_those_of_the_proxy() -> None:
    own: Values = {"workers": {"env": {"PIP_PROXY": "$(HTTPS_PROXY)"}}}
    (container,) = templates(in_mode(MODE, PROXY, own))[names.WORKER]["spec"]["containers"]
    order = [variable["name"] for variable in container["env"]]
    assert order.index("HTTPS_PROXY") < order.index("PIP_PROXY")


def services(here: Topology) -> list[Manifest]:
    return [item for (kind, _), item in manifests(here).items() if kind == "Service"]


def test_every_service_gets_the_ip_families() -> None:
    network: Values = {"network": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]}}
    found = services(in_mode(MODE, network))
    assert len(found) == len(services(in_mode(MODE))) > 4
    assert {tuple(item["spec"]["ipFamilies"]) for item in found} == {("IPv6", "IPv4")}
    assert {item["spec"]["ipFamilyPolicy"] for item in found} == {"PreferDualStack"}


def test_without_settings_kubernetes_decides_the_ip_families() -> None:
    assert not any({"ipFamilies", "ipFamilyPolicy"} & item["spec"].keys() for item in services(in_mode(MODE)))


@pytest.mark.parametrize(("families", "refused"), [(["IPv6"], True), (["IPv4"], False), ([], False)])
def test_the_first_family_of_a_service_that_exists_is_kept(families: list[str], refused: bool) -> None:
    """The API server refuses the change when half of the objects are written."""
    service = {"metadata": {"name": names.JOB_MANAGER}, "spec": {"ipFamilies": ["IPv4"], "ports": []}}
    inventory = Inventory(
        frozenset({("Service", names.JOB_MANAGER)}),
        None,
        namespace_readable=False,
        objects={"Service": {names.JOB_MANAGER: service}},
    )
    found = [mistake.path for mistake in objections(cluster({"network": {"ipFamilies": families}}), inventory)]
    assert found == (["matlab.network.ipFamilies"] if refused else [])


FILES: Values = {"configMaps": {"site.settings": "/opt/site"}, "secrets": {"site.keys": "/opt/keys"}}


@pytest.mark.parametrize("group", ["workers", "jobManager"])
def test_files_of_the_site_are_mounted_read_only(group: str) -> None:
    spec = templates(cluster({group: FILES}))[GROUPS[group]]["spec"]
    mounts = {mount["mountPath"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes[mounts["/opt/site"]["name"]]["configMap"] == {"name": "site.settings"}
    assert volumes[mounts["/opt/keys"]["name"]]["secret"] == {"secretName": "site.keys"}
    assert mounts["/opt/site"]["readOnly"]
    assert mounts["/opt/keys"]["readOnly"]
    # Kubernetes requires a DNS label, and the names of Secrets may have dots.
    assert all("." not in name for name in volumes)


def existing(**kinds: Any) -> Inventory:
    """A namespace that contains these objects, and nothing that keeps the cluster from being deployed."""
    objects: dict[str, Any] = {kind: {name: {"metadata": {"name": name}} for name in kinds[kind]} for kind in kinds}
    return Inventory(frozenset(), None, namespace_readable=False, objects=objects)


def test_files_that_do_not_exist_are_refused_before_anything_is_changed() -> None:
    """A pod without one waits in ContainerCreating; the controller counts it as a worker and makes no other."""
    here = cluster({"workers": FILES, "jobManager": FILES})
    found = {mistake.path for mistake in objections(here, existing(ConfigMap=[], Secret=["site.keys"]))}
    assert found == {
        'matlab.workers.configMaps["site.settings"]',
        'matlab.jobManager.configMaps["site.settings"]',
    }


def test_classes_that_do_not_exist_are_refused_before_anything_is_changed() -> None:
    here = cluster(
        {"workers": {"priorityClass": "low", "runtimeClass": "nvidia"}, "jobManager": {"priorityClass": "x"}}
    )
    found = objections(here, existing(PriorityClass=["x"], RuntimeClass=[]))
    assert {(mistake.path, mistake.problem) for mistake in found} == {
        ("matlab.workers.priorityClass", "the cluster has no PriorityClass low"),
        ("matlab.workers.runtimeClass", "the cluster has no RuntimeClass nvidia"),
    }
    # You may not read them.
    assert list(objections(here, existing())) == []


def test_a_runtime_class_for_other_nodes_is_refused() -> None:
    here = cluster({"workers": {"runtimeClass": "gvisor", "nodeSelector": {"pool": "gpu", "disk": "ssd"}}})
    classes = existing(RuntimeClass=["gvisor"])
    (found,) = classes.objects["RuntimeClass"].values()
    assert list(objections(here, classes)) == []
    found["scheduling"] = {"nodeSelector": {"pool": "sandbox", "disk": "ssd"}}
    assert [(mistake.path, mistake.problem) for mistake in objections(here, classes)] == [
        ("matlab.workers.nodeSelector", "requires pool: gpu, but RuntimeClass gvisor requires pool: sandbox")
    ]


def test_kueue_admits_workers_and_nothing_else() -> None:
    found = templates(in_mode(MODE, {"workers": {"kueueQueue": "lab"}}))
    queues = {app: item["metadata"]["labels"].get("kueue.x-k8s.io/queue-name") for app, item in found.items()}
    assert {app for app, queue in queues.items() if queue == "lab"} == {names.WORKER}
    text = manifests(in_mode(MODE, {"workers": {"kueueQueue": "lab"}}))["Service", names.WORKERS]
    assert text["spec"]["selector"] == {"app": names.WORKER}


def test_the_image_of_workers_is_kept_where_they_may_run_and_takes_no_place_from_them() -> None:
    placed: Values = {
        **PODS,
        "prePull": True,
        "nodeSelector": {"pool": "compute"},
        "tolerations": [{"key": "matlab", "operator": "Exists"}],
    }
    found = manifests(cluster({"workers": placed}))["DaemonSet", names.PRE_PULL]["spec"]
    spec, worker = found["template"]["spec"], templates(cluster({"workers": placed}))[names.WORKER]["spec"]
    (container,) = spec["containers"]
    assert found["selector"]["matchLabels"] == found["template"]["metadata"]["labels"] == {"app": names.PRE_PULL}
    assert container["image"] == worker["containers"][0]["image"]
    assert {part: spec[part] for part in ("nodeSelector", "tolerations")} == {
        part: worker[part] for part in ("nodeSelector", "tolerations")
    }
    assert spec["affinity"] == {"nodeAffinity": PODS["affinity"]["nodeAffinity"]}
    # Not with their priority: such a pod would push others from the node, and do nothing there.
    assert "priorityClassName" not in spec
    assert container["resources"]["requests"] == {"cpu": "1m", "memory": "8Mi"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"]
    assert ("DaemonSet", names.PRE_PULL) not in manifests(cluster())


def test_no_mesh_adds_a_sidecar_to_the_pods_that_pull_the_image() -> None:
    """Pod Security rejected them for the sidecar's capabilities. Other labels of workers would keep workers away."""
    off = {"sidecar.istio.io/inject": "false"}
    workers = {
        "labels": {**off, "role": "compute", "istio.io/rev": "canary"},
        "annotations": {"linkerd.io/inject": "disabled", "note": "x"},
    }
    here = cluster({"workers": {"prePull": True, **workers}})
    metadata = manifests(here)["DaemonSet", names.PRE_PULL]["spec"]["template"]["metadata"]
    assert metadata == {
        "labels": {**off, "app": names.PRE_PULL},
        "annotations": {"linkerd.io/inject": "disabled"},
    }


def test_a_drain_waits_for_the_job_manager_if_it_is_told_to() -> None:
    key = ("PodDisruptionBudget", names.JOB_MANAGER)
    assert key not in manifests(in_mode(MODE, EVERYTHING))
    budget = manifests(in_mode(MODE, {"jobManager": {"surviveDrains": True}}))[key]
    deployment = manifests(in_mode(MODE))["Deployment", names.JOB_MANAGER]
    assert budget["spec"]["maxUnavailable"] == 0
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]


def test_the_worker_template_holds_the_files_as_text_that_the_controller_reads() -> None:
    template = manifests(cluster({"workers": FILES}))["ConfigMap", names.WORKER_TEMPLATE]["data"]
    volumes = yaml.safe_load(template[names.TEMPLATE_FILE])["spec"]["volumes"]
    assert {"name": "files-0", "configMap": {"name": "site.settings"}} in volumes
