"""`python -m ops doctor` on a cluster that is broken in one way after the other."""

from __future__ import annotations

import json
import tarfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from components.matlab.job_queue import PAUSED
from components.stack import load_file
from ops.doctor.command import examined
from ops.doctor.logs import with_logs
from ops.doctor.place import places
from ops.doctor.rows_matlab import MATLAB
from ops.doctor.snapshot import Snapshot
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import every_node_labelled, path_of, wait_for
from tests.e2e.patient import MERGE, WORKER, Patient, a_large_image, doctor, ended, event, text_of, waiting
from tests.pem import pair

SECONDS = 5.0


def test_every_row_of_the_runbook(checkout: Checkout) -> None:
    checkout.run("up")
    patient = Patient(checkout)
    the_command_finds_a_healthy_cluster_healthy(patient)
    a_bundle_for_support_holds_no_secret(patient)
    for story in STORIES:
        patient.expect()
        story(patient)
    a_thousand_workers(patient)
    the_namespace(patient)
    without_logs = {row.code for title, rows in MATLAB.items() if title != "logs" for row in rows}
    assert sorted(without_logs - patient.seen) == []


def the_command_finds_a_healthy_cluster_healthy(patient: Patient) -> None:
    """And it writes nothing: not even an access review."""
    before = patient.checkout.control_plane.audit_log.read_text().count('"verb":"create"')
    done = doctor(patient.checkout)
    assert done.returncode == 0, done.stderr
    healthy, nothing, logs = done.stdout.splitlines()
    assert (healthy, nothing) == ("Namespace mjs: healthy", "")
    assert logs.startswith("The log of pod mjs-controller-")
    assert logs.endswith("is a hollow node of the embedded cluster, which runs no containers")
    assert patient.checkout.control_plane.audit_log.read_text().count('"verb":"create"') == before
    (answer,) = json.loads(doctor(patient.checkout, "--json").stdout)["namespaces"]
    (unread,) = answer.pop("notChecked")
    assert unread.startswith("The log of pod mjs-controller-")
    assert answer == {"namespace": "mjs", "findings": [], "suppressed": []}


def a_bundle_for_support_holds_no_secret(patient: Patient) -> None:
    """Not one value of a Secret of the namespace, generated or given, and not what an environment holds in clear."""
    file = patient.checkout.root / "bundle.tar.gz"
    patient.post("events", event("nobody", "Talks", patient.checkout.secret("mjs-admin-password")["password"]))
    done = doctor(patient.checkout, "--bundle", str(file))
    assert done.returncode == 0, done.stderr
    patient.forget_events()
    with tarfile.open(file) as archive:
        members = {entry.name: archive.extractfile(entry) for entry in archive}
        texts = {name: stream.read().decode() for name, stream in members.items() if stream}
    assert {"report.txt", "mjs/Pod.json", "mjs/Event.json", "mjs/Secret.json", "mjs/Node.json"} <= set(texts)
    secrets = patient.api.request("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets")["items"]
    values = {encoded for secret in secrets for encoded in secret["data"].values()}
    assert len(values) > 3
    for name, text in texts.items():
        for encoded in values:
            assert encoded not in text, name
            assert b64decode(encoded).decode() not in text, name


def a_missing_secret(patient: Patient) -> None:
    secret = patient.checkout.get("secrets", "mjs-admin-password")
    assert secret is not None
    patient.delete("Secret/mjs-admin-password")
    patient.restart("mjs-job-manager")
    patient.expect("MJS023", words="Secret mjs-admin-password does not exist, and pod mjs-job-manager-")
    done = doctor(patient.checkout)
    assert done.returncode == 1
    assert "error MJS023  Secret mjs-admin-password does not exist" in done.stdout
    assert "docs/runbook.md#mjs023" in done.stdout
    (finding,) = json.loads(doctor(patient.checkout, "--json").stdout)["namespaces"][0]["findings"]
    assert (finding["code"], finding["level"], finding["kind"]) == ("MJS023", "error", "Secret")
    metadata = {"name": "mjs-admin-password", "labels": secret["metadata"]["labels"]}
    patient.post("secrets", {**secret, "metadata": metadata})


