"""The way from chart 1.x: its controller makes the job manager, so nothing can be taken over in place."""

from __future__ import annotations

from typing import Final

from ops.adopt.helm_release import Release
from ops.helm_import.chart_versions import spelled

STEPS: Final = """\
Release {release} is of chart {chart}, whose controller makes the job manager itself. It cannot be taken over in place.
Move it; the claims, the CA and the administrator's password are kept:

 1. Pause the job manager, wait for running jobs, and let users fetch their results.
 2. Save the values, and keep the CA from being deleted with the controller:
      helm get values {release} {where} --output yaml > values.yaml
      kubectl patch secret mjs-shared-secret {where} --type merge --patch '{{"metadata":{{"ownerReferences":null}}}}'
 3. Make the stack file, and put the credentials into the config of the new stack:
      python -m ops import-values values.yaml --chart-version {chart} --namespace {namespace} --context {context} \
--out Pulumi.{stack}.yaml
      pulumi stack init {stack}
      kubectl get secret mjs-shared-secret {where} \
--output 'go-template={{{{index .data "secret.json" | base64decode}}}}' > secret.json
      jq -r .serverCert secret.json | pulumi config set --path matlab.security.authority.certificate
      jq -r .serverKey secret.json | pulumi config set --secret --path matlab.security.authority.key
      rm secret.json
    Then run the commands for secrets that the head of the stack file lists.
 4. Uninstall, and delete what the stack makes anew from its config:
      helm uninstall {release} {where} --wait
      kubectl delete secret mjs-shared-secret mjs-admin-password {where} --ignore-not-found
 5. {database}
 6. Deploy, and compare the address of the load balancer: `pulumi up`

Not kept: running jobs; the load balancer's address, unless your cloud lets you reserve it; profiles, if the address
changes or if the new release is R2026a or later (hand out the new one: `pulumi stack output profile --show-secrets`);
the certificates of the metrics; the names of worker logs.
"""
AT_THE_TOP: Final = """\
The job database is at the top of claim {claim}. Here it is in a folder named after the release:
      kubectl run mjs-move {where} --image busybox --restart Never --attach --rm --overrides '{{"spec":{{"volumes":[\
{{"name":"data","persistentVolumeClaim":{{"claimName":"{claim}"}}}}],"containers":[{{"name":"mjs-move","image":"busybox",\
"command":["sh","-c","mkdir /data/{matlab} && cd /data && for file in *; do test \\"$file\\" = {matlab} || \
test \\"$file\\" = lost+found || mv \\"$file\\" {matlab}/; done"],\
"volumeMounts":[{{"name":"data","mountPath":"/data"}}]}}]}}}}'"""
WHOLE_FOLDER: Final = """\
Claim {claim} holds the whole checkpoint folder of chart 1.4 and older, and MathWorks does not document where
    in it the database is. Queued jobs cannot be kept: finish or resubmit them. The old files stay in the claim."""
FIRST_AT_THE_TOP: Final = (1, 5, 0)


def guide(release: Release, namespace: str, context: str, stack: str) -> str:
    """The commands that move a release, and what they cannot keep."""
    facts = {
        "release": release.name,
        "chart": spelled(release.chart),
        "namespace": namespace,
        "context": context,
        "stack": stack,
        "where": f"--namespace {namespace}",
        "claim": release.values.get("checkpointPVC", "CLAIM"),
        "matlab": release.values.get("matlabRelease", "r2024a"),
    }
    database = AT_THE_TOP if release.chart >= FIRST_AT_THE_TOP else WHOLE_FOLDER
    return STEPS.format(**facts, database=database.format(**facts))
