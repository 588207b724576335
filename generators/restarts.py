"""docs/restarts.md: which pods restart and which objects change with each setting.

Each setting is changed in several clusters, and the objects before and after are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.shared.mistakes import ConfigError, load
from generators import arkouda_changes, julia_changes
from generators.changes import NAMESPACE, ClusterState, Effects
from generators.reference import GENERATED
from generators.samples import authority
from generators.settings import Setting, every_setting

Values = dict[str, Any]

NONE: Final = "-"
EVERY: Final = "every object"
_CERTIFICATE, _KEY = authority("present")
_LDAP: Final[Values] = {
    "ldap.securityPrincipalFormat": "[username]@example.org",
    "security.adminPassword": "of the administrator",
}
_VOLUMES: Final = ("checkpoint", "log", "workerLog")
_FEATURES: Final[Values] = {
    "workers.env": {"OMP_NUM_THREADS": "4"},
    "workers.claims": {"data": "/data"},
    "installation.javaClaim": "java",
    "installation.additionalClaims": ["older"],
    "network.clusterHost": "mjs.example.org",
    "ldap.url": "ldaps://ldap.example.org:636",
    "ldap.certificate": _CERTIFICATE,
    **_LDAP,
    "metrics.export": True,
}
_SMALLEST: Final[Values] = {"release": "r2026a", "workers.max": 32}
_BASES: Final[tuple[Values, ...]] = (
    {},
    _FEATURES,
    {"network.internalClientsOnly": True},
    {"release": "r2025a", "workers.max": 40, "license.useOnlineLicensing": True},
    {"additionalSupportedReleases": ["r2024b"], **_FEATURES},
    {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
    {
        "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
        "ldap.url": "ldap://ldap.example.org:389",
        **_LDAP,
        "metrics": {"export": True, "bringOwnCertificates": True},
        "network.loadBalancer.sourceRanges": ["192.0.2.0/24"],
        "security.authority": {"certificate": _CERTIFICATE, "key": _KEY},
        "storage": {name: {"claim": "old"} for name in _VOLUMES},
    },
    {
        "namespace.create": False,
        "network.loadBalancer.create": False,
        "storage": {name: {"persistent": False} for name in _VOLUMES},
    },
    {"parallelServerProxy.port": 30080, "network": {"clusterHost": "mjs", "loadBalancer": {"type": "NodePort"}}},
)
"""Clusters to change: one per proxy mode, with whatever each setting needs to have an effect."""

TARGET: Final[Mapping[str, str]] = {
    "kubernetes.context": "another cluster: rejected while this one holds protected objects",
    "kubernetes.kubeconfig": "none, if the context still names the same cluster",
    "kubernetes.embedded": "another cluster: rejected while this one holds protected objects",
}
"""The provider handles these; no manifest changes (components/shared/target.py)."""


def _nested(flat: Mapping[str, Any]) -> Values:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    whole: Values = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        group = whole
        for step in parents:
            group = group.setdefault(step, {})
        group[last] = value
    return whole


def _load(values: Values) -> Settings | None:
    try:
        return load(Settings, values, "matlab", RULES)
    except ConfigError:
        return None


def _candidates(setting: Setting, settings: Settings) -> Iterator[Any]:
    """Other values of a setting: samples of its type, and the neighbours of a number."""
    value: Any = settings
    for step in setting.steps:
        by_alias = {info.alias or name: name for name, info in type(value).model_fields.items()}
        value = getattr(value, by_alias[step])
    yield from setting.type.samples
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1)


def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no cluster here can change."""
    every = list(every_setting(Settings))
    found = {setting.path: Effects() for setting in every}
    tried = dict.fromkeys(found, 0)
    for base in _BASES:
        values = _nested({**_SMALLEST, **base})
        settings = load(Settings, values, "matlab", RULES)
        before = ClusterState(settings)
        for setting in every:
            for candidate in _candidates(setting, settings):
                changed = _load(_changed(values, setting, candidate))
                if changed is not None and changed != settings:
                    tried[setting.path] += 1
                    before.compare(ClusterState(changed), found[setting.path])
    if missing := [path for path, count in tried.items() if not count]:
        raise LookupError(
            f"no sample of {', '.join(missing)} is accepted in any cluster: "
            "add a cluster that accepts one to _BASES in generators/restarts.py"
        )
    return found


