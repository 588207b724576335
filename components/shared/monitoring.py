"""ServiceMonitors, which tell the Prometheus operator what to scrape (https://prometheus-operator.dev/docs/api-reference/api/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from components.shared.manifest import Manifest, manifest
from components.shared.survey import Survey

KIND: Final = "ServiceMonitor"


def is_served(survey: Survey, namespace: str) -> bool:
    """Tell whether the Kubernetes cluster knows ServiceMonitors; true if it was not asked."""
    inventory = survey.inventories.get(namespace)
    return inventory is None or KIND not in inventory.unknown_kinds


def not_served(path: str) -> str:
    """The warning for a cluster without them; `path` is the setting that requests one."""
    return (
        f"{path}: is true, but the cluster has no ServiceMonitors, so none is created. Install the Prometheus operator "
        "and run `up` again, or remove the setting."
    )


def service_monitor(  # noqa: PLR0913 - the parts of a ServiceMonitor
    name: str,
    namespace: str,
    *,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    endpoint: Manifest,
    target_labels: Sequence[str] = (),
) -> Manifest:
    """Make the Prometheus operator scrape one port of a Service.

    Prometheus selects it by `labels`, and it selects the Service by `selector`. `target_labels` are labels of the
    Service that every metric gets.
    """
    spec: Manifest = {
        "selector": {"matchLabels": dict(selector)},
        **({"targetLabels": list(target_labels)} if target_labels else {}),
        "endpoints": [endpoint],
    }
    return manifest("monitoring.coreos.com/v1", KIND, name, namespace, labels=labels, spec=spec)
