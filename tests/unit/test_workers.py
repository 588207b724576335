"""The worker template and the pool proxy template: what the controller parses, and what it would trip over."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from components.matlab import job_manager, workers
from components.matlab.topology import Topology
from components.shared.manifest import env, literal_env
from tests.schemas import VERSIONS, problems
from tests.unit.clusters import EVERYTHING, MODES, cluster, in_mode, manifests

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES
WITH_POOL_PROXIES = (LEGACY, BACKWARDS)
DATA_FILES = ("settings.sh", "mjs_def.sh")


def template_text(here: Topology, of: str) -> str:
    """The text of a pod template, as the controller reads it."""
    text: str = manifests(here)["ConfigMap", f"mjs-{of}-template"]["data"]["pod-template.yaml"]
    return text


def template(here: Topology) -> dict[str, Any]:
    """The text as the controller parses it."""
    document: dict[str, Any] = yaml.safe_load(template_text(here, "worker"))
    return document


def pool_proxy_template(here: Topology) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(template_text(here, "pool-proxy"))
    return document


def container(here: Topology) -> dict[str, Any]:
    found: dict[str, Any] = template(here)["spec"]["containers"][0]
    return found


def as_pod(parsed: dict[str, Any], *, certificate: bool) -> dict[str, Any]:
    """The pod that the controller makes of a template: it adds the volume of the certificate."""
    spec = dict(parsed["spec"])
    if certificate:
        source = {"name": "proxy-cert-vol", "secret": {"secretName": "mjs-pool-proxy-1"}}
        spec["volumes"] = [*spec.get("volumes", []), source]
    metadata = {**parsed["metadata"], "name": "mjs-worker-1-00000"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def mounted(pod: dict[str, Any]) -> set[str]:
    return {mount["name"] for item in pod["spec"]["containers"] for mount in item.get("volumeMounts", [])}


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["smallest", "everything"])
@pytest.mark.parametrize("mode", MODES)
def test_a_worker_made_of_the_template_is_a_valid_pod(mode: str, settings: dict[str, Any]) -> None:
    """The controller parses strictly; an unknown field stops all scaling."""
    here = in_mode(mode, settings)
    parsed = template(here)
    assert set(parsed) == {"metadata", "spec"}
    pod = as_pod(parsed, certificate=mode in WITH_POOL_PROXIES)
    assert [problem for version in VERSIONS for problem in problems(pod, version)] == []
    assert mounted(pod) == {volume["name"] for volume in pod["spec"]["volumes"]}


@pytest.mark.parametrize("mode", WITH_POOL_PROXIES)
def test_a_pool_proxy_made_of_the_template_is_a_valid_pod(mode: str) -> None:
    parsed = pool_proxy_template(in_mode(mode, EVERYTHING))
    assert set(parsed) == {"metadata", "spec"}
    pod = as_pod(parsed, certificate=True)
    assert [problem for version in VERSIONS for problem in problems(pod, version)] == []
    assert mounted(pod) == {volume["name"] for volume in pod["spec"]["volumes"]}


WORKER_ANNOTATIONS = {
    "mjs/log-dir": "/mjs/log",
    "mjs/use-pool-proxy": "false",
    "mjs/worker-domain": "mjs-workers.mjs.svc.cluster.local",
    "mjs/worker-prefix": "mjs-worker-",
}
POOL_ANNOTATIONS = {
    "mjs/cert-volume": "proxy-cert-vol",
    "mjs/pool-proxy-base-port": "30000",
    "mjs/pool-proxy-prefix": "mjs-pool-proxy-",
    "mjs/use-secure-communication": "true",
}


@pytest.mark.parametrize("mode", MODES)
def test_the_template_has_the_annotations_that_the_controller_reads(mode: str) -> None:
    """With one missing, no worker is added."""
    annotations = template(in_mode(mode))["metadata"]["annotations"]
    wanted = dict(WORKER_ANNOTATIONS)
    if mode in WITH_POOL_PROXIES:
        wanted |= {**POOL_ANNOTATIONS, "mjs/use-pool-proxy": "true", "mjs/workers-per-pool-proxy": "32"}
    assert {key: value for key, value in annotations.items() if key.startswith("mjs/")} == wanted
    assert all(isinstance(value, str) for value in annotations.values())


@pytest.mark.parametrize("mode", WITH_POOL_PROXIES)
def test_the_pool_proxy_template_has_all_five_annotations(mode: str) -> None:
    parsed = pool_proxy_template(in_mode(mode))
    assert parsed["metadata"]["labels"] == {"app": "mjs-pool-proxy"}
    assert parsed["metadata"]["annotations"] == {**POOL_ANNOTATIONS, "mjs/log-dir": "/mjs/log"}


def test_the_first_container_is_the_one_that_the_controller_edits() -> None:
    parsed = template(cluster())
    assert parsed["metadata"]["labels"] == {"app": "mjs-worker"}
    assert [item["name"] for item in parsed["spec"]["containers"]] == ["mjs-worker"]
    assert parsed["spec"]["subdomain"] == "mjs-workers"
    # The controller sets these itself, and what it finds there it would overwrite.
    assert not {"hostname", "hostAliases", "restartPolicy"} & set(parsed["spec"])


def test_the_shared_secret_is_readable_by_its_owner_alone() -> None:
    """B1: upstream wrote decimal 400, which is 0620: the group may write the cluster's secret."""
    volumes = {volume["name"]: volume for volume in template(cluster())["spec"]["volumes"]}
    assert volumes["shared-secret-vol"]["secret"] == {"secretName": "mjs-shared-secret", "defaultMode": 0o400}
    assert "defaultMode: 256\n" in template_text(cluster(), "worker")