def _changed(values: Values, setting: Setting, value: Any) -> Values:
    changed = group = dict(values)
    for step in setting.steps[:-1]:
        group[step] = dict(group.get(step, {}))
        group = group[step]
    group[setting.steps[-1]] = value
    pair = next((pair for pair in map(authority, "AB") if value in pair), None)
    if pair and setting.steps[-2] == "authority":
        # Neither is accepted without the other.
        group |= dict(zip(("certificate", "key"), pair, strict=True))
    return changed


def page() -> str:
    """The whole page."""
    lines = [
        GENERATED,
        "",
        "# What restarts when a setting changes",
        "",
        "Generated by changing each setting in several clusters and comparing the pods before and after.",
        "",
        "- The **job manager** shuts down cleanly and starts again with its database. Running jobs are interrupted;",
        "  queued and finished jobs are kept. Pause it first.",
        "- The controller replaces **workers** at its next check, all at once, busy or not.",
        "- The **controller** can restart at any time without anyone noticing.",
        "- **HAProxy**, the **parallel server proxy** and **pool proxies** drop the connections that they carry.",
        "",
        "Whether a pod exists depends on the proxy mode. *In some cases* depends on the values or on other settings.",
        "",
    ]
    found = {f"matlab.{path}": what for path, what in examine().items()}
    lines += _groups(found)
    lines += [
        "",
        "## arkouda",
        "",
        "- A **server** that restarts loses every array in its memory, and its clients. So does one whose **locales**",
        "  restart.",
        "- An **exporter** can restart at any time.",
        "- A server outside Kubernetes keeps its old settings until you write the files again with",
        "  `python -m ops arkouda-files` and submit the job again.",
        "",
    ]
    of_arkouda = arkouda_changes.examine()
    lines += _groups(of_arkouda)
    found |= of_arkouda
    lines += [
        "",
        "## julia",
        "",
        "- A running **session** and the **workers of a pool** take over a change when you delete their pods, or at",
        "  once if `manager.updates` is `immediately`. Everything in their memory is lost, and the depot stays.",
        "- A **script** runs again: Kubernetes replaces its Job. A script that is still running is ended first.",
        "",
        "Every setting of `julia.defaults` has the same effects in `julia.sessions.NAME`.",
        "",
    ]
    of_julia = julia_changes.examine()
    lines += _groups(of_julia)
    found |= of_julia
    lines += ["", "## kubernetes", "", "| Setting | Effect |", "|---|---|"]
    lines += [f"| `{path}` | {effect} |" for path, effect in TARGET.items()]
    lines += _objects(found)
    text = "\n".join(lines) + "\n"
    return text.replace("\n\n\n", "\n\n")


def _groups(found: Mapping[str, Effects]) -> Iterator[str]:
    group = ""
    for path, what in found.items():
        first, *rest = path.split(".")
        heading = f"{first}.{rest[0]}" if len(rest) > 1 else first
        if heading != group:
            group = heading
            if heading not in {"arkouda", "julia"}:
                yield from ("", f"## {group}", "")
            yield from ("| Setting | Restarts | In some cases also | Other effects |", "|---|---|---|---|")
        yield _row(path, what.always(), what.sometimes(), sorted(what.notes))


def _objects(found: Mapping[str, Effects]) -> Iterator[str]:
    yield from (
        "",
        "## Objects",
        "",
        "The Kubernetes objects that a preview may show when only this setting changes, with kubectl's short names for",
        "the kinds. No other object changes in any config (`tests/unit/test_any_change.py`). Keys, certificates and",
        "passwords change with the Secrets that hold them. NAME is the name of an Arkouda server.",
        "",
        "| Setting | Objects that are created, changed or deleted |",
        "|---|---|",
    )
    for path, what in found.items():
        cells = EVERY if NAMESPACE in what.notes else ", ".join(f"`{name}`" for name in sorted(what.objects))
        yield f"| `{path}` | {cells or NONE} |"


def _row(path: str, always: list[str], sometimes: list[str], notes: list[str]) -> str:
    cells = (f"`{path}`", ", ".join(always) or NONE, ", ".join(sometimes) or NONE, "; ".join(notes) or NONE)
    return f"| {' | '.join(cells)} |"
