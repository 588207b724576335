"""Rules about volumes: claims, mounts, and whose data users' jobs could reach."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from components.matlab import names
from components.matlab.settings import Settings
from components.matlab.topology import FIRST_SOCKS_RELEASE
from components.shared.floors import small_claim
from components.shared.groups import AccessMode, has_own_repository
from components.shared.mistakes import Mistake, Rule, dotted, no_effect
from components.shared.paths import covers

RESERVED_MOUNTS = ("/mjs", "/opt/matlab", "/opt/additionalmatlab", "/usr/local/share/matlab/mjs/java", "/cert", "/tmp")  # noqa: S108


def _claims(settings: Settings) -> Iterator[Mistake]:
    if settings.installation.job_manager_uses_claim and not settings.installation.claim:
        yield no_effect(
            "matlab.installation.jobManagerUsesClaim",
            "matlab.installation.claim is not set",
            "Set matlab.installation.claim, or remove this.",
        )


def _mounts(settings: Settings) -> Iterator[Mistake]:
    workers, manager = settings.workers, settings.job_manager
    groups: dict[str, dict[str, dict[str, str]]] = {
        "workers": {"claims": workers.claims, "configMaps": workers.config_maps, "secrets": workers.secrets},
        "jobManager": {"configMaps": manager.config_maps, "secrets": manager.secrets},
    }
    for group, kinds in groups.items():
        for kind, mounts in kinds.items():
            for name, path in mounts.items():
                if any(covers(path, used) for used in RESERVED_MOUNTS):
                    yield Mistake(
                        dotted(["matlab", group, kind, name]),
                        f"{path} belongs to MATLAB Parallel Server",
                        "Mount it elsewhere, such as /data.",
                    )
        yield from _hidden(group, kinds)
        paths = Counter(path for mounts in kinds.values() for path in mounts.values())
        for path in (path for path, count in paths.items() if count > 1):
            kind = next(kind for kind, mounts in kinds.items() if path in mounts.values())
            yield Mistake(f"matlab.{group}.{kind}", f"{path} is the path of two volumes", "Give each its own path.")


def _hidden(group: str, kinds: dict[str, dict[str, str]]) -> Iterator[Mistake]:
    """Mounts inside read-only ones: the container runtime cannot make their folder, and the container never starts."""
    read_only = [path for kind in ("configMaps", "secrets") for path in kinds[kind].values()]
    for kind, mounts in kinds.items():
        for name, path in mounts.items():
            if outer := next((folder for folder in read_only if path.startswith(f"{folder}/")), None):
                yield Mistake(
                    dotted(["matlab", group, kind, name]),
                    f"{path} is inside {outer}, where a ConfigMap or Secret is mounted read-only",
                    "Mount it elsewhere, such as /data.",
                )


OWN_SECRETS = frozenset(
    {
        *(names.SHARED_SECRET, names.PARALLEL_SERVER_PROXY_SECRET, names.METRICS_SECRET, names.METRICS_CLIENT_SECRET),
        *(names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET, names.ADMIN_SECRET, names.LDAP_SECRET),
        names.WORKER_USER_SECRET,
    }
)
"""Secrets with the credentials of the cluster."""


def _own_objects(settings: Settings) -> Iterator[Mistake]:
    """Data of the cluster itself, which jobs of users could read or overwrite."""
    storage, workers, manager = settings.storage, settings.workers, settings.job_manager
    database = storage.checkpoint.claim or names.CHECKPOINT_CLAIM
    claims = {
        storage.log.claim or names.LOG_CLAIM: "the logs of the job manager",
        storage.worker_log.claim or names.WORKER_LOG_CLAIM: "the logs of the workers",
        database: "the job database",
    }
    for claim in workers.claims:
        if claim in claims:
            yield Mistake(
                dotted(["matlab", "workers", "claims", claim]),
                f"contains {claims[claim]}, which every job could then overwrite",
                "Use a separate claim.",
            )
    for path, name in _other_claims_of_workers(settings):
        if name == database:
            yield Mistake(
                path,
                f"{name} contains the job database, and workers mount this claim too",
                "Use a separate claim.",
            )
    for group, secrets in (("workers", workers.secrets), ("jobManager", manager.secrets)):
        for secret in secrets:
            if secret in OWN_SECRETS or secret.startswith(f"{names.POOL_PROXY}-"):
                yield Mistake(
                    dotted(["matlab", group, "secrets", secret]),
                    "contains credentials of the cluster itself, which MJS receives without this setting",
                    "Remove it.",
                )


def _other_claims_of_workers(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Path and name of the claims of workers that users do not add themselves."""
    installation, log = settings.installation, settings.storage.worker_log
    if log.claim:
        yield "matlab.storage.workerLog.claim", log.claim
    elif log.persistent:
        # The other setting that could name the claim that the stack creates for these logs.
        yield "matlab.storage.checkpoint.claim", names.WORKER_LOG_CLAIM
    yield "matlab.installation.claim", installation.claim
    yield "matlab.installation.javaClaim", installation.java_claim
    for index, name in enumerate(installation.additional_claims):
        yield f"matlab.installation.additionalClaims[{index}]", name


