"""What `python -m ops impact` can announce about a MATLAB cluster."""

from __future__ import annotations

from typing import Final

from ops.impact.rule import Level, Rule

_WAIT: Final = "`up` first waits for running jobs, as matlab.updates says. To save the wait, deploy when no job runs."
_WARN: Final = "Tell the users, or wait until nobody is connected."

MATLAB: Final = (
    Rule(
        "empty-database",
        Level.LOST,
        "matlab",
        "The job manager starts with an empty job database",
        "Queued and finished jobs are out of reach until you revert the change. The database folder is named after the "
        "release.",
        "The database folder in ConfigMap mjs-job-manager-config, or the job manager's checkpoint volume, changes.",
        "Let the queue drain, and have users fetch their results.",
    ),
    Rule(
        "database-not-kept",
        Level.LOST,
        "matlab",
        "The job database is deleted with the pod",
        "Queued and finished jobs are lost: the checkpoint volume is an emptyDir.",
        "The job manager's pod template changes, and its old checkpoint volume is an emptyDir.",
        "Let the queue drain, and have users fetch their results.",
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
        "It shuts down cleanly and starts again with its database. Jobs that still run are interrupted; queued and "
        "finished jobs are kept.",
        "The pod template of Deployment mjs-job-manager changes.",
        _WAIT,
    ),
    Rule(
        "workers-replaced",
        Level.INTERRUPTS,
        "matlab",
        "Every worker is replaced",
        "The controller replaces workers at its next check, all at once, busy or not. Jobs that still run are "
        "interrupted.",
        "The text in ConfigMap mjs-worker-template changes, or the controller's Deployment is replaced.",
        _WAIT,
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
        "new-profile",
        Level.ACTION,
        "matlab",
        "Users need the new profile",
        "The profile that you handed out describes the old address or ports.",
        "The data of a profile's Secret changes, or the Secret is deleted.",
        "Send it: `pulumi stack output profile --show-secrets > profile.json`",
    ),
    Rule(
        "profile-renewed",
        Level.ACTION,
        "matlab",
        "The profile gets a new certificate",
        "The profiles that you handed out stay valid until their own certificates expire.",
        "The data of a profile's Secret changes, the CA that signs its certificate stays, and neither the controller's "
        "config nor the ports and address of Service mjs-ingress-proxy change.",
        "Send users the new profile before that day: `pulumi stack output profile --show-secrets > profile.json`",
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
        "controller-restarts",
        Level.QUIET,
        "matlab",
        "The controller restarts",
        "It can restart at any time without anyone noticing.",
        "The pod template of Deployment mjs-controller changes.",
    ),
)
