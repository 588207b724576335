"""Arguments of the components in other languages. Written by `python -m generators` from the settings models."""

# No `from __future__ import annotations`: the host reads annotations as objects.
from typing import Required, TypedDict

import pulumi


class Target(TypedDict, total=False):
    """The Kubernetes cluster that the stack file names. The program never touches another one."""

    context: str
    """Context in the kubeconfig, which names the cluster. Required unless embedded is true."""
    kubeconfig: str
    """Path of the kubeconfig; null: $KUBECONFIG or ~/.kube/config. A relative path starts at the project's folder; ~ is expanded."""
    embedded: bool
    """true: deploy to the local control plane that `make cluster-up` starts."""
    labels: dict[str, str]
    """Labels of every object that the stack creates, such as owner: vision. Running pods are not restarted: their labels stay as they are."""


class MatlabNamespace(TypedDict, total=False):
    """The namespace of the cluster. Object names are fixed, so a namespace holds one MATLAB cluster."""

    name: str
    """Name of the namespace."""
    create: bool
    """true: the stack creates and keeps it; false: it already exists."""
    podSecurity: str
    """Pod Security level that is enforced in a namespace that the stack creates. Violations of `restricted` are always reported. A level that the system's own pods violate is rejected."""


class Toleration(TypedDict, total=False):
    """A taint that pods tolerate (Kubernetes toleration)."""

    key: str
    """Taint key; null with operator Exists: every key."""
    operator: str
    """Exists or Equal."""
    value: str
    """Taint value, with operator Equal."""
    effect: str
    """NoSchedule, PreferNoSchedule or NoExecute; null: every effect."""
    tolerationSeconds: int
    """Seconds to stay on the node, with effect NoExecute; null: forever."""


class MatlabWorkerResources(TypedDict, total=False):
    """What one worker requests from its node."""

    cpuRequest: str
    """CPU that the scheduler reserves, in cores."""
    cpuLimit: str
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memoryRequest: str
    """Memory that the scheduler reserves, in bytes."""
    memoryLimit: str
    """Memory above which the container is killed, in bytes; null: no limit."""


class MatlabWorkers(TypedDict, total=False):
    """The MATLAB workers, which the controller starts and stops on demand."""

    max: Required[int]
    """Maximum number of workers that run at the same time."""
    min: int
    """Workers that keep running when there is no work."""
    idleStop: int
    """Seconds after which an idle worker is stopped."""
    autoScalingPeriod: int
    """Seconds between two checks in which the controller compares workers with demand. Jobs wait up to this long for new workers."""
    stopWorkerGracePeriod: int
    """Seconds that a worker has to shut down."""
    numGPUs: int
    """NVIDIA GPUs of each worker (limit nvidia.com/gpu)."""
    username: str
    """User that MATLAB runs as in a worker."""
    env: dict[str, str]
    """Extra environment variables of every worker. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    claims: dict[str, str]
    """Extra volumes of every worker: name of an existing claim → mount path, read-write."""
    configMaps: dict[str, str]
    """Extra files of every worker: name of an existing ConfigMap → folder with one file per key, read-only."""
    secrets: dict[str, str]
    """Extra files of every worker: name of an existing Secret → folder with one file per key. Programs of your users can read them."""
    kueueQueue: str
    """Existing LocalQueue of Kueue that admits the workers, one by one; null: none."""
    prePull: bool
    """true: a DaemonSet keeps the image on every node that may run workers, so that the first one starts at once."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run workers and pool proxies."""
    tolerations: list[Toleration]
    """Taints that workers and pool proxies tolerate."""
    resources: MatlabWorkerResources
    """What one worker requests from its node."""
    annotations: dict[str, str]
    """Extra annotations of the workers. By default, two tell autoscalers not to move them: safe-to-evict of the cluster autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class MatlabJobManagerResources(TypedDict, total=False):
    """What the job manager requests from its node. 2Gi is enough for 1000 workers; each further 1000 need 1Gi more."""

    cpuRequest: str
    """CPU that the scheduler reserves, in cores."""
    cpuLimit: str
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memoryRequest: str
    """Memory that the scheduler reserves, in bytes."""
    memoryLimit: str
    """Memory above which the container is killed, in bytes; null: no limit."""


class MatlabJobManager(TypedDict, total=False):
    """The job manager, which holds the queue and the job database."""

    name: str
    """Name of the job manager and of the cluster profile."""
    userID: int
    """User ID that the job manager runs as. It must be able to write to the checkpoint and log volumes."""
    groupID: int
    """Group ID that the job manager runs as, and that owns its volumes (fsGroup)."""
    env: dict[str, str]
    """Extra environment variables of the job manager. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    configMaps: dict[str, str]
    """Extra files of the job manager: name of an existing ConfigMap → folder with one file per key, read-only."""
    secrets: dict[str, str]
    """Extra files of the job manager: name of an existing Secret → folder with one file per key, read-only."""
    surviveDrains: bool
    """true: a PodDisruptionBudget makes node drains wait until you delete the job manager's pod, because running jobs are lost with it. An upgrade of the nodes waits too."""
    terminationGracePeriod: int
    """Seconds that the job manager has to write its database and shut down."""
    startTimeout: int
    """Seconds that `up` waits for the job manager: the first start pulls an image of several gigabytes."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run the job manager, the controller and the ingress proxies."""
    tolerations: list[Toleration]
    """Taints that the job manager, the controller and the ingress proxies tolerate."""
    resources: MatlabJobManagerResources
    """What the job manager requests from its node. 2Gi is enough for 1000 workers; each further 1000 need 1Gi more."""
    annotations: dict[str, str]
    """Extra annotations of the job manager. By default, two tell autoscalers not to move it: safe-to-evict of the cluster autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class MatlabControllerResources(TypedDict, total=False):
    """What the controller requests from its node."""

    cpuRequest: str
    """CPU that the scheduler reserves, in cores."""
    cpuLimit: str
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memoryRequest: str
    """Memory that the scheduler reserves, in bytes."""
    memoryLimit: str
    """Memory above which the container is killed, in bytes; null: no limit."""


class MatlabController(TypedDict, total=False):
    """The controller, which scales the workers."""

    resources: MatlabControllerResources
    """What the controller requests from its node."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class MatlabSnapshot(TypedDict, total=False):
    """A VolumeSnapshot of the job database before an update that restarts the job manager; off without class."""

    className: str
    """Existing VolumeSnapshotClass of the driver that stores the checkpoint claim; null: no snapshots."""
    timeout: int
    """Seconds that an update waits until the snapshot can be used. If it is not ready by then, nothing restarts and `up` fails."""
    keep: int
    """Number of snapshots to keep. An update deletes older ones that updates of this stack have made, and no others."""


