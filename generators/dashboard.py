"""The Grafana dashboard of a MATLAB cluster: a table of panels, drawn with Grafana's own SDK."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh

METRICS: Final[Mapping[str, frozenset[str]]] = {
    "mjs_authentication_failures_total": frozenset({"type", "user"}),
    "mjs_license_errors_total": frozenset({"user"}),
    "mjs_matlab_processes": frozenset({"user"}),
    "mjs_network_errors_total": frozenset(),
    "mjs_process_memory": frozenset({"type"}),
    "mjs_queue": frozenset({"type", "user"}),
    "mjs_running": frozenset(),
    "mjs_scheduler_errors_total": frozenset(),
    "mjs_storage": frozenset({"type"}),
    "mjs_storage_errors_total": frozenset(),
    "mjs_up": frozenset(),
    "mjs_workers": frozenset({"type"}),
}
"""Metrics of a job manager of R2024b or later that dashboard and alerts use, and their labels."""
NAMESPACE: Final = '{namespace="$namespace"}'
WIDTH: Final = 12
HEIGHT: Final = 8
SHARE: Final = "percentunit"
COUNT: Final = "short"


class Panel(NamedTuple):
    """A panel: its title, its unit, and its queries by legend."""

    title: str
    unit: str
    queries: Mapping[str, str]
    description: str = ""


def _increase(metric: str, by: str = "") -> str:
    total = f"sum by ({by})" if by else "sum"
    return f"{total} (increase({metric}{NAMESPACE}[15m]))"


def _memory(kind: str) -> str:
    return f'mjs_process_memory{{namespace="$namespace",type="{kind}"}}'


PANELS: Final = (
    Panel(
        "Job manager",
        COUNT,
        {"up": f"max(mjs_up{NAMESPACE})", "runs jobs": f"max(mjs_running{NAMESPACE})"},
        "1 is yes. The queue is paused while `runs jobs` is 0.",
    ),
    Panel("Workers", COUNT, {"{{type}}": f"sum by (type) (mjs_workers{NAMESPACE})"}),
    Panel("Queue by type", COUNT, {"{{type}}": f"sum by (type) (mjs_queue{NAMESPACE})"}),
    Panel("Queue by user", COUNT, {"{{user}}": f"topk(10, sum by (user) (mjs_queue{NAMESPACE}))"}, "The ten longest."),
    Panel(
        "MATLAB processes by user", COUNT, {"{{user}}": f"topk(10, sum by (user) (mjs_matlab_processes{NAMESPACE}))"}
    ),
    Panel("License errors in 15 minutes", COUNT, {"{{user}}": _increase("mjs_license_errors_total", "user")}),
    Panel(
        "Storage",
        SHARE,
        {"{{type}}": f"sum by (type) (mjs_storage{NAMESPACE}) / scalar(sum(mjs_storage{NAMESPACE}))"},
        "Share of the volume. An alert fires when less than a fifth is available.",
    ),
    Panel(
        "Heap of the job manager",
        SHARE,
        {
            "used": f"sum({_memory('used')}) / sum({_memory('max')})",
        },
        "An alert fires above 80 %.",
    ),
    Panel(
        "Errors in 15 minutes",
        COUNT,
        {
            "scheduler": _increase("mjs_scheduler_errors_total"),
            "storage": _increase("mjs_storage_errors_total"),
            "network": _increase("mjs_network_errors_total"),
        },
    ),
    Panel("Failed logins in 15 minutes", COUNT, {"{{type}}": _increase("mjs_authentication_failures_total", "type")}),
)
"""What is shown, two in a row."""


def page() -> str:
    """The dashboard, as Grafana imports it."""
    source = DataSourceRef(type_val="prometheus", uid="${datasource}")
    board = (
        dashboard.Dashboard("MATLAB Parallel Server")
        .uid("matlab-parallel-server")
        .tags(["matlab"])
        .refresh("1m")
        .time("now-6h", "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(
            dashboard.QueryVariable("namespace")
            .label("Namespace")
            .datasource(source)
            .query("label_values(mjs_up, namespace)")
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        )
    )
    for number, item in enumerate(PANELS, start=1):
        # Without a number, Grafana shows a panel but may not open it (https://github.com/grafana/grafana/issues/60777).
        panel = timeseries.Panel().id(number).title(item.title).unit(item.unit).min(0).span(WIDTH).height(HEIGHT)
        panel.description(item.description).datasource(source)
        panel.legend(common.VizLegendOptions().show_legend(show_legend=True).placement(LegendPlacement.BOTTOM))
        panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        for letter, (legend, expression) in zip(ascii_uppercase, item.queries.items(), strict=False):
            panel.with_target(prometheus.Dataquery().ref_id(letter).expr(expression).legend_format(legend).range())
        board.with_panel(panel)
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"
