"""Credentials of a MATLAB cluster: CA, certificates, and the Secrets in which MJS finds them (facts §4.7, §5).

The stack owns them, so that a profile that was handed out outlives the controller, its Deployment and a destroy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_tls as tls

from components.matlab import names
from components.matlab import profile as documents
from components.matlab.profile import Certificate
from components.matlab.settings import Authority as AuthoritySettings
from components.matlab.topology import Topology
from components.shared.component import Context, Part
from components.shared.manifest import base64, manifest

RSA_BITS = 4096
VALIDITY_HOURS = 87_600
"""Ten years, as upstream's."""


class Authority:
    """A CA and the leaves that it signs."""

    def __init__(
        self, name: str, common_name: str, part: Part, *, protect: bool, given: AuthoritySettings | None = None
    ) -> None:
        """Make key and self-signed certificate. No key usage: a Java peer refuses one without digital signature.

        They are made even where an authority is `given`: they are protected, so a setting must not remove them.
        """
        self.name, self._part, self._protect = name, part, protect
        self._key = self._private_key(name, protect=protect)
        certificate = tls.SelfSignedCert(
            name,
            private_key_pem=self._key.private_key_pem,
            subject={"common_name": common_name},
            is_ca_certificate=True,
            allowed_uses=[],
            validity_period_hours=VALIDITY_HOURS,
            opts=pulumi.ResourceOptions(parent=part, protect=protect),
        )

        self.certificate: pulumi.Output[str] = certificate.cert_pem
        """The CA's certificate, PEM."""
        self.key: pulumi.Output[str] = self._key.private_key_pem_pkcs8
        """The CA's key, PEM, PKCS#8."""
        if given and given.certificate and given.key:
            self.certificate = pulumi.Output.from_input(given.certificate)
            self.key = pulumi.Output.secret(given.key.get_secret_value())

    def leaf(
        self,
        name: str,
        *,
        dns_names: pulumi.Input[Sequence[str]] | None = None,
        ip_addresses: pulumi.Input[Sequence[str]] | None = None,
    ) -> pulumi.Output[Certificate]:
        """A certificate that serves on both sides of TLS."""
        keep = self._protect
        name = f"{self.name}-{name}"
        key = self._private_key(name, protect=keep)
        options = pulumi.ResourceOptions(parent=self._part, protect=keep)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject={"common_name": "client"},
            dns_names=dns_names,
            ip_addresses=ip_addresses,
            opts=options,
        )
        certificate = tls.LocallySignedCert(
            name,
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=self.key,
            ca_cert_pem=self.certificate,
            allowed_uses=[],
            validity_period_hours=VALIDITY_HOURS,
            opts=options,
        )
        return pulumi.Output.all(certificate.cert_pem, key.private_key_pem_pkcs8, self.certificate).apply(
            lambda parts: Certificate(*parts)
        )

    def _private_key(self, name: str, *, protect: bool) -> tls.PrivateKey:
        return tls.PrivateKey(
            name,
            algorithm="RSA",
            rsa_bits=RSA_BITS,
            opts=pulumi.ResourceOptions(parent=self._part, protect=protect),
        )


class Credentials(Part):
    """CA and certificates of the current generation, and the Secrets of job manager, workers and proxy."""

    client: pulumi.Output[Certificate]
    """The certificate that profiles hold."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource) -> None:
        """Make the credentials; those of the generation before stay until the next, unprotected."""
        super().__init__("clusters:matlab:Credentials", "credentials", context, parent)
        self._namespace = cluster.namespace
        generation = cluster.settings.security.credentials_generation
        if generation > 1:
            self._generation(generation - 1, None, protect=False)
        given = cluster.settings.security.authority
        authority, job_manager, proxy, self.client = self._generation(generation, given, protect=True)
        # All of them in every mode: a setting must not remove a protected resource, and a demand for client
        # certificates that is switched on later finds the file (B6).
        shared = {
            names.SHARED_SECRET_FILE: pulumi.Output.all(authority.certificate, authority.key).apply(
                lambda pair: documents.shared_secret(*pair)
            ),
            names.CERTIFICATE_FILE: job_manager.apply(documents.certificate_file),
        }
        self.secrets = [
            self.secret(names.SHARED_SECRET, shared, protect=True),
            self.secret(
                names.PARALLEL_SERVER_PROXY_SECRET,
                {names.CERTIFICATE_FILE: proxy.apply(documents.certificate_file)},
                protect=True,
            ),
        ]

    def _generation(
        self, number: int, given: AuthoritySettings | None, *, protect: bool
    ) -> tuple[Authority, pulumi.Output[Certificate], pulumi.Output[Certificate], pulumi.Output[Certificate]]:
        authority = Authority(f"mjs-{number}", "server", self, protect=protect, given=given)
        return authority, authority.leaf("job-manager"), authority.leaf("proxy"), authority.leaf("client")

    def metrics(self, cluster: Topology, host: pulumi.Input[str]) -> None:
        """Certificates of the metrics: a CA of their own, the server's leaf for `host`, a client's for Prometheus."""
        authority = Authority(
            f"metrics-{cluster.settings.security.credentials_generation}", "metrics", self, protect=False
        )
        names_and_addresses = pulumi.Output.from_input(host).apply(_subject_alternative_names)
        server = authority.leaf(
            "server",
            dns_names=names_and_addresses.apply(lambda pair: pair[0]),
            ip_addresses=names_and_addresses.apply(lambda pair: pair[1]),
        )
        client = authority.leaf("client")
        for secret, leaf, (certificate, key) in (
            (names.METRICS_SECRET, server, names.METRICS_SERVER_FILES),
            (names.METRICS_CLIENT_SECRET, client, names.METRICS_CLIENT_FILES),
        ):
            data = {
                names.METRICS_CA_FILE: authority.certificate,
                certificate: leaf.apply(lambda leaf: leaf.certificate),
                key: leaf.apply(lambda leaf: leaf.key),
            }
            self.secrets.append(self.secret(secret, data, protect=False))

    def secret(
        self, name: str, data: dict[str, pulumi.Output[str]], *, protect: bool, **options: Any
    ) -> pulumi.Resource:
        """A Secret of the stack. The SDK marks its data as secret whatever they were made of."""
        encoded = {key: value.apply(base64) for key, value in data.items()}
        resource: pulumi.Resource = self.add(
            manifest("v1", "Secret", name, self._namespace, type="Opaque"), data=encoded, protect=protect, **options
        )
        return resource


def _subject_alternative_names(host: str) -> tuple[list[str], list[str]]:
    """DNS names and IP addresses of a server certificate for `host`."""
    is_address = host.replace(".", "").isdigit() or ":" in host
    return ([], [host]) if is_address else ([host], [])
