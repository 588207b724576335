package main

// A hollow node: Kubernetes' own kubelet, from Kubernetes' own pkg/kubemark, with a fake container runtime behind it.
//
// Upstream's cmd/kubemark fixes three things that it has no flag for:
//   - the kubelet's server listens on 0.0.0.0 (pkg/kubemark/hollow_kubelet.go, c.Address), where anybody on the network
//     reaches it: here it has no server at all, and a fake runtime could serve nothing anyway;
//   - the socket of the fake runtime is in /tmp, readable by all users (cri-client/pkg/fake/endpoint.go);
//   - the root folder, where Secrets of pods are written, is a new folder in /tmp at each start that nobody removes.

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	remote "k8s.io/cri-client/pkg"
	fakeremote "k8s.io/cri-client/pkg/fake"
	"k8s.io/klog/v2"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubemark"
)

const (
	maxPods        = 110
	runtimeTimeout = 15 * time.Second
	// A hollow node has nothing to report: the lease, renewed four times as often, keeps it Ready.
	statusUpdateFrequency = 40 * time.Second
	// The real kubelet's default. pkg/kubemark's 10 s costs CPU time for each pod.
	syncFrequency = time.Minute
)

func hollowNode() {
	name := flag.String("name", "", "Name of the Node to register.")
	kubeconfig := flag.String("kubeconfig", "", "Path of the kubeconfig of this Node (user system:node:NAME, group system:nodes).")
	root := flag.String("root-dir", "", "Folder for the kubelet's files and sockets. Its path must be short: a socket's path ends at 107 bytes.")
	flag.Parse()
	if err := run(context.Background(), *name, *kubeconfig, *root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, kubeconfig, root string) error {
	if name == "" || kubeconfig == "" || root == "" {
		return fmt.Errorf("--name, --kubeconfig and --root-dir are needed")
	}
	// pkg/kubemark makes its folders with os.MkdirTemp.
	if err := os.Setenv("TMPDIR", root); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("the kubeconfig %s cannot be read: %w", kubeconfig, err)
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.UserAgent = "hollow-kubelet"
	client, err := clientset.NewForConfig(config)
	if err != nil {
		return err
	}

	flags, kubelet := kubemark.GetHollowKubeletConfig(&kubemark.HollowKubeletOptions{NodeName: name, MaxPods: maxPods})
	kubelet.EnableServer = false
	kubelet.ReadOnlyPort = 0
	kubelet.Address = "127.0.0.1"
	kubelet.HealthzBindAddress = "127.0.0.1"
	kubelet.HealthzPort = 0
	kubelet.NodeStatusUpdateFrequency.Duration = statusUpdateFrequency
	kubelet.SyncFrequency.Duration = syncFrequency

	// Heartbeats have a client of their own, as in upstream's kubelet: they must not queue behind other requests.
	heartbeat := *config
	heartbeat.Timeout = time.Duration(kubelet.NodeLeaseDurationSeconds) * time.Second
	heartbeat.QPS = -1
	heartbeatClient, err := clientset.NewForConfig(&heartbeat)
	if err != nil {
		return err
	}

	endpoint := "unix://" + filepath.Join(root, "runtime.sock")
	runtime := fakeremote.NewFakeRemoteRuntime()
	if err := runtime.Start(endpoint); err != nil {
		return fmt.Errorf("the fake container runtime cannot listen on %s: %w", endpoint, err)
	}
	defer runtime.Stop()
	logger := klog.Background()
	runtimeService, err := remote.NewRemoteRuntimeService(endpoint, runtimeTimeout, noop.NewTracerProvider(), &logger)
	if err != nil {
		return fmt.Errorf("the fake container runtime does not answer: %w", err)
	}

	klog.InfoS("Hollow kubelet starts", "node", name, "rootDirectory", flags.RootDirectory)
	kubemark.NewHollowKubelet(
		flags, kubelet,
		client, heartbeatClient,
		&cadvisortest.Fake{NodeName: name},
		runtime.ImageService,
		runtimeService,
		cm.NewStubContainerManager(),
	).Run(ctx)
	return nil
}
