"""The typed stack config of Julia sessions: `clusters:julia` in a stack file.

Rules that need more than one setting are in rules.py, settings without effect in effects.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from components.julia.fields import Code, ServerUrl, SessionName, Threads, TomlText, WorkerCount
from components.shared.fields import (
    Annotations,
    Argument,
    Bool,
    Count,
    Distinct,
    DnsName,
    EnvName,
    EnvValue,
    Line,
    Model,
    NamespaceName,
    Port,
    Ports,
    Positive,
    refuse,
)
from components.shared.groups import Image, NodeSelector, PullPolicy, Toleration, Volume
from components.shared.hosts import Cidr
from components.shared.image_names import Digest, Repository, Tag
from components.shared.paths import AbsolutePath, Executable, MountPath
from components.shared.pod_settings import NOT_EVICTED, LabelledPods
from components.shared.quantities import Bytes, Cpu

JULIA_TAG = "1.10.10"


class Kind(StrEnum):
    """What runs in a session, and who starts its workers."""

    INTERACTIVE = "interactive"
    SCRIPT = "script"
    POOL = "pool"


class SessionImage(Image):
    """Image of the session. With the same image, session and workers run the same Julia and the same packages."""

    repository: Repository = "julia"
    tag: Tag | None = JULIA_TAG
    """Tag; null: `latest`, which can be another version of Julia tomorrow."""


class WorkerImage(Model):
    """Image of the workers, where it differs from the session's. Both need the same version of Julia."""

    repository: Repository | None = None
    """Registry and path, without a tag; null: the session's."""
    tag: Tag | None = None
    """Tag; null: the session's, unless repository is set here."""
    digest: Digest | None = None
    """sha256 digest; null: the session's, unless repository or tag is set here."""
    pull_policy: PullPolicy | None = None
    """Always, Never or IfNotPresent; null: the session's."""

    @model_validator(mode="after")
    def _is_pinned(self) -> WorkerImage:
        if self.repository and not (self.tag or self.digest):
            refuse("names a repository without a tag", "Write tag or digest too: it must be the session's version.")
        return self

    def reference(self, session: Image) -> str:
        """The full image reference; `session` is the image of the session."""
        if not self.repository and not self.tag and not self.digest:
            return session.reference("latest")
        tag = self.tag if self.repository else self.tag or session.tag
        name = ":".join(filter(None, (self.repository or session.repository, tag)))
        return f"{name}@{self.digest}" if self.digest else name


class Manager(LabelledPods):
    """The session itself: the Julia process that you type into, or that runs your script."""

    default_annotations: ClassVar[Mapping[str, str]] = NOT_EVICTED

    cpu: Cpu = "1"
    """CPU of the session, in cores; requested and never exceeded."""
    memory: Bytes = "4Gi"
    """Memory of the session, in bytes; requested and never exceeded. Precompiling packages needs about 1Gi per task."""
    threads: Threads | None = None
    """Threads of Julia (JULIA_NUM_THREADS); null: one for each whole core."""
    env: dict[EnvName, EnvValue] = {}
    """Extra environment variables. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    node_selector: NodeSelector = {}
    """Labels of the nodes that may run the session."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the session tolerates."""
    annotations: Annotations = {}
    """Extra annotations of the session. By default, two tell autoscalers not to move it: safe-to-evict of the cluster
    autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""
    updates: Literal["whenDeleted", "immediately"] = "whenDeleted"
    """When a running session and the workers of its pool apply a changed config. whenDeleted: when you delete their
    pods; immediately: at once, and everything in their memory is lost."""
    start_timeout: Positive = 900
    """Seconds that `up` waits for the session: the first start pulls the image."""


class JuliaWorkers(LabelledPods):
    """The workers of a session."""

    default_annotations: ClassVar[Mapping[str, str]] = NOT_EVICTED

    max: WorkerCount = 4
    """Maximum number of workers at the same time. A pool always runs this many."""
    cpu: Cpu = "1"
    """CPU of each worker, in cores; requested and never exceeded."""
    memory: Bytes = "4Gi"
    """Memory of each worker, in bytes; requested and never exceeded."""
    threads: Threads | None = None
    """Threads of Julia in each worker (JULIA_NUM_THREADS); null: one for each whole core."""
    num_gpus: Count = Field(0, alias="numGPUs")
    """NVIDIA GPUs of each worker (limit nvidia.com/gpu)."""
    image: WorkerImage = WorkerImage()
    executable: Executable | None = None
    """Path of Julia in the workers' image; null: the same as in the session's image."""
    pending_timeout: Positive = 300
    """Seconds that `addprocs` waits for a worker to start. A first start pulls the image."""
    connect_timeout: Positive = 60
    """Seconds that session and worker wait for each other's first message (JULIA_WORKER_TIMEOUT)."""
    active_deadline: Positive | None = None
    """Seconds after which Kubernetes ends a worker, busy or not; null: never."""
    env: dict[EnvName, EnvValue] = {}
    """Extra environment variables of every worker. Kubernetes expands $(NAME); write $$(NAME) for the text $(NAME)."""
    node_selector: NodeSelector = {}
    """Labels of the nodes that may run workers."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that workers tolerate."""
    annotations: Annotations = {}
    """Extra annotations of the workers. By default, two tell autoscalers not to move them: safe-to-evict of the cluster
    autoscaler and do-not-disrupt of Karpenter. An annotation with the same key replaces its default."""


