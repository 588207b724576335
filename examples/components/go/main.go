package main

import (
	"example.com/pulumi-clusters/sdk/go/clusters"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		mjs, err := clusters.NewMatlabCluster(ctx, "mjs", &clusters.MatlabClusterArgs{
			Kubernetes: clusters.TargetArgs{Context: pulumi.StringRef("research-cluster")},
			Release:    "r2026a",
			Workers: clusters.MatlabWorkersArgs{
				Max: 64,
				Resources: &clusters.MatlabWorkerResourcesArgs{
					CpuRequest:    pulumi.StringRef("4"),
					MemoryRequest: pulumi.StringRef("16Gi"),
					MemoryLimit:   pulumi.StringRef("16Gi"),
				},
			},
			Network:               &clusters.MatlabNetworkArgs{ClusterHost: pulumi.StringRef("matlab.example.org")},
			License:               &clusters.MatlabLicenseArgs{NetworkLicenseManager: pulumi.StringRef("27000@license.example.org")},
			SecurityAdminPassword: config.RequireSecret(ctx, "adminPassword"),
		})
		if err != nil {
			return err
		}
		ctx.Export("namespace", mjs.Namespace)
		ctx.Export("profile", mjs.Profile)
		return nil
	})
}
