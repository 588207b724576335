import * as clusters from "@pulumi/clusters";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const mjs = new clusters.MatlabCluster("mjs", {
    kubernetes: { context: "research-cluster" },
    release: "r2026a",
    workers: {
        max: 64,
        resources: { cpuRequest: "4", memoryRequest: "16Gi", memoryLimit: "16Gi" },
    },
    network: { clusterHost: "matlab.example.org" },
    license: { networkLicenseManager: "27000@license.example.org" },
    securityAdminPassword: config.requireSecret("adminPassword"),
});

export const namespace = mjs.namespace;
export const profile = mjs.profile;