def a_secret_of_workers_that_do_not_run_yet(patient: Patient) -> None:
    """All is Ready, and no job will ever start."""
    secret = patient.checkout.get("secrets", "mjs-worker-user")
    assert secret is not None
    patient.delete("Secret/mjs-worker-user")
    patient.expect("MJS023", words="Secret mjs-worker-user does not exist, and every new worker needs it")
    metadata = {"name": "mjs-worker-user", "labels": secret["metadata"]["labels"]}
    patient.post("secrets", {**secret, "metadata": metadata})


def a_selector_that_no_node_has(patient: Patient) -> None:
    selector = {"spec": {"template": {"spec": {"nodeSelector": {"no": "such-node"}}}}}
    patient.patch("Deployment/mjs-ingress-proxy", selector)
    patient.expect("MJS010", words="didn't match Pod's node affinity/selector")
    patient.patch("Deployment/mjs-ingress-proxy", {"spec": {"template": {"spec": {"nodeSelector": None}}}})


def a_worker_without_a_gpu(patient: Patient) -> None:
    container = {"name": "mjs-worker", "image": "worker", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    patient.post("pods", {**WORKER, "spec": {"containers": [container]}})
    patient.expect("MJS011", words="Insufficient nvidia.com/gpu. It requests 1 nvidia.com/gpu")
    patient.delete_pod()


def a_quota(patient: Patient) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    patient.post("resourcequotas", quota)
    patient.restart("mjs-ingress-proxy")
    patient.expect("MJS012", words="exceeded quota: none")
    patient.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/none")
    # Its event stays; the pods that are there now refute it.
    patient.expect()
    patient.forget_events()


def workers_that_are_too_big(patient: Patient) -> None:
    path = path_of("ConfigMap/mjs-worker-template")
    before = patient.api.request("GET", path)["data"]["pod-template.yaml"]
    assert "memory: 1Gi" in before
    patient.patch("ConfigMap/mjs-worker-template", {"data": {"pod-template.yaml": before.replace("1Gi", "1Ti")}})
    patient.expect("MJS013", words="requests 1Ti of memory for each worker, and the largest node offers 3840Mi")
    patient.patch("ConfigMap/mjs-worker-template", {"data": {"pod-template.yaml": before}})


def more_workers_than_the_nodes_hold(patient: Patient) -> None:
    workers = patient.checkout.matlab["workers"]
    workers["max"] = 100
    patient.checkout.write()
    patient.expect("MJS018", words="workers: 100 pods request 500m CPU and 1Gi of memory each, and the 4 nodes")
    with every_node_labelled(patient.api, **{"eks.amazonaws.com/nodegroup": "a"}):
        patient.expect()
        assert "so an autoscaler may add more" in doctor(patient.checkout).stdout
    workers["max"] = 4
    patient.checkout.write()


def karpenter(patient: Patient) -> None:
    """The program's own workers have the annotation; those of somebody who set it to false do not keep their nodes."""
    template = patient.api.get(path_of("ConfigMap/mjs-worker-template")) or {}
    before = template["data"]["pod-template.yaml"]
    mark = "karpenter.sh/do-not-disrupt: 'true'"
    assert mark in before
    with every_node_labelled(patient.api, **{"karpenter.sh/nodepool": "default"}):
        patient.expect()
        other = before.replace(mark, mark.replace("true", "false"))
        patient.patch("ConfigMap/mjs-worker-template", {"data": {"pod-template.yaml": other}})
        patient.expect("MJS015", words="has no annotation karpenter.sh/do-not-disrupt")
    patient.patch("ConfigMap/mjs-worker-template", {"data": {"pod-template.yaml": before}})


def an_image_that_fits_on_no_disk(patient: Patient) -> None:
    image = patient.checkout.deployment("mjs-job-manager")["spec"]["template"]["spec"]["containers"][0]["image"]
    with a_large_image(patient.api, image) as again:
        patient.expect("MJS016", words="the image has 931.3Gi, and node ", again=again)


def workers_that_have_failed(patient: Patient) -> None:
    patient.worker({"phase": "Failed", "reason": "Evicted"})
    patient.expect("MJS014", words="has failed (Evicted) and was not deleted")
    patient.delete_pod()


def containers_that_do_not_run(patient: Patient) -> None:
    """Nothing runs on hollow nodes, so the API server is told what a kubelet would say."""
    for code, state, words in (
        ("MJS020", {"state": waiting("ImagePullBackOff", "not found")}, "cannot pull image worker:r2026a: not found"),
        (
            "MJS021",
            {"state": waiting("CrashLoopBackOff"), **ended("Error", 3)},
            "keeps exiting in container mjs-worker",
        ),
        ("MJS022", {"state": waiting("CrashLoopBackOff"), **ended("OOMKilled", 137)}, "ran out of memory"),
        ("MJS023", {"state": waiting("CreateContainerConfigError", 'no key "x"')}, 'cannot start: no key "x"'),
    ):
        container = {"name": "mjs-worker", "image": "worker:r2026a", "imageID": "", "ready": False, "restartCount": 9}
        patient.worker({"phase": "Pending", "containerStatuses": [{**container, **state}]})
        patient.expect(code, words=words)
        patient.delete_pod()


def events_of_a_kubelet(patient: Patient) -> None:
    for code, reason, message in (
        ("MJS024", "Unhealthy", "Startup probe failed: timeout"),
        ("MJS032", "FailedAttachVolume", "Multi-Attach error for volume pvc-1: used by another node"),
    ):
        patient.worker({"phase": "Pending"})
        patient.post("events", event("mjs-worker-1", reason, message))
        patient.expect(code, words=message)
        patient.delete_pod()
        patient.forget_events()


def a_sidecar(patient: Patient) -> None:
    sidecar = {"name": "istio-proxy", "image": "istio"}
    spec = WORKER["spec"]
    patient.post("pods", {**WORKER, "spec": {**spec, "containers": [*spec["containers"], sidecar]}})
    patient.expect("MJS025", words="a container that the stack did not define: istio-proxy")
    patient.delete_pod()


def a_deleted_controller(patient: Patient) -> None:
    patient.delete("Deployment/mjs-controller")
    patient.expect("MJS026", words="Deployment mjs-controller is missing")
    patient.restore()


def a_job_manager_that_somebody_stopped(patient: Patient) -> None:
    """Nothing is missing and no pod fails, yet nobody can submit a job."""
    path = f"{path_of('Deployment/mjs-job-manager')}"
    for replicas in (0, 1):
        patient.api.request("PATCH", path, {"spec": {"replicas": replicas}}, content_type=MERGE)
        if not replicas:
            patient.expect("MJS028", words="Deployment mjs-job-manager is stopped: it has 0 replicas")
            done = doctor(patient.checkout)
            assert "Scale it to 1; after `move-claim`" in done.stdout


def a_queue_that_an_update_left_paused(patient: Patient) -> None:
    path = f"{path_of('Deployment/mjs-job-manager')}"
    for since in (datetime.now(UTC) - timedelta(minutes=54), datetime.now(UTC) - timedelta(minutes=56), None):
        value = since and f"{since:%Y-%m-%dT%H:%M:%SZ}"
        body = {"metadata": {"annotations": {PAUSED: value}}}
        patient.api.request("PATCH", path, body, content_type=MERGE)
        # The doctor of these tests looks in five minutes.
        expected = ["MJS029"] if since and since < datetime.now(UTC) - timedelta(minutes=55) else []
        patient.expect(*expected, words=f"has had a paused queue since {value}" if expected else "")


def the_rights_of_the_controller(patient: Patient) -> None:
    patient.delete("RoleBinding/mjs-controller-rolebinding")
    patient.expect("MJS027", words="RoleBinding mjs-controller-rolebinding is missing")
    patient.restore()


def claims(patient: Patient) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "storageClassName": "missing",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    spec = {"containers": WORKER["spec"]["containers"], "volumes": [volume]}
    patient.post("pods", {**WORKER, "spec": spec})
    patient.expect("MJS030", words="PersistentVolumeClaim data does not exist, and pod mjs-worker-1 needs it")
    patient.post("persistentvolumeclaims", claim)
    patient.expect("MJS031", words="there is no StorageClass missing (available: standard)")
    (diagnosis,) = patient.look()
    assert [one.code for one in diagnosis.consequences] == ["MJS010"], "the pod waits for the claim"
    patient.delete_pod()
    patient.delete("PersistentVolumeClaim/data")
    wait_for(lambda: patient.api.get(path_of("PersistentVolumeClaim/data")) is None)


def a_claim_that_somebody_deleted(patient: Patient) -> None:
    """It stays until its pods are gone: what looks healthy now is lost at the next restart."""
    path = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    patient.api.request(
        "POST", path, {"metadata": {"name": "mjs-data", "finalizers": ["example.org/used"]}, "spec": spec}
    )
    wait_for(lambda: patient.api.request("GET", f"{path}/mjs-data")["spec"].get("volumeName"))
    patient.api.request("DELETE", f"{path}/mjs-data")
    patient.expect("MJS033", words="PersistentVolumeClaim mjs-data is being deleted")
    volume = patient.api.request("GET", f"{path}/mjs-data")["spec"]["volumeName"]
    assert f"kubectl patch persistentvolume {volume} --patch" in doctor(patient.checkout).stdout
    patient.api.request("PATCH", f"{path}/mjs-data", {"metadata": {"finalizers": None}}, content_type=MERGE)


def a_pod_that_does_not_end(patient: Patient) -> None:
    """Its node is gone, and the API server waits for the kubelet."""
    pod = {**WORKER, "metadata": {**WORKER["metadata"], "finalizers": ["example.org/stuck"]}}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    patient.api.request("POST", path, pod)
    patient.api.request("DELETE", f"{path}/mjs-worker-1")
    patient.expect()
    patient.expect("MJS017", words="Pod mjs-worker-1 should have ended at ", later=timedelta(minutes=11))
    patient.api.request("PATCH", f"{path}/mjs-worker-1", {"metadata": {"finalizers": None}}, content_type=MERGE)


def the_load_balancer(patient: Patient) -> None:
    service = patient.checkout.get("services", "mjs-ingress-proxy")
    assert service is not None
    (port,) = service["spec"]["ports"]
    moved = {"spec": {"ports": [{**port, "targetPort": 1}]}}
    patient.patch("Service/mjs-ingress-proxy", moved)
    patient.expect("MJS042", words="maps ports to other numbers: 1080 → 1")
    patient.delete("Service/mjs-ingress-proxy")
    patient.expect("MJS041")
    metadata = {"name": "mjs-ingress-proxy"}
    spec = {"type": "LoadBalancer", "loadBalancerClass": "example.org/nobody", "ports": [{"port": 1080}]}
    patient.post("services", {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    patient.delete("Secret/mjs-cluster-profile")
    patient.expect("MJS040", words="has no external address")
    patient.delete("Service/mjs-ingress-proxy")
    patient.restore()


def a_pool_proxy_without_owner(patient: Patient) -> None:
    deployment = patient.checkout.deployment("mjs-ingress-proxy")
    labels = {"app": "somebody"}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": deployment["spec"]["template"]["spec"]},
    }
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mjs-pool-proxy-1"}, "spec": spec}
    patient.api.request("POST", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", body)
    patient.expect("MJS043", words="Deployment mjs-pool-proxy-1 has no owner")
    patient.delete("Deployment/mjs-pool-proxy-1")


def credentials(patient: Patient) -> None:
    secret = patient.checkout.secret("mjs-parallel-server-proxy-secret")
    document = json.loads(secret["certificate.json"])

    def write(**changes: str) -> None:
        text = b64encode(json.dumps({**document, **changes}).encode()).decode()
        patient.patch("Secret/mjs-parallel-server-proxy-secret", {"data": {"certificate.json": text}})

    write(serverCert=pair("another CA").certificate)
    patient.expect("MJS051", words="has a certificate of another CA than Secret mjs-shared-secret")
    write(clientCert=pair("old", ends=-timedelta(days=1)).certificate)
    patient.expect("MJS052", words="holds an expired certificate")
    write(clientCert=pair("soon", ends=timedelta(days=30)).certificate)
    patient.expect("MJS053", words="holds a certificate that expires on")
    write(clientCert="nonsense")
    patient.expect("MJS050", words="its certificate is not a certificate")
    key = pair("secret").key.splitlines()[1]
    write(clientKey=key, serverCert=1)  # type: ignore[arg-type]
    patient.expect("MJS050", words="a file is damaged")
    assert key not in text_of(patient.look())
    a_finding_that_is_normal_here(patient)
    write()


def a_finding_that_is_normal_here(patient: Patient) -> None:
    """It is listed with its reason, and does not count; a code that nobody knows is a warning."""
    codes = [{"code": "MJS050", "reason": "Being replaced."}, {"code": "MJS999", "reason": "A typing error."}]
    patient.checkout.config["config"]["clusters:doctor"] = {"suppress": codes}
    patient.checkout.write()
    done = doctor(patient.checkout)
    assert done.returncode == 0, done.stdout
    assert "suppressed MJS050  Secret mjs-parallel-server-proxy-secret cannot be used" in done.stdout
    assert "  reason: Being replaced.\n" in done.stdout
    assert "warning: doctor.suppress: MJS999 is not a code that `python -m ops doctor` reports.\n" in done.stderr
    assert done.stderr.count("MJS") == 1
    del patient.checkout.config["config"]["clusters:doctor"]
    patient.checkout.write()


def somebody_elses_objects(patient: Patient) -> None:
    metadata = {"name": "mjs-other", "annotations": {"meta.helm.sh/release-name": "mjs"}}
    patient.post("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    patient.expect("MJS003", words="holds objects of Helm release mjs and stack dev")
    patient.delete("ConfigMap/mjs-other")


def a_thousand_workers(patient: Patient) -> None:
    """Nobody on call waits longer than five seconds for an answer."""

    def create(number: int) -> None:
        patient.post("pods", {**WORKER, "metadata": {**WORKER["metadata"], "name": f"mjs-worker-{number}"}})

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(create, range(1000)))
    (place,) = places(load_file(patient.checkout.stack_file))
    begin = time.monotonic()
    snapshot = with_logs(patient.api, place, Snapshot.take(patient.api, NAMESPACE))
    assert examined(place, snapshot).diagnoses == []
    assert time.monotonic() - begin < SECONDS
    assert len(snapshot.of("Pod")) > 1000


def the_namespace(patient: Patient) -> None:
    assert [item.cause.code for item in patient.look(namespace="default")] == ["MJS002"]
    held = {"metadata": {"finalizers": ["example.org/held"]}}
    patient.patch("ConfigMap/mjs-worker-config", held)
    patient.delete(f"Namespace/{NAMESPACE}")
    wait_for(lambda: "MJS001" in {item.cause.code for item in patient.look()} or not patient.look())
    patient.patch("ConfigMap/mjs-worker-config", {"metadata": {"finalizers": None}})
    patient.checkout.wait_until_gone()


STORIES: tuple[Callable[[Patient], None], ...] = (
    a_missing_secret,
    a_secret_of_workers_that_do_not_run_yet,
    a_selector_that_no_node_has,
    a_worker_without_a_gpu,
    a_quota,
    workers_that_are_too_big,
    more_workers_than_the_nodes_hold,
    karpenter,
    an_image_that_fits_on_no_disk,
    workers_that_have_failed,
    containers_that_do_not_run,
    events_of_a_kubelet,
    a_sidecar,
    a_deleted_controller,
    a_job_manager_that_somebody_stopped,
    a_queue_that_an_update_left_paused,
    the_rights_of_the_controller,
    claims,
    a_claim_that_somebody_deleted,
    a_pod_that_does_not_end,
    the_load_balancer,
    a_pool_proxy_without_owner,
    credentials,
    somebody_elses_objects,
)
