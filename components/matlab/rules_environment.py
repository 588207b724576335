"""Rules about environment variables that the stack config adds to workers and job manager."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from components.matlab import job_manager, workers
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.mistakes import Mistake, Rule
from components.shared.references import circular, references

ADDED_BY_THE_CONTROLLER: Final = frozenset({"WORKER_NAME", "LOGBASE", "HOSTNAME", "MPICH_INTERFACE_HOSTNAME"})
"""To workers, after the variables of the template (docs/upstream.md#what-it-adds-to-a-pod)."""
ADDED_BY_THE_SCRIPT: Final = frozenset({"LOGBASE", "HOSTNAME"})
"""To the definitions of the job manager, when it starts."""
RESERVED_BEGINNINGS: Final = ("MJS_", "MDCE_OVERRIDE_", "PARALLEL_SERVER_")
"""Of variables that MJS reads."""
LICENSE_VARIABLES: Final = frozenset({"MLM_LICENSE_FILE", "LM_LICENSE_FILE"})
"""FlexNet reads both, and only workers check out licenses."""
ASSIGNMENT: Final = re.compile(r"^([A-Z][A-Z0-9_]*)=", re.MULTILINE)
OF_SERVICES: Final = re.compile(r"KUBERNETES_(SERVICE|PORT).*")
"""Variables that the kubelet adds to every pod."""
OF_LINKED_SERVICES: Final = re.compile(r"[A-Z][A-Z0-9_]*_(SERVICE|PORT).*")
OF_SHELLS: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""How shells write a variable."""
SETTINGS_OF_VARIABLES: Final[Mapping[str, str]] = {
    "ADMIN_USER": "matlab.security.adminUser",
    "BASE_PORT": "matlab.network.basePort",
    "EXPORT_METRICS": "matlab.metrics.export",
    "HTTPS_PROXY": "matlab.network.webProxy.https",
    "HTTP_PROXY": "matlab.network.webProxy.http",
    "LDAP_SECURITY_PRINCIPAL_FORMAT": "matlab.ldap.securityPrincipalFormat",
    "LDAP_SYNCHRONIZATION_INTERVAL_SECS": "matlab.ldap.synchronizationIntervalSecs",
    "LDAP_URL": "matlab.ldap.url",
    "LM_LICENSE_FILE": "matlab.license.networkLicenseManager",
    "MATLAB_JAVA": "matlab.installation.javaClaim",
    "MAX_LINUX_WORKERS": "matlab.workers.max",
    "METRICS_PORT": "matlab.metrics.port",
    "MJS_ADDITIONAL_MATLABROOTS": "matlab.installation.additionalClaims",
    "MJS_ADDITIONAL_SUPPORTED_RELEASES": "matlab.additionalSupportedReleases",
    "MJS_JAVA": "matlab.installation.javaClaim",
    "MJS_WORKER_PASSWORD": "matlab.workers.password",
    "MJS_WORKER_USERNAME": "matlab.workers.username",
    "MLM_LICENSE_FILE": "matlab.license.networkLicenseManager",
    "NO_PROXY": "matlab.network.webProxy.noProxy",
    "PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD": "matlab.security.adminPassword",
    "REQUIRE_CLIENT_CERTIFICATE": "matlab.security.requireClientCertificate",
    "REQUIRE_SCRIPT_VERIFICATION": "matlab.security.requireScriptVerification",
    "SECURITY_LEVEL": "matlab.security.level",
    "USER": "matlab.workers.username",
    "USE_LDAP_SERVER_AUTHENTICATION": "matlab.ldap.url",
    "USE_ONLINE_LICENSING": "matlab.license.useOnlineLicensing",
    "USE_SECURE_COMMUNICATION": "matlab.security.useSecureCommunication",
    "USE_SECURE_METRICS": "matlab.metrics.useSecure",
    "http_proxy": "matlab.network.webProxy.http",
    "https_proxy": "matlab.network.webProxy.https",
    "no_proxy": "matlab.network.webProxy.noProxy",
}
"""Where to set what a variable would set."""


class Variables(NamedTuple):
    """Variables that the program sets in one kind of pod."""

    in_pod: frozenset[str]
    """In the pod itself, before those of the stack config."""
    later: frozenset[str]
    """Once the pod exists, by the controller, the scripts and the definition files of MJS."""


@cache
def reserved_variables() -> tuple[Variables, Variables]:
    """What the program sets in workers and in the job manager, read off pods that need all of it."""
    cluster = Topology(
        Settings.model_validate(
            {
                "release": "r2026a",
                "additionalSupportedReleases": ["r2024b"],
                "workers": {"max": 1},
                "installation": {"javaClaim": "java", "additionalClaims": ["older"]},
                "ldap": {"url": "ldap://ldap.example.org", "securityPrincipalFormat": "[username]"},
                "metrics": {"export": True},
                "network": {"webProxy": {"http": "http://proxy:3128", "https": "http://proxy:3128"}},
            }
        )
    )
    return (
        Variables(
            _in_pod(workers.pod_template(cluster, "")),
            _assigned(workers.configuration(cluster)) | ADDED_BY_THE_CONTROLLER,
        ),
        Variables(
            _in_pod(job_manager.deployment(cluster, "")["spec"]["template"]),
            _assigned(job_manager.configuration(cluster)) | ADDED_BY_THE_SCRIPT,
        ),
    )


def _in_pod(template: Manifest) -> frozenset[str]:
    containers = template["spec"]["containers"]
    return frozenset(variable["name"] for container in containers for variable in container["env"])


def _assigned(config_map: Manifest) -> frozenset[str]:
    texts = (config_map["data"][name] for name in ("settings.sh", "mjs_def.sh"))
    return frozenset(name for text in texts for name in ASSIGNMENT.findall(text))


def _groups(settings: Settings) -> Iterator[tuple[str, Mapping[str, str], Variables]]:
    if settings.workers.env or settings.job_manager.env:
        in_workers, in_job_manager = reserved_variables()
        yield "matlab.workers.env", settings.workers.env, in_workers
        yield "matlab.jobManager.env", settings.job_manager.env, in_job_manager


def _reserved(settings: Settings) -> Iterator[Mistake]:
    for path, variables, (in_pod, later) in _groups(settings):
        for name in variables:
            if name in in_pod | later | LICENSE_VARIABLES or name.startswith(RESERVED_BEGINNINGS):
                setting = SETTINGS_OF_VARIABLES.get(name)
                yield Mistake(
                    f"{path}.{name}",
                    "is a variable that the program or MJS sets itself",
                    f"Set {setting} instead." if setting else "Remove it, or use another name.",
                )


def _circular(settings: Settings) -> Iterator[Mistake]:
    for path, variables, _ in _groups(settings):
        for name in circular(variables):
            other = references(variables[name])[0]
            yield Mistake(
                f"{path}.{name}",
                f"refers to itself, but Kubernetes knows no earlier value: $({other}) would stay as it is",
                f"Write the whole value. If you want the text $({name}), write $$({name}).",
            )


RULES: tuple[Rule[Settings], ...] = (_reserved, _circular)


def unknown_references(settings: Settings) -> Iterator[str]:
    """References that Kubernetes leaves as they are."""
    linked = settings.enable_service_links
    for path, variables, (in_pod, _) in _groups(settings):
        for name, value in variables.items():
            if found := OF_SHELLS.search(value):
                yield (
                    f"{path}.{name}: Kubernetes does not replace {found[0]}, so it stays as it is. If you mean the "
                    f"variable, write $({found[1]})."
                )
            for other in references(value):
                known = other in variables or other in in_pod or OF_SERVICES.fullmatch(other)
                if not known and not (linked and OF_LINKED_SERVICES.fullmatch(other)):
                    yield (
                        f"{path}.{name}: Kubernetes does not know the variable {other} here, so $({other}) stays as it "
                        f"is. If you want that text, write $$({other})."
                    )
