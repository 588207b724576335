"""The one table from upstream's values to ours: chart key → config path → the object fields where it lands.

docs/values.md is generated from it, `python -m ops import-values` follows it, and tests prove that it is complete and
true: every key is there, every path exists, and setting a path changes each field that is listed with it.
"""

from __future__ import annotations

from typing import Any, Final

from components.matlab import names
from components.matlab.defaults import Images
from components.matlab.upstream_keys import (
    BALANCER,
    CONFIG,
    CONTROLLER_POD,
    DEFINITIONS,
    FIRST_CHART,
    HAPROXY_FILE,
    HAPROXY_POD,
    INGRESS,
    INGRESS_PROXY_POD,
    MANAGER,
    MANAGER_FILES,
    MANAGER_POD,
    MANAGER_SERVICE,
    POOL,
    POOL_POD,
    PROXY,
    PROXY_POD,
    SETTINGS,
    WORKER,
    WORKER_FILES,
    WORKER_POD,
    Key,
    Kind,
)

KEYS_OF_THE_CHART: Final = 106


def _key(name: str, kind: Kind, path: str, *places: str, default: Any = None, **more: Any) -> Key:
    return Key(name, kind, tuple(path.split()), places, default, **more)


def _both(entry: str) -> tuple[str, str]:
    return f"{MANAGER_FILES}{entry}", f"{WORKER_FILES}{entry}"


_TEXT, _INTEGER, _BOOLEAN, _ITEMS, _MAP = Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.ITEMS, Kind.MAP
_POLICY = "IfNotPresent"
_images = Images()

_SIZES = (
    _key("matlabRelease", _TEXT, "release", f"{MANAGER_POD}image", f"{WORKER_POD}image",
         *_both(f"{SETTINGS}CLUSTER_MATLAB_RELEASE"), f"{MANAGER_FILES}{SETTINGS}CLUSTER_DATABASE_DIR",
         f"{CONFIG}Network.JobManagerPort", note="required; r2026b and later are accepted with a warning"),
    _key("additionalSupportedReleases", _ITEMS, "additionalSupportedReleases", f"{CONFIG}Network.UsePoolProxy",
         f"{MANAGER_FILES}{DEFINITIONS}MJS_ADDITIONAL_SUPPORTED_RELEASES", f"{POOL_POD}image",
         default=[], since="2.0.0"),
    _key("additionalMatlabPVCs", _ITEMS, "installation.additionalClaims", f"{WORKER}spec.volumes",
         f"{WORKER_FILES}{DEFINITIONS}MJS_ADDITIONAL_MATLABROOTS", default=[], since="1.2.0"),
    _key("matlabRoot", _TEXT, "installation.root", *_both(f"{SETTINGS}CLUSTER_MATLAB_ROOT"), default="",
         since="2.1.0"),
    _key("maxWorkers", _INTEGER, "workers.max", f"{CONFIG}Network.MaxWorkers",
         f"{MANAGER_FILES}{DEFINITIONS}MAX_LINUX_WORKERS", f"{BALANCER} spec.ports", note="required"),
    _key("minWorkers", _INTEGER, "workers.min", f"{CONFIG}MinWorkers", default=0),
    _key("workersPerPoolProxy", _INTEGER, "poolProxy.workersPerPoolProxy", f"{CONFIG}Network.WorkersPerPoolProxy",
         f'{WORKER}metadata.annotations["mjs/workers-per-pool-proxy"]', f"{BALANCER} spec.ports", default=32),
    _key("idleStop", _INTEGER, "workers.idleStop", f"{CONFIG}IdleStop", default=300),
    _key("autoScalingPeriod", _INTEGER, "workers.autoScalingPeriod", f"{CONFIG}Period", default=15),
    _key("stopWorkerGracePeriod", _INTEGER, "workers.stopWorkerGracePeriod",
         f"{WORKER}spec.terminationGracePeriodSeconds", f"{WORKER_FILES}{SETTINGS}CLUSTER_STOP_WAIT", default=60),
    _key("networkLicenseManager", _TEXT, "license.networkLicenseManager", f"{WORKER_POD}env[MLM_LICENSE_FILE].value",
         default=""),
    _key("useOnlineLicensing", _BOOLEAN, "license.useOnlineLicensing", *_both(f"{DEFINITIONS}USE_ONLINE_LICENSING"),
         default=False),
)  # fmt: skip

