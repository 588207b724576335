"""Settings that MathWorks' chart does not have, and what it does in their place. The others are in upstream.py."""

from __future__ import annotations

from typing import Final

from components.shared.pod_settings import LabelledPods, Pods

POD_SETTINGS: Final = tuple(
    f"{group}.{field.alias}"
    for group, pods in (
        *((name, LabelledPods) for name in ("workers", "jobManager", "controller", "parallelServerProxy", "haproxy")),
        ("poolProxy", Pods),
    )
    for field in pods.model_fields.values()
)
"""Settings of groups of pods that the chart does not have."""

_NEW = "for a claim that the stack creates; upstream creates none"
OURS: Final[dict[str, str]] = {
    "namespace.name": "`helm --namespace`",
    "namespace.create": "upstream expects the namespace to exist",
    "namespace.podSecurity": "upstream sets no Pod Security level",
    "jobManager.terminationGracePeriod": "upstream leaves Kubernetes' 30 seconds (B27)",
    **{f"{group}.{kind}": "upstream mounts only claims" for group in ("workers", "jobManager")
       for kind in ("configMaps", "secrets")},
    **dict.fromkeys(POD_SETTINGS, "upstream sets only node selectors and tolerations"),
    "workers.prePull": "upstream pulls the image when a worker starts",
    "workers.kueueQueue": "upstream gives workers no labels but `app`",
    "jobManager.surviveDrains": "upstream creates no PodDisruptionBudget",
    "jobManager.startTimeout": "how long `up` waits",
    **{f"storage.{volume}.{field}": _NEW for volume in ("checkpoint", "log", "workerLog")
       for field in ("size", "storageClass", "accessModes")},
    "network.loadBalancer.type": "upstream creates only type LoadBalancer",
    "network.loadBalancer.class": "upstream sets no loadBalancerClass",
    "network.loadBalancer.addressTimeout": "upstream waits without a limit (B26)",
    **{f"network.gateway.{field}": "upstream does not support the Gateway API" for field in
       ("name", "namespace", "podNamespace", "acceptTimeout")},
    "network.policies.enabled": "upstream creates no NetworkPolicy",
    "network.policies.workerEgress": "upstream creates no NetworkPolicy",
    "network.policies.apiServerPorts": "upstream creates no NetworkPolicy",
    "network.policies.dnsPorts": "upstream creates no NetworkPolicy",
    "network.policies.onlineLicensingPorts": "upstream creates no NetworkPolicy",
    "network.ipFamilyPolicy": "upstream creates Services of one IP family",
    "network.ipFamilies": "upstream creates Services of one IP family",
    **{f"network.webProxy.{field}": "upstream sets no variables for a proxy" for field in ("http", "https", "noProxy")},
    "haproxy.bindIPv6": "upstream listens only on IPv4",
    "haproxy.idleTimeout": "upstream always uses 300 seconds (B31)",
    "security.adminPassword": "upstream requires you to create Secret mjs-admin-password",
    "security.authority.certificate": "upstream keeps the CA in Secret mjs-shared-secret, which its controller creates",
    "security.authority.key": "upstream keeps the CA in Secret mjs-shared-secret, which its controller creates",
    "updates.waitForJobs": "upstream leaves pausing, waiting and resuming to you",
    "updates.whenJobsRemain": "upstream leaves pausing, waiting and resuming to you",
    **{f"updates.snapshot.{field}": "upstream takes no snapshots" for field in ("class", "timeout", "keep")},
    "security.leafGeneration": "upstream cannot replace them without their CA",
    "security.credentialsGeneration": "upstream replaces credentials when their Secrets are deleted",
    "ldap.certificate": "upstream requires you to create Secret mjs-ldap-secret",
    "metrics.bringOwnCertificates": "upstream checks whether Secret mjs-metrics-secret exists",
    "metrics.serviceMonitor": "upstream creates no ServiceMonitor",
    "metrics.serviceMonitorLabels": "upstream creates no ServiceMonitor",
    "images.registry": "upstream has only a repository for each image",
    "images.pullSecrets": "upstream has no image pull secrets",
    "images.matlabDeps.tag": "upstream uses the tag of the image that it replaces",
    "images.matlabDeps.pullPolicy": "upstream uses the policy of the image that it replaces",
    **{f"images.{image}.digest": "upstream has no digests"
       for image in ("worker", "jobManager", "matlabDeps", "controller", "poolProxy")},
}  # fmt: skip
"""Settings without a key of the chart, and what upstream does instead."""
