"""Everything that `python -m ops impact` can announce. docs/impact.md is generated from this table."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Level(StrEnum):
    """Who notices, the worst first."""

    LOST = "lost or out of reach"
    INTERRUPTS = "interrupts"
    ACTION = "needs action"
    QUIET = "nobody notices"


class Rule(NamedTuple):
    """One consequence. A code is never used for anything else, even when its rule is gone."""

    code: str
    level: Level
    system: str
    """The key of the system in the stack file; empty: any."""
    title: str
    meaning: str
    """What people notice."""
    sign: str
    """What in the plan announces it."""
    remedy: str = ""
    """What to do about it; empty: nothing."""


_PAUSE: Final = "Pause the job manager and wait until no job runs."
_WARN: Final = "Tell the users, or wait until nobody is connected."

_RULES: Final = (
    Rule(
        "protected-object",
        Level.LOST,
        "",
        "A protected object is deleted",
        "It holds data or credentials. Pulumi refuses this, unless it runs with `--ignore-protect`.",
        "A protected resource is deleted or replaced.",
        "Restore the setting, or move the data as docs/data.md says.",
    ),
    Rule(
        "another-cluster",
        Level.LOST,
        "",
        "Everything moves to another Kubernetes cluster",
        "Every object is created there, and deleted here.",
        "The Kubernetes provider is replaced.",
        "Restore `kubernetes.context`, and deploy another stack to the other cluster.",
    ),
    Rule(
        "data-deleted",
        Level.LOST,
        "",
        "Data is deleted",
        "Depending on its StorageClass, the volume goes with its claim, and everything in a namespace goes with it.",
        "A PersistentVolumeClaim or a Namespace is deleted or replaced.",
        "Copy what you need first.",
    ),
    Rule(
        "empty-database",
        Level.LOST,
        "matlab",
        "The job manager starts with an empty job database",
        "Queued and finished jobs are out of reach until the change is reverted. The database folder is named after "
        "the release.",
        "The database folder in ConfigMap mjs-job-manager-config, or the job manager's checkpoint volume, changes.",
        "Let the queue run empty, and have users fetch their results.",
    ),
    Rule(
        "database-not-kept",
        Level.LOST,
        "matlab",
        "The job database is deleted with the pod",
        "Queued and finished jobs are lost: the checkpoint volume is an emptyDir.",
        "The job manager's pod template changes, and its old checkpoint volume is an emptyDir.",
        "Let the queue run empty, and have users fetch their results.",
    ),
    Rule(
        "profiles-invalid",
        Level.LOST,
        "matlab",
        "Every profile that you handed out becomes invalid",
        "The certificates in them are signed by a CA that the cluster no longer accepts.",
        "The CA in Secret mjs-shared-secret changes, or the Secret is deleted.",
        "Send every user the new profile.",
    ),
    Rule(
        "job-manager-restarts",
        Level.INTERRUPTS,
        "matlab",
        "The job manager restarts",
        "It shuts down cleanly and starts again with its database. Running jobs are interrupted; queued and finished "
        "jobs are kept.",
        "The pod template of Deployment mjs-job-manager changes.",
        _PAUSE,
    ),
    Rule(
        "workers-replaced",
        Level.INTERRUPTS,
        "matlab",
        "Every worker is replaced",
        "The controller replaces workers at its next check, all at once, busy or not. Running jobs are interrupted.",
        "The text in ConfigMap mjs-worker-template changes, or the controller's Deployment is replaced.",
        _PAUSE,
    ),
    Rule(
        "haproxy-restarts",
        Level.INTERRUPTS,
        "matlab",
        "HAProxy restarts",
        "It drops the connections that it carries.",
        "The pod template with container haproxy changes.",
        _WARN,
    ),
    Rule(
        "parallel-server-proxy-restarts",
        Level.INTERRUPTS,
        "matlab",
        "The parallel server proxy restarts",
        "It drops the connections that it carries.",
        "The pod template with container mjs-parallel-server-proxy changes.",
        _WARN,
    ),
    Rule(
        "pool-proxies-replaced",
        Level.INTERRUPTS,
        "matlab",
        "Every pool proxy is replaced",
        "Pool proxies drop the connections that they carry, so interactive pools end.",
        "The text in ConfigMap mjs-pool-proxy-template changes.",
        _WARN,
    ),
    Rule(
        "address-changes",
        Level.INTERRUPTS,
        "matlab",
        "The external address changes",
        "Clients outside Kubernetes lose their connections, and may have to use another address.",
        "Service mjs-ingress-proxy is deleted or replaced, or its type, class or requested address changes.",
        "Update the DNS name of `network.clusterHost`, or send every user the new profile.",
    ),
    Rule(
        "ports-change",
        Level.INTERRUPTS,
        "matlab",
        "The ports for clients change",
        "Clients outside Kubernetes cannot connect to a port that is gone.",
        "A port of Service mjs-ingress-proxy is removed.",
        "Open the new ports in your firewalls.",
    ),
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
        "A server's name leads to another address or port",
        "Clients inside Kubernetes that are connected to the old one lose it when they reconnect.",
        "The endpoints of its EndpointSlice change, a port of its Service is removed, or one of them is deleted or "
        "replaced.",
        "Tell its users.",
    ),
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
        "pods-removed",
        Level.INTERRUPTS,
        "",
        "Pods are removed for good",
        "What runs in them ends.",
        "A Deployment, StatefulSet, Job or template is deleted, or runs fewer replicas.",
        "Tell the users.",
    ),
    Rule(
        "new-profile",
        Level.ACTION,
        "matlab",
        "Users need the new profile",
        "The profile that you handed out describes the old way in.",
        "The data of a profile's Secret changes, or the Secret is deleted.",
        "Send it: `pulumi stack output profile --show-secrets > profile.json`",
    ),
    Rule(
        "administrator-password",
        Level.ACTION,
        "matlab",
        "The administrator's password changes",
        "The old one is rejected.",
        "The data of Secret mjs-admin-password changes, or the Secret is deleted.",
        "Look it up: `pulumi stack output adminPassword --show-secrets`",
    ),
    Rule(
        "metrics-certificates",
        Level.ACTION,
        "matlab",
        "Prometheus needs new certificates",
        "With the old ones it can no longer read the metrics.",
        "The data of Secret mjs-metrics-client-certs changes, or the Secret is deleted.",
        "Give Prometheus the content of Secret mjs-metrics-client-certs.",
    ),
    Rule(
        "load-balancer-annotations",
        Level.ACTION,
        "matlab",
        "The load balancer gets other annotations",
        "The load balancer's implementation decides what they change. Some give it another address.",
        "Annotations of Service mjs-ingress-proxy change.",
        "Read the documentation of the load balancer's implementation.",
    ),
    Rule(
        "clients-excluded",
        Level.ACTION,
        "matlab",
        "Some clients may no longer connect",
        "The load balancer accepts fewer addresses than before.",
        "Ranges in loadBalancerSourceRanges of Service mjs-ingress-proxy are removed, or the first ones are added.",
        "Check that every client's address is in a range.",
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
        "A job with the old files can no longer enter its address.",
        "The ServiceAccount, the token Secret or the Role of a server's job is deleted or replaced.",
        "Write the new files with `python -m ops arkouda-files` and submit the job again.",
    ),
    Rule(
        "session-outdated",
        Level.ACTION,
        "julia",
        "A session keeps running with its old settings",
        "A running session takes over a change when you delete its pod. Everything in its memory is then lost, and "
        "the depot stays.",
        "The pod template of the session's StatefulSet changes, and its updateStrategy is OnDelete.",
        "Delete the pod when its users are ready: `juliaSessions` has the command as `restart`.",
    ),
    Rule(
        "pool-workers-outdated",
        Level.ACTION,
        "julia",
        "The workers of a pool keep running with their old settings",
        "They take over a change when you delete their pods.",
        "The pod template of the workers' StatefulSet changes, and its updateStrategy is OnDelete.",
        "Delete the pods when the session's users are ready: `juliaSessions` has the command as `cleanup`.",
    ),
    Rule(
        "access-removed",
        Level.ACTION,
        "",
        "Somebody loses rights",
        "They can no longer use what the role allows.",
        "Subjects of a RoleBinding are removed, or it is deleted or replaced.",
        "Tell them.",
    ),
    Rule(
        "connections-refused",
        Level.ACTION,
        "",
        "Some connections may be refused",
        "A NetworkPolicy allows less than before. Kubernetes enforces it at once, and nothing restarts.",
        "A rule of a NetworkPolicy is removed or changed, or a policy for existing pods is created.",
        "Compare the rules in the preview.",
    ),
    Rule(
        "controller-restarts",
        Level.QUIET,
        "matlab",
        "The controller restarts",
        "It can restart at any time without anyone noticing.",
        "The pod template of Deployment mjs-controller changes.",
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
RULES: Final = {rule.code: rule for rule in _RULES}
"""Every rule by its code, the worst first."""
