"""All 106 values of the chart, and how the tests run an import."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.__main__ import main

_RESOURCES = {
    f"{part}{what}{kind}": amount
    for part in ("worker", "jobManager", "poolProxy", "controller", "haproxy", "parallelServerProxy")
    for what, kind, amount in (
        ("CPU", "Request", "3"), ("CPU", "Limit", 4), ("Memory", "Request", "3Gi"), ("Memory", "Limit", "4Gi"),
    )
}  # fmt: skip
_IMAGES = {
    f"{image}Image{what}": value
    for image in ("matlab", "jobManager", "controller", "poolProxy")
    for what, value in (("", f"registry.example.org/{image.lower()}"), ("Tag", "9.9"), ("PullPolicy", "Always"))
}

ALL: dict[str, Any] = {
    "matlabRelease": "r2026a",
    "additionalSupportedReleases": ["r2024b", "r2025a"],
    "additionalMatlabPVCs": ["matlab-r2024b"],
    "matlabRoot": "/opt/matlab/R2026a",
    "maxWorkers": 70,
    "minWorkers": 2,
    "workersPerPoolProxy": 16,
    "idleStop": 600,
    "autoScalingPeriod": 30,
    "stopWorkerGracePeriod": 90,
    "networkLicenseManager": "27000@license.example.org",
    "useOnlineLicensing": True,
    "checkpointPVC": "jobs",
    "logPVC": "logs",
    "workerLogPVC": "worker-logs",
    "matlabPVC": "matlab",
    "jobManagerUsesPVC": True,
    "javaPVC": "java",
    "additionalWorkerPVCs": {"data": "/data"},
    "basePort": 28000,
    "jobManagerName": "Lab's cluster",
    "logLevel": 4,
    "securityLevel": 1,
    "useSecureCommunication": False,
    "requireClientCertificate": False,
    "requireScriptVerification": False,
    "clusterHost": "mjs.example.org",
    "adminUser": "root of all",
    "ldapURL": "ldaps://ldap.example.org:636",
    "ldapSecurityPrincipalFormat": "[username]@example.org",
    "ldapSynchronizationIntervalSecs": 60,
    "exportMetrics": True,
    "metricsPort": 9001,
    "useSecureMetrics": False,
    "openMetricsPortOutsideKubernetes": True,
    "fileDescriptorUlimit": 8192,
    "clusterDomain": "k8s.example.org",
    **_IMAGES,
    "matlabDepsImage": "registry.example.org/matlab-deps",
    "parallelServerProxyImage": "registry.example.org:5000/proxy:v9",
    "parallelServerProxyImagePullPolicy": "Never",
    "haproxyImage": f"registry.example.org/haproxy:3.2@sha256:{'a' * 64}",
    "haproxyImagePullPolicy": "Never",
    **_RESOURCES,
    "numGPUs": 1,
    "jobManagerNodeSelector": {"pool": "system"},
    "workerNodeSelector": {"pool": "gpu"},
    "jobManagerTolerations": [{"key": "system", "operator": "Exists"}],
    "workerTolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "30"}],
    "jobManagerUserID": 2000,
    "jobManagerGroupID": 2001,
    "workerUsername": "worker",
    "workerPassword": "canary-password",
    "enableServiceLinks": True,
    "autoCreateLoadBalancer": False,
    "loadBalancerAnnotations": {"example.org/pool": "lab"},
    "loadBalancerSourceRanges": ["192.0.2.0/24"],
    "internalClientsOnly": True,
    "parallelServerProxyPort": 1081,
    "parallelServerProxyUseMutualTLS": False,
    "poolProxyBasePort": 31000,
    "extraWorkerEnv": {"OMP_NUM_THREADS": "4"},
    "extraJobManagerEnv": {"TZ": "UTC"},
    "startupProbeInitialDelay": 0,
    "startupProbePeriod": 2,
    "startupProbeFailureThreshold": 90,
    "livenessProbePeriod": 200,
    "livenessProbeInitialDelay": 250,
    "livenessProbeTimeout": 20,
    "livenessProbeFailureThreshold": 5,
    "preserveSecrets": True,
    "global": {"anything": 1},
}
"""Each value is another one than the chart's default."""
TOGETHER = {**ALL, "internalClientsOnly": False, "autoCreateLoadBalancer": True, "securityLevel": 2}
"""All 106, as chart and program accept them together: metrics outside need a way in, and LDAP needs level 2."""
SMALL: dict[str, Any] = {
    "matlabRelease": "r2026a",
    "maxWorkers": 8,
    "checkpointPVC": "jobs",
    "logPVC": "logs",
    "workerLogPVC": "worker-logs",
}


@dataclass
class Import:
    """What one run of the command left."""

    code: int
    out: str
    err: str
    file: Path

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def matlab(self) -> dict[str, Any]:
        """The settings below clusters:matlab."""
        found: dict[str, Any] = yaml.safe_load(self.text)["config"]["clusters:matlab"]
        return found


class Importer:
    """Runs `python -m ops import-values` in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def __call__(self, values: dict[str, Any], *options: str) -> Import:
        source, target = self._folder / "values.yaml", self._folder / "Pulumi.lab.yaml"
        source.write_text(json.dumps(values), encoding="utf-8")
        target.unlink(missing_ok=True)
        code = main(["import-values", str(source), *options, "--out", str(target)])
        captured = self._capsys.readouterr()
        return Import(code, captured.out, captured.err, target)
