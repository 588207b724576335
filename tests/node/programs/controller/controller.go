// Package controller does what the rest of the cluster sees of MathWorks' controller: it asks the job manager how many
// workers are wanted, makes their pods from the template, and deletes idle ones (docs/upstream.md). It cannot be
// downloaded where the tests run. Credentials and profiles come from the stack, so it writes none.
package controller

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"sigs.k8s.io/yaml"
)

// settings are the fields of config.json that are used here.
type settings struct {
	IdleStop, MinWorkers, Period int
	MatlabRootFile, ResizePath   string
	Network                      struct {
		BasePort                  int
		Namespace                 string
		RequireScriptVerification bool
	}
	ResourceNames  map[string]string
	AnnotationKeys map[string]string
}

// report is what `resize status` prints.
type report struct {
	JobManagers []struct {
		DesiredWorkers, MaxWorkers struct{ Linux int }
		Workers                    []struct {
			Name, State string
			SecondsIdle int
		}
	}
}

type controller struct {
	settings
	config *rest.Config
	client kubernetes.Interface
	owner  metav1.OwnerReference
}

// Run takes the one argument of the real controller, -config=PATH.
func Run(arguments []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &controller{}
	if len(arguments) != 1 || !strings.HasPrefix(arguments[0], "-config=") {
		return fmt.Errorf("usage: mjs-controller -config=PATH")
	}
	text, err := os.ReadFile(strings.TrimPrefix(arguments[0], "-config="))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &c.settings); err != nil {
		return err
	}
	if c.config, err = rest.InClusterConfig(); err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(c.config); err != nil {
		return err
	}
	deployment, err := c.client.AppsV1().Deployments(c.Network.Namespace).Get(ctx, c.ResourceNames["Controller"], metav1.GetOptions{})
	if err != nil {
		return err
	}
	c.owner = metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: deployment.Name, UID: deployment.UID}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(c.Period) * time.Second):
		}
		if err := c.round(ctx); err != nil {
			fmt.Println("error:", err)
		}
	}
}

