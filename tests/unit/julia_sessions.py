"""Julia sessions to test with: one config per variant, and what the program makes of it."""

from __future__ import annotations

from typing import Any

from components.julia.objects import objects
from components.julia.rules import RULES
from components.julia.settings import Settings
from components.julia.topology import JuliaSession
from components.shared.loading import load
from components.shared.manifest import Manifest
from components.shared.objects import Key

Values = dict[str, Any]


def settings(sessions: Values, **others: Any) -> Settings:
    """The settings of these sessions. Raises ConfigError as the program does."""
    return load(Settings, {"sessions": sessions, **others}, "julia", RULES)


def session(**own: Any) -> JuliaSession:
    """One session, called ana."""
    return JuliaSession("ana", settings({"ana": own}))


def manifests(given: Settings) -> dict[Key, Manifest]:
    """Every object, Secrets without content, by kind and name."""
    return {item.key: item.manifest for item in objects(given)}


def made(**own: Any) -> dict[Key, Manifest]:
    """Every object of one session, called ana."""
    return manifests(settings({"ana": own}))
