"""What a MATLAB cluster requests unless the stack config says otherwise: images, resources, claims.

Each group has a subclass of its own, so that `workers.resources.cpuRequest: 4` leaves its other defaults as they are.
"""

from __future__ import annotations

from typing import Final

from components.shared.fields import Distinct, DnsName, Model, NamespaceName
from components.shared.groups import AccessMode, AccessModes, Image, Namespace, Resources, Volume, has_own_repository
from components.shared.image_names import Registry, Repository, Tag, path_of
from components.shared.quantities import Bytes, Cpu

_REGISTRY = "ghcr.io/mathworks-ref-arch/matlab-parallel-server-k8s"


CONTROLLER_TAG: Final = "2.1.1"
PARALLEL_SERVER_PROXY_TAG: Final = "v1.0.1"
HAPROXY_TAG: Final = "3.3"


class MatlabNamespace(Namespace):
    """The namespace of the cluster. Object names are fixed, so a namespace holds one MATLAB cluster."""

    name: NamespaceName = "mjs"


class CheckpointVolume(Volume):
    """The job database."""

    size: Bytes = "20Gi"


class LogVolume(Volume):
    """Logs of the job manager. The controller logs to its standard output."""

    size: Bytes = "10Gi"


class WorkerLogVolume(Volume):
    """Logs of workers and pool proxies, which run on many nodes: ReadWriteMany."""

    size: Bytes = "10Gi"
    access_modes: AccessModes = (AccessMode.READ_WRITE_MANY,)


class WorkerResources(Resources):
    """What one worker requests from its node."""

    cpu_request: Cpu | None = "2"
    memory_request: Bytes | None = "8Gi"
    memory_limit: Bytes | None = "8Gi"


class JobManagerResources(Resources):
    """What the job manager requests from its node. 2Gi is enough for 1000 workers; each further 1000 need 1Gi more."""

    cpu_request: Cpu | None = "1"
    memory_request: Bytes | None = "2Gi"


class ControllerResources(Resources):
    """What the controller requests from its node."""

    cpu_request: Cpu | None = "100m"
    memory_request: Bytes | None = "128Mi"


class ProxyResources(Resources):
    """What a proxy requests from its node."""

    cpu_request: Cpu | None = "100m"
    memory_request: Bytes | None = "256Mi"


class PoolProxyResources(Resources):
    """What one pool proxy requests from its node."""

    cpu_request: Cpu | None = "500m"
    memory_request: Bytes | None = "500Mi"


class WorkerImage(Image):
    """Image of the workers."""

    repository: Repository = f"{_REGISTRY}/mjs-worker-image"


class JobManagerImage(Image):
    """Image of the job manager."""

    repository: Repository = f"{_REGISTRY}/mjs-job-manager-image"


class MatlabDepsImage(Image):
    """Image of pods that run MATLAB from a claim."""

    repository: Repository = "mathworks/matlab-deps"


class ControllerImage(Image):
    """Image of the controller. The format of config.json depends on its version."""

    repository: Repository = f"{_REGISTRY}/mjs-controller-image"
    tag: Tag | None = CONTROLLER_TAG


class ParallelServerProxyImage(Image):
    """Image of the parallel server proxy."""

    repository: Repository = "ghcr.io/mathworks/parallel-server-proxy"
    tag: Tag | None = PARALLEL_SERVER_PROXY_TAG


class HaproxyImage(Image):
    """Image of HAProxy."""

    repository: Repository = "haproxy"
    tag: Tag | None = HAPROXY_TAG


class PoolProxyImage(Image):
    """Image of the pool proxies."""

    repository: Repository = "containers.mathworks.com/matlab-parallel-server-k8s/parallel-server-proxy-image"


class Images(Model):
    """Container images. Default tags fit the release."""

    worker: WorkerImage = WorkerImage()
    job_manager: JobManagerImage = JobManagerImage()
    matlab_deps: MatlabDepsImage = MatlabDepsImage()
    controller: ControllerImage = ControllerImage()
    parallel_server_proxy: ParallelServerProxyImage = ParallelServerProxyImage()
    haproxy: HaproxyImage = HaproxyImage()
    pool_proxy: PoolProxyImage = PoolProxyImage()
    registry: Registry | None = None
    """Private mirror of every image whose `repository` is not set: the host, and a path if there is one. What follows
    the host in the default repository stays; null: each image comes from its own registry."""
    pull_secrets: Distinct[DnsName] = ()
    """Existing image pull Secrets, for every pod."""

    def reference(self, image: Image, tag: str) -> str:
        """The full reference of one of these images; `tag` is used where it has none."""
        if self.registry and not has_own_repository(image):
            image = image.model_copy(update={"repository": f"{self.registry}/{path_of(image.repository)}"})
        return image.reference(tag)