class MatlabUpdates(TypedDict, total=False):
    """How an update treats running jobs when it restarts the job manager or replaces the workers."""

    waitForJobs: int
    """Seconds to wait, with the queue paused, until no worker is busy; 0: interrupt jobs without waiting."""
    whenJobsRemain: str
    """What happens if workers are still busy after that. stop: nothing restarts, the queue resumes, and `up` fails. continue: the update interrupts the jobs."""
    snapshot: MatlabSnapshot
    """A VolumeSnapshot of the job database before an update that restarts the job manager; off without class."""


class MatlabCheckpointVolume(TypedDict, total=False):
    """The job database."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""


class MatlabLogVolume(TypedDict, total=False):
    """Logs of the job manager. The controller logs to its standard output."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""


class MatlabWorkerLogVolume(TypedDict, total=False):
    """Logs of workers and pool proxies, which run on many nodes: ReadWriteMany."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""


class MatlabStorage(TypedDict, total=False):
    """Volumes for job data and logs."""

    checkpoint: MatlabCheckpointVolume
    """The job database."""
    log: MatlabLogVolume
    """Logs of the job manager. The controller logs to its standard output."""
    workerLog: MatlabWorkerLogVolume
    """Logs of workers and pool proxies, which run on many nodes: ReadWriteMany."""


class MatlabInstallation(TypedDict, total=False):
    """Where MATLAB comes from when it is not in the images."""

    claim: str
    """Existing claim with MATLAB, mounted read-only at /opt/matlab. Workers then run the matlabDeps image."""
    jobManagerUsesClaim: bool
    """true: the job manager takes MATLAB from that claim too."""
    root: str
    """MATLAB's folder in the containers; null: /opt/matlab or /opt/matlab/R<release>, whichever contains MATLAB."""
    additionalClaims: list[str]
    """Existing claims with older releases of MATLAB, for workers that serve several releases."""
    javaClaim: str
    """Existing claim with a Java runtime to use instead of MATLAB's own."""


class MatlabWebProxy(TypedDict, total=False):
    """The web proxy of the site, for programs in workers and in the job manager that read the usual variables."""

    http: str
    """Proxy for http:// addresses (HTTP_PROXY)."""
    https: str
    """Proxy for https:// addresses (HTTPS_PROXY)."""
    noProxy: list[str]
    """Hosts, domains and networks that need no proxy (NO_PROXY), in addition to the pod itself and Services."""


class MatlabLoadBalancer(TypedDict, total=False):
    """The Service through which clients outside Kubernetes reach the cluster."""

    create: bool
    """true: the stack creates it; false: you create Service mjs-ingress-proxy with the ports of docs/network.md."""
    type: str
    """Type of the Service. NodePort and ClusterIP require network.clusterHost."""
    className: str
    """loadBalancerClass of the Service, such as service.k8s.aws/nlb; null: the cluster's default."""
    annotations: dict[str, str]
    """Annotations of the Service, for the load-balancer implementation."""
    sourceRanges: list[str]
    """Networks that may connect; empty: all. Only a Service of type LoadBalancer applies them."""
    addressTimeout: int
    """Seconds that `up` waits for the external address, if clusterHost is null."""


class MatlabGateway(TypedDict, total=False):
    """An existing Gateway of the Gateway API, in place of a load balancer; off without name (docs/network.md)."""

    name: str
    """Name of the Gateway. It needs a TCP listener for each port of docs/network.md; null: no Gateway."""
    namespace: str
    """Namespace of the Gateway. Required with name."""
    podNamespace: str
    """Namespace of the pods that carry its connections: NetworkPolicies then admit no others. null: any address."""
    acceptTimeout: int
    """Seconds that `up` waits until the Gateway has accepted the routes to the cluster."""


