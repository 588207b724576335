"""Which rights a deployment needs, and which of them the present user lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from components.shared.kube import RESOURCES, KubernetesApi
from components.shared.manifest import Manifest

VERBS: Final = ("create", "patch", "delete")
_AUTHORIZATION: Final = "authorization.k8s.io/v1"


class Right(NamedTuple):
    """One verb on one resource; `namespace` is empty for the whole cluster."""

    group: str
    resource: str
    verb: str
    namespace: str


def needed_rights(manifests: Iterable[Manifest]) -> list[Right]:
    """The rights to write and delete these objects, each once."""
    places = {
        (RESOURCES[item["kind"]].group, RESOURCES[item["kind"]].plural, item["metadata"].get("namespace", ""))
        for item in manifests
    }
    return [Right(group, plural, verb, namespace) for group, plural, namespace in sorted(places) for verb in VERBS]


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
        resource = f"{right.resource}.{right.group}".rstrip(".")
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
        not rule.get("resourceNames") and all({"*", word} & set(rule.get(field) or ()) for field, word in wanted)
        for rule in rules
    )


def _allowed(api: KubernetesApi, right: Right) -> bool:
    attributes = {**right._asdict()}
    review = {
        "apiVersion": _AUTHORIZATION,
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.request("POST", f"/apis/{_AUTHORIZATION}/selfsubjectaccessreviews", review)
    return bool(answer.get("status", {}).get("allowed"))
