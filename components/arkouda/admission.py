"""Limits what the account of a self-registered server may create: RBAC cannot limit `create` to names.

Without it, `create services` includes load balancers, node ports and external IPs, with which others' traffic can be
intercepted (https://kubernetes.io/docs/concepts/services-networking/service/#external-ips).
"""

from __future__ import annotations

from typing import Final

from components.arkouda.server_settings import SelfRegistered
from components.arkouda.topology import Topology, registered_services, user_name
from components.shared.manifest import Manifest, manifest
from components.shared.network_policy import NAMESPACE_NAME

API_VERSION: Final = "admissionregistration.k8s.io/v1"
_IS_SERVICE: Final = "request.resource.resource == 'services'"


def policy_name(cluster: Topology, server: SelfRegistered) -> str:
    """Name of policy and binding, which belong to the whole cluster."""
    return f"arkouda-{cluster.namespace}-{server.name}"


def policy(cluster: Topology, server: SelfRegistered) -> Manifest:
    """The policy: this account creates plain Services and Endpoints with its own names, and nothing else."""
    own = ", ".join(f"'{name}'" for name in registered_services(server))
    listed = ", ".join(registered_services(server))
    return manifest(
        API_VERSION,
        "ValidatingAdmissionPolicy",
        policy_name(cluster, server),
        None,
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: cluster.namespace}},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["services", "endpoints"],
                    }
                ],
            },
            "matchConditions": [
                {
                    "name": "by-this-server",
                    "expression": f"request.userInfo.username == '{user_name(cluster, server)}'",
                }
            ],
            "validations": [
                {
                    "expression": f"object.metadata.name in [{own}]",
                    "message": f"Arkouda server {server.name} may write only {listed}.",
                },
                {
                    "expression": f"!({_IS_SERVICE}) || !has(object.spec.type) || object.spec.type == 'ClusterIP'",
                    "message": f"Arkouda server {server.name} may create only Services of type ClusterIP.",
                },
                {
                    "expression": f"!({_IS_SERVICE}) || !has(object.spec.externalIPs)"
                    " || object.spec.externalIPs.size() == 0",
                    "message": f"Arkouda server {server.name} may not claim external IPs.",
                },
                {
                    "expression": f"!({_IS_SERVICE}) || !has(object.spec.selector) || object.spec.selector.size() == 0",
                    "message": f"Arkouda server {server.name} may not select pods.",
                },
            ],
        },
    )


def binding(cluster: Topology, server: SelfRegistered) -> Manifest:
    """Puts the policy into force."""
    name = policy_name(cluster, server)
    return manifest(
        API_VERSION,
        "ValidatingAdmissionPolicyBinding",
        name,
        None,
        spec={"policyName": name, "validationActions": ["Deny"]},
    )
