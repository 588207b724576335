"""The typed stack config of a MATLAB Parallel Server (MJS) cluster: `clusters:matlab` in a stack file.

The single source: the JSON Schema for editors and docs/configuration.md are generated from it. Rules that need more
than one setting are in rules.py; the names that MathWorks' chart has for these settings are in upstream.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.matlab.access_settings import Ldap, Security
from components.matlab.defaults import (
    CheckpointVolume,
    ControllerResources,
    Images,
    JobManagerResources,
    LogVolume,
    MatlabNamespace,
    WorkerLogVolume,
    WorkerResources,
)
from components.matlab.fields import LicenseManager, LocalQueue, Release, UserName
from components.matlab.network_settings import Haproxy, Network, ParallelServerProxy, PoolProxy
from components.shared.fields import (
    Annotations,
    Bool,
    Count,
    Distinct,
    DnsName,
    EnvName,
    EnvValue,
    LabelKey,
    LabelValue,
    Model,
    NameText,
    Positive,
    Seconds,
    Secret,
    UserPort,
)
from components.shared.groups import NodeSelector, Toleration
from components.shared.paths import AbsolutePath, MountPath
from components.shared.pod_settings import NOT_EVICTED, LabelledPods

MOST_GPUS = 1024
"""More than any node has, however it divides them."""
MOST_WORKERS = 100_000
"""Far more than a job manager can serve: a larger number is a typing error."""


class Workers(LabelledPods):
    """The MATLAB workers, which the controller starts and stops on demand."""

    default_annotations: ClassVar[Mapping[str, str]] = NOT_EVICTED

    max: Annotated[int, Field(strict=True, ge=0, le=MOST_WORKERS)]
    """Maximum number of workers that run at the same time."""
    min: Count = 0
    """Workers that keep running when there is no work."""
    idle_stop: Seconds = 300
    """Seconds after which an idle worker is stopped."""
    auto_scaling_period: Positive = 15
    """Seconds between two checks in which the controller compares workers with demand. Jobs wait up to this long for
    new workers."""
    stop_worker_grace_period: Seconds = 60
    """Seconds that a worker has to shut down."""
    num_gpus: Annotated[int, Field(strict=True, ge=0, le=MOST_GPUS)] = Field(0, alias="numGPUs")
    """NVIDIA GPUs of each worker (limit nvidia.com/gpu)."""
    username: UserName = "matlab"
    """User that MATLAB runs as in a worker."""
    password: Secret | None = None
    """Secret. That user's password; null: generated."""
    env: dict[EnvName, EnvValue] = {}
    """Extra environment variables of every worker. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    claims: dict[DnsName, MountPath] = {}
    """Extra volumes of every worker: name of an existing claim → mount path, read-write."""
    config_maps: dict[DnsName, MountPath] = {}
    """Extra files of every worker: name of an existing ConfigMap → folder with one file per key, read-only."""
    secrets: dict[DnsName, MountPath] = {}
    """Extra files of every worker: name of an existing Secret → folder with one file per key. Programs of your users
    can read them."""
    kueue_queue: LocalQueue | None = None
    """Existing LocalQueue of Kueue that admits the workers, one by one; null: none."""
    pre_pull: Bool = False
    """true: a DaemonSet keeps the image on every node that may run workers, so that the first one starts at once."""
    node_selector: NodeSelector = {}
    """Labels of the nodes that may run workers and pool proxies."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that workers and pool proxies tolerate."""
    annotations: Annotations = {}
    """Extra annotations of the workers. By default, two tell autoscalers not to move them: safe-to-evict of the cluster
    autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    resources: WorkerResources = WorkerResources()


class JobManager(LabelledPods):
    """The job manager, which holds the queue and the job database."""

    default_annotations: ClassVar[Mapping[str, str]] = NOT_EVICTED

    name: NameText = "MJS_Kubernetes"
    """Name of the job manager and of the cluster profile."""
    user_id: Count = Field(1000, alias="userID")
    """User ID that the job manager runs as. It must be able to write to the checkpoint and log volumes."""
    group_id: Count = Field(1000, alias="groupID")
    """Group ID that the job manager runs as, and that owns its volumes (fsGroup)."""
    env: dict[EnvName, EnvValue] = {}
    """Extra environment variables of the job manager. Kubernetes expands $(NAME); write $$(NAME) for the text
    $(NAME)."""
    config_maps: dict[DnsName, MountPath] = {}
    """Extra files of the job manager: name of an existing ConfigMap → folder with one file per key, read-only."""
    secrets: dict[DnsName, MountPath] = {}
    """Extra files of the job manager: name of an existing Secret → folder with one file per key, read-only."""
    survive_drains: Bool = False
    """true: a PodDisruptionBudget makes node drains wait until you delete the job manager's pod, because running jobs
    are lost with it. An upgrade of the nodes waits too."""
    # With 0, Kubernetes kills the job manager at once, with its database open.
    termination_grace_period: Positive = 120
    """Seconds that the job manager has to write its database and shut down."""
    start_timeout: Positive = 1200
    """Seconds that `up` waits for the job manager: the first start pulls an image of several gigabytes."""
    node_selector: NodeSelector = {}
    """Labels of the nodes that may run the job manager, the controller and the ingress proxies."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the job manager, the controller and the ingress proxies tolerate."""
    annotations: Annotations = {}
    """Extra annotations of the job manager. By default, two tell autoscalers not to move it: safe-to-evict of the
    cluster autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    resources: JobManagerResources = JobManagerResources()


class Snapshot(Model):
    """A VolumeSnapshot of the job database before an update that restarts the job manager; off without class."""

    snapshot_class: DnsName | None = Field(None, alias="class")
    """Existing VolumeSnapshotClass of the driver that stores the checkpoint claim; null: no snapshots."""
    timeout: Positive = 300
    """Seconds that an update waits until the snapshot can be used. If it is not ready by then, nothing restarts and
    `up` fails."""
    keep: Positive = 3
    """Number of snapshots to keep. An update deletes older ones that updates of this stack have made, and no others."""


class Updates(Model):
    """How an update treats running jobs when it restarts the job manager or replaces the workers."""

    wait_for_jobs: Seconds = 600
    """Seconds to wait, with the queue paused, until no worker is busy; 0: interrupt jobs without waiting."""
    when_jobs_remain: Literal["stop", "continue"] = "stop"
    """What happens if workers are still busy after that. stop: nothing restarts, the queue resumes, and `up` fails.
    continue: the update interrupts the jobs."""
    snapshot: Snapshot = Snapshot()


class Controller(LabelledPods):
    """The controller, which scales the workers."""

    resources: ControllerResources = ControllerResources()


class Installation(Model):
    """Where MATLAB comes from when it is not in the images."""

    claim: DnsName | None = None
    """Existing claim with MATLAB, mounted read-only at /opt/matlab. Workers then run the matlabDeps image."""
    job_manager_uses_claim: Bool = False
    """true: the job manager takes MATLAB from that claim too."""
    root: AbsolutePath | None = None
    """MATLAB's folder in the containers; null: /opt/matlab or /opt/matlab/R<release>, whichever contains MATLAB."""
    additional_claims: Distinct[DnsName] = ()
    """Existing claims with older releases of MATLAB, for workers that serve several releases."""
    java_claim: DnsName | None = None
    """Existing claim with a Java runtime to use instead of MATLAB's own."""


