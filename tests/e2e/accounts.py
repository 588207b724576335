"""The tests' cluster in the name of a service account."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.e2e.checkout import Checkout


def kubeconfig_of(checkout: Checkout, namespace: str, account: str) -> Path:
    """A kubeconfig for an account, with a fresh token. Its context has the account's name and its namespace."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = checkout.api.request("POST", path, request)["status"]["token"]
    config = yaml.safe_load(checkout.control_plane.kubeconfig.read_text())
    context = {"cluster": config["clusters"][0]["name"], "user": account, "namespace": namespace}
    config["users"] = [{"name": account, "user": {"token": token}}]
    config["contexts"] = [{"name": account, "context": context}]
    config["current-context"] = account
    written = checkout.root / f"{account}.kubeconfig"
    written.write_text(yaml.safe_dump(config))
    return written
