"""What only logs of a MATLAB cluster show. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import error, warning

MATLAB_LOGS: Final = (
    error(
        "MJS060",
        "MATLAB is not where it is expected",
        "Neither the image nor the claim has toolbox/parallel/bin in /opt/matlab or in the folder of the release.",
        "Set installation.root, or correct the image or the content of the claim.",
    ),
    error(
        "MJS061",
        "A volume is not writable",
        "The user of the pod is not allowed to write to the volume of the logs or of the job database.",
        "Change the owner of the folder, or jobManager.userID and groupID. An NFS export must not squash that user.",
    ),
    warning(
        "MJS062",
        "Another job manager holds the database",
        "The old job manager has not stopped yet, perhaps because its node is down. Two would damage the database.",
        "Wait. If its node is gone for good, delete the old pod with `kubectl delete pod --force`.",
    ),
    error(
        "MJS063",
        "The certificate of the LDAP server was not imported",
        "`keytool` failed: the certificate is damaged, or the image has its Java in another folder.",
        "Correct ldap.certificate, or set installation.javaClaim.",
    ),
    error(
        "MJS064",
        "The job manager does not start",
        "MJS ended with an error. The lines before it say which: a damaged database or a port in use, for instance.",
        "Read `kubectl -n NAMESPACE logs deployment/mjs-job-manager --previous`.",
    ),
    error(
        "MJS065",
        "Workers do not join",
        "`startworker` failed: the worker does not find the job manager, or they do not share one secret.",
        "Check cluster DNS and network policies (docs/flows.md). After a change of credentials, delete the workers.",
    ),
    error(
        "MJS066",
        "The limit of open files is too high",
        "The container runtime of the node allows fewer open files than the config sets.",
        "Lower fileDescriptorUlimit.",
    ),
    error(
        "MJS067",
        "A volume is full",
        "The job database, logs or the job history fill the volume. The history alone keeps ten files of 1 GB.",
        "Enlarge storage.checkpoint or storage.log. Remove old jobs in MATLAB.",
    ),
    warning(
        "MJS068",
        "The volume of the job database is nearly full",
        "Less than a fifth is free. Jobs, their results and the job history fill it; the history alone grows to ten "
        "files of 1 GB. When it is full, jobs fail.",
        "Have users delete old jobs, and enlarge storage.checkpoint.size. If the StorageClass cannot enlarge volumes: "
        "`python -m ops move-claim`.",
    ),
    error(
        "MJS070",
        "Controller and config are of different versions",
        "The controller rejects a config with a field that it does not know: its image is of another version.",
        "Remove images.controller.tag, or set the one that fits this program.",
    ),
    error(
        "MJS071",
        "The controller does not find its Deployment",
        "It looks for Deployment mjs-controller in its own namespace, and ends without it.",
        "Keep the name. Run `pulumi refresh`, then `pulumi up`.",
    ),
    error(
        "MJS072",
        "The controller cannot open its log file",
        "The chart lets the controller log to a volume that is missing or that it cannot write to.",
        "Set logPVC, or fix the export. This program lets the controller log to standard output.",
    ),
    error(
        "MJS073",
        "The controller lacks a right",
        "Its Role or RoleBinding was changed or replaced.",
        "Run `pulumi refresh`, then `pulumi up`.",
    ),
    error(
        "MJS074",
        "Several job managers answer",
        "Data of an earlier job manager is in the checkpoint folder, and MJS starts both.",
        "Stop the cluster, empty the checkpoint folder, and start it again. This deletes all jobs.",
    ),
    error(
        "MJS075",
        "A Secret for metrics is left over",
        "The controller tries to create the client certificates for metrics, but they already exist.",
        "Delete Secrets mjs-metrics-secret and mjs-metrics-client-certs, and restart the controller.",
    ),
    error(
        "MJS076",
        "The controller rejects a pod template",
        "The template has a field that the controller, built for Kubernetes 1.29, does not know. It starts no workers.",
        "Restore ConfigMap mjs-worker-template with `pulumi refresh` and `pulumi up`.",
    ),
    error(
        "MJS080",
        "No license was checked out",
        "The license manager does not answer, has no license left, or is older than this release.",
        "Correct license.networkLicenseManager, open its ports for workers, or update it.",
    ),
)
"""In the order of their codes."""
