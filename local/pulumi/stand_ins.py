"""The providers `tls` and `random` for this program, where Pulumi's own plugins cannot be downloaded.

`python -m local.pulumi.stand_ins tls VERSION` is what the engine starts in place of the official plugin. It supports
what this program uses and refuses everything else by name. Inputs, outputs and ids are the official provider's, so a
stack can move to the official plugins and back without replacing anything.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer, add_ResourceProviderServicer_to_server

from local.pulumi import credentials
from local.pulumi.credentials import Made
from local.pulumi.serving import serve

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the protocol writes a value that a preview cannot know."""


@dataclass(frozen=True)
class Kind:
    """One resource type: how it is made, and the inputs that are understood."""

    make: Callable[[Mapping[str, Any]], Made]
    inputs: frozenset[str]


_SUBJECT: Final = {"privateKeyPem", "subject", "dnsNames", "ipAddresses"}
_VALIDITY: Final = {"allowedUses", "validityPeriodHours", "earlyRenewalHours", "isCaCertificate"}
KINDS: Final = {
    "random:index/randomPassword:RandomPassword": Kind(
        credentials.random_password, frozenset({"length", "special", "lower", "upper", "numeric"})
    ),
    "tls:index/privateKey:PrivateKey": Kind(credentials.private_key, frozenset({"algorithm", "rsaBits"})),
    "tls:index/certRequest:CertRequest": Kind(credentials.certificate_request, frozenset(_SUBJECT)),
    "tls:index/selfSignedCert:SelfSignedCert": Kind(
        credentials.self_signed_certificate, frozenset(_SUBJECT | _VALIDITY)
    ),
    "tls:index/locallySignedCert:LocallySignedCert": Kind(
        credentials.locally_signed_certificate,
        frozenset({"certRequestPem", "caPrivateKeyPem", "caCertPem"} | _VALIDITY),
    ),
}
ONLY: Final[Mapping[str, object]] = {"algorithm": "RSA", "allowedUses": []}
"""Inputs of which one value is supported."""


class Provider(ResourceProviderServicer):
    """Pulumi's provider service for resources that exist only in the state.

    It has no Handshake: an engine that got one would call Create in previews too, and each would make keys.
    """

    def __init__(self, version: str) -> None:
        """Take the version that the engine expects."""
        self._version = version

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name, as are all below
        """Say the version."""
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept the provider's config: there is nothing to configure."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Report no change of the config: a new plugin version changes no resource."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Configure nothing, and leave secrets to the engine: it marks outputs as secret where the inputs were."""
        return provider_pb2.ConfigureResponse()

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Refuse what is not supported."""
        kind = request.urn.split("::")[2].rpartition("$")[2]
        reasons = refusals(kind, decoded(request.news))
        failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in reasons.items()]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Replace a resource when an input changed or when its certificate expires."""
        changed = changes(decoded(request.old_inputs), decoded(request.news), decoded(request.olds))
        answer = provider_pb2.DiffResponse
        kind = answer.DIFF_SOME if changed else answer.DIFF_NONE
        return answer(changes=kind, replaces=changed, diffs=changed)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Make the resource; it is kept in the state."""
        kind = request.urn.split("::")[2].rpartition("$")[2]
        try:
            made = KINDS[kind].make(decoded(request.properties))
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return provider_pb2.CreateResponse(id=made.id, properties=encoded(made.outputs))

    def Read(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Answer with what the state holds: there is nowhere else to look."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Delete nothing: the engine removes the resource from the state."""
        return empty_pb2.Empty()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Do nothing: SIGINT follows."""
        return empty_pb2.Empty()


def decoded(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return properties without the notes that the official providers leave in them (`__defaults`)."""
    plain: dict[str, Any] = _without_notes(json_format.MessageToDict(struct))
    return plain


def encoded(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return properties as the protocol carries them."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_notes(item) for key, item in value.items() if not key.startswith("__")}
    return [_without_notes(item) for item in value] if isinstance(value, list) else value


def refusals(kind: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return property → reason for what only the official plugin can do."""
    remedy = "install Pulumi's own plugin for this provider"
    if kind not in KINDS:
        return {"": f"{kind} is not supported here; {remedy}"}
    reasons = {name: f"`{name}` is not supported here; {remedy}" for name in inputs.keys() - KINDS[kind].inputs}
    for name, value in ONLY.items():
        if inputs.get(name, value) not in (value, UNKNOWN):
            reasons[name] = f"only {value!r} is supported here, not {inputs[name]!r}; {remedy}"
    for name in (
        (inputs.get("subject") or {}).keys() - {"commonName"} if isinstance(inputs.get("subject"), dict) else ()
    ):
        reasons["subject"] = f"`subject.{name}` is not supported here; {remedy}"
    return reasons


def changes(old: Mapping[str, Any], new: Mapping[str, Any], outputs: Mapping[str, Any]) -> list[str]:
    """Return the properties that force a replacement."""
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if not changed and _expires(outputs, float(new.get("earlyRenewalHours") or 0)):
        # The official provider plans this property as changed.
        return ["readyForRenewal"]
    return changed


def _expires(outputs: Mapping[str, Any], early_renewal_hours: float) -> bool:
    if "validityEndTime" not in outputs:
        return False
    end = dt.datetime.fromisoformat(outputs["validityEndTime"])
    return dt.datetime.now(dt.UTC) >= end - dt.timedelta(hours=early_renewal_hours)


def main() -> None:
    """Serve one provider. Both names are served alike: a resource's type says which it is."""
    version = sys.argv[2]
    serve(lambda server: add_ResourceProviderServicer_to_server(Provider(version), server))


if __name__ == "__main__":
    main()
