"""Where the generated credentials of Arkouda servers are found again."""

from __future__ import annotations

from components.arkouda import access, multi_locale, names
from components.arkouda.server_settings import MultiLocale
from components.arkouda.topology import Topology
from components.shared.recovery import Recovered, SecretReader


def recovered(cluster: Topology, secret: SecretReader) -> Recovered:
    """Tokens and SSH keys. The token of a server outside Kubernetes is in no Secret, so a new one is made."""
    passwords: dict[str, str] = {}
    keys: dict[str, str] = {}
    for server in cluster.servers:
        if server.authenticate and (
            token := secret(cluster.namespace, access.secret_name(server)).get(names.TOKEN_KEY)
        ):
            passwords[names.token_resource(server.name, server.token_generation)] = token
        if isinstance(server, MultiLocale):
            found = secret(cluster.namespace, multi_locale.ssh_secret(server))
            for purpose, key in (("ssh", names.PRIVATE_KEY), ("host", names.HOST_KEY)):
                if key in found:
                    keys[names.key_resource(server.name, purpose)] = found[key]
    return Recovered(passwords, keys)
