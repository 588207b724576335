"""What upstream.py's table is made of: the shape of a key, and the objects that keys land in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from components.matlab import names

FIRST_CHART: Final = "1.0.0"
NEWEST_CHART: Final = "2.1.1"


class Kind(StrEnum):
    """What the chart's schema takes for a value."""

    TEXT = "text"
    INTEGER = "whole number"
    BOOLEAN = "true or false"
    QUANTITY = "quantity"
    ITEMS = "list"
    MAP = "map"


@dataclass(frozen=True)
class Key:
    """One key of the chart.

    A place is `Kind/name [file] [path]`, where `containers[name]` picks a list item by its name.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    """Config paths below `matlab`; none: `note` says why."""
    places: tuple[str, ...]
    default: Any = None
    """The chart's default; None where it has none."""
    since: str = FIRST_CHART
    """Chart version that first knew the key."""
    hidden: bool = False
    """In the chart's schema, but neither in its values file nor in its documentation."""
    note: str = ""


CONFIG = f"ConfigMap/{names.CONTROLLER_CONFIG} config.json "
MANAGER_FILES = f"ConfigMap/{names.JOB_MANAGER_CONFIG} "
WORKER_FILES = f"ConfigMap/{names.WORKER_CONFIG} "
WORKER = f"ConfigMap/{names.WORKER_TEMPLATE} {names.TEMPLATE_FILE} "
WORKER_POD = f"{WORKER}spec.containers[{names.WORKER}]."
POOL = f"ConfigMap/{names.POOL_PROXY_TEMPLATE} {names.TEMPLATE_FILE} "
POOL_POD = f"{POOL}spec.containers[{names.POOL_PROXY}]."
HAPROXY_FILE = f"ConfigMap/{names.INGRESS_PROXY_CONFIG} haproxy.cfg"
MANAGER = f"Deployment/{names.JOB_MANAGER} spec.template.spec."
MANAGER_POD = f"{MANAGER}containers[{names.JOB_MANAGER}]."
CONTROLLER_POD = f"Deployment/{names.CONTROLLER} spec.template.spec.containers[{names.CONTROLLER}]."
INGRESS = f"Deployment/{names.INGRESS_PROXY} spec.template.spec."
HAPROXY_POD = f"{INGRESS}containers[{names.HAPROXY}]."
PROXY = f"Deployment/{names.PARALLEL_SERVER_PROXY} spec.template.spec."
PROXY_POD = f"{PROXY}containers[{names.PARALLEL_SERVER_PROXY}]."
INGRESS_PROXY_POD = f"{INGRESS}containers[{names.PARALLEL_SERVER_PROXY}]."
BALANCER = f"Service/{names.INGRESS_PROXY}"
MANAGER_SERVICE = f"Service/{names.JOB_MANAGER}"
DEFINITIONS = "mjs_def.sh "
SETTINGS = "settings.sh "
