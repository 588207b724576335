"""What Kubernetes and MJS take without a word, and what hardly does what was meant, gets a warning at the preview."""

from __future__ import annotations

from typing import Any

import pytest

from components.arkouda.rules import warnings as of_arkouda
from components.julia.rules import warnings as of_julia
from components.matlab.rules import warnings as of_matlab
from tests.unit.arkouda_stacks import one
from tests.unit.clusters import Values, cluster
from tests.unit.julia_sessions import settings as julia

LICENSE: Values = {"license": {"useOnlineLicensing": True}}


def spread(key: str, value: str) -> Values:
    selector = {"labelSelector": {"matchLabels": {key: value}}}
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **selector}
    return {"topologySpreadConstraints": [constraint]}


def resources(group: str, **amounts: Any) -> Values:
    return {group: {"resources": amounts}}


MINUTES = "service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout"
AWS = "service.beta.kubernetes.io/aws-load-balancer-"


def aws(annotations: dict[str, str], **balancer: Any) -> Values:
    return {"network": {"loadBalancer": {"class": "service.k8s.aws/nlb", "annotations": annotations, **balancer}}}


def said(values: Values) -> list[str]:
    return list(of_matlab(cluster({**LICENSE, **values}).settings))


WARNED: dict[str, tuple[Values, str, str]] = {
    "a-unit-of-memory-that-is-too-small": (
        resources("jobManager", memoryRequest="2Mi"),
        "matlab.jobManager.resources.memoryRequest",
        "Write 256Mi or more",
    ),
    "a-thousandth-of-a-core": (
        resources("workers", cpuRequest="2m"),
        "matlab.workers.resources.cpuRequest",
        "Write 100m or more",
    ),
    "a-database-without-room-for-the-history": (
        {"storage": {"checkpoint": {"size": "20Mi"}}},
        "matlab.storage.checkpoint.size",
        "the history of finished jobs alone fills 10 GB",
    ),
    "logs-in-a-megabyte": (
        {"storage": {"workerLog": {"size": "1Mi"}}},
        "matlab.storage.workerLog.size",
        "is less than 1Gi",
    ),
    "logs-of-workers-on-one-node": (
        {"storage": {"workerLog": {"accessModes": ["ReadWriteOnce"]}}},
        "matlab.storage.workerLog.accessModes",
        "workers start on one node",
    ),
    "workers-spread-by-other-pods": (
        {"workers": {"max": 4, **spread("app", "mjs-workers")}},
        "matlab.workers.topologySpreadConstraints[0].labelSelector",
        "app: mjs-worker",
    ),
    "older-clients-without-older-workers": (
        {"additionalSupportedReleases": ["r2025b"]},
        "matlab.installation.additionalClaims",
        "Clients need workers of their own release",
    ),
    "milliseconds": (
        {"workers": {"max": 4, "autoScalingPeriod": 15000}},
        "matlab.workers.autoScalingPeriod",
        "jobs wait up to 15000 seconds",
    ),
    "a-pool-that-may-not-compute": (
        {"release": "r2025b", "haproxy": {"idleTimeout": 1}},
        "matlab.haproxy.idleTimeout",
        "loses its connection",
    ),
    "a-second-to-close-the-database": (
        {"jobManager": {"terminationGracePeriod": 1}},
        "matlab.jobManager.terminationGracePeriod",
        "with its database open",
    ),
    "annotations-of-two-clouds": (
        {
            "network": {
                "loadBalancer": {
                    "class": "service.k8s.aws/nlb",
                    "annotations": {"networking.gke.io/load-balancer-type": "Internal"},
                }
            }
        },
        "matlab.network.loadBalancer",
        "AWS and Google Cloud",
    ),
    "addresses-of-clients-that-the-load-balancer-hides": (
        aws({f"{AWS}nlb-target-type": "ip"}, sourceRanges=["192.0.2.0/24"]),
        f'matlab.network.loadBalancer.annotations["{AWS}target-group-attributes"]',
        "admit none of them. Write preserve_client_ip.enabled=true",
    ),
    "a-listener-that-the-load-balancer-lacks": (
        aws({f"{AWS}listener-attributes.TCP-443": "tcp.idle_timeout.seconds=6000"}),
        f'matlab.network.loadBalancer.annotations["{AWS}listener-attributes.TCP-443"]',
        "It has TCP-1080.",
    ),
    "an-idle-timeout-of-classic-load-balancers": (
        aws({f"{AWS}connection-idle-timeout": "3600"}),
        f'matlab.network.loadBalancer.annotations["{AWS}connection-idle-timeout"]',
        "a Network Load Balancer ignores it",
    ),
    "minutes-that-azure-takes-and-its-cloud-provider-may-not": (
        {"network": {"loadBalancer": {"annotations": {MINUTES: "60"}}}},
        f'matlab.network.loadBalancer.annotations["{MINUTES}"]',
        "write 30",
    ),
    "a-sidecar": (
        {"jobManager": {"labels": {"sidecar.istio.io/inject": "true"}}},
        'matlab.jobManager.labels["sidecar.istio.io/inject"]',
        "adds a sidecar",
    ),
    "a-word-that-linkerd-does-not-know": (
        {"workers": {"max": 4, "annotations": {"linkerd.io/inject": "false"}}},
        'matlab.workers.annotations["linkerd.io/inject"]',
        "Write disabled",
    ),
    "an-annotation-of-old-karpenters": (
        {"workers": {"max": 4, "annotations": {"karpenter.sh/do-not-evict": "true"}}},
        'matlab.workers.annotations["karpenter.sh/do-not-evict"]',
        "Karpenter 1 ignores it",
    ),
    "more-ports-than-a-load-balancer-has": (
        {"release": "r2025b", "workers": {"max": 100}, "poolProxy": {"workersPerPoolProxy": 1}},
        "matlab.poolProxy.workersPerPoolProxy",
        "102 ports",
    ),
    "clients-of-the-other-family": (
        {"network": {"ipFamilies": ["IPv4"], "loadBalancer": {"sourceRanges": ["2001:db8::/32"]}}},
        "matlab.network.loadBalancer.sourceRanges",
        "contains no IPv4 network",
    ),
    "a-web-proxy-with-an-unknown-address": (
        {
            "license": {"networkLicenseManager": "27000@10.0.0.2"},
            "network": {"policies": {"workerEgress": ["10.0.0.0/8"]}, "webProxy": {"http": "http://proxy:3128"}},
        },
        "matlab.network.webProxy",
        "workers reach proxy only if",
    ),
    "a-variable-as-shells-write-it": (
        {"workers": {"max": 4, "env": {"DATA": "${HOME}/data"}}},
        "matlab.workers.env.DATA",
        "write $(HOME)",
    ),
    "a-repository-without-its-host": (
        {"images": {"worker": {"repository": "mathworks-ref-arch/matlab-parallel-server-k8s/mjs-worker-image"}}},
        "matlab.images.worker.repository",
        "would be pulled from Docker Hub",
    ),
    "a-mirror-on-docker-hub": (
        {"images": {"registry": "docker.io/acme"}},
        "matlab.images.registry",
        "names have two parts",
    ),
    "a-job-manager-for-fewer-workers": (
        {"workers": {"max": 5000}},
        "matlab.jobManager.resources.memoryRequest",
        "2Gi is not enough for 5000 workers. Write 6Gi or more",
    ),
    "workers-without-memory-for-tasks": (
        resources("workers", memoryRequest="512Mi", memoryLimit="768Mi"),
        "matlab.workers.resources.memoryLimit",
        "4 GB per worker",
    ),
    "programs-of-everybody": (
        {"release": "r2025b", "security": {"level": 1, "requireClientCertificate": False}},
        "matlab.security",
        "everybody who reaches the cluster can run programs",
    ),
}