func (c *controller) round(ctx context.Context) error {
	template, checksum, err := c.template(ctx)
	if err != nil {
		return err
	}
	workers, err := c.workers(ctx)
	if err != nil {
		return err
	}
	for name, pod := range workers {
		if pod.Annotations[c.AnnotationKeys["TemplateChecksum"]] != checksum {
			if err := c.delete(ctx, pod); err != nil {
				return err
			}
			delete(workers, name)
		}
	}
	status, err := c.ask(ctx)
	if err != nil {
		return err
	}
	if len(status.JobManagers) != 1 {
		return fmt.Errorf("%d job managers", len(status.JobManagers))
	}
	manager := status.JobManagers[0]
	desired := max(min(manager.DesiredWorkers.Linux, manager.MaxWorkers.Linux), c.MinWorkers)
	for id := 1; len(workers) < desired; id++ {
		name := template.Annotations[c.AnnotationKeys["WorkerPrefix"]] + strconv.Itoa(id)
		if workers[name] != nil {
			continue
		}
		pod := c.pod(template, checksum, name, id)
		if _, err := c.client.CoreV1().Pods(c.Network.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
		workers[name] = pod
	}
	for i := len(manager.Workers) - 1; i >= 0 && len(workers) > desired; i-- {
		worker := manager.Workers[i]
		if pod := workers[worker.Name]; pod != nil && worker.State == "idle" && worker.SecondsIdle >= c.IdleStop {
			if err := c.delete(ctx, pod); err != nil {
				return err
			}
			delete(workers, worker.Name)
		}
	}
	return nil
}

func (c *controller) template(ctx context.Context) (*v1.PodTemplateSpec, string, error) {
	found, err := c.client.CoreV1().ConfigMaps(c.Network.Namespace).Get(ctx, c.ResourceNames["WorkerTemplate"], metav1.GetOptions{})
	if err != nil {
		return nil, "", err
	}
	text, template := found.Data[c.ResourceNames["TemplateFile"]], &v1.PodTemplateSpec{}
	sum := sha256.Sum256([]byte(text))
	checksum := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
	return template, checksum, yaml.UnmarshalStrict([]byte(text), template)
}

func (c *controller) workers(ctx context.Context) (map[string]*v1.Pod, error) {
	options := metav1.ListOptions{LabelSelector: c.ResourceNames["WorkerLabel"]}
	list, err := c.client.CoreV1().Pods(c.Network.Namespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	found := map[string]*v1.Pod{}
	for i := range list.Items {
		pod := &list.Items[i]
		if name := pod.Annotations[c.AnnotationKeys["WorkerName"]]; name != "" && pod.DeletionTimestamp == nil {
			found[name] = pod
		}
	}
	return found, nil
}

func (c *controller) delete(ctx context.Context, pod *v1.Pod) error {
	return c.client.CoreV1().Pods(c.Network.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
}

func (c *controller) pod(template *v1.PodTemplateSpec, checksum, worker string, id int) *v1.Pod {
	random := make([]byte, 3)
	_, _ = rand.Read(random)
	meta, spec, keys := template.DeepCopy().ObjectMeta, template.DeepCopy().Spec, c.AnnotationKeys
	meta.Name = worker + "-" + hex.EncodeToString(random)[:5]
	meta.OwnerReferences = []metav1.OwnerReference{c.owner}
	host := meta.Name + "." + meta.Annotations[keys["WorkerDomain"]]
	for key, value := range map[string]string{"WorkerName": worker, "WorkerID": strconv.Itoa(id)} {
		meta.Annotations[keys[key]], meta.Labels[keys[key]] = value, value
	}
	meta.Annotations[keys["TemplateChecksum"]] = checksum
	spec.Hostname = meta.Name
	spec.HostAliases = []v1.HostAlias{{IP: "127.0.0.1", Hostnames: []string{host}}}
	container := &spec.Containers[0]
	for key, value := range map[string]string{
		"WORKER_NAME":                     worker,
		"LOGBASE":                         meta.Annotations[keys["LogDir"]] + "/" + worker,
		"HOSTNAME":                        host,
		"MDCE_OVERRIDE_INTERNAL_HOSTNAME": host,
		"MDCE_OVERRIDE_EXTERNAL_HOSTNAME": host,
	} {
		container.Env = append(container.Env, v1.EnvVar{Name: key, Value: value})
	}
	address := &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{FieldPath: "status.podIP"}}
	container.Env = append(container.Env, v1.EnvVar{Name: "MPICH_INTERFACE_HOSTNAME", ValueFrom: address})
	return &v1.Pod{ObjectMeta: meta, Spec: spec}
}

// ask runs `resize status` in the container of the job manager that is ready.
func (c *controller) ask(ctx context.Context) (*report, error) {
	options := metav1.ListOptions{LabelSelector: c.ResourceNames["JobManagerLabel"]}
	list, err := c.client.CoreV1().Pods(c.Network.Namespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	for _, pod := range list.Items {
		for _, container := range pod.Status.ContainerStatuses {
			if container.Ready && pod.DeletionTimestamp == nil {
				return c.execute(ctx, pod.Name, container.Name)
			}
		}
	}
	return nil, fmt.Errorf("no job manager is ready")
}

func (c *controller) execute(ctx context.Context, pod, container string) (*report, error) {
	command := fmt.Sprintf(`timeout 55 "$(cat %s)/%s" status -baseport %d`, c.MatlabRootFile, c.ResizePath, c.Network.BasePort)
	if c.Network.RequireScriptVerification {
		command += " -secretfile " + c.ResourceNames["SharedSecretDir"] + "/" + c.ResourceNames["SharedSecretFile"]
	}
	request := c.client.CoreV1().RESTClient().Post().Resource("pods").Name(pod).Namespace(c.Network.Namespace).
		SubResource("exec").VersionedParams(&v1.PodExecOptions{
		Container: container, Command: []string{"sh", "-c", command}, Stdout: true, Stderr: true,
	}, scheme.ParameterCodec)
	executor, err := remotecommand.NewSPDYExecutor(c.config, "POST", request.URL())
	if err != nil {
		return nil, err
	}
	var out, errors bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &errors}); err != nil {
		return nil, fmt.Errorf("%w: %s", err, errors.String())
	}
	status := &report{}
	return status, json.Unmarshal(out.Bytes(), status)
}
