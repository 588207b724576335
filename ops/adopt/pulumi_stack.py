"""The stack in Pulumi: its decrypted config and its state."""

from __future__ import annotations

import json
from typing import Any

from components import config_source, stack_file
from components.shared.kube import Json
from components.shared.target import PROJECT
from components.stack import KEYS, StackConfig, load_file, load_stack
from local.run import create_stack, find_pulumi, require_login, stack_environment, start_embedded_cluster
from local.stack_command import StackCommand


class PulumiStack:
    """A stack of this project, created in its backend if it is not there."""

    def __init__(self, name: str) -> None:
        """Find `pulumi` and the stack. Raises ConfigError for a rejected stack file, CommandError without a backend."""
        path = PROJECT / f"Pulumi.{name}.yaml"
        draft = load_file(path, name)
        toolchain = find_pulumi()
        require_login(draft, toolchain)
        environment = stack_environment(toolchain, embedded=draft.target.embedded)
        if draft.target.embedded:
            start_embedded_cluster()
        self._pulumi = StackCommand(toolchain.command, name, environment)
        create_stack(self._pulumi)
        self.config = self._config(name)
        """The config with its secrets in clear."""

    def _config(self, name: str) -> StackConfig:
        answer: dict[str, Any] = json.loads(self._pulumi.read("config", "--show-secrets", "--json"))
        values: dict[str, Any] = {}
        secret: set[str] = set()
        for full, entry in answer.items():
            key = stack_file.own_key(full) or full
            values[key] = entry.get("objectValue", entry.get("value"))
            if entry.get("secret"):
                secret.add(key)
        file = stack_file.read(config_source.config_file(PROJECT / f"Pulumi.{name}.yaml"))
        return load_stack(name, {key: value for key, value in values.items() if key in KEYS}, secret, file)

    def state(self) -> Json:
        """The exported state; secrets stay encrypted."""
        document: Json = json.loads(self._pulumi.read("stack", "export"))
        return document

    def replace_state(self, document: Json) -> None:
        """Import a state in one step."""
        self._pulumi.read("stack", "import", text=json.dumps(document))