class MatlabNetworkPolicies(TypedDict, total=False):
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""

    enabled: bool
    """true: pods accept and open only the connections in docs/flows.md. By default, workers may connect to any address."""
    workerEgress: list[str]
    """Networks that workers may connect to, for data, licenses and user code. Cloud metadata addresses are always excluded."""
    apiServerPorts: list[int]
    """Ports of the Kubernetes API server, for the controller; null: 443, 6443 and the ones that the cluster reports."""
    dnsPorts: list[int]
    """Ports of the cluster's DNS pods, for every pod; null: 53, 5353 and the ones that the cluster reports."""
    onlineLicensingPorts: list[int]
    """Ports of MathWorks' licensing service, or of the web proxy in front of it, for the job manager."""


class MatlabNetwork(TypedDict, total=False):
    """Ports, host names and access from outside."""

    basePort: int
    """First of the job manager's ten ports."""
    clusterHost: str
    """Host that clients connect to; null: the address of the load balancer or of the Gateway."""
    clusterDomain: str
    """DNS domain of the Kubernetes cluster."""
    internalClientsOnly: bool
    """true: only clients inside Kubernetes can connect; no load balancer is created."""
    ipFamilyPolicy: str
    """IP families of every Service (ipFamilyPolicy); null: Kubernetes' default, SingleStack."""
    ipFamilies: list[str]
    """IP families of every Service, the main one first; empty: those of the cluster. The first one cannot be changed later."""
    webProxy: MatlabWebProxy
    """The web proxy of the site, for programs in workers and in the job manager that read the usual variables."""
    loadBalancer: MatlabLoadBalancer
    """The Service through which clients outside Kubernetes reach the cluster."""
    gateway: MatlabGateway
    """An existing Gateway of the Gateway API, in place of a load balancer; off without name (docs/network.md)."""
    policies: MatlabNetworkPolicies
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""


class MatlabProxyResources(TypedDict, total=False):
    """What a proxy requests from its node."""

    cpuRequest: str
    """CPU that the scheduler reserves, in cores."""
    cpuLimit: str
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memoryRequest: str
    """Memory that the scheduler reserves, in bytes."""
    memoryLimit: str
    """Memory above which the container is killed, in bytes; null: no limit."""


class MatlabParallelServerProxy(TypedDict, total=False):
    """The proxy through which clients of R2026a and later connect, on one port (SOCKS5)."""

    port: int
    """Port of the proxy."""
    useMutualTLS: bool
    """true: only clients with the cluster profile's certificate can connect."""
    resources: MatlabProxyResources
    """What a proxy requests from its node."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class MatlabPoolProxyResources(TypedDict, total=False):
    """What one pool proxy requests from its node."""

    cpuRequest: str
    """CPU that the scheduler reserves, in cores."""
    cpuLimit: str
    """CPU that the container cannot exceed, in cores; null: no limit."""
    memoryRequest: str
    """Memory that the scheduler reserves, in bytes."""
    memoryLimit: str
    """Memory above which the container is killed, in bytes; null: no limit."""


class MatlabPoolProxy(TypedDict, total=False):
    """The proxies for interactive pools of clients before R2026a. They have no labels of their own: the controller selects them by all of their labels, and a selector never changes."""

    basePort: int
    """Port of the first pool proxy. The others use the ports that follow."""
    workersPerPoolProxy: int
    """Number of workers that share one pool proxy. With fewer, the load balancer needs more ports."""
    resources: MatlabPoolProxyResources
    """What one pool proxy requests from its node."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""


class MatlabHaproxy(TypedDict, total=False):
    """HAProxy, through which clients connect if the cluster has more than one port."""

    idleTimeout: int
    """Seconds without traffic after which a connection is closed. Upstream closes an idle pool after 300 seconds."""
    bindIPv6: bool
    """true: HAProxy listens on IPv4 and IPv6; false: on IPv4 only, for nodes whose kernel has no IPv6."""
    resources: MatlabProxyResources
    """What a proxy requests from its node."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class MatlabAuthority(TypedDict, total=False):
    """An existing CA. Profiles that were made with it stay valid (docs/data.md)."""

    certificate: str
    """PEM certificate of the CA: serverCert of secret.json in Secret mjs-shared-secret."""


class MatlabSecurity(TypedDict, total=False):
    """Access to the cluster, and the credentials that the stack owns."""

    level: int
    """MJS security level: 0 no authentication, 1 user names, 2 user names and passwords."""
    useSecureCommunication: bool
    """true: MJS encrypts its connections."""
    requireClientCertificate: bool
    """true: only clients with the cluster profile's certificate connect to the job manager."""
    requireScriptVerification: bool
    """true: MJS commands require the shared secret."""
    adminUser: str
    """Name of the MJS administrator. With LDAP, a user of the LDAP server."""
    authority: MatlabAuthority
    """An existing CA. Profiles that were made with it stay valid (docs/data.md)."""
    credentialsGeneration: int
    """Increase by one to replace the CA, the certificates and the profile. Every profile in use becomes invalid."""
    leafGeneration: int
    """Increase by one to replace the certificates of job manager, proxy, profile and metrics. The CA stays, so profiles in use stay valid until their own certificate expires."""


class MatlabLdap(TypedDict, total=False):
    """Users from an LDAP server; off without url."""

    url: str
    """ldap://HOST:PORT or ldaps://HOST:PORT, several servers separated by spaces. The default ports are 389 and 636."""
    securityPrincipalFormat: str
    """How a user name becomes an LDAP principal, such as [username]@example.org. Required with url."""
    synchronizationIntervalSecs: int
    """Seconds between two synchronizations of users with the LDAP server."""
    certificate: str
    """PEM certificate of an ldaps:// server or of its CA."""


