"""What `python -m ops impact` can announce about Julia sessions."""

from __future__ import annotations

from typing import Final

from ops.impact.rule import Level, Rule

JULIA: Final = (
    Rule(
        "session-restarts",
        Level.INTERRUPTS,
        "julia",
        "A Julia session restarts",
        "Everything in its memory is lost, and its workers end. The depot stays.",
        "The pod template of the session's StatefulSet changes, and its updateStrategy is RollingUpdate.",
        "Tell its users.",
    ),
    Rule(
        "pool-workers-restart",
        Level.INTERRUPTS,
        "julia",
        "The workers of a pool restart",
        "What they compute is lost.",
        "The pod template of the workers' StatefulSet changes, and its updateStrategy is RollingUpdate.",
        "Tell the users of the session.",
    ),
    Rule(
        "script-runs-again",
        Level.INTERRUPTS,
        "julia",
        "A script runs again",
        "Kubernetes replaces its Job. A script that is still running is ended first.",
        "The script's Job is replaced.",
        "Wait until it is complete.",
    ),
    Rule(
        "session-outdated",
        Level.ACTION,
        "julia",
        "A session keeps running with its old settings",
        "A running session applies a change when you delete its pod. Everything in its memory is then lost, and "
        "the depot stays.",
        "The pod template of the session's StatefulSet changes, and its updateStrategy is OnDelete.",
        "Delete the pod when its users are ready: `juliaSessions` has the command as `restart`.",
    ),
    Rule(
        "pool-workers-outdated",
        Level.ACTION,
        "julia",
        "The workers of a pool keep running with their old settings",
        "They apply a change when you delete their pods.",
        "The pod template of the workers' StatefulSet changes, and its updateStrategy is OnDelete.",
        "Delete the pods when the session's users are ready: `juliaSessions` has the command as `cleanup`.",
    ),
)
