"""Which rights a deployment or a preview needs, and which of them the present user lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from components.shared import rbac
from components.shared.inventory import NOT_LISTED
from components.shared.kube import RESOURCES, KubernetesApi
from components.shared.manifest import Manifest

VERBS: Final = ("get", "list", "watch", "create", "patch", "delete")
"""What the provider does to an object: server-side apply, and a watch until it is ready or gone."""
_FOLLOW: Final = ("list", "watch")
_FOLLOWED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "DaemonSet": (("", "events"), ("", "pods")),
    "Deployment": (("", "events"), ("", "pods"), ("apps", "replicasets")),
    "Job": (("", "events"), ("", "pods")),
    "PersistentVolumeClaim": (("", "events"),),
    "StatefulSet": (("", "events"), ("", "pods")),
}
"""Group and resource of what the provider watches until an object of a kind is ready, or to say why it is not."""
_OF_PODS: Final = ("Node", "PriorityClass", "RuntimeClass")
_OF_THE_CLUSTER: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("DaemonSet", "Deployment", "Job", "StatefulSet"), _OF_PODS),
    "PersistentVolumeClaim": ("StorageClass",),
}
"""Kinds of the whole cluster that the program reads before it writes an object of a kind."""
_PORTS_OF: Final = ("default", "kube-system")
"""Namespaces whose EndpointSlices tell the ports of the API server and of cluster DNS."""
_UNSEEN: Final = ("Secret", *NOT_LISTED)
_AUTHORIZATION: Final = "authorization.k8s.io/v1"


class Right(NamedTuple):
    """One verb on one resource, such as `pods` or `pods/exec`."""

    group: str
    resource: str
    verb: str
    namespace: str
    """Empty for the whole cluster."""
    name: str = ""
    """The only object that it is for; empty for all."""


def needed_rights(manifests: Iterable[Manifest]) -> list[Right]:
    """The rights to write, follow and delete these objects, each once.

    Kubernetes lets nobody grant rights that they lack, so the rights in a Role belong to them. `bind` is for the
    dry run of a RoleBinding whose Role does not exist yet.
    """
    manifests = list(manifests)
    found = {Right(*place, verb, namespace) for place, namespace in _places(manifests) for verb in VERBS}
    found |= set(_look_at_namespaces(manifests))
    for item in manifests:
        namespace = item["metadata"].get("namespace", "")
        followed = _FOLLOWED.get(item["kind"], ())
        found |= {Right(*place, verb, namespace) for place in followed for verb in _FOLLOW}
        if item["kind"] == "Role":
            found |= set(_granted(item, namespace))
        if item["kind"] == "RoleBinding":
            found.add(Right(rbac.GROUP, RESOURCES["Role"].plural, "bind", namespace, item["roleRef"]["name"]))
    general = {right for right in found if not right.name}
    return sorted(right for right in found if not right.name or right._replace(name="") not in general)


def preview_rights(manifests: Iterable[Manifest]) -> list[Right]:
    """The rights to find out what exists already. Secrets are not among them: whoever lists Secrets reads them.

    A preview asks for the address of the load balancer; without `get` on its Service it fails.
    """
    manifests = list(manifests)
    found = {
        Right(group, resource, verb, namespace)
        for (group, resource), namespace in _places(item for item in manifests if item["kind"] not in _UNSEEN)
        for verb in (("get", "list") if resource == "services" else ("list",))
    }
    return sorted(found | set(_look_at_namespaces(manifests)))


def optional_rights(manifests: Iterable[Manifest], *, preview: bool) -> list[Right]:
    """The rights to read what belongs to the whole cluster. Without them a few checks are skipped.

    Preview and deployment need the same lists: the ports in NetworkPolicies are the ones that were found.
    """
    kinds = {item["kind"] for item in manifests}
    read = {name for kind in kinds for name in _OF_THE_CLUSTER.get(kind, ())}
    found = {Right(RESOURCES[name].group, RESOURCES[name].plural, "list", "") for name in read}
    if "StorageClass" in read and not preview:
        # The provider reads it: a claim whose class waits for the first pod counts as ready while it is pending.
        found.add(Right(RESOURCES["StorageClass"].group, RESOURCES["StorageClass"].plural, "get", ""))
    if "NetworkPolicy" in kinds:
        slices = RESOURCES["EndpointSlice"]
        found |= {Right(slices.group, slices.plural, "list", namespace) for namespace in _PORTS_OF}
    return sorted(found)


def _look_at_namespaces(manifests: Iterable[Manifest]) -> Iterator[Right]:
    # For RBAC, a Namespace object is in the namespace of its own name.
    for item in manifests:
        if namespace := item["metadata"].get("namespace"):
            yield Right("", RESOURCES["Namespace"].plural, "get", namespace)


def _places(manifests: Iterable[Manifest]) -> set[tuple[tuple[str, str], str]]:
    """Group and resource of the objects, and their namespaces."""
    return {
        ((RESOURCES[item["kind"]].group, RESOURCES[item["kind"]].plural), item["metadata"].get("namespace", ""))
        for item in manifests
    }


def _granted(role: Manifest, namespace: str) -> Iterator[Right]:
    for rule in role.get("rules") or ():
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    for name in rule.get("resourceNames") or ("",):
                        yield Right(group, resource, verb, namespace, name)


def missing_rights(api: KubernetesApi, rights: Iterable[Right]) -> dict[str, dict[str, list[str]]]:
    """Lacking verbs, by namespace and by resource.

    One SelfSubjectRulesReview answers for a namespace. Its answer may be incomplete, since a webhook or the node
    authorizer cannot list what it allows, and it never covers the whole cluster: a right that is not in it is asked for
    by itself.
    """
    rights = list(dict.fromkeys(rights))
    namespaces = {right.namespace for right in rights if right.namespace}
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = pool.map(lambda namespace: _rules(api, namespace), namespaces)
        rules = dict(zip(namespaces, answers, strict=True))
        doubtful = [right for right in rights if not _covered(right, rules.get(right.namespace, []))]
        allowed = list(pool.map(lambda right: _allowed(api, right), doubtful))
    missing: dict[str, dict[str, list[str]]] = {}
    for right in (right for right, granted in zip(doubtful, allowed, strict=True) if not granted):
        resource = f"{right.resource}.{right.group}".rstrip(".") + f" {right.name}".rstrip()
        missing.setdefault(right.namespace, {}).setdefault(resource, []).append(right.verb)
    return missing


def _rules(api: KubernetesApi, namespace: str) -> list[Mapping[str, Any]]:
    review = {"apiVersion": _AUTHORIZATION, "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    answer = api.request("POST", f"/apis/{_AUTHORIZATION}/selfsubjectrulesreviews", review)
    rules: list[Mapping[str, Any]] = answer.get("status", {}).get("resourceRules") or []
    return rules


def _covered(right: Right, rules: Iterable[Mapping[str, Any]]) -> bool:
    wanted = (("apiGroups", right.group), ("resources", right.resource), ("verbs", right.verb))
    return any(
        (not rule.get("resourceNames") or right.name in rule["resourceNames"])
        and all({"*", word} & set(rule.get(field) or ()) for field, word in wanted)
        for rule in rules
    )


def _allowed(api: KubernetesApi, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {**right._asdict(), "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": _AUTHORIZATION,
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.request("POST", f"/apis/{_AUTHORIZATION}/selfsubjectaccessreviews", review)
    return bool(answer.get("status", {}).get("allowed"))
