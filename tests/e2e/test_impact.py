"""`python -m ops impact` against the truth: it announces from a real preview what `up` then does, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from ops.impact.rules import RULES, Level
from tests.e2e.checkout import Checkout
from tests.e2e.observation import Observation, noticed

CANARY = "canary-7Yx2Qp"
SMALL = {"cpu": "50m", "memory": "64Mi"}


def impact(checkout: Checkout, *words: str) -> subprocess.CompletedProcess[str]:
    checkout.write()
    return subprocess.run(
        [sys.executable, "-m", "ops", "impact", "--stack", checkout.stack, *words],
        cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def announced(checkout: Checkout, code: int) -> dict[str, Any]:
    answer = impact(checkout, "--json")
    assert answer.returncode == code, answer.stdout + answer.stderr
    assert CANARY not in answer.stdout + answer.stderr
    report: dict[str, Any] = json.loads(answer.stdout)["stacks"][0]
    return report


def codes(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in report["findings"]}


def change(checkout: Checkout, expected: set[str], *namespaces: str) -> dict[str, Any]:
    """Announce, deploy, and compare with what happened in the cluster. `expected` keeps the comparison from idling."""
    quiet = all(RULES[code].level is Level.QUIET for code in expected)
    report = announced(checkout, code=0 if quiet else 1)
    before = Observation.take(checkout.api, *namespaces)
    checkout.run("up")
    after = Observation.take(checkout.api, *namespaces)
    assert codes(report) == expected
    assert noticed(before, after) == expected
    return report


def matlab(checkout: Checkout, expected: set[str], **settings: Any) -> dict[str, Any]:
    for group, values in settings.items():
        own = checkout.matlab.get(group)
        checkout.matlab[group] = {**own, **values} if isinstance(own, dict) else values
    return change(checkout, expected, "mjs")


def test_what_is_announced_of_a_matlab_cluster_happens(checkout: Checkout) -> None:
    """One change of each kind: every announcement comes true, and nothing happens that was not announced."""
    assert announced(checkout, code=0)["findings"] == [], "nobody uses what does not exist"
    checkout.run("up")
    assert announced(checkout, code=0)["verdict"] == "nothing changes"
    matlab(checkout, {"controller-restarts"}, workers={"idleStop": 900})
    matlab(checkout, {"job-manager-restarts", "controller-restarts"}, workers={"max": 6})
    matlab(checkout, {"workers-replaced"}, workers={"env": {"OMP_NUM_THREADS": "2", "NOTE": CANARY}})
    matlab(checkout, {"load-balancer-annotations"}, network={"loadBalancer": {"annotations": {"example.org/a": "b"}}})
    matlab(
        checkout,
        {"clients-excluded", "connections-refused"},
        network={"loadBalancer": {"annotations": {"example.org/a": "b"}, "sourceRanges": ["192.0.2.0/24"]}},
    )
    matlab(checkout, {"new-profile", "controller-restarts"}, network={"clusterHost": "mjs.example.org"})
    renewed = {"job-manager-restarts", "parallel-server-proxy-restarts"}
    matlab(checkout, {"profile-renewed", *renewed}, security={"leafGeneration": 2})
    both = {"new-profile", "controller-restarts", *renewed}
    matlab(checkout, both, network={"clusterHost": "lab.example.org"}, security={"leafGeneration": 3})
    checkout.set_secret("matlab.security.adminPassword", CANARY)
    change(checkout, {"administrator-password", "job-manager-restarts"}, "mjs")
    restarted = {"job-manager-restarts", "workers-replaced", "parallel-server-proxy-restarts", "controller-restarts"}
    matlab(checkout, {"profiles-invalid", *restarted}, security={"credentialsGeneration": 2})
    another_release(checkout)
    a_refused_change_is_unclear(checkout)


def another_release(checkout: Checkout) -> None:
    """Before R2026a, HAProxy and pool proxies take the place of the parallel server proxy."""
    expected = {
        "empty-database",
        "job-manager-restarts",
        "workers-replaced",
        "pods-removed",
        "ports-change",
        "new-profile",
        "connections-refused",
        "controller-restarts",
    }
    report = matlab(checkout, expected, release="r2025b")
    details = {finding["code"]: finding["detail"] for finding in report["findings"]}
    assert details["empty-database"] == "It is in /mjs/database/r2025b; the old one stays in /mjs/database/r2026a."
    assert details["ports-change"] == "No longer open: 1080."
    haproxy = {"haproxy": {"resources": {"memoryRequest": "32Mi"}}, "poolProxy": {"resources": {"cpuRequest": "60m"}}}
    matlab(checkout, {"haproxy-restarts", "pool-proxies-replaced"}, **haproxy)
    expected = {"address-changes", "pods-removed", "new-profile", "connections-refused", "controller-restarts"}
    del checkout.matlab["network"]["loadBalancer"], checkout.matlab["network"]["clusterHost"]
    del checkout.matlab["haproxy"], checkout.matlab["poolProxy"]
    matlab(checkout, {*expected, "workers-replaced"}, network={"internalClientsOnly": True})


def a_refused_change_is_unclear(checkout: Checkout) -> None:
    checkout.matlab["storage"]["log"] = {"persistent": False}
    answer = impact(checkout)
    assert answer.returncode == 2
    assert "`up` would fail: The stack config has 1 mistake" in answer.stdout
    assert "matlab.storage.log: no longer uses PersistentVolumeClaim mjs-log" in answer.stdout
    checkout.matlab["storage"]["log"] = {"size": "1Gi"}
    checkout.write()


def test_a_database_in_a_pod_is_announced_as_lost(checkout: Checkout) -> None:
    checkout.matlab["storage"]["checkpoint"] = {"persistent": False}
    checkout.write()
    checkout.run("up")
    checkout.matlab["workers"]["max"] = 5
    report = announced(checkout, code=1)
    assert codes(report) == {"database-not-kept", "job-manager-restarts", "controller-restarts"}
    volumes = checkout.deployment("mjs-job-manager")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "checkpoint-vol", "emptyDir": {}} in volumes


def test_what_is_announced_of_servers_and_sessions_happens(checkout: Checkout) -> None:
    """Julia and Arkouda: memory that is lost, pods that wait for their deletion, scripts that run again."""
    target = checkout.config["config"]["clusters:kubernetes"]
    sessions: dict[str, Any] = {
        "ana": {"users": ["ana", "ben"], "workers": {"max": 2}, "depot": {"keep": False, "size": "1Mi"}},
        "grid": {"kind": "pool", "workers": {"max": 2}, "depot": {"persistent": False}},
        "night": {"kind": "script", "script": {"text": "println(1)"}, "depot": {"persistent": False}},
    }
    arkouda: dict[str, Any] = {
        "declared": [{"name": "hpc", "address": "192.0.2.10"}],
        "singleNode": [{"name": "small", **SMALL, "authenticate": True, "files": {"persistent": False}}],
        "multiLocale": [{"name": "big", "locales": 2, **SMALL, "files": {"persistent": False}}],
    }
    checkout.config["config"] = {
        "clusters:kubernetes": target,
        "clusters:julia": {"sessions": sessions, "defaults": {"manager": {**SMALL}, "workers": {**SMALL}}},
        "clusters:arkouda": arkouda,
    }
    checkout.write()
    checkout.run("up")

    def changed(*expected: str) -> dict[str, Any]:
        return change(checkout, set(expected), "arkouda", "julia-ana", "julia-grid", "julia-night")

    sessions["ana"]["manager"] = {"env": {"TZ": "UTC"}}
    sessions["grid"]["workers"]["env"] = {"TZ": "UTC"}
    changed("session-outdated", "pool-workers-outdated")
    sessions["night"]["script"]["text"] = "println(2)"
    sessions["ana"]["users"] = ["ana"]
    changed("script-runs-again", "access-removed")
    sessions["grid"]["workers"]["max"] = 1
    arkouda["declared"][0]["address"] = "192.0.2.11"
    changed("pods-removed", "server-moves")
    arkouda["singleNode"][0]["tokenGeneration"] = 2
    changed("new-token", "server-restarts")
    arkouda["multiLocale"][0]["memory"] = "128Mi"
    changed("server-restarts", "locales-restart")
    arkouda["declared"][0]["metrics"] = {"exporter": True}
    assert codes(announced(checkout, code=0)) == set(), "an exporter that is new disturbs nobody"
    del arkouda["declared"][0]["metrics"]
    sessions["grid"]["manager"] = {"updates": "immediately"}
    report = announced(checkout, code=1)
    waiting = [finding for finding in report["findings"] if finding["code"] == "pool-workers-restart"]
    assert [finding["detail"] for finding in waiting] == [
        "Only if an earlier change still waits for the deletion of its pods."
    ]
    del sessions["ana"]
    del sessions["grid"]["manager"]
    changed("data-deleted", "pods-removed", "access-removed")
