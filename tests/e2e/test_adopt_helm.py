"""A release of Helm's is taken over: given one that works, when `ops adopt` and `up` have run, users notice little."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.matlab import names
from tests.e2e.adoption import CHART, CLAIMS, RELEASE, STACK, Installation, adopt
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.mjs_credentials import PASSWORD
from tests.tools.helm import helm

KEPT = {
    "services": ("", ("mjs-job-manager", "mjs-workers", "mjs-ingress-proxy")),
    "persistentvolumeclaims": ("", tuple(CLAIMS.values())),
    "secrets": (
        "",
        (names.SHARED_SECRET, names.PARALLEL_SERVER_PROXY_SECRET, names.PROFILE_SECRET, names.ADMIN_SECRET),
    ),
    "deployments": ("/apis/apps/v1", ("mjs-controller", "mjs-job-manager", "mjs-ingress-proxy")),
    "configmaps": ("", ("mjs-controller-config", "mjs-job-manager-config", "mjs-worker-template")),
    "roles": ("/apis/rbac.authorization.k8s.io/v1", ("mjs-controller-role",)),
}


def objects(installation: Installation) -> dict[str, Any]:
    found = {}
    for plural, (root, wanted) in KEPT.items():
        for name in wanted:
            path = f"{root or '/api/v1'}/namespaces/{installation.namespace}/{plural}/{name}"
            found[f"{plural}/{name}"] = installation.api.request("GET", path)
    return found


def objects_of(report: dict[str, Any]) -> set[str]:
    """The objects that a report says will change."""
    return {item["object"] for item in report["changes"]}


def steps(adopter: Checkout) -> dict[str, set[str]]:
    """What a preview plans, by operation."""
    text = adopter.run("pulumi", "--", "preview", "--json")
    found: dict[str, set[str]] = {}
    for step in json.loads(text[text.index("{") : text.rindex("}") + 1])["steps"]:
        state = step.get("newState") or step["oldState"]
        kind, name = state["type"].rpartition(":")[2], step["urn"].rpartition("::")[2]
        namespace = state.get("inputs", {}).get("metadata", {}).get("namespace")
        found.setdefault(step["op"], set()).add(f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}")
    return found


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_release_is_taken_over(adopter: Checkout, version: str) -> None:
    namespace = f"helm{version}"
    installation = Installation(adopter, namespace)
    installation.install(version)
    installation.control()
    before = objects(installation)

    writes = len(adopter.writes())
    draft = json.loads(adopt(adopter, "--namespace", namespace, "--out", ".", "--json"))
    assert adopter.writes()[writes:] == [], "the first step only reads"
    config = yaml.safe_load(adopter.stack_file.read_text())["config"]
    assert config["clusters:matlab"]["storage"]["checkpoint"] == {"claim": "jobs"}

    report = json.loads(adopt(adopter, "--stack", STACK, "--json"))
    assert report["release"] == RELEASE
    assert objects_of(report) == objects_of(draft), "what the first step announces is what the second finds"
    assert (report["restarts"], set(report["created"])) == (draft["restarts"], set(draft["created"]))
    assert set(report["restarts"]) == {
        f"Deployment {namespace}/mjs-controller",
        f"Deployment {namespace}/mjs-ingress-proxy",
        f"Deployment {namespace}/mjs-job-manager",
        f"ConfigMap {namespace}/mjs-worker-template",
    }
    previewed = steps(adopter)
    assert previewed.keys() <= {"update", "create", "same"}, "nothing is replaced or deleted"
    assert previewed["update"] == objects_of(report)
    assert previewed["create"] == set(report["created"])
    adopter.run("up")
    after = objects(installation)
    for name, item in before.items():
        assert after[name]["metadata"]["uid"] == item["metadata"]["uid"], name
        assert "meta.helm.sh/release-name" not in (after[name]["metadata"].get("annotations") or {}), name
    assert after["services/mjs-ingress-proxy"]["status"] == before["services/mjs-ingress-proxy"]["status"]
    for name in KEPT["secrets"][1]:
        assert after[f"secrets/{name}"]["data"] == before[f"secrets/{name}"]["data"], name
        assert "ownerReferences" not in after[f"secrets/{name}"]["metadata"], name
    outputs = adopter.outputs()
    assert outputs["adminPassword"] == PASSWORD
    assert json.loads(outputs["profile"])["SchedulerComponent"]["Host"].endswith(f"{installation.address()}:1080")

    writes = len(adopter.writes())
    adopter.run("up")
    assert adopter.writes()[writes:] == [], "the second up changes nothing"

    assert "not the release's name" in adopt(adopter, "--stack", STACK, "--finish", code=1, CONFIRM="mjs")
    assert RELEASE in installation.helm(version, "list")
    adopt(adopter, "--stack", STACK, "--finish", CONFIRM=RELEASE)
    assert RELEASE not in installation.helm(version, "list")


@pytest.mark.parametrize(("version", "words"), [("3", ()), ("4", ("--force-conflicts",))])
def test_until_the_first_update_helm_can_have_it_back(adopter: Checkout, version: str, words: tuple[str, ...]) -> None:
    """A takeover can be interrupted and repeated; or abandoned, and Helm goes on."""
    installation = Installation(adopter, f"back{version}")
    installation.install(version)
    installation.control()
    before = objects(installation)
    adopt(adopter, "--namespace", installation.namespace, "--out", ".")
    adopt(adopter, "--stack", STACK)
    shutil.rmtree(adopter.root / ".state")
    # As if it had ended after the transfer and before the import.
    adopter.run("pulumi", "--", "stack", "init", STACK)
    report = json.loads(adopt(adopter, "--stack", STACK, "--json"))
    assert report["added"] > len(before)
    assert "Added 0 resources" in adopt(adopter, "--stack", STACK)
    after = objects(installation)
    for item in (*before.values(), *after.values()):
        item["metadata"].pop("managedFields")
        item["metadata"].pop("resourceVersion")
        if item["kind"] == "Deployment":
            # Its pods become Ready meanwhile.
            item.pop("status")
    assert after == before, "a takeover changes nothing but who owns the fields"

    text = adopt(adopter, "--stack", STACK, "--finish", code=1, CONFIRM=RELEASE)
    assert "still owns" in text
    assert "Nothing was deleted" in text
    adopter.run("pulumi", "--", "stack", "rm", "--force", "--yes", "--preserve-config")
    values = ("--reuse-values", "--set-json", 'loadBalancerAnnotations={"example.org/class":"new"}', *words)
    installation.helm(version, "upgrade", RELEASE, str(CHART), *values)
    annotations = objects(installation)["services/mjs-ingress-proxy"]["metadata"]["annotations"]
    assert annotations["example.org/class"] == "new"


def test_what_cannot_be_taken_over_ends_in_a_sentence(adopter: Checkout, tmp_path: Path) -> None:
    writes = len(adopter.writes())
    text = adopt(adopter, "--namespace", "default", "--out", ".", code=1)
    assert "Namespace default has no release of chart mjs" in text
    assert "must be used together" in adopt(adopter, "--namespace", "default", code=2)
    assert adopter.writes()[writes:] == []
    assert not adopter.stack_file.exists()

    installation = Installation(adopter, "first")
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    about = chart / "Chart.yaml"
    about.write_text(about.read_text().replace("version: 2.1.1", "version: 1.7.0", 1))
    installation.install("3", chart)
    installation.control()
    secret = installation.api.request("GET", f"/api/v1/namespaces/first/secrets/{names.SHARED_SECRET}")
    text = adopt(adopter, "--namespace", "first", "--out", ".", code=1)
    assert "cannot be taken over in place" in text
    commands = [line.strip() for line in text.splitlines()]
    run(adopter, *(line for line in commands if line.startswith(("helm get", "kubectl patch", "kubectl get"))))
    kept = json.loads((adopter.root / "secret.json").read_text())
    assert kept["serverKey"].startswith("-----BEGIN PRIVATE KEY-----")
    assert yaml.safe_load((adopter.root / "values.yaml").read_text())["checkpointPVC"] == "jobs"
    run(adopter, *(line for line in commands if line.startswith("helm uninstall")))
    path = "/apis/apps/v1/namespaces/first/deployments/mjs-controller"
    wait_for(lambda: installation.api.get(path) is None)
    profile = f"/api/v1/namespaces/first/secrets/{names.PROFILE_SECRET}"
    wait_for(lambda: installation.api.get(profile) is None)
    after = installation.api.request("GET", f"/api/v1/namespaces/first/secrets/{names.SHARED_SECRET}")
    assert after["data"] == secret["data"], "the CA outlives the controller, as the profile did not"


def run(adopter: Checkout, *commands: str) -> None:
    """Run the commands that a report gives, as a person pastes them."""
    folders = (str(helm("3").parent), str(adopter.control_plane.kubectl.parent), os.environ["PATH"])
    for command in commands:
        answer = subprocess.run(
            ["bash", "-c", command],
            cwd=adopter.root, env={**os.environ, "PATH": os.pathsep.join(folders)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, f"{command}: {answer.stderr}"
    assert commands
