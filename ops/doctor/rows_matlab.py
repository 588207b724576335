"""What can be wrong in a MATLAB cluster. Codes are never used again."""

from __future__ import annotations

from typing import Final

from ops.doctor.row import ABSENT, RESTORE, Chapters, Row, error, warning
from ops.doctor.rows_matlab_logs import MATLAB_LOGS

MATLAB: Final[Chapters] = {
    "namespace": (
        error(
            "MJS001",
            "The namespace is being deleted",
            "Somebody has deleted the namespace. Kubernetes creates nothing in it any more.",
            "Wait until it is gone, then deploy again. If it never goes, look at its `status.conditions`.",
        ),
        error(
            "MJS002",
            "There is no MATLAB cluster here",
            "The namespace does not exist, or nothing in it is part of a MATLAB cluster.",
            "Check the namespace and the context, or deploy the stack.",
        ),
        error(
            "MJS003",
            "Two deployments share the namespace",
            "Object names are fixed, so two stacks, or a stack and a Helm release, overwrite each other's objects.",
            "Remove one of them, or move it to another namespace.",
        ),
    ),
    "scheduling": (
        error(
            "MJS010",
            "No node can run a pod",
            "The scheduler found no node with enough free CPU and memory, the right labels, and no taint in the way.",
            "Add nodes, lower the requests, or correct nodeSelector and tolerations. Cluster autoscalers need minutes.",
        ),
        error(
            "MJS011",
            "No node offers a GPU",
            "The pod requests nvidia.com/gpu, but no node has a free one: the device plugin is missing, or all are "
            "in use.",
            "Install NVIDIA's device plugin, add GPU nodes, or set workers.numGPUs to 0.",
        ),
        error(
            "MJS012",
            "A quota or a policy rejects pods",
            "The namespace's ResourceQuota, LimitRange, Pod Security level or an admission policy rejects the pod.",
            "Raise the quota, or lower the requests or workers.max. The message names the limit.",
        ),
        warning(
            "MJS013",
            "A worker fits on no node",
            "Each worker requests more CPU or memory than the largest node offers to pods.",
            "Lower workers.resources, or use larger nodes.",
        ),
        warning(
            "MJS014",
            "Failed worker pods were left behind",
            "A node evicted or killed the workers. The controller does not delete their pods, and counts them.",
            "Delete them: `kubectl -n NAMESPACE delete pods -l app=mjs-worker --field-selector status.phase=Failed`.",
        ),
        warning(
            "MJS015",
            "Karpenter may evict busy workers",
            "Karpenter removes nodes that it wants to replace or empty, and the workers on them, busy or not.",
            'Set `disruption.budgets: [{nodes: "0"}]` and no `expireAfter` in the NodePool of the workers.',
        ),
        warning(
            "MJS016",
            "An image is larger than the disk of a node",
            "The node cannot pull the image, or evicts pods to make room for it.",
            "Use nodes with more disk, or keep the pods away from this one with nodeSelector.",
        ),
        error(
            "MJS017",
            "A pod does not terminate",
            "Its node does not answer, or a finalizer keeps the pod. Until it is gone, a Deployment or StatefulSet "
            "that "
            "must never run twice starts no other pod.",
            "If the node is off for good, run `kubectl delete node NODE`. If it may still run, turn it off first: two "
            "job "
            "managers must never write one database.",
        ),
        warning(
            "MJS018",
            "The nodes cannot hold the system at its maximum",
            "Some pods would stay Pending for ever, even if nothing else ran on the nodes.",
            "Add nodes, lower requests or the maximum of workers, or correct nodeSelector and tolerations.",
        ),
    ),
    "images": (
        error(
            "MJS020",
            "An image cannot be pulled",
            "The reference is wrong, the tag does not exist, or the registry denies access.",
            "Correct images.*, add images.pullSecrets, or let the nodes reach the registry.",
        ),
    ),
    "pods": (
        error(
            "MJS021",
            "A container keeps exiting",
            "The process exits soon after its start. Its log says why.",
            "Read `kubectl -n NAMESPACE logs POD --previous`.",
        ),
        error(
            "MJS022",
            "A container ran out of memory",
            "The container used more memory than its limit, and the kernel ended it.",
            "Raise the memory limit. The job manager needs 2Gi for 1,000 workers, and 1Gi more for each further 1,000.",
        ),
        error(
            "MJS023",
            "A Secret or ConfigMap is missing",
            "A pod mounts or reads an object that does not exist, so it cannot start.",
            "Run `pulumi refresh` and `pulumi up`, which create it again. If it is not the stack's, create it "
            "yourself.",
        ),
        error(
            "MJS024",
            "A probe fails",
            "The process does not answer in time. At the start, the usual cause is slow storage, such as MATLAB over "
            "NFS; "
            "later, it is memory or load.",
            "Raise probes.startupFailureThreshold, or give the pod more memory and CPU.",
        ),
        warning(
            "MJS025",
            "A pod has a container that the stack did not define",
            "A service mesh injected a sidecar. MJS's own TLS and worker names do not pass through it.",
            "Turn injection off for the namespace.",
        ),
        error("MJS026", "A Deployment is missing", ABSENT, RESTORE),
        error(
            "MJS027",
            "Rights of the controller are missing",
            "Its ServiceAccount, Role or RoleBinding was deleted, or never created. It can neither start nor see "
            "workers.",
            RESTORE,
        ),
        error(
            "MJS028",
            "A Deployment or StatefulSet is stopped",
            "A Deployment or StatefulSet has 0 replicas, so Kubernetes runs none of its pods. Somebody scaled it "
            "down, or "
            "`python -m ops move-claim` was not followed by its `up`.",
            "Scale it to 1; after `move-claim`, write the new claim into the stack file and run `make up` instead.",
        ),
    ),
    "queue": (
        warning(
            "MJS029",
            "The queue is paused",
            "An update paused it more than an hour ago and has not resumed it, so no queued job starts. Either the "
            "update "
            "still waits for jobs, or it was interrupted.",
            "If no update runs, run `make up`, which resumes the queue whatever else it does.",
        ),
    ),
    "storage": (
        error(
            "MJS030",
            "A claim does not exist",
            "A pod mounts a PersistentVolumeClaim that is not in the namespace.",
            "Create the claim, or correct its name in the stack config.",
        ),
        error(
            "MJS031",
            "A claim is not bound",
            "Its StorageClass does not exist or cannot provide the volume, or its volume is lost.",
            "Correct storage.*.storageClass. The claim's events say what the provisioner answered.",
        ),
        error(
            "MJS032",
            "A volume is attached to another node",
            "A ReadWriteOnce volume serves one node at a time, and another pod of the cluster uses it elsewhere.",
            "Put both pods on one node with nodeSelector, or use a ReadWriteMany class for storage.log.",
        ),
        error(
            "MJS033",
            "A claim is being deleted",
            "Somebody deleted it. Kubernetes waits until no pod uses it. Then, with reclaim policy Delete, its data is "
            "deleted.",
            "Do not stop or restart its pods. First set the reclaim policy of its volume to Retain, so that the data "
            "outlives the claim. When the claim is gone, remove the volume's claimRef and create a claim that names "
            "it.",
        ),
    ),
    "network": (
        error(
            "MJS040",
            "The load balancer has no address",
            "No load-balancer implementation has given the Service an address.",
            "Install one, correct network.loadBalancer.class and annotations, or set network.clusterHost.",
        ),
        error(
            "MJS041",
            "The Service for clients is missing",
            "The ingress proxy runs, but no Service mjs-ingress-proxy points to it.",
            "Run `pulumi refresh` and `pulumi up`, or create it if network.loadBalancer.create is false.",
        ),
        error(
            "MJS042",
            "A port of the Service has a different target port",
            "The controller rejects a Service whose port and targetPort differ.",
            "Make every targetPort the number of its port.",
        ),
        warning(
            "MJS043",
            "A pool proxy has no owner",
            "Its Deployment lost its owner reference, so it survives the controller.",
            "Delete the Deployment. The controller creates the ones that it needs.",
        ),
    ),
    "credentials": (
        error(
            "MJS050",
            "A Secret lacks a file or cannot be read",
            "The Secret comes from another version or was edited by hand.",
            "Run `pulumi refresh` and `pulumi up`, which restore it.",
        ),
        error(
            "MJS051",
            "Certificates are from different CAs",
            "The proxy, the profile and the job manager trust different CAs, so clients cannot connect.",
            "Run `pulumi refresh` and `pulumi up`, restart the proxy, and give the users the new profile.",
        ),
        error(
            "MJS052",
            "A certificate has expired",
            "Clients and pods reject it.",
            "Increase security.leafGeneration. If it is the CA: increase security.credentialsGeneration, or renew "
            "security.authority. Hand out the new profile.",
        ),
        warning(
            "MJS053",
            "A certificate expires within 60 days",
            "When it expires, clients and pods reject it.",
            "Increase security.leafGeneration. If it is the CA, plan the day and increase "
            "security.credentialsGeneration: "
            "that invalidates every profile. Hand out the new profile.",
        ),
    ),
    "logs": MATLAB_LOGS,
}
"""By chapter of the runbook, and in the order of their codes."""
_BY_CODE: Final = {row.code: row for rows in MATLAB.values() for row in rows}


def like(code: str, remedy: str | None = None, **changes: str) -> Row:
    """The row that MATLAB has under the same number, with a system's own words where they differ."""
    row = _BY_CODE[f"MJS{code[3:]}"]._replace(code=code, **changes)  # type: ignore[arg-type]
    return row if remedy is None else row._replace(remedy=remedy)