class Storage(Model):
    """Volumes for job data and logs."""

    checkpoint: CheckpointVolume = CheckpointVolume()
    """The job database."""
    log: LogVolume = LogVolume()
    """Logs of the job manager. The controller logs to its standard output."""
    worker_log: WorkerLogVolume = WorkerLogVolume()
    """Logs of workers and pool proxies, which run on many nodes: ReadWriteMany."""


class Metrics(Model):
    """Metrics of the job manager for Prometheus."""

    export: Bool = False
    """true: the job manager exports metrics. Requires a job manager of r2024b or later."""
    port: UserPort = 8001
    """Port of the metrics."""
    use_secure: Bool = True
    """true: HTTPS with client certificates (Secret mjs-metrics-client-certs)."""
    open_port_outside_kubernetes: Bool = False
    """true: the port is also reachable from outside Kubernetes."""
    bring_own_certificates: Bool = False
    """true: Secret mjs-metrics-secret exists with ca.crt, jobmanager.crt and jobmanager.key, and for a ServiceMonitor
    also mjs-metrics-client-certs with ca.crt, prometheus.crt and prometheus.key."""
    service_monitor: Bool = False
    """true: a ServiceMonitor makes the Prometheus operator scrape the job manager."""
    service_monitor_labels: dict[LabelKey, LabelValue] = {}
    """Labels by which Prometheus selects ServiceMonitors, such as release: kube-prometheus-stack."""


class License(Model):
    """How workers check out licenses."""

    network_license_manager: LicenseManager | None = None
    """port@host of the network license manager (MLM_LICENSE_FILE), several separated by colons."""
    use_online_licensing: Bool = False
    """true: users sign in to their MathWorks account."""


class Probes(Model):
    """Health checks of job manager and workers, in seconds."""

    startup_initial_delay: Seconds = 5
    """Seconds before the first check whether the job manager has started."""
    startup_period: Positive = 1
    """Seconds between two such checks, and between two checks of the controller whether the job manager is ready."""
    startup_failure_threshold: Positive = 60
    """Failed checks after which the job manager is restarted. Further checks are allowed
    for the time in which another job manager still holds the database."""
    liveness_period: Positive = 300
    """Seconds between two liveness checks, and before the job manager's first."""
    liveness_initial_delay: Positive = 300
    """Seconds before a worker's first liveness check."""
    liveness_timeout: Positive = 30
    """Timeout of every health check, in seconds."""
    liveness_failure_threshold: Positive = 3
    """Failed checks after which the container is restarted."""


class Settings(Model):
    """A MATLAB Parallel Server cluster (MATLAB Job Scheduler on Kubernetes)."""

    release: Release
    """MATLAB release of the cluster, such as r2026a."""
    additional_supported_releases: Distinct[Release] = ()
    """Older releases; clients of these releases can connect too."""
    namespace: MatlabNamespace = MatlabNamespace()
    workers: Workers
    job_manager: JobManager = JobManager()
    controller: Controller = Controller()
    updates: Updates = Updates()
    storage: Storage = Storage()
    installation: Installation = Installation()
    network: Network = Network()
    parallel_server_proxy: ParallelServerProxy = ParallelServerProxy()
    pool_proxy: PoolProxy = PoolProxy()
    haproxy: Haproxy = Haproxy()
    security: Security = Security()
    ldap: Ldap = Ldap()
    metrics: Metrics = Metrics()
    license: License = License()
    images: Images = Images()
    probes: Probes = Probes()
    log_level: Annotated[int, Field(strict=True, ge=0, le=6)] = 0
    """Detail of the MJS logs, from 0 (least) to 6 (most)."""
    # Below 256, bash and the JVM run out while they start; 2**20 is fs.nr_open, the kernel's highest.
    file_descriptor_ulimit: Annotated[int, Field(strict=True, ge=256, le=2**20)] = 4096
    """Number of files that the job manager and each worker can have open, as soft and hard limit."""
    enable_service_links: Bool = False
    """true: pods get environment variables for every Service of the namespace."""