class Depot(Volume):
    """The session's depot: packages, compiled code, the history of the prompt, and the home folder."""

    size: Bytes = "20Gi"
    share_with_workers: Bool = False
    """true: workers read the packages that the session has installed. The claim must be ReadWriteMany, because
    several nodes mount it."""
    keep: Bool = True
    """true: a destroy keeps the claim and the namespace that the stack created for it."""


class Packages(Model):
    """Julia packages of the session. By default it installs the cluster manager when it starts for the first time."""

    folder: AbsolutePath | None = None
    """Folder in the image with Project.toml and Manifest.toml (JULIA_PROJECT); null: the session installs packages."""
    depot: AbsolutePath | None = None
    """Depot in the image with installed packages; it follows the session's own in JULIA_DEPOT_PATH."""
    project: TomlText | None = None
    """Text of Project.toml; null: the cluster manager alone. If the text has changed when a session starts, it
    creates its project again, without the packages that were added by hand."""
    manifest: TomlText | None = None
    """Text of Manifest.toml, which pins every package in `project`."""
    server: ServerUrl = "https://pkg.julialang.org"
    """Package server (JULIA_PKG_SERVER)."""
    precompile_tasks: Positive = 1
    """Packages that are precompiled at the same time (JULIA_NUM_PRECOMPILE_TASKS)."""


class Defaults(Model):
    """Settings of every session that does not have its own. A map or list of a session replaces the whole default."""

    image: SessionImage = SessionImage()
    pull_secrets: Distinct[DnsName] = ()
    """Existing image pull Secrets in the namespace of the session."""
    user_id: Positive = Field(1000, alias="userID")
    """User ID that session and workers run as."""
    group_id: Positive = Field(1000, alias="groupID")
    """Group ID that session and workers run as, and that owns the depot (fsGroup)."""
    manager: Manager = Manager()
    workers: JuliaWorkers = JuliaWorkers()
    depot: Depot = Depot()
    packages: Packages = Packages()
    claims: dict[DnsName, MountPath] = {}
    """Extra volumes of session and workers: name of an existing claim → mount path, read-write."""


class SessionNamespace(Model):
    """The namespace of one session. Rights on pods cannot be divided within a namespace."""

    name: NamespaceName | None = None
    """Name of the namespace; null: julia- and the name of the session."""
    create: Bool = True
    """true: the stack creates it; false: it already exists."""


class Script(Model):
    """The script of a session of kind script."""

    path: AbsolutePath | None = None
    """Script in the image or on a volume."""
    text: Code | None = None
    """Text of the script."""
    arguments: tuple[Argument, ...] = ()
    """Arguments of the script (ARGS in Julia)."""
    retries: Count = 0
    """Number of times that the script is started again after an error."""
    deadline: Positive | None = None
    """Seconds after which the script is ended; null: never."""
    run: Positive = 1
    """Increase by one to run the script again."""


class Session(Defaults):
    """One session: a Julia process with workers, in a namespace of its own."""

    kind: Kind = Kind.INTERACTIVE
    """interactive: a prompt that you attach to, and workers on demand. script: a script that runs once, with workers on
    demand. pool: a prompt with workers that always run; it has no rights in Kubernetes."""
    users: Distinct[Line] = ()
    """Kubernetes users who may attach to the session, read its logs and delete its pods."""
    groups: Distinct[Line] = ()
    """Kubernetes groups with the same rights."""
    namespace: SessionNamespace = SessionNamespace()
    script: Script = Script()


class JuliaNetworkPolicies(Model):
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""

    enabled: Bool = True
    """true: sessions and workers accept and open only the connections in docs/flows.md."""
    egress: Distinct[Cidr] = ()
    """Networks that sessions and workers may connect to on any port, for data and user code. Cloud metadata addresses
    are always excluded."""
    package_ports: Distinct[Port] = (443,)
    """TCP ports on which sessions may connect to any address, to install packages; empty: none."""
    api_server_ports: Ports | None = None
    """Ports of the Kubernetes API server, for sessions that start workers; null: 443, 6443 and the ones that the
    cluster reports."""
    dns_ports: Ports | None = None
    """Ports of the cluster's DNS pods, for every pod; null: 53, 5353 and the ones that the cluster reports."""


class JuliaNetwork(Model):
    """Connections of sessions and workers."""

    policies: JuliaNetworkPolicies = JuliaNetworkPolicies()


class Settings(Model):
    """Julia sessions, each with its own workers, namespace, rights and quota."""

    sessions: dict[SessionName, Session] = {}
    """The sessions by name."""
    defaults: Defaults = Defaults()
    network: JuliaNetwork = JuliaNetwork()
    pod_security: Literal["baseline", "restricted"] = "restricted"
    """Pod Security level that is enforced and reported in namespaces that the stack creates. Sessions and workers meet
    both levels."""
