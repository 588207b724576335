"""Settings of Julia sessions that have no effect in the sessions that there are, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.julia.settings import Kind, Settings
from components.julia.topology import JuliaSession, is_written, sessions
from components.shared import effects
from components.shared.mistakes import Mistake, dotted, no_effect

Reason = effects.Reason[JuliaSession]


def _script(session: JuliaSession) -> str | None:
    return None if session.kind is Kind.SCRIPT else f"session {session.name} is of kind {session.kind}"


def _prompt(session: JuliaSession) -> str | None:
    return None if session.has_prompt else f"session {session.name} runs a script: nothing waits for it or updates it"


def _on_demand(session: JuliaSession) -> str | None:
    return None if session.starts_workers else f"the workers of session {session.name} always run"


def _executable(session: JuliaSession) -> str | None:
    if session.needs_executable:
        return None
    return f"workers of session {session.name} run plain `julia`, because the name of their image begins with julia:"


def _own_claim(session: JuliaSession) -> str | None:
    if not session.settings.depot.persistent:
        return f"{session.origin('depot', 'persistent')} is false"
    if session.settings.depot.claim:
        return f"{session.origin('depot', 'claim')} names an existing claim"
    return None


def _persistent(session: JuliaSession) -> str | None:
    return None if session.settings.depot.persistent else f"{session.origin('depot', 'persistent')} is false"


def _installs(session: JuliaSession) -> str | None:
    if session.installs_packages:
        return None
    return f"{session.origin('packages', 'folder')} names a folder that contains its own"


EFFECTS: Final[Mapping[str, Reason]] = {
    "script": _script,
    "manager.updates": _prompt,
    "manager.startTimeout": _prompt,
    "workers.pendingTimeout": _on_demand,
    "workers.activeDeadline": _on_demand,
    "workers.executable": _executable,
    "depot.size": _own_claim,
    "depot.storageClass": _own_claim,
    "depot.accessModes": _own_claim,
    "depot.keep": _own_claim,
    "depot.claim": _persistent,
    "depot.shareWithWorkers": _persistent,
    "packages.project": _installs,
    "packages.manifest": _installs,
}
"""Config path below a session (a setting, or a group with all of its settings) → why it has no effect, if so."""


def _policies(all_sessions: Sequence[JuliaSession]) -> str | None:
    enabled = all_sessions[0].everything.network.policies.enabled
    return None if enabled else "julia.network.policies.enabled is false"


def _api_server(all_sessions: Sequence[JuliaSession]) -> str | None:
    if reason := _policies(all_sessions):
        return reason
    return None if any(session.starts_workers for session in all_sessions) else "no session starts workers itself"


def _own_namespaces(all_sessions: Sequence[JuliaSession]) -> str | None:
    if any(session.settings.namespace.create for session in all_sessions):
        return None
    return "the stack creates no namespace"


EFFECTS_ON_ALL: Final[Mapping[str, effects.Reason[Sequence[JuliaSession]]]] = {
    "network.policies.egress": _policies,
    "network.policies.packagePorts": _policies,
    "network.policies.apiServerPorts": _api_server,
    "network.policies.dnsPorts": _policies,
    "podSecurity": _own_namespaces,
}
"""The same for settings that all sessions share."""


def without_effect(settings: Settings) -> Iterator[Mistake]:
    """Every setting that was written and has no effect."""
    if not (known := sessions(settings)):
        return
    yield from effects.without_effect(settings, known, EFFECTS_ON_ALL, "julia")
    for session in known:
        yield from effects.without_effect(session.own, session, EFFECTS, "julia", "sessions", session.name)
    for path in effects.written(settings.defaults):
        reasons = [_of_default(session, path) for session in known]
        if all(reasons):
            yield no_effect(dotted(["julia", "defaults", *path]), "; ".join(filter(None, dict.fromkeys(reasons))))


def _of_default(session: JuliaSession, path: tuple[str, ...]) -> str | None:
    """Why a session does not take a default."""
    if is_written(session.own, path):
        return f"session {session.name} has its own"
    prefixes = (".".join(path[:count]) for count in range(1, len(path) + 1))
    return next((why for prefix in prefixes if prefix in EFFECTS and (why := EFFECTS[prefix](session))), None)
