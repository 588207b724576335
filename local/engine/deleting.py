"""Deletion in reverse order of dependency, what is independent at once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from components.shared.kube import ApiError, Unreachable
from local.engine import kubernetes_resources
from local.engine.errors import EngineError, Stopped
from local.engine.kubernetes_api import Api
from local.engine.report import label
from local.engine.run import Run, connected
from local.engine.state import Resource

AT_ONCE = 16


def refuse_protected(gone: Iterable[Resource]) -> None:
    """Raise EngineError when one of these is protected."""
    protected = [label(resource.type, resource.inputs, resource.name) for resource in gone if resource.protect]
    if protected:
        raise EngineError(
            f"the program no longer has {', '.join(protected)}, and protected resources are not deleted; nothing is "
            "changed. Bring them back into the config, or remove everything with destroy --purge"
        )


def delete(run: Run, urns: Iterable[str]) -> None:
    """Delete resources of the state. The run says whether that failed; what did not begin by then stays."""
    chosen = set(urns)
    order = run.state.deletion_order(chosen)
    apis = _apis(run, chosen)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way: dict[Future[None], str] = {}
        while order.is_active():
            if not run.stopping.is_set():
                for urn in order.get_ready():
                    under_way[pool.submit(_remove, run, run.state.resources[urn], apis, chosen)] = urn
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                urn = under_way.pop(future)
                try:
                    future.result()
                except Stopped:
                    continue
                except (EngineError, ApiError, Unreachable) as error:
                    run.fail(str(error))
                else:
                    order.done(urn)


def _apis(run: Run, urns: Iterable[str]) -> dict[str, Api]:
    used = {
        run.state.resources[urn].provider for urn in urns if run.state.resources[urn].type.startswith("kubernetes:")
    }
    for urn in {provider.rpartition("::")[0] for provider in used} - run.apis.keys():
        run.apis[urn] = connected(run.state.resources[urn], run.state)
    return run.apis


def _remove(run: Run, resource: Resource, apis: dict[str, Api], chosen: set[str]) -> None:
    begin = time.monotonic()
    if resource.type.startswith("kubernetes:") and resource.deleted_with not in chosen:
        api = apis[resource.provider.rpartition("::")[0]]
        kubernetes_resources.delete(api, resource, run.report.note, run.stopping)
    run.state.remove(resource.urn)
    run.report.deleted(resource, time.monotonic() - begin)
