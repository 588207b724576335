"""A values file of MathWorks' chart becomes a stack file that deploys the same, and nothing of it is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components import stack_file
from components.matlab.topology import Mode, Topology
from components.matlab.upstream import KEYS
from components.stack import StackConfig, file_values, load_file, load_stack
from tests.unit.clusters import merged
from tests.unit.import_cases import ALL, SMALL, TOGETHER, Import, Importer
from tests.unit.upstream_objects import field, objects

WORKER = "ConfigMap/mjs-worker-template pod-template.yaml spec.containers[mjs-worker]."


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(tmp_path, capsys)


def with_password(result: Import) -> StackConfig:
    """The stack after the command of the report has set the administrator's password."""
    file = stack_file.read(result.file)
    assert file is not None
    password = {"security": {"adminPassword": {"secure": "v1:a:b"}}}
    file = replace(file, config=merged(file.config, {"matlab": password}))
    return load_stack(stack_file.stack_name(result.file), *file_values(file), file, decrypted=False)


def test_the_case_sets_each_of_the_106_values_to_another_than_the_default() -> None:
    assert set(ALL) == set(KEYS)
    assert not [name for name, key in KEYS.items() if ALL[name] == key.default]


def test_all_106_values_come_over_and_the_result_is_accepted(run: Importer) -> None:
    result = run(TOGETHER, "--context", "lab", "--json")
    report = json.loads(result.out)
    assert (result.code, report["mistakes"]) == (0, [])
    assert set(report["became"]) == set(KEYS)
    assert all(name in result.text for name in KEYS)
    stack = with_password(result)
    assert (stack.name, stack.target.context) == ("lab", "lab")
    assert stack.systems["matlab"] is not None
    assert Topology(stack.systems["matlab"]).mode is Mode.BACKWARDS_COMPATIBLE


def test_values_that_exclude_each_other_are_reported_and_still_written(run: Importer) -> None:
    result = run(ALL, "--context", "lab", "--json")
    report = json.loads(result.out)
    assert result.code == 2
    paths = [mistake["path"] for mistake in report["mistakes"]]
    assert paths == ["matlab.metrics.openPortOutsideKubernetes", "matlab.security.level"]
    assert "the chart also rejects openMetricsPortOutsideKubernetes" in report["mistakes"][0]["problem"]
    assert set(report["became"]) == set(KEYS)
    assert result.matlab["metrics"]["openPortOutsideKubernetes"] is True
    assert "the chart also rejects openMetricsPortOutsideKubernetes" in result.text.replace("\n#   ", " ").replace(
        "\n# ", " "
    )


def test_every_path_of_the_table_is_set_by_its_value(run: Importer) -> None:
    """The importer and the table must not disagree."""
    became = json.loads(run(TOGETHER, "--context", "lab", "--json").out)["became"]
    for name, key in KEYS.items():
        if name == "workerPassword" or not key.paths:
            continue
        claim = "PVC" in name and key.paths[0].startswith("storage.")
        expected = key.paths[:1] if claim else key.paths
        wanted = [f"matlab.{path}" for path in expected]
        if name == "parallelServerProxyImage":
            wanted.pop()
        # The chart ignores some values in the mode that the others lead to.
        assert became[name].startswith("has no effect: ") or became[name].split(", ") == wanted


def test_the_result_deploys_what_the_chart_would_have_deployed(run: Importer) -> None:
    """Round trip: values → stack file → manifests."""
    result = run(TOGETHER, "--context", "lab")
    with_password(result)
    made = objects(merged(result.matlab, {"security": {"adminPassword": "given"}}))
    expected = {
        "Service/mjs-ingress-proxy spec.ports[tcp-lookup-28006].port": 28006,
        "Service/mjs-ingress-proxy spec.ports[tcp-jobmanager-28009].port": 28009,
        "Service/mjs-ingress-proxy spec.ports[tcp-parallel-server-proxy-1081].port": 1081,
        "Service/mjs-ingress-proxy spec.ports[tcp-pool-proxy-31004].port": 31004,
        "Service/mjs-ingress-proxy spec.ports[metrics-9001].port": 9001,
        "Service/mjs-ingress-proxy spec.loadBalancerSourceRanges": ["192.0.2.0/24"],
        "Deployment/mjs-job-manager spec.template.spec.containers[mjs-job-manager].image":
            "registry.example.org/matlab-deps:9.9",
        "Deployment/mjs-job-manager spec.template.spec.securityContext.runAsUser": 2000,
        "Deployment/mjs-job-manager spec.template.spec.volumes[checkpoint-vol].persistentVolumeClaim.claimName":
            "jobs",
        "Deployment/mjs-job-manager spec.template.spec.containers[mjs-job-manager].startupProbe.initialDelaySeconds":
            0,
        "Deployment/mjs-parallel-server-proxy spec.template.spec.containers[mjs-parallel-server-proxy].image":
            "registry.example.org:5000/proxy:v9",
        "Deployment/mjs-ingress-proxy spec.template.spec.containers[haproxy].image":
            f"registry.example.org/haproxy:3.2@sha256:{'a' * 64}",
        "ConfigMap/mjs-job-manager-config mjs_def.sh MJS_ADDITIONAL_SUPPORTED_RELEASES": "R2024b,R2025a",
        "ConfigMap/mjs-job-manager-config mjs_def.sh ADMIN_USER": "root of all",
        "ConfigMap/mjs-worker-config mjs_def.sh MJS_ADDITIONAL_MATLABROOTS": "/opt/additionalmatlab/matlab-r2024b",
        'ConfigMap/mjs-worker-template pod-template.yaml metadata.annotations["mjs/worker-domain"]':
            "mjs-workers.mjs.svc.k8s.example.org",
        "ConfigMap/mjs-worker-template pod-template.yaml spec.terminationGracePeriodSeconds": 90,
        f'{WORKER}resources.limits["nvidia.com/gpu"]': "1",
        f"{WORKER}env[MLM_LICENSE_FILE].value": "27000@license.example.org",
        "ConfigMap/mjs-pool-proxy-template pod-template.yaml spec.containers[mjs-pool-proxy].image":
            "registry.example.org/poolproxy:9.9",
        "ConfigMap/mjs-controller-config config.json JobManagerName": "Lab's cluster",
        "ConfigMap/mjs-controller-config config.json JobManagerWaitPeriod": 2,
        "ConfigMap/mjs-controller-config config.json Network.WorkersPerPoolProxy": 16,
    }  # fmt: skip
    assert {place: field(made, place) for place in expected} == expected


