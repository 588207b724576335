"""What a cluster can have against a stack: each is one clear sentence, before anything is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from tests.e2e.accounts import kubeconfig_of
from tests.e2e.checkout import NAMESPACE, Checkout, refused


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """A project that names the cluster by its context: `up` would repair an embedded one before looking at it."""
    checkout.target(EMBEDDED_CONTEXT, checkout.control_plane.kubeconfig)
    return checkout


@pytest.fixture
def namespace(checkout: Checkout) -> Iterator[str]:
    """The namespace, created by somebody else."""
    with checkout.foreign_namespace(NAMESPACE) as name:
        yield name


def test_a_context_that_the_kubeconfig_lacks(checkout: Checkout) -> None:
    checkout.target("prod", checkout.control_plane.kubeconfig)
    refused(checkout, "has no context 'prod'; it has 'embedded'", "Correct `kubernetes.context`")


def test_an_api_server_that_does_not_answer(checkout: Checkout) -> None:
    text = checkout.control_plane.kubeconfig.read_text()
    server = KubernetesApi.connect(checkout.control_plane.kubeconfig, EMBEDDED_CONTEXT).server
    elsewhere = checkout.root / "kubeconfig"
    elsewhere.write_text(text.replace(server, "https://127.0.0.1:9"))
    checkout.target(EMBEDDED_CONTEXT, elsewhere)
    refused(checkout, "the API server https://127.0.0.1:9 does not answer", "Nothing was changed")


def test_a_storage_class_that_does_not_exist(checkout: Checkout) -> None:
    """The provider would wait for minutes until the claim's time is up."""
    checkout.matlab["storage"]["log"]["storageClass"] = "fast"
    refused(checkout, "matlab.storage.log.storageClass: the cluster has no StorageClass fast", "standard")


def test_block_storage_for_many_nodes(checkout: Checkout) -> None:
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "block"},
        "provisioner": "ebs.csi.aws.com",
    }
    path = "/apis/storage.k8s.io/v1/storageclasses"
    checkout.api.request("POST", path, storage_class)
    try:
        checkout.matlab["storage"]["workerLog"]["storageClass"] = "block"
        refused(checkout, "class block (ebs.csi.aws.com) provides storage for one node")
    finally:
        checkout.api.request("DELETE", f"{path}/block")


def test_no_default_storage_class(checkout: Checkout) -> None:
    path, annotation = "/apis/storage.k8s.io/v1/storageclasses/standard", "storageclass.kubernetes.io/is-default-class"

    def default(value: str) -> None:
        patch: dict[str, Any] = {"metadata": {"annotations": {annotation: value}}}
        checkout.api.request("PATCH", path, patch, content_type="application/merge-patch+json")

    default("false")
    try:
        refused(checkout, "matlab.storage.checkpoint.storageClass: the cluster has no default StorageClass")
    finally:
        default("true")


def test_a_namespace_that_holds_a_helm_release(checkout: Checkout, namespace: str) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "mjs-job-manager", "annotations": {"meta.helm.sh/release-name": "lab"}},
        "spec": {"clusterIP": "None"},
    }
    checkout.api.request("POST", f"/api/v1/namespaces/{namespace}/services", service)
    checkout.matlab["namespace"] = {"create": False}
    refused(checkout, "already contains objects of Helm release lab: Service/mjs-job-manager")


def test_a_namespace_of_somebody_else(checkout: Checkout, namespace: str) -> None:
    refused(checkout, f"namespace {namespace} exists and belongs to somebody else", "Set it to false")


def test_a_namespace_in_which_no_worker_would_start(checkout: Checkout, namespace: str) -> None:
    """Only the controller would hear that its pods are refused."""
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    path = f"/api/v1/namespaces/{namespace}"
    checkout.api.request("PATCH", path, labels, content_type="application/merge-patch+json")
    checkout.matlab["namespace"] = {"create": False}
    refused(checkout, "the Pod Security level of namespace mjs is restricted, but MATLAB's workers start as root")


def test_a_claim_that_does_not_exist(checkout: Checkout, namespace: str) -> None:
    """Upstream checks this only where its templates can query the cluster (B22)."""
    checkout.matlab["namespace"] = {"create": False}
    checkout.matlab["storage"]["log"] = {"claim": "logs"}
    checkout.matlab["workers"]["claims"] = {"data": "/data"}
    refused(
        checkout,
        "matlab.storage.log.claim: namespace mjs has no PersistentVolumeClaim logs",
        "matlab.workers.claims.data: namespace mjs has no PersistentVolumeClaim data",
    )


def test_a_load_balancer_of_the_users_that_lacks_a_port(checkout: Checkout, namespace: str) -> None:
    """The controller checks other ports than the clients need (B5)."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "mjs-ingress-proxy"},
        "spec": {"ports": [{"name": "a", "port": 1081, "targetPort": 1080}]},
    }
    checkout.api.request("POST", f"/api/v1/namespaces/{namespace}/services", service)
    checkout.matlab["namespace"] = {"create": False}
    checkout.matlab["network"] = {"clusterHost": "mjs.example.org", "loadBalancer": {"create": False}}
    refused(checkout, "Service mjs-ingress-proxy lacks port 1080", "maps ports to other numbers: 1081 → 1080")


def test_missing_rights(checkout: Checkout) -> None:
    """A user who may only look: the preview works, and `up` says what is missing."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": "default"}}
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": "default"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    }
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    checkout.api.request("POST", accounts, account)
    checkout.api.request("POST", bindings, binding)
    try:
        checkout.target("reader", kubeconfig_of(checkout, "default", "reader"))
        checkout.write()
        # `view` includes no Roles.
        assert "list roles.rbac.authorization.k8s.io. What exists there was not checked" in checkout.run("preview")
        text = checkout.run("up", code=1)
        assert "your user lacks rights in namespace mjs" in text
        assert "create, delete, patch deployments.apps" in text
    finally:
        checkout.api.request("DELETE", f"{bindings}/reader")
        checkout.api.request("DELETE", f"{accounts}/reader")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[ControlPlane]:
    """Another control plane, whose context has the same name."""
    control_plane = ControlPlane(tmp_path / "other", nodes=1)
    control_plane.up()
    yield control_plane
    control_plane.down(wipe=True)


def test_another_cluster_behind_the_same_context(checkout: Checkout, other: ControlPlane) -> None:
    """With the state of another cluster, Pulumi would change and delete objects that happen to have the same names."""
    kubeconfig = checkout.root / "kubeconfig"
    shutil.copy(checkout.control_plane.kubeconfig, kubeconfig)
    checkout.target(EMBEDDED_CONTEXT, kubeconfig)
    checkout.write()
    checkout.run("up")
    shutil.copy(other.kubeconfig, kubeconfig)
    for action in ("preview", "up"):
        assert "contains none of the" in checkout.run(action, code=1)
    assert KubernetesApi.connect(other.kubeconfig, EMBEDDED_CONTEXT).get(f"/api/v1/namespaces/{NAMESPACE}") is None
    shutil.copy(checkout.control_plane.kubeconfig, kubeconfig)