_VOLUMES = (
    _key("checkpointPVC", _TEXT, "storage.checkpoint.claim storage.checkpoint.persistent",
         f"{MANAGER}volumes[checkpoint-vol]", note='required; `""` becomes `persistent: false`'),
    _key("logPVC", _TEXT, "storage.log.claim storage.log.persistent", f"{MANAGER}volumes[log-vol]",
         note="required; the controller logs to its standard output instead (B13, B14)"),
    _key("workerLogPVC", _TEXT, "storage.workerLog.claim storage.workerLog.persistent",
         f"{WORKER}spec.volumes[log-vol]", f"{POOL}spec.volumes[log-vol]", note="required"),
    _key("matlabPVC", _TEXT, "installation.claim", f"{WORKER}spec.volumes", f"{WORKER_POD}image", default=""),
    _key("jobManagerUsesPVC", _BOOLEAN, "installation.jobManagerUsesClaim", f"{MANAGER}volumes",
         f"{MANAGER_POD}image", default=False, since="1.1.0"),
    _key("javaPVC", _TEXT, "installation.javaClaim", f"{MANAGER}volumes", f"{WORKER}spec.volumes",
         *_both(f"{DEFINITIONS}MJS_JAVA"), f"{WORKER_POD}env[MATLAB_JAVA].value", since="2.0.0", hidden=True),
    _key("additionalWorkerPVCs", _MAP, "workers.claims", f"{WORKER}spec.volumes", f"{WORKER_POD}volumeMounts",
         default={}, since="1.5.0"),
)  # fmt: skip

_MJS = (
    _key("basePort", _INTEGER, "network.basePort", f"{CONFIG}Network.BasePort", f"{CONFIG}Network.LookupPort",
         f"{MANAGER_SERVICE} spec.ports", f"{BALANCER} spec.ports", *_both(f"{DEFINITIONS}BASE_PORT"), default=27350),
    _key("jobManagerName", _TEXT, "jobManager.name", f"{CONFIG}JobManagerName",
         *_both(f"{SETTINGS}CLUSTER_JOB_MANAGER_NAME"), default="MJS_Kubernetes"),
    _key("logLevel", _INTEGER, "logLevel", f"{CONFIG}LogLevel", *_both(f"{SETTINGS}CLUSTER_LOG_LEVEL"),
         f"{POOL_POD}args", f"{INGRESS_PROXY_POD}args", default=0),
    _key("securityLevel", _INTEGER, "security.level", *_both(f"{DEFINITIONS}SECURITY_LEVEL"),
         f"{CONFIG}Network.SecurityLevel", f"{MANAGER_POD}env", default=2),
    _key("useSecureCommunication", _BOOLEAN, "security.useSecureCommunication",
         *_both(f"{DEFINITIONS}USE_SECURE_COMMUNICATION"), f"{CONFIG}Network.UseSecureCommunication",
         f"{POOL_POD}args", default=True),
    _key("requireClientCertificate", _BOOLEAN, "security.requireClientCertificate",
         *_both(f"{DEFINITIONS}REQUIRE_CLIENT_CERTIFICATE"), f"{CONFIG}Network.RequireClientCertificate",
         f"{MANAGER_FILES}{SETTINGS}CLUSTER_CERTIFICATE_FILE", default=True),
    _key("requireScriptVerification", _BOOLEAN, "security.requireScriptVerification",
         *_both(f"{DEFINITIONS}REQUIRE_SCRIPT_VERIFICATION"), f"{CONFIG}Network.RequireScriptVerification",
         *_both(f"{SETTINGS}CLUSTER_SECRET_FILE"), default=True),
    _key("clusterHost", _TEXT, "network.clusterHost", f"{CONFIG}Network.ClusterHost", default=""),
    _key("adminUser", _TEXT, "security.adminUser", f"{MANAGER_FILES}{DEFINITIONS}ADMIN_USER", default="admin",
         since="1.2.0"),
    _key("ldapURL", _TEXT, "ldap.url", f"{MANAGER_FILES}{DEFINITIONS}LDAP_URL",
         f"{MANAGER_FILES}{DEFINITIONS}USE_LDAP_SERVER_AUTHENTICATION", default="", since="1.2.0",
         note="with `ldaps://` the certificate of Secret mjs-ldap-secret goes to `matlab.ldap.certificate`"),
    _key("ldapSecurityPrincipalFormat", _TEXT, "ldap.securityPrincipalFormat",
         f"{MANAGER_FILES}{DEFINITIONS}LDAP_SECURITY_PRINCIPAL_FORMAT", default="", since="1.2.0"),
    _key("ldapSynchronizationIntervalSecs", _INTEGER, "ldap.synchronizationIntervalSecs",
         f"{MANAGER_FILES}{DEFINITIONS}LDAP_SYNCHRONIZATION_INTERVAL_SECS", default=1800, since="1.2.0"),
    _key("exportMetrics", _BOOLEAN, "metrics.export", f"{MANAGER_FILES}{DEFINITIONS}EXPORT_METRICS",
         f"{MANAGER_SERVICE} spec.ports", f"{CONFIG}Network.UseSecureMetrics", default=False, since="1.3.0"),
    _key("metricsPort", _INTEGER, "metrics.port", f"{MANAGER_FILES}{DEFINITIONS}METRICS_PORT",
         f"{MANAGER_SERVICE} spec.ports", f"{BALANCER} spec.ports", HAPROXY_FILE, default=8001, since="1.3.0"),
    _key("useSecureMetrics", _BOOLEAN, "metrics.useSecure", f"{MANAGER_FILES}{DEFINITIONS}USE_SECURE_METRICS",
         f"{CONFIG}Network.UseSecureMetrics", f"{MANAGER}volumes", default=True, since="1.3.0"),
    _key("openMetricsPortOutsideKubernetes", _BOOLEAN, "metrics.openPortOutsideKubernetes",
         f"{CONFIG}Network.OpenMetricsPortOutsideKubernetes", f"{BALANCER} spec.ports", HAPROXY_FILE, default=False,
         since="1.3.0"),
    _key("fileDescriptorUlimit", _INTEGER, "fileDescriptorUlimit", *_both(f"{SETTINGS}CLUSTER_FILE_DESCRIPTORS"),
         since="2.0.0", hidden=True, note="4096 when unset; 0, which the chart treats as unset, is rejected (B15)"),
    _key("clusterDomain", _TEXT, "network.clusterDomain", f"{CONFIG}Network.ClusterDomain",
         f'{WORKER}metadata.annotations["mjs/worker-domain"]', HAPROXY_FILE, since="2.0.0", hidden=True),
)  # fmt: skip


