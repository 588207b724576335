"""Kustomize bases on a real API server, applied by kubectl as a GitOps tool applies them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    base = rendered(tmp_path, CONFIG)
    kubectl = [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}"]
    built = subprocess.run([*kubectl, "kustomize", str(base)], capture_output=True, text=True, check=True).stdout
    listed = yaml.safe_load((base / "kustomization.yaml").read_text())["resources"]
    assert len(list(yaml.safe_load_all(built))) == len(listed)
    path = "/apis/apps/v1/namespaces/julia-grid/statefulsets"
    with removed(api, "julia-grid"):
        subprocess.run([*kubectl, "apply", "--server-side", "-k", str(base)], check=True, capture_output=True)
        assert ready(api, path) == 0
        secret = yaml.safe_load((base / "secret-julia-grid-cookie.yaml").read_text())
        secret["stringData"] = dict.fromkeys(secret["stringData"], "0123456789abcdef")
        api.request("POST", "/api/v1/namespaces/julia-grid/secrets", secret)
        wait_for(lambda: ready(api, path) == 3)


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
    apply = [*synced(cluster, rendered(tmp_path, JOB)), "--validate=strict"]
    path = "/apis/discovery.k8s.io/v1/namespaces/gitops-job/endpointslices/night-job"
    endpoints = [{"addresses": ["192.0.2.9"], "conditions": {"ready": True}}]
    with removed(api, "gitops-job"):
        subprocess.run(apply, check=True, capture_output=True)
        api.request("PATCH", path, {"endpoints": endpoints}, content_type="application/merge-patch+json")
        subprocess.run(apply, check=True, capture_output=True)
        assert api.request("GET", path)["endpoints"] == endpoints


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
    apply = [*synced(cluster, rendered(tmp_path, SYNCED)), "--output=json"]

    def generations() -> dict[tuple[str, str], int | None]:
        items = json.loads(subprocess.run(apply, check=True, capture_output=True, text=True).stdout)["items"]
        return {(item["kind"], item["metadata"]["name"]): item["metadata"].get("generation") for item in items}

    with removed(api, "gitops-matlab"):
        assert generations() == generations()


def rendered(folder: Path, config: dict[str, Any]) -> Path:
    """The Kustomize base of a stack."""
    stack, base = folder / "Pulumi.lab.yaml", folder / "base"
    stack.write_text(yaml.safe_dump(config))
    assert ops.main(["render", "--config", str(stack), "--kustomize", "--out", str(base)]) == 0
    return base


def synced(cluster: ControlPlane, base: Path) -> list[str]:
    """The command that applies a base as Flux does."""
    options = ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"]
    return [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}", "apply", *options, "-k", str(base)]


@contextmanager
def removed(api: KubernetesApi, namespace: str) -> Iterator[None]:
    """Delete a namespace at the end, and wait until it is gone."""
    try:
        yield
    finally:
        api.request("DELETE", f"/api/v1/namespaces/{namespace}")
        wait_for(lambda: api.get(f"/api/v1/namespaces/{namespace}") is None)


def ready(api: KubernetesApi, path: str) -> int:
    items = api.request("GET", path)["items"]
    assert len(items) == 2
    return sum(item["status"].get("readyReplicas", 0) for item in items)
