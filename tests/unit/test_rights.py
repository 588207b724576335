"""`python -m ops rights`: Roles for whoever deploys a stack, or only previews it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.inventory import NOT_LISTED
from components.shared.kube import RESOURCES
from components.shared.rights import needed_rights
from components.stack import load_file, load_stack
from ops import __main__ as ops
from ops.rights import besides, manifests, optional, planned
from tests.conftest import PROJECT

EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_rules_say_exactly_what_the_preflight_asks_for(example: Path) -> None:
    """Grouping rules for readers neither adds nor drops a right, and no rule is for everything."""
    stack = load_file(example)
    objects = planned(stack)
    rights = [*needed_rights(objects), *besides(stack), *optional(stack, objects, preview=False)]
    said = [right for item in manifests(stack, preview=False) for right in singles(item)]
    assert len(said) == len(set(said))
    assert set(said) == {(item.group, item.resource, item.verb, item.name, place) for item in rights
                         for place in [place_of(item.namespace, objects)]}  # fmt: skip
    assert not any("*" in right for right in said)
    assert all(all(rule.get("resourceNames", ["any"])) for item in manifests(stack, preview=False)
               for rule in item["rules"])  # fmt: skip


def place_of(namespace: str, objects: list[dict[str, Any]]) -> str:
    created = any(item["kind"] == "Namespace" and item["metadata"]["name"] == namespace for item in objects)
    return "" if created else namespace


def singles(item: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    place = item["metadata"].get("namespace", "")
    return [
        (group, resource, verb, name, place)
        for rule in item["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames") or [""]
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_preview_reads_what_the_preflight_looks_at_and_no_secrets(example: Path) -> None:
    stack = load_file(example)
    skippable = {right[:4] for right in optional(stack, planned(stack), preview=True)}
    listed = {RESOURCES[kind].plural for kind in RESOURCES if kind not in NOT_LISTED} - {"secrets"}
    for group, resource, verb, name, place in (
        right for item in manifests(stack, preview=True) for right in singles(item)
    ):
        assert name == "" or (group, resource, verb, place) in skippable
        assert (group, resource, verb, place) in skippable or verb == "list" or resource in {"namespaces", "services"}
        assert verb in {"get", "list"}
        assert resource in {*listed, "namespaces"} or (group, resource, verb, place) in skippable


def test_yaml_and_json_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rights", "--stack", "dev", "--subject", "ServiceAccount:ci/deploy"]
    assert ops.main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith("# The stack creates these namespaces"), "the ClusterRole is explained"
    assert ops.main([*words, "--json"]) == 0
    assert list(yaml.safe_load_all(text)) == json.loads(capsys.readouterr().out)["items"]
    bindings = [item for item in yaml.safe_load_all(text) if item["kind"].endswith("Binding")]
    assert [item["subjects"] for item in bindings] == [
        [{"kind": "ServiceAccount", "name": "deploy", "namespace": "ci"}]
    ] * 3


@pytest.mark.parametrize("subject", ["ana", "Robot:ana", "ServiceAccount:deploy", "User:"])
def test_a_subject_that_names_nobody_is_rejected(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ops.main(["rights", "--stack", "dev", "--subject", subject]) == 2
    assert f"--subject {subject} is not an account" in capsys.readouterr().err


@pytest.mark.parametrize("snapshot", [{}, {"class": "fast"}], ids=["off", "on"])
def test_rights_for_snapshots_are_there_when_updates_make_some(snapshot: dict[str, str]) -> None:
    matlab = {
        "release": "r2026a",
        "workers": {"max": 4},
        "namespace": {"create": False},
        "updates": {"snapshot": snapshot},
    }
    stack = load_stack("lab", {"kubernetes": {"context": "lab"}, "matlab": matlab}, set())
    deploys, previews = (
        {(resource, verb, place) for item in manifests(stack, preview=preview)
         for group, resource, verb, _, place in singles(item) if group == "snapshot.storage.k8s.io"}
        for preview in (False, True)
    )  # fmt: skip
    check = {("volumesnapshotclasses", "list", "")} if snapshot else set()
    verbs = ("get", "list", "create", "delete") if snapshot else ()
    assert previews == check
    assert deploys == check | {("volumesnapshots", verb, "mjs") for verb in verbs}