def _image(name: str, path: str, place: str, repository: str, *, tag_since: str = FIRST_CHART) -> tuple[Key, ...]:
    image = f"images.{path}"
    return (
        _key(f"{name}Image", _TEXT, f"{image}.repository", f"{place}image", default=repository, since=tag_since),
        _key(f"{name}ImageTag", _TEXT, f"{image}.tag", f"{place}image", default="", since=tag_since),
        _key(f"{name}ImagePullPolicy", _TEXT, f"{image}.pullPolicy", f"{place}imagePullPolicy", default=_POLICY,
             since=tag_since),
    )  # fmt: skip


def _whole_image(name: str, reference: str, *places: str, since: str = FIRST_CHART) -> tuple[Key, ...]:
    image = f"images.{name}"
    return (
        _key(f"{name}Image", _TEXT, f"{image}.repository {image}.tag {image}.digest",
             *(f"{place}image" for place in places), default=reference, since=since,
             note="a whole reference in one value; here repository, tag and digest"),
        _key(f"{name}ImagePullPolicy", _TEXT, f"{image}.pullPolicy", *(f"{place}imagePullPolicy" for place in places),
             default=_POLICY, since=since),
    )  # fmt: skip


_matlab_image = _image("matlab", "worker", WORKER_POD, _images.worker.repository)
_IMAGES = (
    _matlab_image[0],
    _key("matlabImageTag", _TEXT, "images.worker.tag", f"{WORKER_POD}image", default="", since="1.1.0",
         note="also the tag of `images.matlabDeps` on workers"),
    _matlab_image[2],
    _key("matlabDepsImage", _TEXT, "images.matlabDeps.repository", f"{WORKER_POD}image", f"{MANAGER_POD}image",
         default=_images.matlab_deps.repository, since="1.1.0"),
    *_image("jobManager", "jobManager", MANAGER_POD, _images.job_manager.repository, tag_since="1.1.0"),
    *_image("controller", "controller", CONTROLLER_POD, _images.controller.repository),
    *_whole_image("parallelServerProxy", "ghcr.io/mathworks/parallel-server-proxy:v1.0.1", INGRESS_PROXY_POD,
                  PROXY_POD, since="2.0.0"),
    *_whole_image("haproxy", "haproxy:3.3", HAPROXY_POD),
    *_image("poolProxy", "poolProxy", POOL_POD, _images.pool_proxy.repository),
)  # fmt: skip

