"""A release of Helm's is taken over: given one that works, when `ops adopt` and `up` have run, users notice little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.matlab import names
from tests.e2e.adoption import CLAIMS, PASSWORD, RELEASE, STACK, Installation, adopt
from tests.e2e.checkout import Checkout

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


@pytest.fixture
def project(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """A checkout whose stack file is yet to be written, and a kubeconfig as a user has it."""
    monkeypatch.setenv("KUBECONFIG", str(checkout.control_plane.kubeconfig))
    checkout.stack_file.unlink()
    checkout.name_stack(STACK)
    # Only to say that the stack is on a cluster of the user's own.
    checkout.target("embedded", checkout.control_plane.kubeconfig)
    yield checkout
    checkout.remove()


def objects(installation: Installation) -> dict[str, Any]:
    found = {}
    for plural, (root, wanted) in KEPT.items():
        for name in wanted:
            path = f"{root or '/api/v1'}/namespaces/{installation.namespace}/{plural}/{name}"
            found[f"{plural}/{name}"] = installation.api.request("GET", path)
    return found


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_release_is_taken_over(project: Checkout, version: str) -> None:
    namespace = f"helm{version}"
    installation = Installation(project, namespace)
    installation.install(version)
    installation.control()
    before = objects(installation)

    writes = len(project.writes())
    report = adopt(project, "--namespace", namespace, "--out", ".")
    print(report)
    assert project.writes()[writes:] == [], "the first step only reads"
    config = yaml.safe_load(project.stack_file.read_text())["config"]
    print(project.stack_file.read_text())
    assert config["clusters:matlab"]["storage"]["checkpoint"] == {"claim": "jobs"}

    print(adopt(project, "--stack", STACK))
    print(project.run("preview"))
    project.run("up")
    after = objects(installation)
    for name, item in before.items():
        assert after[name]["metadata"]["uid"] == item["metadata"]["uid"], name
        assert "meta.helm.sh/release-name" not in (after[name]["metadata"].get("annotations") or {}), name
    assert after["services/mjs-ingress-proxy"]["status"] == before["services/mjs-ingress-proxy"]["status"]
    for name in KEPT["secrets"][1]:
        assert after[f"secrets/{name}"]["data"] == before[f"secrets/{name}"]["data"], name
        assert "ownerReferences" not in after[f"secrets/{name}"]["metadata"], name
    outputs = project.outputs()
    assert outputs["adminPassword"] == PASSWORD
    assert json.loads(outputs["profile"])["SchedulerComponent"]["Host"].endswith(f"{installation.address()}:1080")

    writes = len(project.writes())
    project.run("up")
    assert project.writes()[writes:] == [], "the second up changes nothing"

    assert "not the release's name" in adopt(project, "--stack", STACK, "--finish", code=1, CONFIRM="mjs")
    assert RELEASE in installation.helm(version, "list")
    adopt(project, "--stack", STACK, "--finish", CONFIRM=RELEASE)
    assert RELEASE not in installation.helm(version, "list")
