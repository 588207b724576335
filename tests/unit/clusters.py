"""Clusters to test with: one per proxy mode, as small as can be and with everything switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.matlab.objects import objects
from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.loading import load
from components.shared.manifest import Manifest
from components.shared.objects import Fingerprint, Key
from components.shared.passwords import fingerprints
from components.shared.survey import NOTHING, Survey
from tests.pem import pair

Values = dict[str, Any]

MODES: dict[str, Values] = {
    "no-proxy-mode": {"network": {"internalClientsOnly": True}},
    "legacy-proxy-mode": {"release": "r2025a"},
    "backwards-compatible-mode": {"additionalSupportedReleases": ["r2024b"]},
    "new-proxy-mode": {},
    "new-multi-proxy-mode": {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
}
"""Upstream's name of each mode, and the least that leads to it from the defaults."""
PEM = pair("ldap.example.org").certificate
LDAP: Values = {
    "ldap": {"url": "ldap://ldap.example.org:389", "securityPrincipalFormat": "[username]@example.org"},
    "security": {"adminPassword": "of the LDAP administrator"},
}
"""Users from an LDAP server, with everything that this requires."""
LDAPS: Values = {
    "ldap": {**LDAP["ldap"], "url": "ldaps://ldap.example.org:636", "certificate": PEM},
    "security": LDAP["security"],
}
"""The same over TLS."""
PODS: Values = {
    "annotations": {"example.org/owner": "lab"},
    "priorityClass": "high",
    "runtimeClass": "gvisor",
    "scheduler": "lab-scheduler",
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {
                        "matchExpressions": [
                            {"key": "room", "operator": "In", "values": ["lab"]},
                            {"key": "old", "operator": "DoesNotExist"},
                            {"key": "cores", "operator": "Gt", "values": ["16"]},
                        ],
                        "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-1"]}],
                    }
                ]
            }
        },
        "podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "topologyKey": "topology.kubernetes.io/zone",
                        "labelSelector": {"matchLabels": {"app": "mjs-job-manager"}},
                        "namespaceSelector": {},
                        "mismatchLabelKeys": ["tenant"],
                    },
                }
            ]
        },
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {
                    "topologyKey": "kubernetes.io/hostname",
                    "namespaces": ["noisy"],
                    "labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                    "matchLabelKeys": ["tenant"],
                }
            ]
        },
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 2,
            "minDomains": 2,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "nodeAffinityPolicy": "Honor",
            "nodeTaintsPolicy": "Ignore",
            "matchLabelKeys": ["tenant"],
            "labelSelector": {"matchLabels": {"example.org/team": "vision"}},
        }
    ],
}
"""Every setting of a group of pods but the labels, with every field of the types of Kubernetes in them."""
LABELS: Values = {"labels": {"example.org/team": "vision", "tenant": "lab"}}
SMALLEST: Values = {"release": "r2026a", "workers": {"max": 40}}
EVERYTHING: Values = {
    "workers": {
        "min": 2,
        "numGPUs": 1,
        "env": {"OMP_NUM_THREADS": "4"},
        "claims": {"data.v2": "/data", "home": "/home/shared"},
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
        "resources": {"cpuLimit": "4"},
    },
    "jobManager": {
        "env": {"TZ": "UTC"},
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "value": "yes"}],
        "resources": {"cpuLimit": "2", "memoryLimit": "4Gi"},
    },
    "installation": {"additionalClaims": ["matlab.r2024b", "config-vol"], "javaClaim": "java"},
    "network": {"clusterHost": "mjs.example.org", "loadBalancer": {"annotations": {"example.org/pool": "lab"}}},
    "ldap": {
        "url": "ldaps://ldap.example.org:636",
        "certificate": PEM,
        "securityPrincipalFormat": "uid=[username],ou=people",
    },
    "security": {"adminPassword": "of the LDAP administrator"},
    "metrics": {"export": True},
    "license": {"networkLicenseManager": "27000@license.example.org"},
    "images": {"pullSecrets": ["registry"]},
    "logLevel": 6,
}
"""Settings that switch on what is off by default; they fit every mode."""


def merged(*parts: Mapping[str, Any]) -> Values:
    """The parts laid over each other, groups within groups."""
    whole: Values = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(whole.get(key), dict)
            whole[key] = merged(whole[key], value) if both else value
    return whole


def cluster(*parts: Mapping[str, Any], base: Values = SMALLEST) -> Topology:
    """The cluster of these settings over the smallest ones. Raises ConfigError as the program does."""
    return Topology(load(Settings, merged(base, *parts), "matlab", RULES))


def mode_values(mode: str, *parts: Mapping[str, Any]) -> Values:
    """The settings of a cluster in one of MODES, without the ones of EVERYTHING that have no effect there."""
    values = merged(SMALLEST, MODES[mode], *parts)
    if mode == "no-proxy-mode":
        network = {key: value for key, value in values["network"].items() if key not in EVERYTHING["network"]}
        values = {**values, "network": network}
    return values


def in_mode(mode: str, *parts: Mapping[str, Any]) -> Topology:
    """A cluster in one of MODES."""
    here = cluster(base=mode_values(mode, *parts))
    assert here.mode == mode
    return here


def manifests(here: Topology, fingerprint: Fingerprint | None = None, survey: Survey = NOTHING) -> dict[Key, Manifest]:
    """Every object but the Secrets, by kind and name."""
    planned = objects(here, fingerprint or fingerprints("test"), survey)
    return {item.key: item.manifest for item in planned if item.key[0] != "Secret"}
