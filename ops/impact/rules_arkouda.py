"""What `python -m ops impact` can announce about Arkouda servers."""

from __future__ import annotations

from typing import Final

from ops.impact.rule import Level, Rule

ARKOUDA: Final = (
    Rule(
        "server-restarts",
        Level.INTERRUPTS,
        "arkouda",
        "An Arkouda server restarts",
        "A server that restarts loses every array in its memory, and its clients.",
        "The pod template of the server's Deployment changes.",
        "Tell its users to save their arrays.",
    ),
    Rule(
        "locales-restart",
        Level.INTERRUPTS,
        "arkouda",
        "The locales of an Arkouda server restart",
        "The server loses every array in its memory, and its clients.",
        "The pod template of the locales' StatefulSet changes.",
        "Tell its users to save their arrays.",
    ),
    Rule(
        "server-moves",
        Level.INTERRUPTS,
        "arkouda",
        "A server's name points to another address or port",
        "Clients inside Kubernetes that are connected to the old one lose it when they reconnect.",
        "The endpoints of its EndpointSlice change, a port of its Service is removed, or one of them is deleted or "
        "replaced.",
        "Tell its users.",
    ),
    Rule(
        "new-token",
        Level.ACTION,
        "arkouda",
        "Users need the new connect.py",
        "The server rejects the old token.",
        "The server's access token is generated again: its Secret or its RandomPassword changes.",
        "Write the files again: `python -m ops arkouda-files`",
    ),
    Rule(
        "job-account",
        Level.ACTION,
        "arkouda",
        "Jobs need new files",
        "A job with the old files can no longer register its address.",
        "The ServiceAccount, the token Secret or the Role of a server's job is deleted or replaced.",
        "Write the new files with `python -m ops arkouda-files` and submit the job again.",
    ),
    Rule(
        "exporter-restarts",
        Level.QUIET,
        "arkouda",
        "An exporter restarts",
        "It can restart at any time.",
        "The pod template of the exporter's Deployment changes.",
    ),
)
