"""Settings of one Arkouda server, for each of the four ways to run one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.arkouda import names
from components.arkouda.defaults import MultiLocaleFiles, MultiLocaleImage, SingleNodeFiles, SingleNodeImage
from components.arkouda.fields import Address, ServerName, ServerOptions
from components.arkouda.sbatch import SbatchOptions
from components.arkouda.sbatch_options import LONGEST_NOTICE
from components.shared.fields import Bool, LabelKey, LabelValue, Model, Positive, UserPort
from components.shared.groups import NodeSelector, Toleration
from components.shared.paths import Executable
from components.shared.pod_settings import LabelledPods
from components.shared.quantities import Bytes, Cpu

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"]
Locales = Annotated[int, Field(strict=True, ge=1, le=10_000)]
SeveralLocales = Annotated[int, Field(strict=True, ge=2, le=10_000)]


class Metrics(Model):
    """Metrics of one server."""

    enabled: Bool = True
    """true: the server records metrics and serves them on a port of their own, without requiring a token."""
    port: UserPort = names.METRICS_PORT
    """Port of the metrics (ZeroMQ, only for the exporter)."""
    exporter: Bool = False
    """true: an exporter translates the metrics for Prometheus."""
    interval: Positive = 30
    """Seconds between two readings of the exporter, and between two scrapes."""
    service_monitor: Bool = False
    """true: a ServiceMonitor makes the Prometheus operator scrape the exporter."""
    service_monitor_labels: dict[LabelKey, LabelValue] = {}
    """Labels by which Prometheus selects ServiceMonitors, such as release: kube-prometheus-stack."""


class Server(Model):
    """What every Arkouda server has."""

    name: ServerName
    """Name of the server and of its Service. Clients connect to NAME.NAMESPACE."""
    port: UserPort = names.CLIENT_PORT
    """Port for clients, of the server and of the Service alike."""
    authenticate: Bool = False
    """true: clients need the access token of connect.py. Since v2024.10.02, a wrong token seems to end the server."""
    token_generation: Positive = 1
    """Increase by one to replace the access token."""
    metrics: Metrics = Metrics()


class Job(Model):
    """The Slurm job, or the shell on a machine without Slurm, that runs a server outside Kubernetes."""

    locales: Locales = 1
    """Number of nodes of the job (-nl)."""
    executable: Executable = names.EXECUTABLE
    """Path of arkouda_server on the nodes."""
    mem_max: Bytes | None = None
    """Memory that each locale may use (--memMax); null: 90 % of the node."""
    threads_per_locale: Positive | None = None
    """Cores that each locale uses (CHPL_RT_NUM_THREADS_PER_LOCALE); null: all of the node."""
    log_level: LogLevel = "INFO"
    """Detail of the server's log. DEBUG also logs the requests to the Kubernetes API."""
    stop_margin: Annotated[int, Field(strict=True, ge=1, le=LONGEST_NOTICE)] = 120
    """Seconds before the time limit at which the job begins to shut the server down."""
    sbatch_options: SbatchOptions = ()
    """Further options of sbatch, such as --partition=large, --time=1-00:00:00 and --mem=0."""
    server_options: ServerOptions = ()
    """Further options of arkouda_server."""


class Declared(Server):
    """A server outside Kubernetes whose Service and EndpointSlice the stack creates. Recommended."""

    address: Address
    """IPv4 address of the server's first node, or `job`: the job that runs the server registers its own."""
    job: Job = Job()


class SelfRegistered(Server):
    """A server outside Kubernetes that creates its own Services, with daemon INTEGRATION."""

    credential: Literal["token", "certificate"] = "token"
    """How the server logs in to the API server: token since v2024.04.19, certificate up to v2024.03.18."""
    admission_policy: Bool = True
    """true: a ValidatingAdmissionPolicy limits what the server's account may create. If you have rights in only one
    namespace, set it to false."""
    job: Job = Job()


class InKubernetes(Server, LabelledPods):
    """A server whose pods run in Kubernetes."""

    cpu: Cpu = "2"
    """CPU of each locale, request and limit alike."""
    memory: Bytes = "8Gi"
    """Memory of each locale, request and limit alike: Chapel never gives memory back."""
    mem_max: Bytes | None = None
    """Memory that each locale may use for arrays (--memMax); null: 80 % of memory."""
    log_level: LogLevel = "INFO"
    """Detail of the server's log."""
    server_options: ServerOptions = ()
    """Further options of arkouda_server."""
    executable: Executable = names.EXECUTABLE
    """Path of arkouda_server in the image."""
    user_id: Positive = Field(1000, alias="userID")
    """User ID of every process. It must exist in the image, and be able to write the files."""
    group_id: Positive = Field(1000, alias="groupID")
    """Group ID of every process, and owner of the files (fsGroup)."""
    survive_drains: Bool = True
    """true: a PodDisruptionBudget makes node drains wait, because arrays in memory are lost with a pod."""
    start_timeout: Positive = 1200
    """Seconds that `up` waits for the server: the first start pulls an image of several gigabytes."""
    node_selector: NodeSelector = {}
    """Labels of the nodes that may run the server."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the server's pods tolerate."""


class SingleNode(InKubernetes):
    """A server in one pod."""

    image: SingleNodeImage = SingleNodeImage()
    files: SingleNodeFiles = SingleNodeFiles()


class MultiLocale(InKubernetes):
    """A server whose locales are pods on several nodes and talk over UDP."""

    locales: SeveralLocales
    """Number of pods, including the server's own (-nl)."""
    spread: Bool = True
    """true: every locale runs on a node of its own, and waits until there is one."""
    image: MultiLocaleImage = MultiLocaleImage()
    files: MultiLocaleFiles = MultiLocaleFiles()