def _one_mount(settings: Settings) -> Iterator[Mistake]:
    if settings.storage.worker_log.access_modes == (AccessMode.READ_WRITE_ONCE_POD,) and settings.workers.max > 1:
        yield Mistake(
            "matlab.storage.workerLog.accessModes",
            "lets only one pod mount the claim, but every worker needs it",
            "Write [ReadWriteMany], with a StorageClass that supports it, or set persistent to false.",
        )
    if settings.installation.claim in settings.installation.additional_claims:
        yield Mistake(
            "matlab.installation.additionalClaims",
            f"lists {settings.installation.claim}, which is matlab.installation.claim",
            "List only claims with older releases.",
        )


def _root(settings: Settings) -> Iterator[Mistake]:
    """MATLAB's folder, which a job manager or worker without MATLAB there looks for in vain."""
    installation, path = settings.installation, "matlab.installation.root"
    root = installation.root
    if root is None:
        return
    folder = root.rpartition("/")[2]
    if root.endswith(PROGRAMS):
        yield Mistake(
            path, f"{root} is inside MATLAB's folder", "Write the folder that contains bin, such as /opt/matlab/R2026a."
        )
    elif f"{root}/".startswith(WITHOUT_MATLAB):
        yield Mistake(path, f"{root} contains no MATLAB", "Write MATLAB's folder, such as /opt/matlab/R2026a.")
    elif RELEASE_FOLDER.fullmatch(folder) and folder.lower() != settings.release:
        yield Mistake(
            path,
            f"{root} is named after a different release from matlab.release, {settings.release}",
            f"Write the folder of R{settings.release[1:]}, or remove this.",
        )
    elif (
        installation.claim
        and not covers(root, names.MATLAB_DIR)
        and not has_own_repository(settings.images.matlab_deps)
        and not any(covers(root, mounted) for mounted in settings.workers.claims.values())
    ):
        yield Mistake(
            path,
            f"{root} is outside {names.MATLAB_DIR}, where matlab.installation.claim is mounted",
            f"Write the path in the container, such as {names.MATLAB_DIR}/R{settings.release[1:]}, or remove this.",
        )


WITHOUT_MATLAB = ("/boot/", "/cert/", "/dev/", "/etc/", "/mjs/", "/proc/", "/sys/")
PROGRAMS = ("/bin", "/bin/matlab", "/bin/glnxa64")
RELEASE_FOLDER = re.compile(r"[rR]20\d\d[ab]", re.ASCII)


def storage_warnings(settings: Settings) -> Iterator[str]:
    """Claims that work, but hardly as they are meant."""
    storage = settings.storage
    yield from small_claim(
        "matlab.storage.checkpoint", storage.checkpoint, "the history of finished jobs alone fills 10 GB"
    )
    yield from small_claim("matlab.storage.log", storage.log)
    yield from small_claim("matlab.storage.workerLog", storage.worker_log)
    releases, claims = settings.additional_supported_releases, settings.installation.additional_claims
    if settings.release >= FIRST_SOCKS_RELEASE and len(releases) != len(claims):
        yield (
            f"matlab.installation.additionalClaims: the numbers of claims, {len(claims)}, and of releases in "
            f"matlab.additionalSupportedReleases, {len(releases)}, differ. Clients need workers of their own release: "
            "write one claim for each."
        )
    log = storage.worker_log
    if log.persistent and not log.claim and AccessMode.READ_WRITE_MANY not in log.access_modes:
        yield (
            "matlab.storage.workerLog.accessModes: lets only the pods of one node mount the claim, so workers start "
            "on one node. Write [ReadWriteMany], with a StorageClass that supports it."
        )


RULES: tuple[Rule[Settings], ...] = (_root, _claims, _mounts, _own_objects, _one_mount)
