"""The credentials of Arkouda servers: access tokens, and the SSH keys of locales."""

from __future__ import annotations

import pulumi
import pulumi_tls as tls

from components.arkouda import names
from components.arkouda.server_settings import MultiLocale, Server
from components.shared.passwords import generated

RSA_BITS = 3072
TOKEN_LENGTH = 31
"""As many characters as a server generates itself."""


def access_token(server: Server, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A generated token, kept in the state. No data depends on it, so a destroy does not keep it."""
    return generated(names.token_resource(server.name, server.token_generation), parent, length=TOKEN_LENGTH)


def ssh_keys(server: MultiLocale, parent: pulumi.Resource) -> dict[str, pulumi.Output[str]]:
    """The content of the SSH Secret: a key to log in with, and one by which the locales are known."""

    def made(purpose: str) -> tls.PrivateKey:
        opts = pulumi.ResourceOptions(parent=parent)
        return tls.PrivateKey(names.key_resource(server.name, purpose), algorithm="RSA", rsa_bits=RSA_BITS, opts=opts)

    user, host = made("ssh"), made("host")
    return {
        names.PRIVATE_KEY: pulumi.Output.secret(user.private_key_openssh),
        names.PUBLIC_KEY: pulumi.Output.secret(user.public_key_openssh),
        names.HOST_KEY: pulumi.Output.secret(host.private_key_openssh),
        names.HOST_PUBLIC_KEY: pulumi.Output.secret(host.public_key_openssh),
    }
