"""Rules about the texts of Project.toml and Manifest.toml: with what Pkg rejects, a session never gets its packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from components.julia import versions
from components.julia.settings import Settings
from components.julia.startup import ON_DEMAND, Package, package
from components.julia.topology import JuliaSession, sessions
from components.shared.mistakes import Mistake, Rule

ACCEPTED: Final[Mapping[str, str]] = {
    "Compat": "3.29, 4",
    "DataStructures": "0.18",
    "JSON": "0.21",
    "kubectl_jll": "1.20",
}
"""What the last release of K8sClusterManagers.jl accepts (its Project.toml)."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_SECTIONS: Final = ("deps", "weakdeps", "extras")
_TABLES: Final = ("weakdeps", "extras", "compat", "targets")
_OF_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")

Table = Mapping[str, Any]
_FORKED: Final = {"path", "repo-rev", "repo-url"}
"""What the manifest says about a package that is not a release."""


def _packages(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        given = session.settings.packages
        if not session.installs_packages:
            continue
        if given.project:
            yield from _project(session, session.origin("packages", "project"), tomllib.loads(given.project))
        path = session.origin("packages", "manifest")
        if given.manifest and not given.project:
            yield Mistake(path, "needs a Project.toml", f"Set {session.path}.packages.project too.")
        elif given.manifest and given.project:
            yield from _manifest(session, path, tomllib.loads(given.manifest), tomllib.loads(given.project))


def _project(session: JuliaSession, path: str, document: Table) -> Iterator[Mistake]:
    needed, deps = package(session), _table(document, "deps")
    if deps.get(needed.name) != needed.uuid:
        yield Mistake(
            path,
            f"has a different UUID for {needed.name} from Julia's registry"
            if needed.name in deps
            else f"lacks {needed.name}, which session {session.name} needs to reach its workers",
            f'Write {needed.name} = "{needed.uuid}" in its [deps].',
        )
    for section in _TABLES:
        if not isinstance(document.get(section, {}), Mapping):
            yield Mistake(
                path, f"has {section}, which is not a table", f"Write [{section}], and a line for each entry below it."
            )
    yield from _uuids(path, document)
    yield from _compat(path, document, needed)


def _uuids(path: str, document: Table) -> Iterator[Mistake]:
    """JuliaLang/Pkg.jl, src/project.jl: read_project_deps and validate."""
    for section in _SECTIONS:
        first: dict[str, str] = {}
        for name, uuid in _table(document, section).items():
            if not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
                yield Mistake(
                    path,
                    f"has no UUID for {name} in [{section}]",
                    "Write the UUID that Pkg.add writes. Versions belong in [compat].",
                )
            elif (other := first.setdefault(uuid.lower(), name)) != name:
                yield Mistake(path, f"has the same UUID for {other} and {name} in [{section}]", "Correct one of them.")


def _compat(path: str, document: Table, needed: Package) -> Iterator[Mistake]:
    listed = {"julia", *(name for section in _SECTIONS for name in _table(document, section))}
    for name, text in _table(document, "compat").items():
        if name not in listed:
            yield Mistake(
                path,
                f"has a [compat] entry for {name}, which is not in its [deps]",
                "Add it there, or remove the entry.",
            )
        elif isinstance(text, (int, float)) or (isinstance(text, str) and not _is_read(text)):
            yield Mistake(
                path,
                f"has {text!r} as the [compat] entry of {name}, which Pkg cannot read",
                'Write versions as text, such as "1.2", "=0.1.5" or "0.21, 1".',
            )
        elif isinstance(text, str) and needed is ON_DEMAND:
            yield from _compat_with_manager(path, name, text)


def _compat_with_manager(path: str, name: str, text: str) -> Iterator[Mistake]:
    manager, released = ON_DEMAND.name, versions.version(ON_DEMAND.version)
    if name == manager and released and not versions.allows(text, released):
        yield Mistake(
            path,
            f"accepts {manager} {text}, but the session needs {ON_DEMAND.version}, the last release",
            f'Write {manager} = "={ON_DEMAND.version}" in [compat].',
        )
    elif name in ACCEPTED and not versions.have_common(text, ACCEPTED[name]):
        yield Mistake(
            path,
            f"accepts {name} {text}, but {manager} {ON_DEMAND.version} accepts only {ACCEPTED[name]}",
            f'Write {name} = "{ACCEPTED[name]}" in [compat], or use kind: pool.',
        )


def _manifest(session: JuliaSession, path: str, document: Table, project: Table) -> Iterator[Mistake]:
    # Without a format version, Pkg expects the layout of Julia before 1.6.2: packages at the top level.
    found = _table(document, "deps") if "manifest_format" in document else document
    entries = {name: _entries(value) for name, value in found.items()}
    needed, write = package(session), "Write it with Pkg.resolve() in the folder of Project.toml."
    for name, uuid in {needed.name: needed.uuid, **_table(project, "deps")}.items():
        if not entries.get(name):
            yield Mistake(path, f"lacks {name}", write)
        elif all(entry.get("uuid", uuid) != uuid for entry in entries[name]):
            yield Mistake(path, f"has a different UUID for {name} from Project.toml", write)
    for name, listed in entries.items():
        for entry in listed:
            if _OF_WINDOWS.match(str(entry.get("path", ""))):
                yield Mistake(
                    path,
                    f"has {name} in a folder on your computer, {entry['path']}",
                    f"Add {name} from its repository (Pkg.add with url), and write the manifest again.",
                )
    if needed is ON_DEMAND:
        yield from _manager(path, entries)


def _manager(path: str, entries: Mapping[str, Sequence[Table]]) -> Iterator[Mistake]:
    """The release of the cluster manager, and the packages that it accepts. A fork may accept others."""
    least, again = versions.version(ON_DEMAND.version), "and write the manifest again"
    for text in _releases(entries.get(ON_DEMAND.name, ())):
        number = versions.version(text)
        if number is None or (least and number < least):
            yield Mistake(
                path,
                f"contains {ON_DEMAND.name} {text}, but the session needs {ON_DEMAND.version}",
                f'Add {ON_DEMAND.name} = "={ON_DEMAND.version}" to [compat] in Project.toml {again}.',
            )
        if number != least:
            continue
        for name, accepted in ACCEPTED.items():
            for other in _releases(entries.get(name, ())):
                found = versions.version(other)
                if found is None or not versions.allows(accepted, found):
                    yield Mistake(
                        path,
                        f"contains {name} {other}, but {ON_DEMAND.name} {ON_DEMAND.version} accepts only {accepted}",
                        f'Add {name} = "{accepted}" to [compat] in Project.toml {again}, or use kind: pool.',
                    )


def _releases(entries: Sequence[Table]) -> list[str]:
    """The versions of the entries that are releases."""
    return [str(entry["version"]) for entry in entries if "version" in entry and not _FORKED & entry.keys()]


def _is_read(text: str) -> bool:
    try:
        versions.spans(text)
    except ValueError:
        return False
    return True


def _table(document: Table, name: str) -> Table:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _entries(value: Any) -> Sequence[Table]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def warnings(session: JuliaSession, julia: tuple[int, ...] | None) -> Iterator[str]:
    """What Pkg accepts with a warning of its own. `julia` is the version of the session, if it is known."""
    given = session.settings.packages
    if not session.installs_packages or julia is None or len(julia) < 3:  # noqa: PLR2004 - a whole version
        return
    compat = _table(tomllib.loads(given.project), "compat").get("julia") if given.project else None
    version = ".".join(map(str, julia))
    if isinstance(compat, str) and _is_read(compat) and not versions.allows(compat, (julia[0], julia[1], julia[2])):
        yield f"{session.origin('packages', 'project')}: accepts Julia {compat}, but the session runs {version}."
    written = str(tomllib.loads(given.manifest).get("julia_version", "")) if given.manifest else ""
    found = versions.version(written)
    if found and found[:2] != julia[:2]:
        yield (
            f"{session.origin('packages', 'manifest')}: was written by Julia {written}, but the session runs "
            f"{version}: packages that come with Julia may not match."
        )


RULES: tuple[Rule[Settings], ...] = (_packages,)