class MatlabMetrics(TypedDict, total=False):
    """Metrics of the job manager for Prometheus."""

    export: bool
    """true: the job manager exports metrics. Requires a job manager of r2024b or later."""
    port: int
    """Port of the metrics."""
    useSecure: bool
    """true: HTTPS with client certificates (Secret mjs-metrics-client-certs)."""
    openPortOutsideKubernetes: bool
    """true: the port is also reachable from outside Kubernetes."""
    bringOwnCertificates: bool
    """true: Secret mjs-metrics-secret exists with ca.crt, jobmanager.crt and jobmanager.key, and for a ServiceMonitor also mjs-metrics-client-certs with ca.crt, prometheus.crt and prometheus.key."""
    serviceMonitor: bool
    """true: a ServiceMonitor makes the Prometheus operator scrape the job manager."""
    serviceMonitorLabels: dict[str, str]
    """Labels by which Prometheus selects ServiceMonitors, such as release: kube-prometheus-stack."""


class MatlabLicense(TypedDict, total=False):
    """How workers check out licenses."""

    networkLicenseManager: str
    """port@host of the network license manager (MLM_LICENSE_FILE), several separated by colons."""
    useOnlineLicensing: bool
    """true: users sign in to their MathWorks account."""


class MatlabWorkerImage(TypedDict, total=False):
    """Image of the workers."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabJobManagerImage(TypedDict, total=False):
    """Image of the job manager."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabDepsImage(TypedDict, total=False):
    """Image of pods that run MATLAB from a claim."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabControllerImage(TypedDict, total=False):
    """Image of the controller. The format of config.json depends on its version."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabParallelServerProxyImage(TypedDict, total=False):
    """Image of the parallel server proxy."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabHaproxyImage(TypedDict, total=False):
    """Image of HAProxy."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabPoolProxyImage(TypedDict, total=False):
    """Image of the pool proxies."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class MatlabImages(TypedDict, total=False):
    """Container images. Default tags fit the release."""

    worker: MatlabWorkerImage
    """Image of the workers."""
    jobManager: MatlabJobManagerImage
    """Image of the job manager."""
    matlabDeps: MatlabDepsImage
    """Image of pods that run MATLAB from a claim."""
    controller: MatlabControllerImage
    """Image of the controller. The format of config.json depends on its version."""
    parallelServerProxy: MatlabParallelServerProxyImage
    """Image of the parallel server proxy."""
    haproxy: MatlabHaproxyImage
    """Image of HAProxy."""
    poolProxy: MatlabPoolProxyImage
    """Image of the pool proxies."""
    registry: str
    """Private mirror of every image whose `repository` is not set: the host, and a path if there is one. What follows the host in the default repository stays; null: each image comes from its own registry."""
    pullSecrets: list[str]
    """Existing image pull Secrets, for every pod."""


class MatlabProbes(TypedDict, total=False):
    """Health checks of job manager and workers, in seconds."""

    startupInitialDelay: int
    """Seconds before the first check whether the job manager has started."""
    startupPeriod: int
    """Seconds between two such checks, and between two checks of the controller whether the job manager is ready."""
    startupFailureThreshold: int
    """Failed checks after which the job manager is restarted. Further checks are allowed for the time in which another job manager still holds the database."""
    livenessPeriod: int
    """Seconds between two liveness checks, and before the job manager's first."""
    livenessInitialDelay: int
    """Seconds before a worker's first liveness check."""
    livenessTimeout: int
    """Timeout of every health check, in seconds."""
    livenessFailureThreshold: int
    """Failed checks after which the container is restarted."""


class MatlabClusterArgs(TypedDict, total=False):
    """A MATLAB Parallel Server cluster (MATLAB Job Scheduler on Kubernetes)."""

    kubernetes: Required[Target]
    """The Kubernetes cluster that the stack file names. The program never touches another one."""
    workersPassword: pulumi.Input[str]
    """Secret. That user's password; null: generated."""
    securityAdminPassword: pulumi.Input[str]
    """Secret. Password of the MJS administrator (level 2); null: generated. With LDAP, that user's LDAP password."""
    securityAuthorityKey: pulumi.Input[str]
    """Secret. PEM key of the CA, RSA in PKCS#8: serverKey of the same secret.json."""
    release: Required[str]
    """MATLAB release of the cluster, such as r2026a."""
    additionalSupportedReleases: list[str]
    """Older releases; clients of these releases can connect too."""
    namespace: MatlabNamespace
    """The namespace of the cluster. Object names are fixed, so a namespace holds one MATLAB cluster."""
    workers: Required[MatlabWorkers]
    """The MATLAB workers, which the controller starts and stops on demand."""
    jobManager: MatlabJobManager
    """The job manager, which holds the queue and the job database."""
    controller: MatlabController
    """The controller, which scales the workers."""
    updates: MatlabUpdates
    """How an update treats running jobs when it restarts the job manager or replaces the workers."""
    storage: MatlabStorage
    """Volumes for job data and logs."""
    installation: MatlabInstallation
    """Where MATLAB comes from when it is not in the images."""
    network: MatlabNetwork
    """Ports, host names and access from outside."""
    parallelServerProxy: MatlabParallelServerProxy
    """The proxy through which clients of R2026a and later connect, on one port (SOCKS5)."""
    poolProxy: MatlabPoolProxy
    """The proxies for interactive pools of clients before R2026a. They have no labels of their own: the controller selects them by all of their labels, and a selector never changes."""
    haproxy: MatlabHaproxy
    """HAProxy, through which clients connect if the cluster has more than one port."""
    security: MatlabSecurity
    """Access to the cluster, and the credentials that the stack owns."""
    ldap: MatlabLdap
    """Users from an LDAP server; off without url."""
    metrics: MatlabMetrics
    """Metrics of the job manager for Prometheus."""
    license: MatlabLicense
    """How workers check out licenses."""
    images: MatlabImages
    """Container images. Default tags fit the release."""
    probes: MatlabProbes
    """Health checks of job manager and workers, in seconds."""
    logLevel: int
    """Detail of the MJS logs, from 0 (least) to 6 (most)."""
    fileDescriptorUlimit: int
    """Number of files that the job manager and each worker can have open, as soft and hard limit."""
    enableServiceLinks: bool
    """true: pods get environment variables for every Service of the namespace."""


