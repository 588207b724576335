"""Every generated document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from generators import (
    arguments,
    component_schema,
    dashboard,
    flows_page,
    impact_page,
    kubernetes_types,
    picture,
    reference,
    releases_page,
    restarts,
    runbook,
    schema,
    values_table,
)

ARGUMENTS: Final = "package/arguments.py"
COMPONENT_SCHEMA: Final = "package/schema.json"
CONFIGURATION: Final = "docs/configuration.md"
DASHBOARD: Final = "monitoring/matlab.dashboard.json"
FLOWS: Final = "docs/flows.md"
IMPACT: Final = "docs/impact.md"
PICTURE: Final = "docs/picture.svg"
RELEASES: Final = "docs/releases.md"
RESTARTS: Final = "docs/restarts.md"
RUNBOOK: Final = "docs/runbook.md"
VALUES: Final = "docs/values.md"

DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    ARGUMENTS: arguments.page,
    COMPONENT_SCHEMA: component_schema.page,
    CONFIGURATION: reference.page,
    DASHBOARD: dashboard.page,
    FLOWS: flows_page.page,
    IMPACT: impact_page.page,
    PICTURE: picture.page,
    RELEASES: releases_page.page,
    RESTARTS: restarts.page,
    RUNBOOK: runbook.page,
    VALUES: values_table.page,
    kubernetes_types.FILE: kubernetes_types.page,
    reference.SCHEMA_FILE: lambda: json.dumps(schema.schema(), indent=2, ensure_ascii=False) + "\n",
}
"""What makes each document, by its path in the project."""
