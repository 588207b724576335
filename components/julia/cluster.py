"""Julia sessions as a Pulumi component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.julia import names
from components.julia.objects import components, objects
from components.julia.outputs import output, readme
from components.julia.pool import COOKIE_LENGTH
from components.julia.settings import Settings
from components.julia.topology import sessions
from components.shared.component import SystemComponent
from components.shared.manifest import base64
from components.shared.objects import kept_on_destroy
from components.shared.passwords import generated
from components.shared.survey import NOTHING, Survey


class JuliaSessions(SystemComponent):
    """Julia processes with workers, each in a namespace of its own.

    The Kubernetes provider comes through `opts`.
    `survey` is what the Kubernetes cluster tells about itself, if it was asked.
    """

    sessions: pulumi.Output[dict[str, Any]]
    """Commands and amounts of each session, by name."""
    kept_on_destroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        survey: Survey = NOTHING,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Register the sessions."""
        planned, known = objects(settings, survey), sessions(settings)
        super().__init__(
            "clusters:julia:Sessions", name, opts, components=components(settings), planned=planned, labels=labels
        )
        for item in planned:
            kind, own = item.key
            # The only Secrets are the cookies of pools.
            cookie = generated(own, self.component(item.component), length=COOKIE_LENGTH) if kind == "Secret" else None
            self.register(item, {names.COOKIE_KEY: cookie.apply(base64)} if cookie else None)
        kept = kept_on_destroy(planned)
        self.sessions = pulumi.Output.from_input({session.name: output(session) for session in known})
        self.kept_on_destroy = pulumi.Output.from_input(kept)
        self.readme = pulumi.Output.from_input(readme(known, kept))
        self.outputs = {
            "juliaSessions": self.sessions,
            "keptOnDestroy": self.kept_on_destroy,
            "readme": self.readme,
        }
        """Every output by the name that it has as a stack output."""
        self.complete(self.outputs)