class JuliaSessionImage(TypedDict, total=False):
    """Image of the session. With the same image, session and workers run the same Julia and the same packages."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: `latest`, which can be another version of Julia tomorrow."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class JuliaManager(TypedDict, total=False):
    """The session itself: the Julia process that you type into, or that runs your script."""

    cpu: str
    """CPU of the session, in cores; requested and never exceeded."""
    memory: str
    """Memory of the session, in bytes; requested and never exceeded. Precompiling packages needs about 1Gi per task."""
    threads: int
    """Threads of Julia (JULIA_NUM_THREADS); null: one for each whole core."""
    env: dict[str, str]
    """Extra environment variables. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run the session."""
    tolerations: list[Toleration]
    """Taints that the session tolerates."""
    updates: str
    """When a running session and the workers of its pool apply a changed config. whenDeleted: when you delete their pods; immediately: at once, and everything in their memory is lost."""
    startTimeout: int
    """Seconds that `up` waits for the session: the first start pulls the image."""
    annotations: dict[str, str]
    """Extra annotations of the session. By default, two tell autoscalers not to move it: safe-to-evict of the cluster autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class JuliaWorkerImage(TypedDict, total=False):
    """Image of the workers, where it differs from the session's. Both need the same version of Julia."""

    repository: str
    """Registry and path, without a tag; null: the session's."""
    tag: str
    """Tag; null: the session's, unless repository is set here."""
    digest: str
    """sha256 digest; null: the session's, unless repository or tag is set here."""
    pullPolicy: str
    """Always, Never or IfNotPresent; null: the session's."""


class JuliaWorkers(TypedDict, total=False):
    """The workers of a session."""

    max: int
    """Maximum number of workers at the same time. A pool always runs this many."""
    cpu: str
    """CPU of each worker, in cores; requested and never exceeded."""
    memory: str
    """Memory of each worker, in bytes; requested and never exceeded."""
    threads: int
    """Threads of Julia in each worker (JULIA_NUM_THREADS); null: one for each whole core."""
    numGPUs: int
    """NVIDIA GPUs of each worker (limit nvidia.com/gpu)."""
    image: JuliaWorkerImage
    """Image of the workers, where it differs from the session's. Both need the same version of Julia."""
    executable: str
    """Path of Julia in the workers' image; null: the same as in the session's image."""
    pendingTimeout: int
    """Seconds that `addprocs` waits for a worker to start. A first start pulls the image."""
    connectTimeout: int
    """Seconds that session and worker wait for each other's first message (JULIA_WORKER_TIMEOUT)."""
    activeDeadline: int
    """Seconds after which Kubernetes ends a worker, busy or not; null: never."""
    env: dict[str, str]
    """Extra environment variables of every worker. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run workers."""
    tolerations: list[Toleration]
    """Taints that workers tolerate."""
    annotations: dict[str, str]
    """Extra annotations of the workers. By default, two tell autoscalers not to move them: safe-to-evict of the cluster autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class JuliaDepot(TypedDict, total=False):
    """The session's depot: packages, compiled code, the history of the prompt, and the home folder."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""
    shareWithWorkers: bool
    """true: workers read the packages that the session has installed. The claim must be ReadWriteMany, because several nodes mount it."""
    keep: bool
    """true: a destroy keeps the claim and the namespace that the stack created for it."""


class JuliaPackages(TypedDict, total=False):
    """Julia packages of the session. By default it installs the cluster manager when it starts for the first time."""

    folder: str
    """Folder in the image with Project.toml and Manifest.toml (JULIA_PROJECT); null: the session installs packages."""
    depot: str
    """Depot in the image with installed packages; it follows the session's own in JULIA_DEPOT_PATH."""
    project: str
    """Text of Project.toml; null: the cluster manager alone. If the text has changed when a session starts, it creates its project again, without the packages that were added by hand."""
    manifest: str
    """Text of Manifest.toml, which pins every package in `project`."""
    server: str
    """Package server (JULIA_PKG_SERVER)."""
    precompileTasks: int
    """Packages that are precompiled at the same time (JULIA_NUM_PRECOMPILE_TASKS)."""