@pytest.mark.parametrize(("values", "path", "words"), WARNED.values(), ids=WARNED)
def test_what_hardly_does_what_was_meant_gets_a_warning(values: Values, path: str, words: str) -> None:
    (warning,) = said(values)
    assert warning.startswith(f"{path}: ")
    assert words in warning


QUIET: dict[str, Values] = {
    "the-defaults": {},
    "no-request-on-purpose": resources("jobManager", memoryRequest=None, cpuRequest=None),
    "the-least-that-starts": resources("jobManager", memoryRequest="256Mi", cpuRequest="100m"),
    "a-claim-of-the-user": {"storage": {"checkpoint": {"claim": "jobs"}}},
    "workers-spread-by-their-own-label": {"workers": {"max": 4, "labels": {"team": "a"}, **spread("team", "a")}},
    "pool-proxies-spread-by-the-number-of-the-controller": {
        "release": "r2025b",
        "poolProxy": spread("mjs/pool-proxy-id", "1"),
    },
    "a-claim-for-each-release": {
        "additionalSupportedReleases": ["r2025b"],
        "installation": {"additionalClaims": ["matlab-r2025b"]},
    },
    "several-keys-of-one-cloud": {
        "network": {
            "loadBalancer": {
                "class": "service.k8s.aws/nlb",
                "annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
            }
        }
    },
    "a-repository-of-docker-hub": {"images": {"worker": {"repository": "docker.io/acme/mjs-worker"}}},
    "a-mirror-of-the-site": {"images": {"registry": "registry.example.org/docker.io"}},
    "memory-for-each-thousand": {"workers": {"max": 5000}, "jobManager": {"resources": {"memoryRequest": "6Gi"}}},
    "programs-of-those-with-a-certificate": {"release": "r2025b", "security": {"level": 1}},
    "a-variable-as-kubernetes-writes-it": {"workers": {"max": 4, "env": {"DATA": "$(USER)/data"}}},
}


@pytest.mark.parametrize("values", QUIET.values(), ids=QUIET)
def test_what_may_be_meant_gets_none(values: Values) -> None:
    assert said(values) == []


def test_sessions_and_servers_are_warned_of_the_same() -> None:
    quiet = {"users": ["ana"], "image": {"tag": "1.11.5"}, "workers": {"max": 2}}
    loud = {**quiet, "depot": {"size": "10Mi"}, "workers": {"max": 2, **spread("app", "other")}}
    assert [*of_julia(julia({"ana": quiet}))] == []
    found = [*of_julia(julia({"ana": loud}))]
    assert [text.partition(": ")[0] for text in found] == [
        "julia.sessions.ana.depot.size",
        "julia.sessions.ana.workers.topologySpreadConstraints[0].labelSelector",
    ]


@pytest.mark.parametrize(("app", "expected"), [("other", 1), ("ark", 0)])
def test_a_server_is_spread_by_its_own_label(app: str, expected: int) -> None:
    assert len([*of_arkouda(one("single", name="ark", **spread("app", app)).settings)]) == expected
