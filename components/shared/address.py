"""Finds the address that a load balancer gives to a Service, by asking the cluster itself.

The provider waits for it too, but on a timeout it does not say what is missing; and the address in a state is that of
the last `up`, while the load balancer may have another one by now (docs/adr/0004-address.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.shared.kube import KubernetesApi, Unreachable

POLL_SECONDS: Final = 0.5
REPORT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class AddressRequest:
    """Which Service needs an address, how many seconds to wait for it, and what to do when none comes."""

    namespace: str
    service: str
    timeout: int
    remedy: str


ExternalAddress = Callable[[AddressRequest, pulumi.CustomResource | None], pulumi.Output[str]]
"""From a Service to its address; the resource is None where the Service is not the stack's.

In a preview the address is unknown as long as there is none.
"""


def external_address(ingress: Sequence[Mapping[str, str]] | None) -> str | None:
    """The address in status.loadBalancer.ingress: IP rather than host name, the last entry of several.

    MJS's controller chooses in this way, and rewrites a profile that says otherwise (docs/upstream.md#profiles).
    """
    last = ingress[-1] if ingress else {}
    return last.get("ip") or last.get("hostname")


def live_address(api: KubernetesApi) -> ExternalAddress:
    """Ask the API server."""

    def look(request: AddressRequest) -> str | None:
        service = api.get(f"/api/v1/namespaces/{request.namespace}/services/{request.service}") or {}
        return external_address(service.get("status", {}).get("loadBalancer", {}).get("ingress"))

    async def wait(request: AddressRequest) -> str:
        start = reported = time.monotonic()
        while True:
            lost: Unreachable | None = None
            try:
                if found := await asyncio.to_thread(look, request):
                    return found
            except Unreachable as error:
                # The API server may be restarting, so the request is repeated.
                lost = error
            now = time.monotonic()
            if now - start > request.timeout:
                raise pulumi.RunError(str(lost) if lost else _nobody_answered(request)) from lost
            if now - reported > REPORT_SECONDS:
                reported = now
                pulumi.log.info(f"Waiting for an external address of Service {request.namespace}/{request.service} …")
            await asyncio.sleep(POLL_SECONDS)

    def address(request: AddressRequest, service: pulumi.CustomResource | None) -> pulumi.Output[str]:
        if pulumi.runtime.is_dry_run():
            found = look(request)
            return pulumi.Output.from_input(found) if found else _unknown()
        registered = service.id if service else pulumi.Output.from_input(request.service)
        return registered.apply(lambda _: wait(request))

    return address


def _nobody_answered(request: AddressRequest) -> str:
    return (
        f"Service {request.namespace}/{request.service} got no external address within {request.timeout} seconds: "
        f"no load-balancer implementation answered. {request.remedy}"
    )


def _unknown() -> pulumi.Output[str]:
    async def nothing() -> str:
        return ""

    async def known() -> bool:
        return False

    return pulumi.Output(set(), asyncio.ensure_future(nothing()), asyncio.ensure_future(known()))
