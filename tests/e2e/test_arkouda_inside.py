"""Servers in Kubernetes: one pod, and locales on several nodes; exporters; what a change and a destroy cost."""

from __future__ import annotations

import copy
from typing import Any

from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key

from components.shared.kube import RESOURCES
from tests.e2e.arkouda_stack import CORE, NAMESPACE, configure
from tests.e2e.checkout import Checkout
from tests.e2e.service_monitors import service_monitors

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
MONITORS = RESOURCES["ServiceMonitor"].path(NAMESPACE)
SMALL: dict[str, Any] = {"cpu": "300m", "memory": "256Mi", "files": {"size": "1Gi"}}
SINGLE: dict[str, Any] = {**SMALL, "name": "small", "authenticate": True, "metrics": {"exporter": True}}
MULTI: dict[str, Any] = {**SMALL, "name": "big", "locales": 3}


def ready(checkout: Checkout, kind: str, name: str) -> int:
    found = checkout.api.get(f"{APPS}/{kind}/{name}")
    assert found is not None, name
    count: int = found["status"].get("readyReplicas", 0)
    return count


def test_servers_in_kubernetes_are_ready_and_stay_as_they_are(checkout: Checkout) -> None:
    configure(checkout, singleNode=[SINGLE], multiLocale=[MULTI])
    checkout.run("up")
    assert ready(checkout, "deployments", "small") == 1
    assert ready(checkout, "deployments", "small-exporter") == 1
    assert ready(checkout, "deployments", "big") == 1
    assert ready(checkout, "statefulsets", "big-locale") == 2
    every_locale_has_a_node_of_its_own(checkout)
    the_keys_fit(checkout)
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    a_change_of_one_server_leaves_the_others(checkout)
    a_new_token_restarts_its_server(checkout)
    a_service_monitor_needs_the_operator(checkout)
    a_server_that_goes_keeps_its_files(checkout)
    destroy_keeps_the_files_alone(checkout)


def every_locale_has_a_node_of_its_own(checkout: Checkout) -> None:
    pods = checkout.api.request("GET", f"{CORE}/pods", query={"labelSelector": "app in (big,big-locale)"})["items"]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods) == 3


def the_keys_fit(checkout: Checkout) -> None:
    """Each public key in the Secret is that of the private key beside it, in the format that OpenSSH reads."""
    from base64 import b64decode

    secret = checkout.api.get(f"{CORE}/secrets/big-ssh")
    assert secret is not None
    data = {key: b64decode(value) for key, value in secret["data"].items()}
    for private, public in (("id_rsa", "id_rsa.pub"), ("host_key", "host_key.pub")):
        assert load_ssh_private_key(data[private], None).public_key() == load_ssh_public_key(data[public])
        assert data[private].decode().splitlines()[1] not in checkout.state_file.read_text()
    assert data["id_rsa"] != data["host_key"]


def generations(checkout: Checkout) -> dict[str, int]:
    return {
        item["metadata"]["name"]: item["metadata"]["generation"]
        for kind in ("deployments", "statefulsets")
        for item in checkout.api.request("GET", f"{APPS}/{kind}")["items"]
    }


def changed(checkout: Checkout, kind: str, **settings: Any) -> set[str]:
    """The workloads that `up` changes."""
    before = generations(checkout)
    checkout.config["config"]["clusters:arkouda"][kind][0].update(copy.deepcopy(settings))
    checkout.write()
    checkout.run("up")
    return {name for name, generation in generations(checkout).items() if before.get(name) != generation}


def a_change_of_one_server_leaves_the_others(checkout: Checkout) -> None:
    assert changed(checkout, "singleNode", logLevel="DEBUG") == {"small"}
    assert changed(checkout, "multiLocale", memory="300Mi") == {"big", "big-locale"}


def a_new_token_restarts_its_server(checkout: Checkout) -> None:
    before = checkout.outputs()["arkoudaFiles"]["small"]["connect.py"]
    assert changed(checkout, "singleNode", tokenGeneration=2) == {"small"}
    assert checkout.outputs()["arkoudaFiles"]["small"]["connect.py"] != before


def a_service_monitor_needs_the_operator(checkout: Checkout) -> None:
    metrics = {"exporter": True, "serviceMonitor": True, "serviceMonitorLabels": {"release": "prometheus"}}
    checkout.config["config"]["clusters:arkouda"]["singleNode"][0]["metrics"] = metrics
    checkout.write()
    said = checkout.run("up")
    assert "arkouda.singleNode[0].metrics.serviceMonitor: is true, but the cluster has no ServiceMonitors" in said
    with service_monitors(checkout.api, NAMESPACE):
        checkout.run("up")
        monitor = checkout.api.get(f"{MONITORS}/small-exporter")
        service = checkout.api.get(f"{CORE}/services/small-exporter")
        assert monitor is not None
        assert service is not None
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        # Upstream's chart has a label and a port name that its Service does not have, and is never scraped.
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        checkout.config["config"]["clusters:arkouda"]["singleNode"][0]["metrics"] = {}
        checkout.write()
        checkout.run("up")
        assert checkout.api.get(f"{MONITORS}/small-exporter") is None
        assert checkout.api.get(f"{APPS}/deployments/small-exporter") is None


def a_server_that_goes_keeps_its_files(checkout: Checkout) -> None:
    """Its claim is protected: without this refusal, Pulumi would end the run half-way."""
    before = len(checkout.writes())
    multi = checkout.config["config"]["clusters:arkouda"].pop("multiLocale")
    checkout.write()
    said = checkout.run("up", code=1)
    assert "arkouda: server big no longer uses PersistentVolumeClaim big-files, which holds data" in said
    assert checkout.writes()[before:] == []
    checkout.config["config"]["clusters:arkouda"]["multiLocale"] = multi
    checkout.write()


def destroy_keeps_the_files_alone(checkout: Checkout) -> None:
    said = checkout.run("destroy")
    claims = checkout.api.request("GET", f"{CORE}/persistentvolumeclaims")["items"]
    assert {claim["metadata"]["name"] for claim in claims} == {"small-files", "big-files"}
    assert "small-files" in said
    assert generations(checkout) == {}
    assert checkout.api.request("GET", f"{CORE}/services")["items"] == []
