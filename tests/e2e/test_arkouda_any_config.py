"""The law of the program for Arkouda, by the API server's own word: what a stack is accepted for, a cluster takes."""

from __future__ import annotations

from hypothesis import event, given, note

from tests.configs import law
from tests.e2e.dry_run import DryRun
from tests.unit.arkouda_stacks import Values, manifests
from tests.unit.test_arkouda_any_config import accepted, stacks


def test_the_api_server_accepts_objects_and_pods_of_any_accepted_stack(dry_runs: dict[str, DryRun]) -> None:
    """Every pod fits the strictest Pod Security level."""

    @law
    @given(stacks())
    def holds(config: Values) -> None:
        here = accepted(config)
        event("accepted" if here else "refused")
        if here is None:
            return
        note(str(config))
        assert dry_runs["restricted"].objections(list(manifests(here).values())) == []

    holds()