def test_any_claim_name_makes_a_valid_volume() -> None:
    """B18: a claim with dots, a long one, one in both lists, and one named like an internal volume break upstream."""
    long = "c" * 200
    settings = {
        "workers": {"claims": {"data.v2": "/data", "config-vol": "/config", "log-vol": "/logs", long: "/long"}},
        "installation": {"additionalClaims": ["config-vol", "matlab.r2024b", long, "shared-secret-vol"]},
    }
    volumes = template(cluster(settings))["spec"]["volumes"]
    names = [volume["name"] for volume in volumes]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in names)
    claims = [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]
    assert sorted(claims) == sorted(
        ["mjs-worker-log", "config-vol", "matlab.r2024b", long, "shared-secret-vol", "data.v2", "log-vol"]
    )


def test_installations_of_matlab_cannot_be_written_by_any_worker() -> None:
    """B19: upstream mounts additional MATLABs and Java read-write, and leaves the volume source writable throughout."""
    here = cluster({"installation": {"claim": "matlab", "additionalClaims": ["older"], "javaClaim": "java"}})
    parsed = template(here)
    mounts = {mount["name"]: mount for mount in parsed["spec"]["containers"][0]["volumeMounts"]}
    paths = {}
    for volume in parsed["spec"]["volumes"]:
        source = volume.get("persistentVolumeClaim", {})
        if source.get("claimName") in {"matlab", "older", "java"}:
            assert source["readOnly"] is True
            assert mounts[volume["name"]]["readOnly"] is True
            paths[source["claimName"]] = mounts[volume["name"]]["mountPath"]
    assert paths == {
        "matlab": "/opt/matlab",
        "older": "/opt/additionalmatlab/older",
        "java": "/usr/local/share/matlab/mjs/java",
    }


def test_the_workers_password_comes_from_a_secret() -> None:
    """B20: upstream has it in clear in two ConfigMaps."""
    variables = {variable["name"]: variable for variable in container(cluster())["env"]}
    reference = {"secretKeyRef": {"name": "mjs-worker-user", "key": "password"}}
    assert variables["MJS_WORKER_PASSWORD"] == {"name": "MJS_WORKER_PASSWORD", "valueFrom": reference}
    assert "PASSWORD" not in "".join(workers.configuration(cluster())["data"][name] for name in DATA_FILES)


@pytest.mark.parametrize(
    ("mode", "extra"),
    [
        (NEW, []),
        (LEGACY, ["PARALLEL_SERVER_POOL_PROXY_EXTERNAL_HOST", "PARALLEL_SERVER_POOL_PROXY_CERTIFICATE"]),
    ],
)
def test_workers_have_upstreams_variables(mode: str, extra: list[str]) -> None:
    """docs/upstream.md#what-it-adds-to-a-pod."""
    here = in_mode(mode, {"workers": {"env": {"OMP_NUM_THREADS": "4"}}, "installation": {"javaClaim": "java"}})
    assert [variable["name"] for variable in container(here)["env"]] == [
        "MJS_WORKER_USERNAME",
        "MJS_WORKER_PASSWORD",
        "USER",
        "MLM_LICENSE_FILE",
        "SHELL",
        "OMP_NUM_THREADS",
        *extra,
        "MJS_JAVA",
        "MATLAB_JAVA",
    ]


