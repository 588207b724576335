"""The law of settings: a setting that is accepted has an effect, in every mode.

A setting is changed in clusters of every mode. Either the config is refused, or something differs that a person would
notice: an object, the content of a Secret, or how long `up` waits.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.matlab import names
from components.matlab.credentials import sources
from components.matlab.settings import Settings
from components.matlab.topology import Mode, Topology
from components.shared.manifest import CHECKSUM
from components.shared.mistakes import ConfigError
from components.shared.passwords import plain_fingerprint
from generators.changes import candidates
from generators.settings import Setting, every_setting
from tests.configs import nested
from tests.unit.clusters import EVERYTHING, LDAPS, MODES, Values, cluster, manifests, merged, mode_values

SETTINGS = list(every_setting(Settings))
FULLEST = ("backwards-compatible-mode", "new-proxy-mode")
WAITING = {
    "jobManager.startTimeout": lambda _: True,
    "network.gateway.acceptTimeout": lambda here: here.uses_gateway,
    "network.loadBalancer.addressTimeout": lambda here: here.needs_load_balancer_address,
    "updates.waitForJobs": lambda _: True,
    "updates.whenJobsRemain": lambda here: here.settings.updates.wait_for_jobs > 0,
    "updates.snapshot.class": lambda here: here.settings.storage.checkpoint.persistent,
    "updates.snapshot.timeout": lambda here: here.settings.updates.snapshot.snapshot_class is not None,
    "updates.snapshot.keep": lambda here: here.settings.updates.snapshot.snapshot_class is not None,
}
"""How long `up` waits, and for what, is in no object: where each such setting matters."""
IN_EVERY_MODE: dict[str, Values] = {"smallest": {}, "everything": EVERYTHING}
VARIANTS: dict[str, Values] = {
    "ldaps": LDAPS,
    "own service": {"network": {"loadBalancer": {"create": False}}},
    "node port": {
        "network": {"clusterHost": "mjs.example.org", "basePort": 30000, "loadBalancer": {"type": "NodePort"}},
        "parallelServerProxy": {"port": 30080},
        "poolProxy": {"basePort": 30100},
        "metrics": {"port": 30090},
    },
    "cluster IP": {"network": {"clusterHost": "mjs.example.org", "loadBalancer": {"type": "ClusterIP"}}},
    "gateway": {"network": {"gateway": {"name": "shared", "namespace": "gateways"}}},
    "source ranges": {"network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}}},
    "no policies": {"network": {"policies": {"enabled": False}}},
    "own namespace": {"namespace": {"create": False}},
    "MATLAB from a claim": {"installation": {"claim": "matlab", "jobManagerUsesClaim": True}},
    "workers from a claim": {"installation": {"claim": "matlab"}, "images": {"worker": {"tag": "mine"}}},
    "dependencies of my own": {
        "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
        "images": {"matlabDeps": {"tag": "mine", "pullPolicy": "Always"}},
    },
    "no passwords": {"security": {"level": 1}},
    "nothing is secured": {
        "security": {
            "level": 0,
            "useSecureCommunication": False,
            "requireClientCertificate": False,
            "requireScriptVerification": False,
        },
        "parallelServerProxy": {"useMutualTLS": False},
        "network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}},
    },
    "nothing is kept": {"storage": {name: {"persistent": False} for name in ("checkpoint", "log", "workerLog")}},
    "existing claims": {"storage": {name: {"claim": f"my-{name.lower()}"} for name in ("checkpoint", "log")}},
    "online licensing": {"license": {"useOnlineLicensing": True}},
    "brought certificates": {"metrics": {"export": True, "bringOwnCertificates": True}},
    "plain metrics": {"metrics": {"export": True, "useSecure": False}},
    "no workers": {"workers": {"max": 0}},
}


def bases() -> Iterator[Any]:
    """Clusters in every mode; what does not depend on the mode varies in two that differ most."""
    pairs = [(mode, variant, values) for mode in MODES for variant, values in IN_EVERY_MODE.items()]
    pairs += [(mode, variant, values) for mode in FULLEST for variant, values in VARIANTS.items()]
    for mode, variant, values in pairs:
        yield pytest.param(without_refused(mode_values(mode, values)), id=f"{mode}, {variant}")
    yield pytest.param(mode_values("legacy-proxy-mode", {"release": "r2024a"}), id="the first release")


def without_refused(values: Values) -> Values:
    """The config without the settings that have no effect in it."""
    try:
        cluster(base=values)
    except ConfigError as error:
        values = copy.deepcopy(values)
        for mistake in error.mistakes:
            *parents, last = mistake.path.removeprefix("matlab.").split(".")
            group = values
            for step in parents:
                group = group[step]
            del group[last]
    return values


def others(setting: Setting, settings: Settings) -> Iterator[Any]:
    """Other values of a setting than the one that it has."""
    # Without a tag of its own, an image has the default one.
    is_tag = setting.steps[-1] == "tag"
    return (value for value in candidates(setting, settings, setting.steps) if value is not None or not is_tag)


def noticed(here: Topology) -> str:
    """What a person can notice of a cluster: its objects and Secrets, without what the pods of this mode ignore."""
    found = manifests(here, plain_fingerprint)
    for manifest in found.values():
        template = manifest.get("spec", {}).get("template", {})
        (template.get("metadata", {}).get("annotations") or {}).pop(CHECKSUM, None)
    config = found["ConfigMap", names.CONTROLLER_CONFIG]["data"]
    config["config.json"] = read_by_the_controller(here, json.loads(config["config.json"]))
    for (kind, _), manifest in found.items():
        text = manifest.get("data", {}).get(names.TEMPLATE_FILE) if kind == "ConfigMap" else None
        if text:
            manifest["data"][names.TEMPLATE_FILE] = [line for line in text.splitlines() if CHECKSUM not in line]
    if not here.settings.metrics.export:
        data = found["ConfigMap", names.JOB_MANAGER_CONFIG]["data"]
        lines = data["mjs_def.sh"].splitlines()
        data["mjs_def.sh"] = [line for line in lines if not line.startswith(("METRICS_", "USE_SECURE_METRICS"))]
    if not here.uses_pool_proxies:
        # Rights to remove the pool proxies of another mode.
        del found["Role", names.CONTROLLER_ROLE]
    secrets = sources(here, here.settings.network.cluster_host or "address.invalid")
    return json.dumps([list(found.items()), sorted(map(str, secrets.items()))], default=str)


def read_by_the_controller(here: Topology, config: Any) -> Any:
    """The fields of config.json that the controller reads in this mode (docs/upstream.md)."""
    network = config["Network"]
    ignored = set()
    if not here.uses_parallel_server_proxy:
        ignored |= {"ParallelServerProxyPort", "ParallelServerProxyUseMutualTLS"}
    if not here.uses_pool_proxies:
        ignored |= {"PoolProxyBasePort", "WorkersPerPoolProxy"}
    if here.mode is Mode.NO_PROXY:
        ignored |= {"ClusterHost"}
    if not here.settings.metrics.export:
        ignored |= {"OpenMetricsPortOutsideKubernetes", "UseSecureMetrics"}
    return {**config, "Network": {key: value for key, value in network.items() if key not in ignored}}


@pytest.mark.parametrize("base", [*bases()])
def test_a_setting_is_refused_or_has_an_effect(base: Values) -> None:
    before = cluster(base=base)
    seen = noticed(before)
    silent = []
    for setting in SETTINGS:
        for value in others(setting, before.settings):
            try:
                after = cluster(base=merged(base, nested(setting, value)))
            except ConfigError:
                continue
            waits = WAITING.get(setting.path, lambda _: False)(after)
            if after.settings != before.settings and noticed(after) == seen and not waits:
                silent.append(f"{setting.path}: {value!r:.60}")
    assert silent == []
