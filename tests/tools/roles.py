"""Containers of the job manager and of a worker, as the program's own manifests describe them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.matlab import job_manager, workers
from components.matlab.security import WORKER_CAPABILITIES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from tests.tools.container import Container, closing

Make = Callable[..., Container]
"""Makes a container: `matlab` is where MATLAB is, if anywhere; the rest is what the role takes."""

AWKWARD = r"""it's "my" $HOME `id` \ $(id) a*b ; é 京"""
"""Text that every layer of quoting has to carry unharmed."""
WORKER_NAME = "mjs-worker-7"
WORKER_HOST = "mjs-worker-7-0a1b2.mjs-workers.mjs.svc.cluster.local"
WORKER_PASSWORD = "worker's password"


def cluster(**config: Any) -> Topology:
    """Return a cluster with these settings beside the two that have no default."""
    return Topology(Settings.model_validate({"release": "r2026a", "workers": {"max": 4}} | config))


def job_manager_container(root: Path, *, open_files: int | None = None, **config: Any) -> Container:
    """Return the job manager's container, which has no capabilities."""
    here = cluster(**config)
    (spec,) = job_manager.deployment(here, "mark")["spec"]["template"]["spec"]["containers"]
    data = job_manager.configuration(here)["data"]
    environment = {job_manager.ADMIN_PASSWORD_VARIABLE: "administrator's password"}
    return Container(root, spec, data, environment, open_files=open_files)


def worker_container(
    root: Path, *, password: str = WORKER_PASSWORD, open_files: int | None = None, **config: Any
) -> Container:
    """Return a worker's container, with what the controller adds."""
    here = cluster(**config)
    (spec,) = workers.pod_template(here, "mark")["spec"]["containers"]
    environment = {
        "MJS_WORKER_PASSWORD": password,
        "WORKER_NAME": WORKER_NAME,
        "HOSTNAME": WORKER_HOST,
        "LOGBASE": str(root / "mjs/log" / WORKER_NAME),
    }
    return Container(
        root, spec, workers.configuration(here)["data"], environment, WORKER_CAPABILITIES, open_files=open_files
    )


@contextlib.contextmanager
def making(role: Callable[..., Container], folder: Path) -> Iterator[Make]:
    """Make containers of a role in a folder, MATLAB where the image has it; at the end, all are closed."""
    with closing([]) as containers:

        def make(matlab: str | None = "/opt/matlab", **config: Any) -> Container:
            container = role(folder / f"container-{len(containers)}", **config)
            if matlab:
                container.install_matlab(matlab)
            containers.append(container)
            return container

        yield make
