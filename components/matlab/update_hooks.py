"""The Pulumi hooks that protect running jobs, before and after the updates that would interrupt them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi

from components.matlab import job_queue, names
from components.matlab.topology import Topology
from components.matlab.updates import SafeUpdate, UpdateError
from components.shared.kube import KubernetesApi
from components.shared.objects import Key
from components.shared.survey import Survey

_TEMPLATE: Final = ("ConfigMap", names.WORKER_TEMPLATE)
_CREDENTIALS: Final = ("Secret", names.SHARED_SECRET)
_INTERRUPTING: Final[Mapping[Key, tuple[str, ...]]] = {
    # The job manager's commands read both files, so the queue is paused before the files change.
    _CREDENTIALS: ("data",),
    ("ConfigMap", names.JOB_MANAGER_CONFIG): ("data",),
    ("Deployment", names.JOB_MANAGER): ("spec", "template"),
    _TEMPLATE: ("data",),
}
"""The objects whose update interrupts jobs, each with the field that does: a changed label restarts nothing."""


class _Console:
    def tell(self, text: str) -> None:
        pulumi.log.info(text)

    def warn(self, text: str) -> None:
        pulumi.log.warn(text)


def update(api: KubernetesApi, cluster: Topology, survey: Survey) -> SafeUpdate:
    """How this run protects running jobs; `survey` tells whether an earlier run was interrupted."""
    paused_since = job_queue.paused_since(survey, cluster.namespace)
    return SafeUpdate.of_stack(api, cluster, pulumi.get_stack(), paused_since, _Console())


def bindings(update: SafeUpdate, cluster: Topology) -> dict[Key, pulumi.ResourceHookBinding]:
    """The hooks of each object that has some."""
    settings = cluster.settings.updates
    if not settings.wait_for_jobs and settings.snapshot.snapshot_class is None:
        return {}

    async def before(args: pulumi.ResourceHookArgs) -> None:
        if await _interrupts(args):
            await update.before_interruption(of_job_manager=_key(args) != _TEMPLATE)

    async def after(args: pulumi.ResourceHookArgs) -> None:
        if await _interrupts(args):
            update.after_template((args.new_inputs or {})["data"][names.TEMPLATE_FILE])

    pause = pulumi.ResourceHook("matlab-before-interruption", before)
    remember = pulumi.ResourceHook("matlab-after-worker-template", after)
    keys = [key for key in _INTERRUPTING if key != _CREDENTIALS or cluster.uses_shared_secret]
    return {
        key: pulumi.ResourceHookBinding(before_update=[pause], after_update=[remember] if key == _TEMPLATE else None)
        for key in keys
    }


def finish(update: SafeUpdate, resources: Mapping[Key, pulumi.CustomResource]) -> pulumi.Output[bool]:
    """Resume the queue once every object that interrupts jobs is done, updated or not; never in a preview."""

    async def resume(_: Any) -> bool:
        if not pulumi.runtime.is_dry_run():
            try:
                await update.finish()
            except UpdateError as error:
                raise pulumi.RunError(str(error)) from error
        return True

    return pulumi.Output.all(*(resources[key].urn for key in _INTERRUPTING)).apply(resume)


async def _interrupts(args: pulumi.ResourceHookArgs) -> bool:
    key = _key(args)
    # Secret values arrive as outputs.
    both = await pulumi.Output.all(args.old_inputs, args.new_inputs).future()
    old, new = both or (None, None)
    return bool(_field(old, _INTERRUPTING[key]) != _field(new, _INTERRUPTING[key]))


def _key(args: pulumi.ResourceHookArgs) -> Key:
    return args.type.rpartition(":")[2], args.name


def _field(inputs: Any, path: Iterable[str]) -> Any:
    for step in path:
        inputs = (inputs or {}).get(step)
    return inputs
