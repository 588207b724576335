// Command node is everything that runs on the node of the tests besides containerd and runc: the name under which it is
// called says which part of it runs. All of it is compiled against the modules of the control plane, so that Go's cache
// holds most of it already.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"clusters.local/node/controller"
	"clusters.local/node/networkpolicy"
	"clusters.local/node/proxy"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	kubeproxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kube-proxy":
		os.Exit(cli.Run(kubeproxy.NewProxyCommand()))
	case "coredns":
		coremain.Run()
	case "network-policies":
		exit(networkpolicy.Run(os.Args[1]))
	case "mjs-controller":
		exit(controller.Run(os.Args[1:]))
	case "parallel-server-proxy":
		exit(proxy.Run(os.Args[1:]))
	default:
		exit(fmt.Errorf("%s is not a part of the node", name))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