def test_the_smallest_values_deploy_the_charts_defaults(run: Importer) -> None:
    result = run(SMALL, "--context", "lab")
    assert result.code == 0
    made = objects(result.matlab)
    pod = "Deployment/mjs-job-manager spec.template.spec."
    assert field(made, f"{pod}securityContext.runAsUser") == 0
    assert field(made, f"{pod}securityContext.fsGroup") == 0
    assert field(made, f"{pod}containers[mjs-job-manager].resources.requests") == {"cpu": "1", "memory": "2Gi"}
    assert not [name for name in made if name.startswith(("PersistentVolumeClaim/", "NetworkPolicy/"))]
    assert "Namespace/mjs" not in made


def test_defaults_that_differ_from_the_charts_are_written_out_with_a_comment(run: Importer) -> None:
    text = run(SMALL).text
    for line in ("userID: 0", "groupID: 0", "terminationGracePeriod: 120", "idleTimeout: 86400", "create: false"):
        above = text.splitlines()[text.splitlines().index(next(row for row in text.splitlines() if line in row)) - 1]
        assert above.strip().startswith("# ")


def test_an_empty_claim_becomes_data_in_the_pod(run: Importer) -> None:
    """Charts 1.0 to 1.2 described it as the way to do without persistence."""
    result = run({**SMALL, "logPVC": "", "workerLogPVC": 7}, "--context", "lab")
    assert result.matlab["storage"]["log"] == {"persistent": False}
    assert result.matlab["storage"]["workerLog"] == {"claim": "7"}


def test_a_missing_claim_is_asked_for(run: Importer) -> None:
    values = {name: value for name, value in SMALL.items() if name != "logPVC"}
    result = run(values, "--context", "lab")
    assert result.code == 2
    assert "matlab.storage.log: the chart requires logPVC" in result.err
    old = run(values, "--context", "lab", "--chart-version", "1.2.0")
    assert (old.code, old.matlab["storage"]["log"]) == (0, {"persistent": False})


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_password_is_nowhere_in_file_and_report(run: Importer, options: tuple[str, ...]) -> None:
    values = {**SMALL, "workerPassword": "canary-1", "adminPassword": "canary-2", "someToken": {"key": "canary-3"}}
    result = run(values, *options)
    assert "canary" not in result.text + result.out + result.err
    assert "pulumi config set --stack lab --path --secret matlab.workers.password < FILE" in result.text
    assert "matlab.security.adminPassword" in result.text
    assert "matlab.workers.password" in result.out + result.err