class JuliaSessionNamespace(TypedDict, total=False):
    """The namespace of one session. Rights on pods cannot be divided within a namespace."""

    name: str
    """Name of the namespace; null: julia- and the name of the session."""
    create: bool
    """true: the stack creates it; false: it already exists."""


class JuliaScript(TypedDict, total=False):
    """The script of a session of kind script."""

    path: str
    """Script in the image or on a volume."""
    text: str
    """Text of the script."""
    arguments: list[str]
    """Arguments of the script (ARGS in Julia)."""
    retries: int
    """Number of times that the script is started again after an error."""
    deadline: int
    """Seconds after which the script is ended; null: never."""
    run: int
    """Increase by one to run the script again."""


class JuliaSession(TypedDict, total=False):
    """One session: a Julia process with workers, in a namespace of its own."""

    image: JuliaSessionImage
    """Image of the session. With the same image, session and workers run the same Julia and the same packages."""
    pullSecrets: list[str]
    """Existing image pull Secrets in the namespace of the session."""
    userID: int
    """User ID that session and workers run as."""
    groupID: int
    """Group ID that session and workers run as, and that owns the depot (fsGroup)."""
    manager: JuliaManager
    """The session itself: the Julia process that you type into, or that runs your script."""
    workers: JuliaWorkers
    """The workers of a session."""
    depot: JuliaDepot
    """The session's depot: packages, compiled code, the history of the prompt, and the home folder."""
    packages: JuliaPackages
    """Julia packages of the session. By default it installs the cluster manager when it starts for the first time."""
    claims: dict[str, str]
    """Extra volumes of session and workers: name of an existing claim → mount path, read-write."""
    kind: str
    """interactive: a prompt that you attach to, and workers on demand. script: a script that runs once, with workers on demand. pool: a prompt with workers that always run; it has no rights in Kubernetes."""
    users: list[str]
    """Kubernetes users who may attach to the session, read its logs and delete its pods."""
    groups: list[str]
    """Kubernetes groups with the same rights."""
    namespace: JuliaSessionNamespace
    """The namespace of one session. Rights on pods cannot be divided within a namespace."""
    script: JuliaScript
    """The script of a session of kind script."""


class JuliaDefaults(TypedDict, total=False):
    """Settings of every session that does not have its own. A map or list of a session replaces the whole default."""

    image: JuliaSessionImage
    """Image of the session. With the same image, session and workers run the same Julia and the same packages."""
    pullSecrets: list[str]
    """Existing image pull Secrets in the namespace of the session."""
    userID: int
    """User ID that session and workers run as."""
    groupID: int
    """Group ID that session and workers run as, and that owns the depot (fsGroup)."""
    manager: JuliaManager
    """The session itself: the Julia process that you type into, or that runs your script."""
    workers: JuliaWorkers
    """The workers of a session."""
    depot: JuliaDepot
    """The session's depot: packages, compiled code, the history of the prompt, and the home folder."""
    packages: JuliaPackages
    """Julia packages of the session. By default it installs the cluster manager when it starts for the first time."""
    claims: dict[str, str]
    """Extra volumes of session and workers: name of an existing claim → mount path, read-write."""


class JuliaNetworkPolicies(TypedDict, total=False):
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""

    enabled: bool
    """true: sessions and workers accept and open only the connections in docs/flows.md."""
    egress: list[str]
    """Networks that sessions and workers may connect to on any port, for data and user code. Cloud metadata addresses are always excluded."""
    packagePorts: list[int]
    """TCP ports on which sessions may connect to any address, to install packages; empty: none."""
    apiServerPorts: list[int]
    """Ports of the Kubernetes API server, for sessions that start workers; null: 443, 6443 and the ones that the cluster reports."""
    dnsPorts: list[int]
    """Ports of the cluster's DNS pods, for every pod; null: 53, 5353 and the ones that the cluster reports."""


class JuliaNetwork(TypedDict, total=False):
    """Connections of sessions and workers."""

    policies: JuliaNetworkPolicies
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""


class JuliaSessionsArgs(TypedDict, total=False):
    """Julia sessions, each with its own workers, namespace, rights and quota."""

    kubernetes: Required[Target]
    """The Kubernetes cluster that the stack file names. The program never touches another one."""
    sessions: dict[str, JuliaSession]
    """The sessions by name."""
    defaults: JuliaDefaults
    """Settings of every session that does not have its own. A map or list of a session replaces the whole default."""
    network: JuliaNetwork
    """Connections of sessions and workers."""
    podSecurity: str
    """Pod Security level that is enforced and reported in namespaces that the stack creates. Sessions and workers meet both levels."""


class ArkoudaNamespace(TypedDict, total=False):
    """The namespace of all Arkouda servers of the stack."""

    name: str
    """Name of the namespace."""
    create: bool
    """true: the stack creates and keeps it; false: it already exists."""
    podSecurity: str
    """Pod Security level that is enforced in a namespace that the stack creates. Violations of `restricted` are always reported. A level that the system's own pods violate is rejected."""


