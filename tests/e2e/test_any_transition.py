"""The law of updates: from any accepted config to any other, the API server takes every object, and keeps nothing old.

Server-side apply merges lists by keys such as a port's number or a variable's name. A key that a setting can change
leaves the old entry behind, or makes the whole object invalid.
"""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.objects import Key
from components.shared.passwords import plain_fingerprint
from tests.configs import EXAMPLES, accepted, configs, law
from tests.e2e.transitions import Transitions
from tests.unit.clusters import in_mode, manifests, merged

CHANGED_BY_REPLACEMENT = "PersistentVolumeClaim"
"""Claims never change; the preflight rejects what would replace one (tests/e2e/test_refusals.py)."""


def updated(cluster: Topology) -> dict[Key, Manifest]:
    """The objects that an update writes."""
    kept = {CHANGED_BY_REPLACEMENT, "Namespace"}
    return {key: item for key, item in manifests(cluster, plain_fingerprint).items() if key[0] not in kept}


def test_any_accepted_config_can_follow_any_other(transitions: Transitions) -> None:
    @settings(law, max_examples=max(EXAMPLES // 5, 1))
    @given(configs(), configs(), st.booleans())
    def holds(config: dict[str, Any], other: dict[str, Any], small: bool) -> None:
        before = accepted(config)
        after = accepted(merged(config, other) if small else other)
        event("accepted" if before and after else "refused")
        if before is None or after is None or balancer(before) != balancer(after):
            return
        note(f"from {before.mode} to {after.mode}")
        assert transitions.problems(updated(before), updated(after)) == []

    holds()


def balancer(cluster: Topology) -> str | None:
    """The class of a load balancer never changes either (tests/e2e/test_load_balancer.py)."""
    return cluster.settings.network.load_balancer.load_balancer_class


def test_a_rejected_update_would_be_seen(transitions: Transitions) -> None:
    key = ("Service", "mjs-ingress-proxy")
    service = updated(in_mode("new-proxy-mode"))[key]
    (port,) = service["spec"]["ports"]
    twice = {**service, "spec": {**service["spec"], "ports": [port, {**port, "port": 1081}]}}
    assert transitions.problems({key: service}, {key: service}) == []
    (said,) = transitions.problems({key: service}, {key: twice})
    assert "Duplicate value" in said


def test_what_an_update_leaves_behind_would_be_seen(transitions: Transitions) -> None:
    """A port that a load-balancer controller has taken over, so that server-side apply keeps it."""
    key = ("Service", "mjs-ingress-proxy")
    service = updated(in_mode("new-proxy-mode"))[key]
    (port,) = service["spec"]["ports"]
    other = {**service, "spec": {**service["spec"], "ports": [{**port, "port": 1081, "name": "tcp-1081"}]}}
    (said,) = transitions.problems({key: service}, {key: other}, also_owned_by="load-balancer")
    assert "1080" in said
