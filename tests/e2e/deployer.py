"""An account with the Roles that `python -m ops rights` prints, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from components.shared import rbac
from components.shared.kube import KubernetesApi
from components.stack import load_file
from ops.rights import manifests
from tests.e2e.accounts import kubeconfig_of
from tests.e2e.checkout import Checkout

COLLECTIONS = {
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
}


def path(item: dict[str, Any]) -> str:
    """The API path of one of the printed objects."""
    namespace = item["metadata"].get("namespace")
    place = f"namespaces/{namespace}/" if namespace else ""
    return f"/apis/{rbac.GROUP}/v1/{place}{COLLECTIONS[item['kind']]}/{item['metadata']['name']}"


@contextmanager
def account(checkout: Checkout, namespace: str, *, preview: bool = False) -> Iterator[list[dict[str, Any]]]:
    """Work in the name of an account with the Roles for the stack file as it is; yields Roles and bindings."""
    api, name = checkout.api, "previewer" if preview else "deployer"
    stack = load_file(checkout.stack_file)
    printed = manifests(stack, preview=preview, subject=rbac.service_account(name, namespace))
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    before = dict(checkout.config["config"]["clusters:kubernetes"])
    api.request("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    for item in printed:
        api.request("POST", path(item).rpartition("/")[0], item)
    try:
        # Both accounts name the same context: the provider takes another one for another cluster.
        checkout.target(namespace, kubeconfig_of(checkout, namespace, name, context=namespace))
        checkout.write()
        yield printed
    finally:
        for item in printed:
            api.request("DELETE", path(item))
        api.request("DELETE", f"{accounts}/{name}")
        checkout.config["config"]["clusters:kubernetes"] = before
        checkout.write()


def client(checkout: Checkout) -> KubernetesApi:
    """The cluster as the account sees it."""
    target = checkout.config["config"]["clusters:kubernetes"]
    return KubernetesApi.connect(target["kubeconfig"], target["context"])
