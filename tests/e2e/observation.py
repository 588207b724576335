"""What people would notice of an update, found by looking at the cluster before and after it.

The codes are those of ops/impact/rules.py. Nothing here reads a plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from components.shared.kube import KubernetesApi
from components.shared.manifest import secret_data

Objects = dict[tuple[str, str, str], dict[str, Any]]
KINDS = {
    "Pod": ("/api/v1", "pods"),
    "Service": ("/api/v1", "services"),
    "Secret": ("/api/v1", "secrets"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "StatefulSet": ("/apis/apps/v1", "statefulsets"),
    "Job": ("/apis/batch/v1", "jobs"),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
}
CONTAINERS = {
    "mjs-job-manager": "job-manager-restarts",
    "mjs-controller": "controller-restarts",
    "haproxy": "haproxy-restarts",
    "mjs-parallel-server-proxy": "parallel-server-proxy-restarts",
}
SECRETS = {"mjs-admin-password": "administrator-password", "mjs-metrics-client-certs": "metrics-certificates"}
TEMPLATES = {"mjs-worker-template": "workers-replaced", "mjs-pool-proxy-template": "pool-proxies-replaced"}


@dataclass
class Observation:
    """Every object of some namespaces at one moment."""

    objects: Objects = field(default_factory=dict)

    @classmethod
    def take(cls, api: KubernetesApi, *namespaces: str) -> Observation:
        found: Objects = {}
        for namespace in namespaces:
            for kind, (group, plural) in KINDS.items():
                for item in api.request("GET", f"{group}/namespaces/{namespace}/{plural}")["items"]:
                    if "deletionTimestamp" not in item["metadata"]:
                        found[kind, namespace, item["metadata"]["name"]] = item
        return cls(found)

    def of(self, kind: str) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
        return ((key, item) for key, item in self.objects.items() if key[0] == kind)

    def pods(self) -> dict[tuple[str, str, str], set[str]]:
        """UIDs of the pods of each namespace, `app` label and container."""
        found: dict[tuple[str, str, str], set[str]] = {}
        for (_, namespace, _), pod in self.of("Pod"):
            app = pod["metadata"].get("labels", {}).get("app", "")
            key = namespace, app, pod["spec"]["containers"][0]["name"]
            found.setdefault(key, set()).add(pod["metadata"]["uid"])
        return found


def noticed(before: Observation, after: Observation) -> set[str]:
    """Codes of everything that happened between the two."""
    return {*_pods(before, after), *_secrets(before, after), *_access(before, after), *_rest(before, after)}


def _pods(before: Observation, after: Observation) -> Iterator[str]:
    old, new = ({_role(key): uids for key, uids in seen.pods().items()} for seen in (before, after))
    for role, uids in old.items():
        if role not in new:
            yield "pods-removed"
        elif not uids & new[role]:
            yield role[1]
        elif len(new[role]) < len(uids):
            yield "pods-removed"
    # Locales are replaced at once, and their status may lag behind.
    for key, workload in (found for found in after.of("StatefulSet") if found[0][1].startswith("julia-")):
        status = workload["status"]
        was = before.objects.get(key, workload)["status"]
        if status["updateRevision"] != was["updateRevision"] and status["currentRevision"] != status["updateRevision"]:
            yield "pool-workers-outdated" if key[2].endswith("-worker") else "session-outdated"
    for name, code in TEMPLATES.items():
        one, other = (seen.objects.get(("ConfigMap", "mjs", name)) for seen in (before, after))
        if one and other and one["data"] != other["data"]:
            yield code
        elif one and not other:
            yield "pods-removed"


def _role(key: tuple[str, str, str]) -> tuple[str, str]:
    """The place of pods, and the code of their restart."""
    namespace, app, container = key
    if namespace == "mjs":
        # Two proxies take turns in one Deployment.
        return namespace, CONTAINERS[container]
    if namespace == "arkouda":
        code = {"-locale": "locales-restart", "-exporter": "exporter-restarts"}
        own = next((code[suffix] for suffix in code if app.endswith(suffix)), "server-restarts")
        return app, own
    if app == "julia-night":
        return app, "script-runs-again"
    return app, "pool-workers-restart" if app.endswith("-worker") else "session-restarts"


def _content(item: dict[str, Any] | None) -> dict[str, str]:
    return secret_data(item or {})


def _secrets(before: Observation, after: Observation) -> Iterator[str]:
    invalid = False
    for key, old in before.of("Secret"):
        one, other = _content(old), _content(after.objects.get(key))
        if key[2] == "mjs-shared-secret":
            invalid = json.loads(one["secret.json"]) != json.loads(other["secret.json"])
            yield from ["profiles-invalid"] * invalid
        if one == other:
            continue
        if key[2] in SECRETS:
            yield SECRETS[key[2]]
        elif key[2].endswith("-token"):
            yield "new-token"
    for key, old in before.of("Secret"):
        if key[2].endswith("-cluster-profile") and not invalid and _content(old) != _content(after.objects.get(key)):
            same = _way_in(old) == _way_in(after.objects.get(key))
            yield "profile-renewed" if same else "new-profile"


def _way_in(profile: dict[str, Any] | None) -> dict[str, Any]:
    """What a profile holds besides the certificate of its user."""
    found: dict[str, Any] = json.loads(_content(profile).get("profile", "{}")).get("SchedulerComponent", {})
    return {key: value for key, value in found.items() if not key.startswith("Client")}


def _access(before: Observation, after: Observation) -> Iterator[str]:
    for key, old in before.of("Service"):
        new = after.objects.get(key)
        gone = _ports(old) - _ports(new)
        if key[2] == "mjs-ingress-proxy":
            yield from _entrance(old, new)
        elif key[1] == "arkouda" and gone and not key[2].endswith(("-exporter", "-locales")):
            yield "server-moves"
    for key, old in before.of("EndpointSlice"):
        managed = old["metadata"]["labels"].get("endpointslice.kubernetes.io/managed-by")
        new = after.objects.get(key)
        if managed == "clusters.pulumi" and (new is None or new["endpoints"] != old["endpoints"]):
            yield "server-moves"
    for key, old in before.of("RoleBinding"):
        if _people(old) - _people(after.objects.get(key)):
            yield "access-removed"


def _ports(service: dict[str, Any] | None) -> set[int]:
    return {port["port"] for port in (service or {}).get("spec", {}).get("ports", ())}


def _people(binding: dict[str, Any] | None) -> set[str]:
    return {one["name"] for one in (binding or {}).get("subjects", ()) if one["kind"] != "ServiceAccount"}


def _entrance(old: dict[str, Any], new: dict[str, Any] | None) -> Iterator[str]:
    if new is None or new["spec"]["type"] != old["spec"]["type"]:
        yield "address-changes"
    elif new["metadata"].get("annotations") != old["metadata"].get("annotations"):
        yield "load-balancer-annotations"
    if new and _ports(old) - _ports(new):
        yield "ports-change"
    one, other = (set((item or {}).get("spec", {}).get("loadBalancerSourceRanges") or ()) for item in (old, new))
    if other and (not one or one - other):
        yield "clients-excluded"


def _rest(before: Observation, after: Observation) -> Iterator[str]:
    for key, _ in before.of("PersistentVolumeClaim"):
        if key not in after.objects:
            yield "data-deleted"
    for key, old in before.of("NetworkPolicy"):
        new = after.objects.get(key)
        if new is None:
            continue
        rules = [[json.dumps((way, rule), sort_keys=True) for way in ("ingress", "egress")
                  for rule in item["spec"].get(way) or ()] for item in (old, new)]  # fmt: skip
        if set(rules[0]) - set(rules[1]):
            yield "connections-refused"
    name = "ConfigMap", "mjs", "mjs-job-manager-config"
    lines = [
        [
            line
            for line in seen.objects[name]["data"]["settings.sh"].splitlines()
            if line.startswith("CLUSTER_DATABASE_")
        ]
        for seen in (before, after)
        if name in seen.objects
    ]
    if len(lines) > 1 and lines[0] != lines[1]:
        yield "empty-database"
