"""What a stack costs at this moment, and the least and the most that it can cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.cost_of_stack import StackCost, range_of
from components.matlab import names
from components.preflight import named, namespaces
from components.price_settings import Prices
from components.shared.demand import PodGroup
from components.shared.inventory import FORBIDDEN
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi
from components.shared.pod_status import is_over
from components.shared.state import State
from components.shared.survey import survey
from components.stack import StackConfig


class RunningCost:
    """The cost of a stack with prices. Finding out what the cluster adds to them asks the API server."""

    def __init__(self, api: KubernetesApi, stack: StackConfig, prices: Prices) -> None:
        self._api, self._namespaces = api, namespaces(stack)
        self._cost = StackCost(stack, prices, survey(api, self._namespaces, State(), named(stack)))

    def look(self) -> Json:
        """The output `costPerHour`, with `now` in it; that is None where you may not list pods."""
        return {**self._cost.per_hour(), "now": self._now()}

    def _now(self) -> Any:
        try:
            return self._cost.now([group for namespace in self._namespaces for group in self._running(namespace)])
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
            return None

    def _running(self, namespace: str) -> Iterator[PodGroup]:
        for pod in self._api.request("GET", RESOURCES["Pod"].path(namespace))["items"]:
            # A pod without a node costs nothing yet.
            if pod["spec"].get("nodeName") and not is_over(pod):
                licensed = (pod["metadata"].get("labels") or {}).get("app") == names.WORKER
                yield PodGroup(pod["metadata"]["name"], namespace, 1, pod["spec"], licensed=licensed)


def sentence(found: Json) -> str:
    """The cost in words."""
    now = found["now"]
    return f"{'unknown' if now is None else format(now['total'], '.10g')} now; it can be {range_of(found)}"
