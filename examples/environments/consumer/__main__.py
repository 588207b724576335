"""Gives the cluster profile of a MATLAB stack to notebooks, as a Secret in their namespace."""

import pulumi
from pulumi_kubernetes.core.v1 import Secret

config = pulumi.Config()
clusters = pulumi.StackReference(config.require("clusters"))

profile = Secret(
    "matlab-profile",
    metadata={"name": "matlab-profile", "namespace": config.require("namespace")},
    # A secret output of the other stack stays one: it is encrypted in this state too.
    string_data={"profile.json": clusters.require_output("profile")},
)

pulumi.export("address", clusters.require_output("externalAddress"))
pulumi.export("profile", profile.metadata["name"])