_PARTS = (
    # chart's prefix, group of ours, places, defaults of the two requests, memory limit, since
    ("worker", "workers", (WORKER_POD,), (2, "8Gi"), "8Gi", FIRST_CHART),
    ("jobManager", "jobManager", (MANAGER_POD,), (1, "2Gi"), "", FIRST_CHART),
    ("poolProxy", "poolProxy", (POOL_POD,), ("0.5", "500Mi"), "", FIRST_CHART),
    ("controller", "controller", (CONTROLLER_POD,), ("100m", "128Mi"), "", "1.5.0"),
    ("haproxy", "haproxy", (HAPROXY_POD,), ("100m", "256Mi"), "", "1.5.0"),
    ("parallelServerProxy", "parallelServerProxy", (INGRESS_PROXY_POD, PROXY_POD), ("100m", "256Mi"), "", "2.0.0"),
)


def _resources() -> tuple[Key, ...]:
    keys = []
    for prefix, group, places, (cpu, memory), memory_limit, since in _PARTS:
        for what, kind, amount in (
            ("CPU", "Request", cpu), ("CPU", "Limit", ""), ("Memory", "Request", memory),
            ("Memory", "Limit", memory_limit),
        ):  # fmt: skip
            field = f"resources.{kind.lower()}s.{what.lower()}"
            path = f"{group}.resources.{what.lower()}{kind}"
            lands = tuple(f"{place}{field}" for place in places)
            keys.append(_key(f"{prefix}{what}{kind}", Kind.QUANTITY, path, *lands, default=amount, since=since))
    gpus = _key("numGPUs", _INTEGER, "workers.numGPUs", f'{WORKER_POD}resources.limits["nvidia.com/gpu"]', default=0,
                since="2.0.0")  # fmt: skip
    return (*keys[:4], gpus, *keys[4:])


_BESIDE_THE_MANAGER = (MANAGER, CONTROLLER_POD.partition("containers")[0], INGRESS, PROXY)
_SCHEDULING = (
    _key("jobManagerNodeSelector", _MAP, "jobManager.nodeSelector",
         *(f"{place}nodeSelector" for place in _BESIDE_THE_MANAGER), default={}, since="1.4.0"),
    _key("workerNodeSelector", _MAP, "workers.nodeSelector", f"{WORKER}spec.nodeSelector", f"{POOL}spec.nodeSelector",
         default={}, since="1.4.0"),
    _key("jobManagerTolerations", _ITEMS, "jobManager.tolerations",
         *(f"{place}tolerations" for place in _BESIDE_THE_MANAGER), default=[], since="1.5.0"),
    _key("workerTolerations", _ITEMS, "workers.tolerations", f"{WORKER}spec.tolerations", f"{POOL}spec.tolerations",
         default=[], since="1.5.0"),
    _key("jobManagerUserID", _INTEGER, "jobManager.userID", f"{MANAGER}securityContext.runAsUser", default=0,
         note="1000 here"),
    _key("jobManagerGroupID", _INTEGER, "jobManager.groupID", f"{MANAGER}securityContext.runAsGroup",
         f"{MANAGER}securityContext.fsGroup", default=0, note="1000 here"),
    _key("workerUsername", _TEXT, "workers.username", f"{WORKER_POD}env[MJS_WORKER_USERNAME].value",
         f"{WORKER_POD}env[USER].value", default="matlab"),
    _key("workerPassword", _TEXT, "workers.password", f"Secret/{names.WORKER_USER_SECRET} stringData.password",
         f'{WORKER}metadata.annotations["clusters.pulumi/worker-password"]', default="matlab",
         note="a secret (`pulumi config set --secret`); generated when unset (B20)"),
    _key("enableServiceLinks", _BOOLEAN, "enableServiceLinks", f"{MANAGER}enableServiceLinks",
         f"{WORKER}spec.enableServiceLinks", f"{POOL}spec.enableServiceLinks", hidden=True),
)  # fmt: skip