class ArkoudaMetrics(TypedDict, total=False):
    """Metrics of one server."""

    enabled: bool
    """true: the server records metrics and serves them on a port of their own, without requiring a token."""
    port: int
    """Port of the metrics (ZeroMQ, only for the exporter)."""
    exporter: bool
    """true: an exporter translates the metrics for Prometheus."""
    interval: int
    """Seconds between two readings of the exporter, and between two scrapes."""
    serviceMonitor: bool
    """true: a ServiceMonitor makes the Prometheus operator scrape the exporter."""
    serviceMonitorLabels: dict[str, str]
    """Labels by which Prometheus selects ServiceMonitors, such as release: kube-prometheus-stack."""


class ArkoudaJob(TypedDict, total=False):
    """The Slurm job, or the shell on a machine without Slurm, that runs a server outside Kubernetes."""

    locales: int
    """Number of nodes of the job (-nl)."""
    executable: str
    """Path of arkouda_server on the nodes."""
    memMax: str
    """Memory that each locale may use (--memMax); null: 90 % of the node."""
    threadsPerLocale: int
    """Cores that each locale uses (CHPL_RT_NUM_THREADS_PER_LOCALE); null: all of the node."""
    logLevel: str
    """Detail of the server's log. DEBUG also logs the requests to the Kubernetes API."""
    stopMargin: int
    """Seconds before the time limit at which the job begins to shut the server down."""
    sbatchOptions: list[str]
    """Further options of sbatch, such as --partition=large, --time=1-00:00:00 and --mem=0."""
    serverOptions: list[str]
    """Further options of arkouda_server."""


class ArkoudaDeclared(TypedDict, total=False):
    """A server outside Kubernetes whose Service and EndpointSlice the stack creates. Recommended."""

    name: Required[str]
    """Name of the server and of its Service. Clients connect to NAME.NAMESPACE."""
    port: int
    """Port for clients, of the server and of the Service alike."""
    authenticate: bool
    """true: clients need the access token of connect.py. Since v2024.10.02, a wrong token seems to end the server."""
    tokenGeneration: int
    """Increase by one to replace the access token."""
    metrics: ArkoudaMetrics
    """Metrics of one server."""
    address: Required[str]
    """IPv4 address of the server's first node, or `job`: the job that runs the server registers its own."""
    job: ArkoudaJob
    """The Slurm job, or the shell on a machine without Slurm, that runs a server outside Kubernetes."""


class ArkoudaSelfRegistered(TypedDict, total=False):
    """A server outside Kubernetes that creates its own Services, with daemon INTEGRATION."""

    name: Required[str]
    """Name of the server and of its Service. Clients connect to NAME.NAMESPACE."""
    port: int
    """Port for clients, of the server and of the Service alike."""
    authenticate: bool
    """true: clients need the access token of connect.py. Since v2024.10.02, a wrong token seems to end the server."""
    tokenGeneration: int
    """Increase by one to replace the access token."""
    metrics: ArkoudaMetrics
    """Metrics of one server."""
    credential: str
    """How the server logs in to the API server: token since v2024.04.19, certificate up to v2024.03.18."""
    admissionPolicy: bool
    """true: a ValidatingAdmissionPolicy limits what the server's account may create. If you have rights in only one namespace, set it to false."""
    job: ArkoudaJob
    """The Slurm job, or the shell on a machine without Slurm, that runs a server outside Kubernetes."""


class ArkoudaSingleNodeImage(TypedDict, total=False):
    """Image of a server on one node."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class ArkoudaSingleNodeFiles(TypedDict, total=False):
    """Data files, mounted at /arkouda-files."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""


class ArkoudaSingleNode(TypedDict, total=False):
    """A server in one pod."""

    name: Required[str]
    """Name of the server and of its Service. Clients connect to NAME.NAMESPACE."""
    port: int
    """Port for clients, of the server and of the Service alike."""
    authenticate: bool
    """true: clients need the access token of connect.py. Since v2024.10.02, a wrong token seems to end the server."""
    tokenGeneration: int
    """Increase by one to replace the access token."""
    metrics: ArkoudaMetrics
    """Metrics of one server."""
    cpu: str
    """CPU of each locale, request and limit alike."""
    memory: str
    """Memory of each locale, request and limit alike: Chapel never gives memory back."""
    memMax: str
    """Memory that each locale may use for arrays (--memMax); null: 80 % of memory."""
    logLevel: str
    """Detail of the server's log."""
    serverOptions: list[str]
    """Further options of arkouda_server."""
    executable: str
    """Path of arkouda_server in the image."""
    userID: int
    """User ID of every process. It must exist in the image, and be able to write the files."""
    groupID: int
    """Group ID of every process, and owner of the files (fsGroup)."""
    surviveDrains: bool
    """true: a PodDisruptionBudget makes node drains wait, because arrays in memory are lost with a pod."""
    startTimeout: int
    """Seconds that `up` waits for the server: the first start pulls an image of several gigabytes."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run the server."""
    tolerations: list[Toleration]
    """Taints that the server's pods tolerate."""
    image: ArkoudaSingleNodeImage
    """Image of a server on one node."""
    files: ArkoudaSingleNodeFiles
    """Data files, mounted at /arkouda-files."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class ArkoudaMultiLocaleImage(TypedDict, total=False):
    """Image of a server with locales. It contains an SSH server, which starts the locales."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class ArkoudaMultiLocaleFiles(TypedDict, total=False):
    """Data files, mounted at /arkouda-files in every pod: ReadWriteMany."""

    claim: str
    """Name of an existing PersistentVolumeClaim in the namespace; null: the stack creates one."""
    size: str
    """Size of the claim that the stack creates, in bytes. It can grow, but never shrink."""
    storageClass: str
    """StorageClass of the claim that the stack creates; null: the default class."""
    accessModes: list[str]
    """Access modes of the claim that the stack creates."""
    persistent: bool
    """false: no claim; the data is deleted with the pod."""


