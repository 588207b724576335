"""What a Kubernetes cluster says against Arkouda servers, and the commands of an operator."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.arkouda import preflight
from components.arkouda.objects import objects
from components.arkouda.rules import warnings
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology
from components.shared.inventory import Inventory
from components.shared.survey import Survey
from components.stack import load_file
from tests.conftest import PROJECT
from tests.unit.arkouda_stacks import KINDS, Values, one, stack, values

CLASSES: dict[str, Any] = {
    "ssd": {"metadata": {"name": "ssd"}, "provisioner": "ebs.csi.aws.com"},
    "files": {"metadata": {"name": "files"}, "provisioner": "nfs.csi.k8s.io"},
}
OWN_NAMESPACE = ("Namespace", "arkouda")


def claim(size: str, mode: str = "ReadWriteOnce") -> dict[str, Any]:
    spec = {"accessModes": [mode], "storageClassName": "ssd", "resources": {"requests": {"storage": size}}}
    return {"metadata": {}, "spec": spec}


def inventory(
    owned: set[tuple[str, str]] | None = None, unknown: frozenset[str] = frozenset(), **objects: Any
) -> Inventory:
    """A namespace of this stack with these objects."""
    kinds = {"PersistentVolumeClaim": {}, "StorageClass": CLASSES, "Secret": {}, "Service": {}} | objects
    whole = frozenset({OWN_NAMESPACE, *(owned or set())})
    return Inventory(whole, {"metadata": {}}, True, kinds, unknown)


def said(given: Values, there: Inventory) -> list[str]:
    return [f"{mistake.path}: {mistake.problem}" for mistake in preflight.objections(stack(given), there)]


def test_a_cluster_that_fits_has_nothing_to_say() -> None:
    for kind in KINDS:
        files = {"files": {"storageClass": "files"}} if kind in {"single", "multi"} else {}
        assert said(values(kind, **files), inventory()) == []


@pytest.mark.parametrize(
    ("given", "there", "problem"),
    [
        (
            values("multi", files={"storageClass": "ssd"}),
            inventory(),
            "arkouda.multiLocale[0].files.storageClass: class ssd (ebs.csi.aws.com) provides storage for one node",
        ),
        (
            values("single", files={"storageClass": "tape"}),
            inventory(),
            "arkouda.singleNode[0].files.storageClass: the cluster has no StorageClass tape",
        ),
        (
            values("single", files={"claim": "data"}),
            inventory(),
            "arkouda.singleNode[0].files.claim: namespace arkouda has no PersistentVolumeClaim data",
        ),
        (
            values("single", files={"size": "5Gi"}),
            inventory(PersistentVolumeClaim={"hpc-files": claim("10Gi")}),
            "arkouda.singleNode[0].files.size: claim hpc-files has 10Gi, and a claim cannot shrink",
        ),
        (
            values("fixed"),
            inventory({("PersistentVolumeClaim", "old-files")}, PersistentVolumeClaim={"old-files": claim("1Gi")}),
            "arkouda: server old no longer uses PersistentVolumeClaim old-files, which holds data of this stack",
        ),
        (
            {**values("single", files={"persistent": False}), "images": {"pullSecrets": ["registry"]}},
            inventory(),
            "arkouda.images.pullSecrets[0]: namespace arkouda has no Secret registry",
        ),
        (
            values("fixed"),
            inventory({("Service", "hpc")}, Service={"hpc": {"spec": {"selector": {"app": "hpc"}}}}),
            "arkouda.declared[0].name: Service hpc selects pods, and Kubernetes would keep sending clients to them",
        ),
        (
            values("fixed"),
            Inventory(frozenset(), {"metadata": {}}, True, {}),
            "arkouda.namespace.create: is true, but namespace arkouda exists and belongs to somebody else",
        ),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_touched(given: Values, there: Inventory, problem: str) -> None:
    (found,) = said(given, there)
    assert found.startswith(problem)


def test_a_claim_of_somebody_else_with_the_usual_name_is_not_ours() -> None:
    assert said(values("fixed"), inventory(PersistentVolumeClaim={"old-files": claim("1Gi")})) == []


def test_a_service_that_a_server_left_is_a_warning_with_its_cure() -> None:
    """The next server gets HTTP 409, which it reports as curl error 22."""
    there = Survey({"arkouda": inventory(Service={"hpc-metrics": {}})})
    (warning,) = preflight.concerns(one("token"), there)
    assert warning.startswith("arkouda.selfRegistered[0]: Service hpc-metrics exists.")
    assert "python -m ops arkouda-orphans" in warning
    assert list(preflight.concerns(one("job"), there)) == []


def test_a_service_monitor_is_skipped_with_a_sentence_where_its_kind_does_not_exist() -> None:
    server = one("fixed", metrics={"exporter": True, "serviceMonitor": True})
    without = Survey({"arkouda": inventory(unknown=frozenset({"ServiceMonitor"}))})
    (warning,) = preflight.concerns(server, without)
    assert warning.startswith("arkouda.declared[0].metrics.serviceMonitor: is true, but the cluster has no Service")
    left = {item.key for item in objects(server)} - {item.key for item in objects(server, without)}
    assert left == {("ServiceMonitor", "hpc-exporter")}
    served = Survey({"arkouda": inventory()})
    assert list(preflight.concerns(server, served)) == []
    assert ("ServiceMonitor", "hpc-exporter") in {item.key for item in objects(server, served)}


def test_a_server_that_registers_itself_is_warned_of_endpoints() -> None:
    (deprecated,) = warnings(one("token").settings)
    assert "deprecated since Kubernetes 1.33" in deprecated
    _, open_account, debug = warnings(one("token", admissionPolicy=False, job={"logLevel": "DEBUG"}).settings)
    assert "may create load balancers" in open_account
    assert "credentials included" in debug
    assert list(warnings(one("job", job={"logLevel": "DEBUG"}).settings)) == []


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        (
            {"sbatchOptions": ["--partiton=large"]},
            "--partiton is not an option that sbatch documents. Did you mean --partition?",
        ),
        (
            {"sbatchOptions": ["--mem=8"]},
            "--mem is 8Mi, too little to start a server. Without a unit, sbatch counts in megabytes.",
        ),
        ({"memMax": "64Gi", "sbatchOptions": ["--mem=32G"]}, "64Gi is not less than --mem, 32Gi"),
        ({"memMax": "24Gi", "sbatchOptions": ["--mem=16000"]}, "24Gi is not less than --mem, 16000Mi"),
    ],
)
def test_what_only_the_site_of_a_job_can_know_is_a_warning(job: dict[str, Any], sentence: str) -> None:
    (warning,) = warnings(one("job", job=job).settings)
    assert sentence in warning


@pytest.mark.parametrize(
    "options",
    [
        ["--mem=0"],
        ["--mem=64GB"],
        ["--exclusive"],
        ["-plarge", "-t30"],
        ["-v", "-v"],
        ["--nice"],
        ["--wait"],
        ["--constraint=ib&bigmem"],
        ["--mail-type=END,fail"],
        ["--time=1-12", "--time-min=60"],
        ["--comment=a b"],
        ["--export="],
    ],
)
def test_options_that_sbatch_documents_pass_in_silence(options: list[str]) -> None:
    assert list(warnings(one("job", job={"memMax": "24Gi", "sbatchOptions": options}).settings)) == []


def test_an_exporter_that_is_too_new_is_a_warning() -> None:
    metrics = {"metrics": {"exporter": True}}
    (warning,) = warnings(
        stack({**values("single", **metrics), "images": {"exporter": {"tag": "v2025.01.13"}}}).settings
    )
    assert warning.startswith("arkouda.images.exporter.tag: exporters after v2024.10.02 cannot read")
    for exporter in ({"tag": "v2024.10.02"}, {"repository": "registry.example.org/own-exporter", "tag": "v2025.01.13"}):
        assert list(warnings(stack({**values("single", **metrics), "images": {"exporter": exporter}}).settings)) == []


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("kubernetes.default.svc", True),
        ("kubernetes.default.svc.cluster.local:443", True),
        ("kubernetes:6443", True),
        ("kubernetes.example.org:6443", False),
        ("192.0.2.1", False),
    ],
)
def test_a_name_inside_kubernetes_is_warned_of_because_jobs_run_outside(host: str, *, inside: bool) -> None:
    given = {**values("job"), "apiServer": f"https://{host}"}
    assert any("works only inside Kubernetes" in warning for warning in warnings(stack(given).settings)) == inside


@pytest.mark.parametrize("path", ["/arkouda/arkouda_server", "/arkouda-files/arkouda_server", "/opt/arkouda_server"])
def test_a_server_may_be_anywhere_in_the_image_or_on_the_claim(path: str) -> None:
    assert one("single", executable=path).servers


def test_two_names_of_one_server_are_accepted() -> None:
    """A server that is renamed keeps its old name for a while."""
    both = [{"name": name, "address": "192.0.2.1"} for name in ("new", "old")]
    assert len(stack({"declared": both}).servers) == 2


EXAMPLES = {
    "arkouda-declared": ["declared"],
    "arkouda-slurm": ["declared", "declared"],
    "arkouda-self-registered": ["selfRegistered", "selfRegistered"],
    "arkouda-single-node": ["singleNode"],
    "arkouda-multi-locale": ["multiLocale"],
}


def test_every_kind_of_server_has_its_example() -> None:
    folder = PROJECT / "examples"
    assert {file.stem for file in folder.glob("arkouda-*.yaml")} == set(EXAMPLES)
    for name, kinds in EXAMPLES.items():
        settings = load_file(folder / f"{name}.yaml").systems["arkouda"]
        assert isinstance(settings, Settings)
        lists = Topology(settings).lists
        assert [kind for kind, servers in lists.items() for _ in servers] == kinds
    assert {kind for kinds in EXAMPLES.values() for kind in kinds} == set(Topology(Settings()).lists)


# python -m ops


def ops(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", *words]
    return subprocess.run(command, cwd=PROJECT, input=text, capture_output=True, text=True, timeout=60, check=False)


FILES = {"hpc": {"connect.py": "import arkouda as ak\n", "job.sh": "#!/bin/bash\n"}, "lab": {"arkouda.env": "A=1\n"}}


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """They hold credentials."""
    done = ops("arkouda-files", "--out", str(tmp_path), text=json.dumps({"arkoudaFiles": FILES}))
    assert done.returncode == 0, done.stderr
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("*/*")}
    assert modes == {"connect.py": 0o600, "job.sh": 0o700, "arkouda.env": 0o600}
    assert (tmp_path / "hpc" / "connect.py").read_text() == FILES["hpc"]["connect.py"]


def test_one_server_gets_the_folder_itself_and_new_files_replace_old_ones(tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text("old\n" * 100)
    done = ops("arkouda-files", "--out", str(tmp_path), "--server", "hpc", text=json.dumps(FILES))
    assert done.returncode == 0, done.stderr
    assert {file.name for file in tmp_path.iterdir()} == set(FILES["hpc"])
    assert (tmp_path / "job.sh").read_text() == FILES["hpc"]["job.sh"]
    assert stat.S_IMODE((tmp_path / "job.sh").stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "[]", "{}x", '{"arkoudaFiles": 1}', '{"hpc": {"a": 1}}', '"[secret]"'])
def test_another_input_is_answered_with_the_command_to_type(tmp_path: Path, text: str) -> None:
    done = ops("arkouda-files", "--out", str(tmp_path / "out"), text=text)
    assert done.returncode == 2
    assert "Run: pulumi stack output arkoudaFiles --show-secrets --json | python -m ops arkouda-files" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_server_that_the_stack_does_not_have_is_named(tmp_path: Path) -> None:
    done = ops("arkouda-files", "--out", str(tmp_path), "--server", "hcp", text=json.dumps(FILES))
    assert done.returncode == 2
    assert done.stderr == "the stack has no Arkouda server hcp. It has hpc, lab.\n"
