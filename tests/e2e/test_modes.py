"""Every proxy mode on a real API server, one after the other in the same stack, as an administrator moves on."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.checkout import NAMESPACE, Checkout

POOL = {f"tcp-pool-proxy-{number}": number for number in (30000, 30001)}
DIRECT = {"tcp-lookup": 27356, "tcp-jobmanager": 27359}
SOCKS = {"tcp-parallel-server-proxy": 1080}
METRICS: dict[str, Any] = {"export": True, "openPortOutsideKubernetes": True}

# Mode, what the stack file says, Deployments besides controller and job manager, ports of the Service.
STEPS: tuple[tuple[str, dict[str, Any], set[str], dict[str, int]], ...] = (
    ("new-proxy-mode", {}, {"mjs-ingress-proxy"}, SOCKS),
    (
        "new-multi-proxy-mode",
        {"metrics": METRICS},
        {"mjs-ingress-proxy", "mjs-parallel-server-proxy"},
        {**SOCKS, "metrics": 8001},
    ),
    (
        "backwards-compatible-mode",
        {"additionalSupportedReleases": ["r2025b"], "metrics": METRICS},
        {"mjs-ingress-proxy", "mjs-parallel-server-proxy"},
        {**DIRECT, **SOCKS, **POOL, "metrics": 8001},
    ),
    ("legacy-proxy-mode", {"release": "r2025b"}, {"mjs-ingress-proxy"}, {**DIRECT, **POOL}),
    ("no-proxy-mode", {"network": {"internalClientsOnly": True}}, set(), {}),
)


def test_a_stack_moves_through_every_mode(checkout: Checkout) -> None:
    base = dict(checkout.matlab)
    base["workers"] = {**base["workers"], "max": 64}
    # Pods of one mode leave while those of the next arrive.
    base["jobManager"] = {"resources": {"cpuRequest": "200m", "memoryRequest": "256Mi"}}
    for mode, changes, proxies, ports in STEPS:
        checkout.config["config"]["clusters:matlab"] = {**base, **changes}
        checkout.write()
        checkout.run("up")
        outputs = checkout.outputs()
        assert outputs["proxyMode"] == mode
        assert available_deployments(checkout) == {"mjs-controller", "mjs-job-manager", *proxies}
        service = checkout.get("services", "mjs-ingress-proxy")
        found = {port["name"]: port["port"] for port in service["spec"]["ports"]} if service else {}
        assert list(found.values()) == list(ports.values())
        assert all(name.startswith(role) for name, role in zip(found, ports, strict=True))
        assert not ports or outputs["externalAddress"]["ports"] == ports
        assert profile_hosts(checkout) == expected_hosts(mode, outputs["externalAddress"]["host"])
        config = json.loads(config_map(checkout, "mjs-controller-config")["config.json"])
        assert config["Network"]["UsePoolProxy"] == (POOL.items() <= ports.items())
        assert ("mjs-pool-proxy-template" in config_map_names(checkout)) == (POOL.items() <= ports.items())
        before = len(checkout.writes())
        checkout.run("up")
        assert checkout.writes()[before:] == []


def expected_hosts(mode: str, host: str) -> dict[str, str]:
    """Host strings of the profiles."""
    socks, direct = f"mjs-job-manager:27350?proxy=socks5s://{host}:1080", f"{host}:27350"
    if mode == "backwards-compatible-mode":
        return {"mjs-cluster-profile": socks, "mjs-pre26a-cluster-profile": direct}
    if mode == "no-proxy-mode":
        return {"mjs-cluster-profile": "mjs-job-manager.mjs.svc.cluster.local:27350"}
    return {"mjs-cluster-profile": direct if mode == "legacy-proxy-mode" else socks}


def profile_hosts(checkout: Checkout) -> dict[str, str]:
    hosts = {}
    for name in ("mjs-cluster-profile", "mjs-pre26a-cluster-profile"):
        if profile := checkout.secret(name):
            hosts[name] = json.loads(profile["profile"])["SchedulerComponent"]["Host"]
    return hosts


def available_deployments(checkout: Checkout) -> set[str]:
    answer = checkout.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments") or {}
    return {
        item["metadata"]["name"]
        for item in answer["items"]
        if any(part["type"] == "Available" and part["status"] == "True" for part in item["status"]["conditions"])
    }


def config_map(checkout: Checkout, name: str) -> dict[str, str]:
    found = checkout.get("configmaps", name)
    assert found is not None, name
    data: dict[str, str] = found["data"]
    return data


def config_map_names(checkout: Checkout) -> set[str]:
    answer = checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps") or {}
    return {item["metadata"]["name"] for item in answer["items"]}
