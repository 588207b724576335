"""A MATLAB cluster for the lab."""

import pulumi
import pulumi_clusters as clusters

config = pulumi.Config()

mjs = clusters.MatlabCluster(
    "mjs",
    kubernetes={"context": "research-cluster"},
    release="r2026a",
    workers={
        "max": 64,
        "resources": {"cpu_request": "4", "memory_request": "16Gi", "memory_limit": "16Gi"},
    },
    network={"cluster_host": "matlab.example.org"},
    license={"network_license_manager": "27000@license.example.org"},
    security_admin_password=config.require_secret("adminPassword"),
)

pulumi.export("namespace", mjs.namespace)
pulumi.export("profile", mjs.profile)
