"""Arkouda servers as a Pulumi component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.arkouda import access, credentials, handout, multi_locale, names, outputs, registrar
from components.arkouda.objects import component_of, components, objects
from components.arkouda.server_settings import MultiLocale, SelfRegistered, Server
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology
from components.shared.component import SystemComponent
from components.shared.kube import KubernetesApi
from components.shared.manifest import base64, secret_data
from components.shared.objects import TOKEN_SECRET, kept_on_destroy
from components.shared.survey import NOTHING, Survey


class ArkoudaServers(SystemComponent):
    """All Arkouda servers of a stack. The Kubernetes provider comes through `opts`.

    `api` is the API server that tells when the pods of an update are Ready.
    """

    arkouda: pulumi.Output[dict[str, Any]]
    """Namespace, and per server: kind, host, port, how to connect, commands."""
    arkouda_files: pulumi.Output[dict[str, dict[str, str]]]
    """Secret. Files per server: connection, environment, job."""
    kept_on_destroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(  # noqa: PLR0913 - what it is, and where it is deployed
        self,
        name: str,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        survey: Survey = NOTHING,
        labels: Mapping[str, str] | None = None,
        api: KubernetesApi | None = None,
    ) -> None:
        """Register the servers."""
        self._cluster = cluster = Topology(settings)
        planned = objects(cluster, survey)
        super().__init__(
            "clusters:arkouda:Servers",
            name,
            opts,
            components=components(cluster),
            planned=planned,
            labels=labels,
            api=api,
        )
        self._tokens: dict[str, pulumi.Output[str]] = {}
        contents = self._contents()
        for item in planned:
            kind, own = item.key
            if kind == "Secret" and item.manifest["type"] != TOKEN_SECRET:
                self.register(item, {key: text.apply(base64) for key, text in contents[own].items()})
            else:
                self.register(item)
        known = pulumi.Output.from_input
        kept = kept_on_destroy(planned)
        about = {server.name: outputs.about(cluster, server) for server in cluster.servers}
        self.arkouda = known({"namespace": cluster.namespace, "servers": about})
        self.arkouda_files = pulumi.Output.secret(
            pulumi.Output.all(**{server.name: self._files(server) for server in cluster.servers})
        )
        self.kept_on_destroy = known(kept)
        self.readme = known(outputs.readme(cluster, kept))
        self.outputs = {
            "arkouda": self.arkouda,
            "arkoudaFiles": self.arkouda_files,
            "keptOnDestroy": self.kept_on_destroy,
            "readme": self.readme,
        }
        """Every output by the name that it has as a stack output."""
        self.complete(self.outputs)

    def _contents(self) -> dict[str, dict[str, pulumi.Output[str]]]:
        """The values of each Secret that the stack fills."""
        found: dict[str, dict[str, pulumi.Output[str]]] = {}
        for server in self._cluster.servers:
            parent = self.component(component_of(server))
            if server.authenticate:
                self._tokens[server.name] = token = credentials.access_token(server, parent)
                # Servers outside Kubernetes get it in a file.
                found[access.secret_name(server)] = {names.TOKEN_KEY: token}
            if isinstance(server, MultiLocale):
                found[multi_locale.ssh_secret(server)] = credentials.ssh_keys(server, parent)
        return found

    def _files(self, server: Server) -> pulumi.Output[dict[str, str]]:
        """The files to hand out for a server, when its credentials are known."""
        parts: dict[str, pulumi.Input[Any]] = {"access_token": self._tokens.get(server.name, "")}
        own = registrar.name_of(server.name)
        if secret := self.resources.get(("Secret", own)):
            parts["data"] = secret.output("data")
        if isinstance(server, SelfRegistered):
            parts["role"] = self.resources["Role", own].output("metadata")
        return pulumi.Output.all(**parts).apply(lambda found: handout.files(self._cluster, server, _known(found)))


def _known(found: dict[str, Any]) -> handout.Credentials:
    data = secret_data(found)
    return handout.Credentials(
        access_token=found["access_token"],
        api_token=data.get(names.TOKEN_KEY, ""),
        authority=data.get(names.CA_KEY, ""),
        owner=(found.get("role") or {}).get("uid", ""),
    )
