"""The policy pack under the real engine: each rule stops a stack that breaks it, and passes one that keeps it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.e2e.checkout import Checkout
from tests.tools.environments import environment
from tests.unit.clusters import merged

PACK = PROJECT / "policy"
DIGEST = f"sha256:{'1' * 64}"
MATLAB, KUBERNETES = "clusters:matlab", "clusters:kubernetes"
WITHOUT_TLS = {
    "network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}},
    "parallelServerProxy": {"useMutualTLS": False},
}
LEVEL_0 = {"security": {"level": 0}}
INSIDE = {"network": {"internalClientsOnly": True}}
IMAGES = ("worker", "jobManager", "controller", "parallelServerProxy")
DIGESTS = {"images-by-digest": "mandatory"}
OWNERS = {"owner-labels": {"enforcementLevel": "mandatory", "labels": ["owner", "cost-center"]}}


@pytest.fixture
def pack(checkout: Checkout) -> Path:
    """A copy of the pack in the project, with its environment where PulumiPolicy.yaml says."""
    folder = checkout.root / "policy"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("venv", "__pycache__"))
    (folder / "venv").symlink_to(environment(PACK / "requirements.txt").parent)
    return folder


def preview(checkout: Checkout, pack: Path, settings: Mapping[str, Any], rules: Mapping[str, Any]) -> tuple[int, str]:
    """`pulumi preview --policy-pack`, of the default stack with these settings."""
    for key, values in settings.items():
        checkout.config["config"][key] = merged(checkout.config["config"][key], values)
    checkout.write()
    checkout.run("pulumi", "--", "stack", "select", "--create", checkout.stack)
    config = checkout.root / "rules.json"
    config.write_text(json.dumps(rules))
    words = ("preview", "--policy-pack", str(pack), "--policy-pack-config", str(config))
    return checkout.attempt("pulumi", "--", *words)


VIOLATIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "socks-proxy-with-mutual-tls": ({MATLAB: WITHOUT_TLS}, {}, "Set matlab.parallelServerProxy.useMutualTLS to true"),
    "no-open-security-level": ({MATLAB: LEVEL_0}, {}, "Set matlab.security.level to 1 or 2"),
    "images-by-digest": ({}, DIGESTS, "mjs-worker-image:r2026a has no digest"),
    "owner-labels": ({KUBERNETES: {"labels": {"owner": "vision"}}}, OWNERS, "It lacks cost-center."),
}
PASSING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as the default is": ({}, {}),
    "open only inside": ({MATLAB: merged(INSIDE, LEVEL_0)}, {}),
    "digests": ({MATLAB: {"images": {name: {"digest": DIGEST} for name in IMAGES}}}, DIGESTS),
    "labels": ({KUBERNETES: {"labels": {"owner": "vision", "cost-center": "4711"}}}, OWNERS),
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_violation_stops_the_preview(checkout: Checkout, pack: Path, rule: str) -> None:
    settings, rules, sentence = VIOLATIONS[rule]
    code, text = preview(checkout, pack, settings, rules)
    assert code == 1, text
    assert rule in text
    assert sentence in " ".join(text.split())
    assert {other for other in VIOLATIONS if other in text} == {rule}


REFUSED: dict[str, tuple[Any, str]] = {
    "misspelled": ({"label": ["team"]}, "owner-labels has no setting label."),
    "no list": ({"labels": "team"}, "Expected: array, given: string"),
    "empty": ({"labels": []}, "Array must have at least 1 items"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_configuration_of_a_rule_stops_the_preview(checkout: Checkout, pack: Path, case: str) -> None:
    """A rule that goes on with its default checks something else than its owner believes."""
    config, sentence = REFUSED[case]
    code, text = preview(checkout, pack, {}, {"owner-labels": {"enforcementLevel": "mandatory", **config}})
    assert code == 1, text
    assert sentence in " ".join(text.split())


def test_an_unprotected_claim_and_key_stop_the_preview(checkout: Checkout, pack: Path) -> None:
    """The program protects them all, so two lines of it are changed, as somebody may do who changes it."""
    for name in ("shared/objects.py", "matlab/certificates.py"):
        file = checkout.root / "components" / name
        assert "protect=True" in file.read_text()
        file.write_text(file.read_text().replace("protect=True", "protect=False"))
    code, text = preview(checkout, pack, {}, {})
    assert code == 1, text
    for resource in ("mjs-checkpoint", "PrivateKey"):
        assert resource in text
    assert "a destroy would delete it for good" in text


@pytest.mark.parametrize("case", PASSING)
def test_a_stack_that_keeps_the_rules_passes(checkout: Checkout, pack: Path, case: str) -> None:
    code, text = preview(checkout, pack, *PASSING[case])
    assert code == 0, text
    assert "clusters@v1.0.0" in text
