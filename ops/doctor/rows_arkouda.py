"""What can be wrong with Arkouda servers. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import ABSENT, RESTORE, Chapters, error, warning
from ops.doctor.rows_matlab import like

ARKOUDA: Final[Chapters] = {
    "namespace": (
        like("ARK001"),
        like(
            "ARK002",
            title="There are no Arkouda servers here",
            cause="The namespace does not exist, or nothing in it is part of the Arkouda servers of this stack.",
        ),
        like("ARK003"),
    ),
    "scheduling": (
        like("ARK010", "Add nodes, lower cpu or memory of the server, or correct nodeSelector and tolerations."),
        like("ARK012", "Raise the quota, or lower cpu, memory or locales. The message names the limit."),
        like("ARK016"),
        like(
            "ARK017",
            "If the node is off for good, run `kubectl delete node NODE`. If it may still run, turn it off first.",
        ),
        like("ARK018"),
    ),
    "images": (like("ARK020", "Correct image, add images.pullSecrets, or let the nodes reach the registry."),),
    "pods": (
        like("ARK021"),
        like("ARK022", "Raise memory of the server, or lower memMax: Chapel never gives memory back."),
        like("ARK023"),
        like(
            "ARK024",
            "Give the server more memory and CPU, or find out why a locale does not run.",
            cause="The server does not answer in time: it lacks memory or CPU, or still waits for a locale.",
        ),
        like(
            "ARK025",
            cause="A service mesh injected a sidecar. Locales use SSH and UDP, which do not pass through it.",
        ),
        error("ARK026", "An object of a server is missing", ABSENT, RESTORE),
        like(
            "ARK028",
            cause="Somebody scaled its Deployment or StatefulSet to 0 replicas, so Kubernetes runs none of its pods.",
            remedy="Scale it up again.",
        ),
    ),
    "storage": (
        like("ARK030"),
        like("ARK031", "Correct files.storageClass. The claim's events say what the provisioner answered."),
        like("ARK032", "Use a ReadWriteMany class for files of a server with several locales."),
        like("ARK033"),
    ),
    "network": (
        error(
            "ARK044",
            "Endpoints are not mirrored",
            "A server registered itself with Endpoints, and no EndpointSlice followed. Kubernetes routes by "
            "EndpointSlices "
            "alone, and this cluster does not mirror Endpoints, which are deprecated since 1.33.",
            "Declare the server (`declared`, with address job), or run the EndpointSliceMirroring controller.",
        ),
        error(
            "ARK045",
            "A registered server has no address",
            "A server created its Service and failed before it could announce its address: registration is not undone.",
            "Read the server's log, delete the Service with `python -m ops arkouda-orphans --delete`, and start it "
            "again.",
        ),
    ),
    "logs": (
        error(
            "ARK060",
            "The API server cannot be reached",
            "curl 6 or 7: the name does not resolve, or nothing listens there.",
            "Correct apiServer, and write the files again.",
        ),
        error(
            "ARK061",
            "The API server rejects the registration",
            "curl 22 is any answer of 400 and above: a Service that a killed server left, an expired "
            "token, a missing right, or a loopback address.",
            "Run `python -m ops arkouda-orphans`; with `--delete` if no server runs. Otherwise use log level DEBUG "
            "once.",
        ),
        error(
            "ARK062",
            "The API server does not answer in time",
            "curl 28: a firewall between the node and the API server.",
            "Open the port of apiServer for the nodes of the job.",
        ),
        error(
            "ARK063",
            "The port of the API server does not speak TLS",
            "curl 35: the port is not that of the API server.",
            "Correct apiServer, and write the files again.",
        ),
        error(
            "ARK064",
            "The client certificate cannot be used",
            "curl 58, and 36 in old versions: certificate, key or passphrase are wrong or missing.",
            "Request the certificate again with request-certificate.sh.",
        ),
        error(
            "ARK065",
            "The API server has another name",
            "curl 60: its certificate does not contain the host of apiServer.",
            "Use a name from the certificate in apiServer.",
        ),
        error(
            "ARK066",
            "The CA file cannot be used",
            "curl 77: the file is missing or damaged.",
            "Write the files again with `python -m ops arkouda-files`.",
        ),
        error(
            "ARK067",
            "The node does not know its own address",
            "The first line of /etc/hosts with the name of the node has no usable address.",
            "Put a line with its exact address and name first.",
        ),
        warning(
            "ARK068",
            "A client had no token, or a wrong one",
            "The server runs with authenticate, and somebody connected without its token.",
            "Hand out connect.py again. Restart the server if it ended.",
        ),
        error(
            "ARK069",
            "A command needed too much memory",
            "Arrays reached memMax, or the share of memory that a locale may use.",
            "Raise memory or memMax, or use more locales.",
        ),
        error(
            "ARK070",
            "Locales reject the server's SSH connection",
            "SSH keys differ between server and locales.",
            "Run `pulumi refresh` and `pulumi up`, then restart all locales.",
        ),
        warning(
            "ARK071",
            "Client and server have different versions",
            "Some commands fail in ways that do not name the cause.",
            "Install the version of the server in the notebooks.",
        ),
        error(
            "ARK072",
            "A disk is full",
            "Files of the server fill its volume or the disk of its node.",
            "Raise files.size, or remove files.",
        ),
    ),
}
"""By chapter of the runbook, and in the order of their codes."""