_NETWORK = (
    _key("autoCreateLoadBalancer", _BOOLEAN, "network.loadBalancer.create", BALANCER, default=True),
    _key("loadBalancerAnnotations", _MAP, "network.loadBalancer.annotations", f"{BALANCER} metadata.annotations",
         default={}, since="1.5.0"),
    _key("loadBalancerSourceRanges", _ITEMS, "network.loadBalancer.sourceRanges",
         f"{BALANCER} spec.loadBalancerSourceRanges", default=[], since="2.0.0"),
    _key("internalClientsOnly", _BOOLEAN, "network.internalClientsOnly", f"{CONFIG}Network.InternalClientsOnly",
         BALANCER, default=False),
    _key("parallelServerProxyPort", _INTEGER, "parallelServerProxy.port", f"{CONFIG}Network.ParallelServerProxyPort",
         f"{BALANCER} spec.ports", f"{INGRESS_PROXY_POD}args", HAPROXY_FILE, default=1080, since="2.0.0"),
    _key("parallelServerProxyUseMutualTLS", _BOOLEAN, "parallelServerProxy.useMutualTLS",
         f"{CONFIG}Network.ParallelServerProxyUseMutualTLS", f"{INGRESS_PROXY_POD}args", default=True, since="2.0.0"),
    _key("poolProxyBasePort", _INTEGER, "poolProxy.basePort", f"{CONFIG}Network.PoolProxyBasePort",
         f'{WORKER}metadata.annotations["mjs/pool-proxy-base-port"]', f"{BALANCER} spec.ports", HAPROXY_FILE,
         default=30000),
)  # fmt: skip

_STARTUP, _MANAGER_ALIVE, _WORKER_ALIVE = (
    f"{MANAGER_POD}startupProbe.", f"{MANAGER_POD}livenessProbe.", f"{WORKER_POD}livenessProbe.",
)  # fmt: skip
_OTHERS = (
    _key("extraWorkerEnv", _MAP, "workers.env", f"{WORKER_POD}env", hidden=True),
    _key("extraJobManagerEnv", _MAP, "jobManager.env", f"{MANAGER_POD}env", since="2.0.0", hidden=True),
    _key("startupProbeInitialDelay", _INTEGER, "probes.startupInitialDelay", f"{_STARTUP}initialDelaySeconds",
         hidden=True, note="5 when unset; 0 means 0 here (B15)"),
    _key("startupProbePeriod", _INTEGER, "probes.startupPeriod", f"{_STARTUP}periodSeconds",
         f"{CONFIG}JobManagerWaitPeriod", hidden=True),
    _key("startupProbeFailureThreshold", _INTEGER, "probes.startupFailureThreshold", f"{_STARTUP}failureThreshold",
         hidden=True),
    _key("livenessProbePeriod", _INTEGER, "probes.livenessPeriod", f"{_MANAGER_ALIVE}periodSeconds",
         f"{_MANAGER_ALIVE}initialDelaySeconds", f"{_WORKER_ALIVE}periodSeconds", hidden=True),
    _key("livenessProbeInitialDelay", _INTEGER, "probes.livenessInitialDelay", f"{_WORKER_ALIVE}initialDelaySeconds",
         since="2.0.0", hidden=True),
    _key("livenessProbeTimeout", _INTEGER, "probes.livenessTimeout", f"{_STARTUP}timeoutSeconds",
         f"{_MANAGER_ALIVE}timeoutSeconds", f"{_WORKER_ALIVE}timeoutSeconds",
         *_both(f"{SETTINGS}CLUSTER_HEALTH_TIMEOUT"), hidden=True),
    _key("livenessProbeFailureThreshold", _INTEGER, "probes.livenessFailureThreshold",
         f"{_MANAGER_ALIVE}failureThreshold", f"{_WORKER_ALIVE}failureThreshold", hidden=True),
    _key("preserveSecrets", _BOOLEAN, "", since="1.4.0", hidden=True,
         note="The credentials belong to the stack, not to the controller's Deployment: they always outlive an "
              "uninstall, and `make destroy PURGE=1` deletes them."),
    _key("global", _MAP, "", since="1.5.0", hidden=True, note="The chart accepts it but never uses it."),
)  # fmt: skip

GROUPS: Final[dict[str, tuple[Key, ...]]] = {
    "Release, sizes, license": _SIZES,
    "Volumes": _VOLUMES,
    "MATLAB Job Scheduler": _MJS,
    "Images": _IMAGES,
    "Resources": _resources(),
    "Scheduling and identity": _SCHEDULING,
    "Network": _NETWORK,
    "Environment, probes and others": _OTHERS,
}
KEYS: Final[dict[str, Key]] = {key.name: key for keys in GROUPS.values() for key in keys}