class ArkoudaMultiLocale(TypedDict, total=False):
    """A server whose locales are pods on several nodes and talk over UDP."""

    name: Required[str]
    """Name of the server and of its Service. Clients connect to NAME.NAMESPACE."""
    port: int
    """Port for clients, of the server and of the Service alike."""
    authenticate: bool
    """true: clients need the access token of connect.py. Since v2024.10.02, a wrong token seems to end the server."""
    tokenGeneration: int
    """Increase by one to replace the access token."""
    metrics: ArkoudaMetrics
    """Metrics of one server."""
    cpu: str
    """CPU of each locale, request and limit alike."""
    memory: str
    """Memory of each locale, request and limit alike: Chapel never gives memory back."""
    memMax: str
    """Memory that each locale may use for arrays (--memMax); null: 80 % of memory."""
    logLevel: str
    """Detail of the server's log."""
    serverOptions: list[str]
    """Further options of arkouda_server."""
    executable: str
    """Path of arkouda_server in the image."""
    userID: int
    """User ID of every process. It must exist in the image, and be able to write the files."""
    groupID: int
    """Group ID of every process, and owner of the files (fsGroup)."""
    surviveDrains: bool
    """true: a PodDisruptionBudget makes node drains wait, because arrays in memory are lost with a pod."""
    startTimeout: int
    """Seconds that `up` waits for the server: the first start pulls an image of several gigabytes."""
    nodeSelector: dict[str, str]
    """Labels of the nodes that may run the server."""
    tolerations: list[Toleration]
    """Taints that the server's pods tolerate."""
    locales: Required[int]
    """Number of pods, including the server's own (-nl)."""
    spread: bool
    """true: every locale runs on a node of its own, and waits until there is one."""
    image: ArkoudaMultiLocaleImage
    """Image of a server with locales. It contains an SSH server, which starts the locales."""
    files: ArkoudaMultiLocaleFiles
    """Data files, mounted at /arkouda-files in every pod: ReadWriteMany."""
    annotations: dict[str, str]
    """Extra annotations of the pods."""
    priorityClass: str
    """Existing PriorityClass of the pods; null: the default one."""
    runtimeClass: str
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: str
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: str
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topologySpreadConstraints: list[str]
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""
    labels: dict[str, str]
    """Extra labels of the pods."""


class ArkoudaNetwork(TypedDict, total=False):
    """Access to servers and exporters in Kubernetes. Servers outside are not covered by NetworkPolicies."""

    policies: bool
    """true: NetworkPolicies allow only the connections that a server needs."""
    clientNamespaces: list[str]
    """Namespaces whose pods may connect to servers, in addition to the servers' own namespace."""
    prometheusNamespaces: list[str]
    """Namespaces whose pods may scrape the exporters, in addition to the servers' own namespace."""


class ArkoudaExporterImage(TypedDict, total=False):
    """Image of the metrics exporters. Exporters after v2024.10.02 do not understand the metrics port."""

    repository: str
    """Registry and path, without a tag."""
    tag: str
    """Tag; null: the one that fits the release, or that this version of the program was written for."""
    digest: str
    """sha256 digest. It pins the image; the tag is then only information for people."""
    pullPolicy: str
    """Always, Never or IfNotPresent."""


class ArkoudaImages(TypedDict, total=False):
    """Images that all servers share. Each server in Kubernetes has an image of its own."""

    exporter: ArkoudaExporterImage
    """Image of the metrics exporters. Exporters after v2024.10.02 do not understand the metrics port."""
    pullSecrets: list[str]
    """Existing image pull Secrets, for every pod."""


class ArkoudaServersArgs(TypedDict, total=False):
    """Arkouda servers: interactive data analysis on the memory of many nodes."""

    kubernetes: Required[Target]
    """The Kubernetes cluster that the stack file names. The program never touches another one."""
    namespace: ArkoudaNamespace
    """The namespace of all Arkouda servers of the stack."""
    declared: list[ArkoudaDeclared]
    """Servers outside Kubernetes whose Service the stack declares."""
    selfRegistered: list[ArkoudaSelfRegistered]
    """Servers outside Kubernetes that create their own Services."""
    singleNode: list[ArkoudaSingleNode]
    """Servers in one pod."""
    multiLocale: list[ArkoudaMultiLocale]
    """Servers whose locales are pods."""
    apiServer: str
    """URL of the Kubernetes API server, for jobs that register a server."""
    network: ArkoudaNetwork
    """Access to servers and exporters in Kubernetes. Servers outside are not covered by NetworkPolicies."""
    images: ArkoudaImages
    """Images that all servers share. Each server in Kubernetes has an image of its own."""


SECRETS: dict[str, dict[str, tuple[str, ...]]] = {
    "MatlabCluster": {
        "workersPassword": ("workers", "password"),
        "securityAdminPassword": ("security", "adminPassword"),
        "securityAuthorityKey": ("security", "authority", "key"),
    },
    "JuliaSessions": {},
    "ArkoudaServers": {},
}
"""Where the settings have the arguments that are secrets, by component."""
