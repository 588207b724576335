"""Kustomize bases on a real API server, applied by kubectl as a GitOps tool applies them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import yaml

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from ops import __main__ as ops
from tests.e2e.disturbance import wait_for

CONFIG = {
    "config": {
        "clusters:kubernetes": {"context": EMBEDDED_CONTEXT},
        "clusters:julia": {
            "sessions": {"grid": {"kind": "pool", "groups": ["lab"], "workers": {"max": 2}}},
            "defaults": {
                "manager": {"cpu": "50m", "memory": "64Mi"},
                "workers": {"cpu": "50m", "memory": "64Mi"},
                "depot": {"size": "1Mi"},
            },
        },
    }
}


def test_a_base_becomes_a_running_pool(tmp_path: Path, cluster: ControlPlane) -> None:
    """Pods wait for the Secret that the base refers to, and start when somebody creates it."""
    api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
    stack, base = tmp_path / "Pulumi.lab.yaml", tmp_path / "base"
    stack.write_text(yaml.safe_dump(CONFIG))
    assert ops.main(["render", "--config", str(stack), "--kustomize", "--out", str(base)]) == 0
    kubectl = [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}"]
    built = subprocess.run([*kubectl, "kustomize", str(base)], capture_output=True, text=True, check=True).stdout
    listed = yaml.safe_load((base / "kustomization.yaml").read_text())["resources"]
    assert len(list(yaml.safe_load_all(built))) == len(listed)
    path = "/apis/apps/v1/namespaces/julia-grid/statefulsets"
    try:
        subprocess.run([*kubectl, "apply", "--server-side", "-k", str(base)], check=True, capture_output=True)
        assert ready(api, path) == 0
        secret = yaml.safe_load((base / "secret-julia-grid-cookie.yaml").read_text())
        secret["stringData"] = dict.fromkeys(secret["stringData"], "0123456789abcdef")
        api.request("POST", "/api/v1/namespaces/julia-grid/secrets", secret)
        wait_for(lambda: ready(api, path) == 3)
    finally:
        api.request("DELETE", "/api/v1/namespaces/julia-grid")
        wait_for(lambda: api.get("/api/v1/namespaces/julia-grid") is None)


JOB = {
    "config": {
        "clusters:kubernetes": {"context": EMBEDDED_CONTEXT},
        "clusters:arkouda": {
            "namespace": {"name": "gitops-job"},
            "apiServer": "https://kubernetes.example.org:6443",
            "declared": [{"name": "night", "address": "job"}],
        },
    }
}


def test_the_address_that_a_job_registers_survives_the_next_sync(tmp_path: Path, cluster: ControlPlane) -> None:
    """The base held an empty list of endpoints, and every sync of Flux wrote it over the job's address."""
    api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
    stack, base = tmp_path / "Pulumi.lab.yaml", tmp_path / "base"
    stack.write_text(yaml.safe_dump(JOB))
    assert ops.main(["render", "--config", str(stack), "--kustomize", "--out", str(base)]) == 0
    options = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "--validate=strict"]
    apply = [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}", "apply", *options, "-k", str(base)]
    path = "/apis/discovery.k8s.io/v1/namespaces/gitops-job/endpointslices/night-job"
    endpoints = [{"addresses": ["192.0.2.9"], "conditions": {"ready": True}}]
    try:
        subprocess.run(apply, check=True, capture_output=True)
        api.request("PATCH", path, {"endpoints": endpoints}, content_type="application/merge-patch+json")
        subprocess.run(apply, check=True, capture_output=True)
        assert api.request("GET", path)["endpoints"] == endpoints
    finally:
        api.request("DELETE", "/api/v1/namespaces/gitops-job")
        wait_for(lambda: api.get("/api/v1/namespaces/gitops-job") is None)


SYNCED = {
    "config": {
        "clusters:kubernetes": {"context": EMBEDDED_CONTEXT},
        "clusters:matlab": {
            "release": "r2026a",
            "namespace": {"name": "gitops-matlab"},
            "workers": {"max": 2},
            "network": {"internalClientsOnly": True},
        },
    }
}


def test_a_second_sync_changes_nothing(tmp_path: Path, cluster: ControlPlane) -> None:
    """A NetworkPolicy with an empty list of rules was a change at every sync."""
    api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
    stack, base = tmp_path / "Pulumi.lab.yaml", tmp_path / "base"
    stack.write_text(yaml.safe_dump(SYNCED))
    assert ops.main(["render", "--config", str(stack), "--kustomize", "--out", str(base)]) == 0
    options = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "--output=json"]
    apply = [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}", "apply", *options, "-k", str(base)]

    def generations() -> dict[tuple[str, str], int | None]:
        synced = json.loads(subprocess.run(apply, check=True, capture_output=True, text=True).stdout)["items"]
        return {(item["kind"], item["metadata"]["name"]): item["metadata"].get("generation") for item in synced}

    try:
        assert generations() == generations()
    finally:
        api.request("DELETE", "/api/v1/namespaces/gitops-matlab")
        wait_for(lambda: api.get("/api/v1/namespaces/gitops-matlab") is None)


def ready(api: KubernetesApi, path: str) -> int:
    items = api.request("GET", path)["items"]
    assert len(items) == 2
    return sum(item["status"].get("readyReplicas", 0) for item in items)