def test_the_administrators_password_is_asked_for_at_level_2_only(run: Importer) -> None:
    assert "get secret mjs-admin-password --namespace lab" in run(SMALL, "--namespace", "lab").err
    assert "mjs-admin-password" not in run({**SMALL, "securityLevel": 1}).text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"wrokerMemoryLimit": "8Gi"},
            "is not a value of the chart. Did you mean workerMemoryLimit?",
        ),
        ({"workerImage": "x"}, "Write matlabImage instead."),
        ({"workerImageTag": "x"}, "Write matlabImageTag instead."),
        ({"portsPerWorker": 2}, "works only in 1.0 to 1.2"),
        ({"qqq": 1}, "docs/values.md lists all of them"),
        ({"minWorkers": 9}, "9 is more than matlab.workers.max, 8; the chart accepts it as minWorkers"),
        ({"loadBalancerSourceRanges": ["10.0.0.1/8"]}, "the chart accepts it as loadBalancerSourceRanges"),
        ({"parallelServerProxyUseMutualTLS": False}, "the chart accepts it as parallelServerProxyUseMutualTLS"),
        ({"fileDescriptorUlimit": 1.5}, "1.5 is not a whole number; the chart accepts it as fileDescriptorUlimit"),
        ({"maxWorkers": "8"}, "is not a whole number; the chart also rejects maxWorkers"),
        ({"logLevel": 7}, "7 is too large; the chart also rejects logLevel"),
        ({"additionalSupportedReleases": ["r2026a"]}, "the chart also rejects additionalSupportedReleases"),
        (
            {"workerTolerations": [{"key": "a", "operator": "Gt", "value": "1"}]},
            "the chart accepts it as workerTolerations",
        ),
        ({"workerTolerations": [{"key": "a", "effect": 5}]}, "the chart also rejects workerTolerations"),
        ({"clusterHost": "{{ .Values.host }}"}, "clusterHost: is a template that is not rendered"),
        ({"jobManagerName": "${CLUSTER}"}, "jobManagerName: is a placeholder, and this command replaces none"),
        ({"jobManagerName": "ref+vault://mjs/values#name"}, "jobManagerName: is a placeholder"),
        ({"extraWorkerEnv": {"KEY": "<path:mjs/data/values#key>"}}, "extraWorkerEnv.KEY: is a placeholder"),
        ({"ldapURL": "ldaps://l.example.org:636"}, "The chart reads it from Secret mjs-ldap-secret"),
        ({"workerNodeSelector": {"secure": "yes"}}, "makes it an encrypted value for Pulumi"),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_a_value_that_is_refused_is_explained(run: Importer, values: dict[str, Any], sentence: str) -> None:
    result = run({**SMALL, **values}, "--context", "lab")
    assert result.code == 2
    assert sentence in result.err
    assert all(name in result.text for name in values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"jobManagerUsesPVC": True}, "ignores it without matlabPVC"),
        ({"autoCreateLoadBalancer": False, "loadBalancerAnnotations": {"a": "b"}}, "because you create the Service"),
        ({"fileDescriptorUlimit": 0}, "reads 0 as 4096"),
        ({"controllerImageTag": "2.0.1"}, "reject the config.json of this program"),
        ({"preserveSecrets": True}, "belong to the stack"),
        ({"global": {"a": 1}}, "never uses it"),
        ({"clusterHost": ""}, "empty, so the default is used"),
        ({"idleStop": None}, "null removes a value"),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_a_value_without_effect_is_left_out_with_a_reason(run: Importer, values: dict[str, Any], reason: str) -> None:
    result = run({**SMALL, **values}, "--context", "lab")
    assert result.code == 0
    assert reason in result.err
    assert reason in result.text.replace("\n# ", " ")


def test_texts_stay_texts_for_every_reader_of_yaml(run: Importer) -> None:
    """1e3 is text for YAML 1.1 without a dot and a number for Pulumi's YAML 1.2; yes is the reverse."""
    env = {
        "A": "1e3",
        "B": "yes",
        "C": "0o17",
        "D": "null",
        "E": 'it\'s "q" $x',
        "F": "two\nlines\n",
        "G": "",
        "H": "y",
    }
    result = run({**SMALL, "extraWorkerEnv": env}, "--context", "lab")
    stack = load_file(result.file)
    assert stack.systems["matlab"] is not None
    assert stack.systems["matlab"].workers.env == env


def test_without_a_context_the_person_has_to_choose(run: Importer) -> None:
    result = run(SMALL)
    assert result.code == 0
    assert "# clusters:kubernetes:" in result.text
    assert "the file names no cluster yet" in result.err


def test_a_stack_file_with_a_config_is_never_overwritten(run: Importer, tmp_path: Path) -> None:
    result = run(SMALL)
    before = result.text
    assert _again(tmp_path, result) == 1
    assert result.text == before
    result.file.write_text("encryptionsalt: v1:abc=:v1:def:ghi\n", encoding="utf-8")
    assert _again(tmp_path, result) == 0
    assert result.text.endswith("encryptionsalt: v1:abc=:v1:def:ghi\n")


def _again(folder: Path, result: Import) -> int:
    from ops.__main__ import main

    return main(["import-values", str(folder / "values.yaml"), "--out", str(result.file)])


def test_the_same_values_in_another_order_give_the_same_file(run: Importer) -> None:
    assert run(TOGETHER).text == run(dict(reversed(TOGETHER.items()))).text


def test_several_files_work_together(run: Importer, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("maxWorkers: 16\nminWorkers: null\n", encoding="utf-8")
    result = run({**SMALL, "minWorkers": 4}, str(tmp_path / "more.yaml"), "--context", "lab")
    assert result.code == 0
    assert result.matlab["workers"] == {"max": 16}


@pytest.mark.parametrize(
    "options", [("--chart-version", "3.0.0"), ("--chart-version", "x"), ("--ldap-certificate", "no.pem")]
)
def test_what_cannot_be_read_ends_with_1_and_writes_nothing(run: Importer, options: tuple[str, ...]) -> None:
    result = run(SMALL, *options)
    assert result.code == 1
    assert not result.file.exists()
    assert options[0] in result.err
