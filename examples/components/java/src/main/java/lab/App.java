package lab;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.clusters.MatlabCluster;
import com.pulumi.clusters.MatlabClusterArgs;
import com.pulumi.clusters.inputs.MatlabLicenseArgs;
import com.pulumi.clusters.inputs.MatlabNetworkArgs;
import com.pulumi.clusters.inputs.MatlabWorkerResourcesArgs;
import com.pulumi.clusters.inputs.MatlabWorkersArgs;
import com.pulumi.clusters.inputs.TargetArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    private static void stack(Context context) {
        var mjs = new MatlabCluster("mjs", MatlabClusterArgs.builder()
            .kubernetes(TargetArgs.builder().context("research-cluster").build())
            .release("r2026a")
            .workers(MatlabWorkersArgs.builder()
                .max(64)
                .resources(MatlabWorkerResourcesArgs.builder()
                    .cpuRequest("4")
                    .memoryRequest("16Gi")
                    .memoryLimit("16Gi")
                    .build())
                .build())
            .network(MatlabNetworkArgs.builder().clusterHost("matlab.example.org").build())
            .license(MatlabLicenseArgs.builder().networkLicenseManager("27000@license.example.org").build())
            .securityAdminPassword(context.config().requireSecret("adminPassword"))
            .build());

        context.export("namespace", mjs.namespace());
        context.export("profile", mjs.profile());
    }
}
