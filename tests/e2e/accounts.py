"""The tests' cluster in the name of a service account."""

from __future__ import annotations

from pathlib import Path

import yaml

from components.shared import rbac
from tests.e2e.checkout import Checkout


def become(checkout: Checkout, cluster_role: str, namespace: str) -> None:
    """From here on, the stack works in the name of an account with this ClusterRole in the namespace."""
    name = "somebody"
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    binding = {
        "apiVersion": f"{rbac.GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "subjects": [rbac.service_account(name, namespace)],
        "roleRef": {"apiGroup": rbac.GROUP, "kind": "ClusterRole", "name": cluster_role},
    }
    checkout.api.request("POST", f"/apis/{rbac.GROUP}/v1/namespaces/{namespace}/rolebindings", binding)
    checkout.api.request("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    checkout.target(name, kubeconfig_of(checkout, namespace, name))


def kubeconfig_of(checkout: Checkout, namespace: str, account: str, context: str | None = None) -> Path:
    """A kubeconfig for an account, with a fresh token, whose context has the account's name unless it gets one."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = checkout.api.request("POST", path, request)["status"]["token"]
    config = yaml.safe_load(checkout.control_plane.kubeconfig.read_text())
    inside = {"cluster": config["clusters"][0]["name"], "user": account, "namespace": namespace}
    config["users"] = [{"name": account, "user": {"token": token}}]
    config["contexts"] = [{"name": context or account, "context": inside}]
    config["current-context"] = context or account
    written = checkout.root / f"{account}.kubeconfig"
    written.write_text(yaml.safe_dump(config))
    return written
