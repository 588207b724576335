"""The Roles that `python -m ops rights` prints: enough for a deployment and for a preview, and nothing more."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from components.shared.kube import APPLY_PATCH, ApiError, KubernetesApi
from components.shared.rights import Right, missing_rights, needed_rights, preview_rights
from components.stack import load_file
from ops.rights import besides, planned
from tests.e2e.checkout import Checkout
from tests.e2e.deployer import account, client, path

LACKS = "your user lacks rights"
UNSEEN = "were not checked"


@pytest.fixture
def lab(checkout: Checkout) -> Iterator[Checkout]:
    """A stack in a namespace of somebody else; the older release brings pool proxies along."""
    with checkout.foreign_namespace("lab"):
        checkout.matlab["namespace"] = {"name": "lab", "create": False}
        checkout.matlab["additionalSupportedReleases"] = ["r2025b"]
        checkout.write()
        yield checkout


def test_these_roles_are_enough(lab: Checkout) -> None:
    """Previews with one account, deployments with the other: a new stack, a change and a destroy.

    Every right is used, as the audit log shows. The exceptions are the ones that the API server demands of somebody who
    grants rights; `test_nothing_can_be_left_out` covers them.
    """
    with account(lab, "lab", preview=True):
        previews_without_a_word(lab)
    with account(lab, "lab"):
        granted = needed_rights(item for item in planned(load_file(lab.stack_file)) if item["kind"] != "RoleBinding")
        lab.run("preview")
        lab.run("up")
    with account(lab, "lab", preview=True):
        lab.matlab["workers"]["max"] = 6
        lab.write()
        previews_without_a_word(lab)
    with account(lab, "lab"):
        lab.run("up")
        assert lab.outputs()["maxWorkers"] == 6
        lab.run("destroy", "--purge", CONFIRM="dev")
    unused = {right[:3] for right in granted} - used(lab, "deployer")
    for_the_controller = {
        ("", "pods", "create"), ("", "pods", "delete"), ("", "pods/exec", "create"),
        ("", "secrets", "update"), ("apps", "deployments", "update"),
    }  # fmt: skip
    assert unused == for_the_controller


def previews_without_a_word(lab: Checkout) -> None:
    text = lab.run("preview")
    assert LACKS not in text
    assert UNSEEN not in text


def used(lab: Checkout, name: str) -> set[tuple[str, str, str]]:
    """Group, resource and verb of what an account did, from the audit log. An apply that creates is both."""
    found = set()
    for line in lab.control_plane.audit_log.read_text().splitlines():
        event = json.loads(line)
        reference = event.get("objectRef") or {}
        if event["user"].get("username") == f"system:serviceaccount:lab:{name}" and reference:
            resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
            place = reference.get("apiGroup", ""), resource
            found.add((*place, event["verb"]))
            if event["responseStatus"]["code"] == 201:
                found.add((*place, "create"))
    return found


@pytest.mark.parametrize("preview", [False, True], ids=["deploy", "preview"])
def test_nothing_can_be_left_out(lab: Checkout, preview: bool) -> None:
    """Without any one right, `up` is rejected and a preview says what it could not see: by its name, and alone."""
    stack = load_file(lab.stack_file)
    objects = planned(stack)
    rights = preview_rights(objects) if preview else sorted({*needed_rights(objects), *besides(stack)})
    role = next(item for item in objects if item["kind"] == "Role")
    granted = set() if preview else {item for item in needed_rights([role]) if item.resource in {"pods", "pods/exec"}}
    with account(lab, "lab", preview=preview) as printed:
        own = next(item for item in printed if item["kind"] == "Role" and item["metadata"]["namespace"] == "lab")
        assert sum(map(len, singles(own))) == len(rights), "the Role says more than the program asks for"
        api = client(lab)
        settle(lab, own, api, rights, [])
        for right in rights:
            settle(lab, without(own, right), api, rights, [right])
            if right in granted:
                assert refuses(api, role), right
        checked = lab.run("preview" if preview else "up", code=0 if preview else 1)
        assert LACKS in checked


def singles(role: dict[str, Any]) -> Iterator[list[tuple[str, str, str]]]:
    """The rights of each rule, one by one."""
    for rule in role["rules"]:
        names = rule.get("resourceNames") or [""]
        yield [(resource, verb, name) for resource in rule["resources"] for verb in rule["verbs"] for name in names]


def without(role: dict[str, Any], right: Right) -> dict[str, Any]:
    """The Role less one right."""
    reduced = copy.deepcopy(role)
    reduced["rules"] = [
        {"apiGroups": rule["apiGroups"], "resources": [resource], "verbs": [verb], **named}
        for rule, each in zip(role["rules"], singles(role), strict=True)
        for resource, verb, name in each
        if (rule["apiGroups"][0], resource, verb, name) != (right.group, right.resource, right.verb, right.name)
        for named in ([{"resourceNames": [name]}] if name else [{}])
    ]
    return reduced


def settle(lab: Checkout, role: dict[str, Any], api: KubernetesApi, rights: list[Right], lacking: list[Right]) -> None:
    """Give the account this Role, and wait until exactly these rights are missing."""
    lab.api.request("PUT", path(role), role)
    named = {f"{item.resource}.{item.group}".rstrip(".") + f" {item.name}".rstrip(): [item.verb] for item in lacking}
    expected = {"lab": named} if named else {}
    end = time.monotonic() + 10
    while (found := missing_rights(api, rights)) != expected:
        assert time.monotonic() < end, (found, expected)
        time.sleep(0.02)


def refuses(api: KubernetesApi, role: dict[str, Any]) -> bool:
    """The API server does not let the account grant what the Role grants."""
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/lab/roles/{role['metadata']['name']}"
    query = {"dryRun": "All", "fieldManager": "test"}
    try:
        api.request("PATCH", place, role, query=query, content_type=APPLY_PATCH)
    except ApiError as error:
        return error.status == 403
    return False
