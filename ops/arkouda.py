"""Commands for Arkouda servers: write the files that a stack hands out, and delete what killed servers have left."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.arkouda.handout import EXECUTABLE
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology, registered_services
from components.shared.kube import ApiError, KubernetesApi
from components.shared.target import connect
from components.stack import load_file
from ops.errors import UsageError

PRIVATE = 0o600
PRIVATE_COMMAND = 0o700
NOT_FOUND = 404
OUTPUT = "arkoudaFiles"


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    files = commands.add_parser("arkouda-files", help="write the files that the stack hands out for Arkouda servers")
    files.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder; each server gets one in it")
    files.add_argument("--server", metavar="NAME", help="only this server; its files go directly into DIR")
    files.add_argument("--json", action="store_true", help="print the written files as JSON on standard output")
    files.set_defaults(run=_files)
    orphans = commands.add_parser("arkouda-orphans", help="list or delete Services that self-registered servers left")
    orphans.add_argument("--config", type=Path, required=True, metavar="Pulumi.NAME.yaml", help="stack file")
    orphans.add_argument("--server", metavar="NAME", help="only those of this server")
    orphans.add_argument("--delete", action="store_true", help="delete them; running servers become unreachable")
    orphans.add_argument("--json", action="store_true", help="print JSON on standard output")
    orphans.set_defaults(run=_orphans)


def _files(arguments: argparse.Namespace) -> int:
    folders = _chosen(_output(sys.stdin.read()), arguments.server)
    written = []
    for server, files in folders.items():
        folder = arguments.out if arguments.server else arguments.out / server
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            mode = PRIVATE_COMMAND if name in EXECUTABLE else PRIVATE
            _write(folder / name, text, mode)
            written.append(str(folder / name))
        print(f"{len(files)} files in {folder}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"written": written}, indent=2))
    return 0


def _output(text: str) -> dict[str, dict[str, str]]:
    """The stack output, printed alone or with all others."""
    try:
        found = json.loads(text)
        found = found.get(OUTPUT, found)
        if found and all(_is_a_name(server) and _are_files(files) for server, files in found.items()):
            return dict(found)
    except (ValueError, AttributeError):
        pass
    raise UsageError(
        f"standard input is not the stack output {OUTPUT}. "
        f"Run: pulumi stack output {OUTPUT} --show-secrets --json | python -m ops arkouda-files --out DIR"
    )


def _are_files(found: dict[str, Any]) -> bool:
    return bool(found) and all(_is_a_name(name) and isinstance(text, str) for name, text in found.items())


def _is_a_name(text: str) -> bool:
    """The text names something in a folder, and nothing elsewhere."""
    return Path(text).name == text


def _chosen(folders: dict[str, dict[str, str]], server: str | None) -> dict[str, dict[str, str]]:
    if server is None:
        return folders
    if server not in folders:
        raise UsageError(f"the stack has no Arkouda server {server}. It has {', '.join(folders) or 'none'}.")
    return {server: folders[server]}


def _write(path: Path, text: str, mode: int) -> None:
    # The mode comes before the content, which may be a credential.
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text, encoding="utf-8")


def _orphans(arguments: argparse.Namespace) -> int:
    stack = load_file(arguments.config)
    settings = stack.systems.get("arkouda")
    cluster = Topology(settings if isinstance(settings, Settings) else Settings())
    wanted = [server for server in cluster.servers if arguments.server in (None, server.name)]
    if not wanted or not any(map(registered_services, wanted)):
        which = f"server {arguments.server}" if arguments.server else "server"
        raise UsageError(f"{arguments.config} has no {which} that registers itself, so none leaves a Service behind.")
    names = [name for server in wanted for name in registered_services(server)]
    api = connect(stack.target)
    found = list(_existing(api, cluster.namespace, names))
    for path in found:
        if arguments.delete:
            _delete(api, path)
        if not arguments.json:
            print(path)
    if arguments.json:
        print(json.dumps({"objects": found, "deleted": arguments.delete}, indent=2))
    done = "deleted" if arguments.delete else "found; --delete deletes them, including those of running servers"
    print(f"{len(found)} objects {done}", file=sys.stderr)
    return 0


def _existing(api: KubernetesApi, namespace: str, names: list[str]) -> Iterator[str]:
    """Services, and Endpoints that have outlived theirs."""
    for kind in ("services", "endpoints"):
        for name in names:
            path = f"/api/v1/namespaces/{namespace}/{kind}/{name}"
            if api.get(path) is not None:
                yield path


def _delete(api: KubernetesApi, path: str) -> None:
    try:
        api.request("DELETE", path)
    except ApiError as error:
        # Kubernetes deletes Endpoints with their Service.
        if error.status != NOT_FOUND:
            raise