def test_the_external_host_of_the_pool_proxy_is_a_literal_that_kubernetes_leaves_alone() -> None:
    variables = {variable["name"]: variable.get("value") for variable in container(in_mode(LEGACY))["env"]}
    assert variables["PARALLEL_SERVER_POOL_PROXY_EXTERNAL_HOST"] == "$CLIENT_OVERRIDE"
    assert variables["PARALLEL_SERVER_POOL_PROXY_CERTIFICATE"] == "/cert/certificate.json"


def expanded(text: str) -> str:
    """What the kubelet makes of a value in which no name is set (kubernetes, third_party/forked/golang/expansion)."""
    return re.sub(r"\$\$|\$\([^)]*\)", lambda match: "$" if match[0] == "$$" else match[0], text)


@pytest.mark.parametrize(
    "value", ["$(USER)", "$$", "a $$(X) b", "$5", "$CLIENT_OVERRIDE", "100%$", "$$$(A)$", "${HOME}", "", "$("]
)
def test_the_kubelet_gives_back_what_the_program_sets(value: str) -> None:
    """$(NAME) and $$ mean something to the kubelet; a user name or path means itself."""
    ((variable),) = literal_env({"X": value})
    assert expanded(variable["value"]) == value
    if "$(" in value:
        assert re.search(r"(?<!\$)(\$\$)*\$\(", variable["value"]) is None


def test_variables_of_the_user_are_expanded_as_kubernetes_documents_it() -> None:
    """Upstream's chart passes them through, so $(NAME) is expanded and $$(NAME) stays."""
    values = {"LIBRARIES": "$(HOME)/lib", "LITERAL": "$$(HOME)"}
    assert env(values) == [{"name": name, "value": value} for name, value in values.items()]
    spec = container(cluster({"workers": {"env": values}}))
    assert env(values) == [entry for entry in spec["env"] if entry["name"] in values]


def test_a_worker_without_limits_leaves_them_out() -> None:
    resources = {"cpuRequest": None, "memoryRequest": None, "memoryLimit": None}
    assert container(cluster({"workers": {"resources": resources}}))["resources"] == {}
    assert container(cluster({"workers": {"numGPUs": 2}}))["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi"},
        "limits": {"memory": "8Gi", "nvidia.com/gpu": "2"},
    }


@pytest.mark.parametrize(("release", "checked"), [("r2024a", False), ("r2024b", True), ("r2026a", True)])
def test_workers_are_checked_from_r2024b_on(release: str, checked: bool) -> None:
    """Before it, the health check knows no workers. A startup probe would delay the worker's DNS name."""
    worker = container(cluster({"release": release}))
    assert ("livenessProbe" in worker) is checked
    assert not {"startupProbe", "readinessProbe"} & set(worker)


def test_zero_is_a_value() -> None:
    """B15: upstream takes 0 for "not set" and writes its default instead."""
    here = cluster({"probes": {"startupInitialDelay": 0}, "workers": {"stopWorkerGracePeriod": 0, "idleStop": 0}})
    pod = job_manager.deployment(here, "")["spec"]["template"]["spec"]
    assert pod["containers"][0]["startupProbe"]["initialDelaySeconds"] == 0
    assert template(here)["spec"]["terminationGracePeriodSeconds"] == 0


def test_toleration_seconds_are_whole_numbers() -> None:
    """B17: upstream takes text alone, so tolerationSeconds cannot be given."""
    parsed = template(cluster(EVERYTHING))
    assert parsed["spec"]["tolerations"] == [
        {"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    ]


def test_the_text_is_the_same_whatever_the_order_of_the_stack_file() -> None:
    """Other bytes are another version, and every worker is replaced (B29)."""

    def reversed_(value: Any) -> Any:
        return {key: reversed_(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    one, other = (template_text(cluster(values), "worker") for values in (EVERYTHING, reversed_(EVERYTHING)))
    assert one == other


def test_a_new_worker_password_replaces_the_workers() -> None:
    """The password is read when the worker starts; its bytes must not stand in the template, so a fingerprint is."""
    assert workers.pod_template(cluster(), "generated") != workers.pod_template(cluster(), "1a2b3")


def test_workers_leave_the_files_of_users_alone() -> None:
    """With fsGroup 0 the kubelet made 640 5000:5000 in a claim of users 660 5000:0, at every start of a worker."""
    spec = template(cluster({"workers": {"claims": {"data": "/data"}}}))["spec"]
    assert "fsGroup" not in spec["securityContext"]
    manager = job_manager.deployment(cluster(), "")["spec"]["template"]["spec"]["securityContext"]
    assert manager["fsGroupChangePolicy"] == "OnRootMismatch"
