"""Rules and warnings about the jobs that run servers outside Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from components.arkouda import sbatch
from components.arkouda.server_settings import Job
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology, job
from components.shared.floors import Floor, too_much
from components.shared.mistakes import Mistake, Rule
from components.shared.quantities import bytes_text, quantity

FLOOR: Final = Floor("arkouda_server", "50m", "64Mi")


def _margin(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        own = job(server)
        limit = sbatch.time_limit(own.sbatch_options) if own else None
        if own and limit is not None and own.stop_margin >= limit:
            yield Mistake(
                f"{at}.job.stopMargin",
                f"{own.stop_margin} is not less than the time limit of {limit} seconds in sbatchOptions: the server "
                "would be shut down as soon as it starts",
                "Lower it, or raise --time.",
            )


def _memory(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if (own := job(server)) and own.mem_max:
            yield from too_much(f"{at}.job.memMax", own.mem_max)


RULES: tuple[Rule[Settings], ...] = (_margin, _memory)


def warnings(at: str, own: Job) -> Iterator[str]:
    """What Slurm decides: plug-ins add options, and not every cluster limits memory. `at` is the place of the job."""
    path = f"{at}.sbatchOptions"
    for name, near in sbatch.unknown(own.sbatch_options):
        yield f"{path}: {name} is not an option that sbatch documents." + (f" Did you mean {near}?" if near else "")
    given = sbatch.memory(own.sbatch_options)
    if given is None:
        return
    amount = bytes_text(Decimal(given))
    if given < quantity(FLOOR.memory):
        yield f"{path}: --mem is {amount}, too little to start a server. Without a unit, sbatch counts in megabytes."
    elif own.mem_max and quantity(own.mem_max) >= given:
        yield (
            f"{at}.memMax: {own.mem_max} is not less than --mem, {amount}: where Slurm limits memory, it kills the "
            "server before the server can reject a command."
        )
