// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider. Upstream's own main needs two files that its
// repository generates; here the build takes their sources from the module, with Go's -overlay.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// `pulumi import` asks for the schema.
//
//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
