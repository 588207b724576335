"""Files of other tools that hold the chart's values somewhere inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from components.matlab.upstream import KEYS

ENOUGH: Final = 2
"""This many of the chart's keys in a nested map make it the chart's values."""
_ARGO_CD: Final = {"Application": "an Application", "ApplicationSet": "an ApplicationSet"}
_MORE_IN_ARGO_CD: Final = ("parameters", "fileParameters", "valueFiles")


class Wrapped(NamedTuple):
    """Values inside another file."""

    place: str
    """Their path, for people."""
    format: str
    """What the file is, with an article."""
    expression: str
    """What makes yq print the values alone."""


_BY_KIND: Final = {
    "HelmRelease": Wrapped("spec.values", "a HelmRelease of Flux", ".spec.values"),
    "HelmChart": Wrapped("spec.valuesContent", "a HelmChart of K3s or RKE2", ".spec.valuesContent"),
    "HelmChartConfig": Wrapped("spec.valuesContent", "a HelmChartConfig of K3s or RKE2", ".spec.valuesContent"),
}


def wrapped(values: Mapping[str, Any]) -> Wrapped | None:
    """Where the values are, if not at the top level."""
    kind = str(values.get("kind"))
    if kind in _ARGO_CD:
        return _argo_cd(values)
    if kind in ("ConfigMap", "Secret"):
        return _file_in(values)
    if isinstance(values.get("releases"), list):
        return Wrapped("releases[].values", "a helmfile", ".releases[0].values[0]")
    if "helmCharts" in values:
        return Wrapped("helmCharts[].valuesInline", "a kustomization", ".helmCharts[0].valuesInline")
    return _BY_KIND.get(kind) or _of_another_chart(values)


def elsewhere(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """What gives a release more values than the ones in this file, and what to do about it."""
    kind = values.get("kind")
    if kind == "HelmRelease" and _at(values, "spec").get("valuesFrom"):
        return "spec.valuesFrom", "Export the merged ones: helm get values RELEASE --output yaml."
    if kind in _ARGO_CD:
        place, helm = _argo_cd_source(values)
        # Argo CD renders the chart without a release of Helm, so nothing can export them.
        for name in _MORE_IN_ARGO_CD:
            if helm.get(name):
                return f"{place}.{name}", "Write all of them into one values file, and import that file."
    return None


def _argo_cd(values: Mapping[str, Any]) -> Wrapped:
    place, helm = _argo_cd_source(values)
    name = "values" if isinstance(helm.get("values"), str) else "valuesObject"
    return Wrapped(f"{place}.{name}", f"{_ARGO_CD[values['kind']]} of Argo CD", f".{place}.{name}")


def _argo_cd_source(values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The place of the Helm part of an Application, and the part."""
    prefix = ("spec", "template", "spec") if values["kind"] == "ApplicationSet" else ("spec",)
    spec = _at(values, *prefix)
    sources = spec.get("sources")
    first = sources[0] if isinstance(sources, list) and sources else None
    name, source = ("sources[0]", first) if first else ("source", spec.get("source"))
    return f"{'.'.join(prefix)}.{name}.helm", _at(source, "helm")


def _file_in(values: Mapping[str, Any]) -> Wrapped:
    group = "data" if values.get("data") else "stringData"
    name = next(iter(_at(values, group)), "values.yaml")
    decoded = " | @base64d" if (values["kind"], group) == ("Secret", "data") else ""
    return Wrapped(f"{group}.{name}", f"a {values['kind']} with a values file", f'.{group}["{name}"]{decoded}')


def _of_another_chart(values: Mapping[str, Any]) -> Wrapped | None:
    for key, value in values.items():
        if key not in KEYS and _is_chart_values(value):
            return Wrapped(key, "the values of a chart that has this one as a sub-chart", f'.["{key}"]')
        if key not in KEYS and isinstance(value, dict):
            for inner, item in value.items():
                if _is_chart_values(item):
                    return Wrapped(f"{key}.{inner}", "the values of another chart", f'.["{key}"]["{inner}"]')
    return None


def _is_chart_values(value: Any) -> bool:
    return isinstance(value, dict) and len(value.keys() & KEYS.keys()) >= ENOUGH


def _at(value: Any, *steps: str) -> Mapping[str, Any]:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
