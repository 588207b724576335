"""A person with some rights in one namespace, and no others."""

from __future__ import annotations

import yaml

from components.shared.kube import RESOURCES
from tests.conftest import PROJECT
from tests.e2e.accounts import kubeconfig_of
from tests.e2e.checkout import Checkout


def become_deployer(checkout: Checkout, heading: str, namespace: str) -> None:
    """From here on, the stack works in the name of an account with the first role below the heading."""
    page = (PROJECT / "docs" / "rights.md").read_text(encoding="utf-8")
    role = yaml.safe_load(page.partition(heading)[2].split("```yaml")[1].split("```")[0])
    role["metadata"]["namespace"] = namespace
    checkout.api.request("POST", RESOURCES["Role"].path(namespace), role)
    become(checkout, "Role", role["metadata"]["name"], namespace)


def become(checkout: Checkout, kind: str, role: str, namespace: str) -> None:
    """From here on, the stack works in the name of an account with this Role or ClusterRole in the namespace."""
    api = checkout.api
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "deployer"},
        "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
    }
    api.request("POST", f"{rbac}/rolebindings", binding)
    api.request("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer"}})
    checkout.target("deployer", kubeconfig_of(checkout, namespace, "deployer"))
