"""What can be wrong before anything is installed. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import Chapters, error, warning

BEFORE: Final[Chapters] = {
    "config and cluster": (
        error(
            "PRE001",
            "The namespace cannot be used",
            "It does not exist, is being deleted, belongs to somebody else, or its Pod Security level rejects the "
            "pods.",
            "Correct the namespace in the stack config, or change the namespace as the message says.",
        ),
        error(
            "PRE002",
            "An object that the config names is missing",
            "The config names a claim, Secret, Service or class that the cluster does not have. Pods would never "
            "start.",
            "Create it, or correct its name.",
        ),
        error(
            "PRE003",
            "A kind of resource is not installed",
            "A setting needs a custom resource that is not installed.",
            "Install what the message names, or remove the setting.",
        ),
        error(
            "PRE004",
            "What exists does not fit the config",
            "A claim, class or Service exists, and the config would change a field of it that cannot be changed.",
            "Correct the config as the message says.",
        ),
        error(
            "PRE005",
            "Somebody else's objects are in the way",
            "Object names are fixed, and a Helm release or another stack already has objects of these names.",
            "Choose another namespace.",
        ),
        error(
            "PRE006",
            "You lack rights",
            "`pulumi up` creates, changes and deletes objects that your user may not.",
            "Request the role of docs/rights.md, or name another context.",
        ),
        error(
            "PRE007",
            "A quota is too small",
            "A ResourceQuota of the namespace does not allow all pods or claims of the stack, even on its own.",
            "Raise the quota, or lower requests or workers.max.",
        ),
        error(
            "PRE008",
            "A LimitRange rejects a container",
            "A container requests or may use more than a LimitRange of the namespace allows.",
            "Raise the limit, or lower the container's resources.",
        ),
        warning(
            "PRE009",
            "The nodes cannot hold the stack at its maximum",
            "Some pods would stay Pending for ever, even if nothing else ran on the nodes.",
            "Add nodes, lower requests or workers.max, or correct nodeSelector and tolerations.",
        ),
        warning(
            "PRE010",
            "Something needs your attention",
            "The deployment may work, but not as the config says; or something could not be checked.",
            "Do what the message says.",
        ),
    )
}
"""By chapter of the runbook, and in the order of their codes."""
