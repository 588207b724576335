// Package networkpolicy enforces NetworkPolicies on the node of the tests. How a policy is evaluated comes from
// sigs.k8s.io/kube-network-policies: its networkpolicy.go and packet.go are compiled into this package. This file is the
// rest: upstream's own controller needs a kernel with CONFIG_NFT_QUEUE, and NRI of another Kubernetes.
//
// The kernel hands over the first packet of each connection (iptables, target NFQUEUE) after the address of a Service was
// replaced with that of a pod. Without this program all new connections are refused.
package networkpolicy

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/florianl/go-nfqueue"
	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	queue   = 100
	byPodIP = "podIP"
)

// Config and Controller have the fields that networkpolicy.go reads.
type Config struct{ NodeName string }

type Controller struct {
	config              Config
	networkpolicyLister networkinglisters.NetworkPolicyLister
	namespaceLister     corelisters.NamespaceLister
	podLister           corelisters.PodLister
	pods                cache.Indexer
}

// Run judges packets until it is told to end.
func Run(kubeconfig string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	policies, core := factory.Networking().V1().NetworkPolicies(), factory.Core().V1()
	pods := core.Pods()
	if err := pods.Informer().AddIndexers(cache.Indexers{byPodIP: podIPs}); err != nil {
		return err
	}
	c := &Controller{
		networkpolicyLister: policies.Lister(),
		namespaceLister:     core.Namespaces().Lister(),
		podLister:           pods.Lister(),
		pods:                pods.Informer().GetIndexer(),
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	nf, err := nfqueue.Open(&nfqueue.Config{
		NfQueue:      queue,
		Flags:        nfqueue.NfQaCfgFlagGSO,
		MaxPacketLen: 128,
		MaxQueueLen:  1024,
		Copymode:     nfqueue.NfQnlCopyPacket,
		WriteTimeout: 100 * time.Millisecond,
	})
	if err != nil {
		return fmt.Errorf("opening queue %d: %w", queue, err)
	}
	defer nf.Close()
	judge := func(a nfqueue.Attribute) int {
		verdict := nfqueue.NfDrop
		if packet, err := parsePacket(*a.Payload); err == nil && c.allows(ctx, packet) {
			verdict = nfqueue.NfAccept
		}
		nf.SetVerdict(*a.PacketID, verdict) //nolint:errcheck
		return 0
	}
	if err := nf.RegisterWithErrorFunc(ctx, judge, func(error) int { return 0 }); err != nil {
		return err
	}
	fmt.Println("judging connections")
	<-ctx.Done()
	return nil
}

func podIPs(object any) ([]string, error) {
	pod, ok := object.(*v1.Pod)
	if !ok || pod.Spec.HostNetwork || pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed {
		return nil, nil
	}
	var found []string
	for _, ip := range pod.Status.PodIPs {
		found = append(found, ip.IP)
	}
	return found, nil
}

func (c *Controller) pod(ip string) *v1.Pod {
	if found, err := c.pods.ByIndex(byPodIP, ip); err == nil && len(found) > 0 {
		return found[0].(*v1.Pod)
	}
	return nil
}

// allows tells whether the policies of both ends allow a connection.
func (c *Controller) allows(ctx context.Context, p packet) bool {
	from, to := c.pod(p.srcIP.String()), c.pod(p.dstIP.String())
	out := c.evaluator(ctx, c.getNetworkPoliciesForPod(from), networkingv1.PolicyTypeEgress,
		from, p.srcPort, to, p.dstIP, p.dstPort, p.proto)
	return out && c.evaluator(ctx, c.getNetworkPoliciesForPod(to), networkingv1.PolicyTypeIngress,
		to, p.dstPort, from, p.srcIP, p.srcPort, p.proto)
}
