"""What can be wrong before anything is installed. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import Level, Row

_CATEGORY: Final = "config and cluster"

BEFORE: Final = (
    Row(
        "PRE001",
        Level.ERROR,
        _CATEGORY,
        "The namespace cannot be used",
        "It does not exist, is being deleted, belongs to somebody else, or its Pod Security level rejects the pods.",
        "Correct the namespace in the stack config, or change the namespace as the message says.",
    ),
    Row(
        "PRE002",
        Level.ERROR,
        _CATEGORY,
        "An object that the config names is missing",
        "The config names a claim, Secret, Service or class that the cluster does not have. Pods would never start.",
        "Create it, or correct its name.",
    ),
    Row(
        "PRE003",
        Level.ERROR,
        _CATEGORY,
        "A kind of resource is not installed",
        "A setting needs a custom resource that is not installed.",
        "Install what the message names, or remove the setting.",
    ),
    Row(
        "PRE004",
        Level.ERROR,
        _CATEGORY,
        "What exists does not fit the config",
        "A claim, class or Service exists, and the config would change a field of it that cannot be changed.",
        "Correct the config as the message says.",
    ),
    Row(
        "PRE005",
        Level.ERROR,
        _CATEGORY,
        "Somebody else's objects are in the way",
        "Object names are fixed, and a Helm release or another stack already has objects of these names.",
        "Choose another namespace.",
    ),
    Row(
        "PRE006",
        Level.ERROR,
        _CATEGORY,
        "You lack rights",
        "`pulumi up` creates, changes and deletes objects that your user may not.",
        "Request the role of docs/rights.md, or name another context.",
    ),
    Row(
        "PRE007",
        Level.ERROR,
        _CATEGORY,
        "A quota is too small",
        "A ResourceQuota of the namespace does not allow all pods or claims of the stack, even on its own.",
        "Raise the quota, or lower requests or workers.max.",
    ),
    Row(
        "PRE008",
        Level.ERROR,
        _CATEGORY,
        "A LimitRange rejects a container",
        "A container requests or may use more than a LimitRange of the namespace allows.",
        "Raise the limit, or lower the container's resources.",
    ),
    Row(
        "PRE009",
        Level.WARNING,
        _CATEGORY,
        "The nodes cannot hold the stack at its maximum",
        "Some pods would stay Pending for ever, even if nothing else ran on the nodes.",
        "Add nodes, lower requests or workers.max, or correct nodeSelector and tolerations.",
    ),
    Row(
        "PRE010",
        Level.WARNING,
        _CATEGORY,
        "Something needs your attention",
        "The deployment may work, but not as the config says; or something could not be checked.",
        "Do what the message says.",
    ),
)
"""In the order of their codes, which the runbook keeps."""
