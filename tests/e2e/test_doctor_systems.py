"""`python -m ops doctor` on Julia sessions and Arkouda servers that are broken in one way after the other."""

from __future__ import annotations

import copy
import dataclasses
import json
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from components.shared.kube import RESOURCES, Json
from components.stack import load_file
from ops.doctor.command import examined
from ops.doctor.findings import Diagnosis
from ops.doctor.place import Place, places
from ops.doctor.rows import SYSTEMS
from ops.doctor.snapshot import Snapshot
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.patient import MERGE, a_large_image, doctor, ended, event, waiting
from tests.e2e.test_three_systems import ARKOUDA, JULIA

SELF_REGISTERED = {"name": "lab", "admissionPolicy": False}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
HELD = "patient"
"""Name of the pods that the tests make."""


class Patient:
    """One system in its namespace, and the codes that the doctor has found there so far."""

    def __init__(self, checkout: Checkout, namespace: str, app: str, container: str) -> None:
        self.checkout, self.api, self.namespace = checkout, checkout.api, namespace
        self.app, self.container = app, container
        self.place = self.planned()
        self.prefix = self.place.code("")
        self.seen: set[str] = set()

    def planned(self) -> Place:
        """What the stack file describes there."""
        every = places(load_file(self.checkout.stack_file))
        return next(place for place in every if place.namespace == self.namespace)

    def path(self, kind: str, name: str = "") -> str:
        """Where the API serves a kind of the namespace, or one object."""
        return f"{RESOURCES[kind].path(self.namespace)}/{name}".rstrip("/")

    def look(self, minutes: int = 5) -> list[Diagnosis]:
        """What the doctor would say in five minutes: it is patient with claims and Services."""
        snapshot = Snapshot.take(self.api, self.namespace)
        later = dataclasses.replace(snapshot, taken=snapshot.taken + timedelta(minutes=minutes))
        found = list(examined(self.place, later).diagnoses)
        self.seen |= {one.code for item in found for one in (item.cause, *item.consequences)}
        return found

    def expect(
        self, *numbers: str, words: str = "", again: Callable[[], object] = lambda: None, minutes: int = 5
    ) -> None:
        """Wait until exactly these are the root causes, with these words."""
        end = time.monotonic() + 180
        while True:
            again()
            found = self.look(minutes)
            text = "\n".join(f"{item.cause.code} {item.cause.sentence}" for item in found)
            if [item.cause.code for item in found] == [self.prefix + number for number in numbers] and words in text:
                return
            assert time.monotonic() < end, text
            time.sleep(0.3)

    def pod(
        self, status: Json | None = None, containers: Iterable[Json] = (), resources: Json | None = None, **spec: Any
    ) -> None:
        """A pod of the system. With a status, no kubelet ever sees it, so the test can say what one would."""
        own = {"name": self.container, "image": "image:1", "securityContext": RESTRICTED, "resources": resources or {}}
        if status is not None:
            spec["schedulerName"] = "nobody"
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{self.app}-{HELD}", "labels": {"app": self.app}},
            "spec": {"containers": [own, *containers], **spec},
        }
        self.api.request("POST", self.path("Pod"), body)
        if status is not None:
            path = f"{self.path('Pod', f'{self.app}-{HELD}')}/status"
            self.api.request("PATCH", path, {"status": status}, content_type=MERGE)

    def delete(self, kind: str, name: str) -> None:
        """Delete one object, and wait until it is gone."""
        path = self.path(kind, name)
        self.api.request("DELETE", path, query={"gracePeriodSeconds": "0"})
        wait_for(lambda: self.api.get(path) is None)

    def discharge(self) -> None:
        """Delete the pod of the test and what is said about it."""
        self.delete("Pod", f"{self.app}-{HELD}")
        self.api.request("DELETE", self.path("Event"))


def test_every_row_of_julia_and_arkouda(checkout: Checkout) -> None:
    arkouda = {**ARKOUDA, "selfRegistered": [SELF_REGISTERED], "apiServer": "https://kubernetes.example.org:6443"}
    checkout.config["config"] |= {"clusters:arkouda": arkouda, "clusters:julia": JULIA}
    checkout.write()
    checkout.run("up")
    done = doctor(checkout)
    assert done.returncode == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("Namespace")] == [
        "Namespace mjs: healthy",
        "Namespace julia-ana: healthy",
        "Namespace arkouda: healthy",
    ]
    julia = Patient(checkout, "julia-ana", "julia-ana-worker", "worker")
    servers = Patient(checkout, "arkouda", "small", "server")
    for patient in (julia, servers):
        pods(patient)
        claims(patient)
        what_somebody_deleted_and_is_still_there(patient)
        what_somebody_stopped(patient)
        somebody_elses_objects(patient)
    no_nodes_for_it(julia, many_workers, "workers of session ana: 100 pods request 1 CPU and 1Gi of memory each")
    no_nodes_for_it(servers, a_large_server, "Deployment small: 1 pod request")
    a_session_without_rights_or_quota(julia)
    a_deleted_slice(servers)
    servers_that_register_themselves(servers)
    a_json_report_names_each_namespace(julia)
    for patient, system in ((julia, "Julia"), (servers, "Arkouda")):
        namespaces(patient)
        without_logs = {row.code for title, rows in SYSTEMS[system].items() if title != "logs" for row in rows}
        assert sorted(without_logs - patient.seen) == []


def many_workers(config: dict[str, Any]) -> None:
    config["clusters:julia"]["sessions"]["ana"]["workers"]["max"] = 100


def a_large_server(config: dict[str, Any]) -> None:
    config["clusters:arkouda"]["singleNode"][0]["cpu"] = "64"


def pods(patient: Patient) -> None:
    patient.expect()
    patient.pod(nodeSelector={"no": "such-node"})
    patient.expect("010", words="didn't match Pod's node affinity/selector")
    patient.discharge()
    if patient.prefix == "JUL":
        patient.pod(resources={"limits": {"nvidia.com/gpu": "1"}})
        patient.expect("011", words="Insufficient nvidia.com/gpu")
        patient.discharge()
    for number, state in (
        ("020", {"state": waiting("ErrImagePull", "not found")}),
        ("021", {"state": waiting("CrashLoopBackOff"), **ended("Error", 3)}),
        ("022", {"state": waiting("CrashLoopBackOff"), **ended("OOMKilled", 137)}),
        ("023", {"state": waiting("CreateContainerConfigError", 'no key "x"')}),
    ):
        status = {"name": patient.container, "image": "image:1", "imageID": "", "ready": False, "restartCount": 9}
        patient.pod({"phase": "Pending", "containerStatuses": [{**status, **state}]})
        patient.expect(number)
        patient.discharge()
    for number, reason, message in (
        ("024", "Unhealthy", "Startup probe failed: timeout"),
        ("032", "FailedAttachVolume", "Multi-Attach error for volume pvc-1"),
    ):
        patient.pod({"phase": "Pending"})
        note = event(f"{patient.app}-{HELD}", reason, message)
        note["involvedObject"]["namespace"] = patient.namespace
        patient.api.request("POST", patient.path("Event"), note)
        patient.expect(number, words=message)
        patient.discharge()
    patient.pod({"phase": "Pending"}, [{"name": "istio-proxy", "image": "istio", "securityContext": RESTRICTED}])
    patient.expect("025", words="a container that the stack did not define: istio-proxy")
    patient.discharge()
    no_room(patient)


def no_nodes_for_it(patient: Patient, change: Callable[[dict[str, Any]], None], words: str) -> None:
    """A config that the nodes here can never hold, and an image that no disk here holds."""
    config = patient.checkout.config
    patient.checkout.config = copy.deepcopy(config)
    change(patient.checkout.config["config"])
    patient.checkout.write()
    before, patient.place = patient.place, patient.planned()
    patient.expect("018", words=words)
    patient.checkout.config, patient.place = config, before
    patient.checkout.write()
    image = next(before.templates())["spec"]["containers"][0]["image"]
    with a_large_image(patient.api, image) as again:
        patient.expect("016", words="the image has 931.3Gi", again=again)


def no_room(patient: Patient) -> None:
    """A quota that leaves no room for pods; the controllers of Kubernetes say so when they miss one."""
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    patient.api.request("POST", patient.path("ResourceQuota"), body)
    labels = "app=julia-ana" if patient.prefix == "JUL" else f"app={patient.app}"
    for pod in patient.api.request("GET", patient.path("Pod"), query={"labelSelector": labels})["items"]:
        patient.api.request("DELETE", patient.path("Pod", pod["metadata"]["name"]))
    patient.expect("012", words="exceeded quota: none")
    patient.delete("ResourceQuota", "none")
    # Its event stays; the pods that are there now refute it.
    patient.expect()
    patient.api.request("DELETE", patient.path("Event"))


def claims(patient: Patient) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    patient.pod(volumes=[volume])
    patient.expect("030", words="PersistentVolumeClaim data does not exist")
    spec = {
        "storageClassName": "missing",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    patient.api.request("POST", patient.path("PersistentVolumeClaim"), body)
    patient.expect("031", words="there is no StorageClass missing")
    patient.discharge()
    patient.delete("PersistentVolumeClaim", "data")


def what_somebody_deleted_and_is_still_there(patient: Patient) -> None:
    """A claim that a pod uses, and then a pod that nothing ends."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim, pod = patient.path("PersistentVolumeClaim", "data"), patient.path("Pod", f"{patient.app}-{HELD}")
    # For Kubernetes a pod without a node holds no claim, and this one must not have a kubelet.
    metadata = {"name": "data", "finalizers": ["example.org/held"]}
    patient.api.request("POST", patient.path("PersistentVolumeClaim"), {"metadata": metadata, "spec": spec})
    wait_for(lambda: patient.api.request("GET", claim)["spec"].get("volumeName"))
    patient.pod({"phase": "Pending"}, volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
    patient.api.request("DELETE", claim)
    patient.expect("033", words="PersistentVolumeClaim data is being deleted")
    patient.api.request("PATCH", pod, {"metadata": {"finalizers": ["example.org/stuck"]}}, content_type=MERGE)
    patient.api.request("DELETE", pod, query={"gracePeriodSeconds": "0"})
    patient.expect("017", "033", words="should have ended at ", minutes=11)
    for held in (pod, claim):
        patient.api.request("PATCH", held, {"metadata": {"finalizers": None}}, content_type=MERGE)
    wait_for(lambda: patient.api.get(pod) is None and patient.api.get(claim) is None)


def what_somebody_stopped(patient: Patient) -> None:
    kind, name = ("StatefulSet", "julia-ana") if patient.prefix == "JUL" else ("Deployment", "small")
    for replicas in (0, 1):
        body = {"spec": {"replicas": replicas}}
        patient.api.request("PATCH", patient.path(kind, name), body, content_type=MERGE)
        patient.expect(*(["028"] if not replicas else []))


def somebody_elses_objects(patient: Patient) -> None:
    """Helm takes an object of the stack for its own."""
    name = "julia-ana-startup" if patient.prefix == "JUL" else "small"
    path = patient.path("ConfigMap" if patient.prefix == "JUL" else "Service", name)
    for release in ("other", None):
        body = {"metadata": {"annotations": {"meta.helm.sh/release-name": release}}}
        patient.api.request("PATCH", path, body, content_type=MERGE)
        patient.expect(*(["003"] if release else []))


def restore(patient: Patient) -> None:
    patient.checkout.run("pulumi", "--", "refresh", "--yes")
    patient.checkout.run("up")
    patient.expect()


def a_session_without_rights_or_quota(patient: Patient) -> None:
    patient.delete("RoleBinding", "julia-ana")
    patient.expect("027", words="RoleBinding julia-ana is missing")
    patient.delete("ResourceQuota", "julia-ana")
    patient.expect("026", "027", words="ResourceQuota julia-ana is missing")
    restore(patient)


def a_deleted_slice(patient: Patient) -> None:
    """Clients of a server outside Kubernetes find no address any more."""
    patient.delete("EndpointSlice", "hpc")
    patient.expect("026", words="EndpointSlice hpc is missing")
    restore(patient)


def servers_that_register_themselves(patient: Patient) -> None:
    """As a server does it; the label stands for a cluster without the mirroring controller."""
    spec = {"ports": [{"port": 5555, "targetPort": 5555}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lab"}, "spec": spec}
    patient.api.request("POST", patient.path("Service"), service)
    patient.expect("045", words="Service lab has no backend")
    subset = {"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 5555}]}
    metadata = {"name": "lab", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]}
    patient.api.request("POST", patient.path("Endpoints"), endpoints)
    patient.expect("044", words="Service lab has Endpoints with an address, but no EndpointSlice")
    mirrored = {"metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": None}}}
    patient.api.request("PATCH", patient.path("Endpoints", "lab"), mirrored, content_type=MERGE)
    patient.expect()
    patient.delete("Service", "lab")


def a_json_report_names_each_namespace(patient: Patient) -> None:
    patient.delete("RoleBinding", "julia-ana")
    done = doctor(patient.checkout, "--json")
    assert done.returncode == 1
    reports = json.loads(done.stdout)["namespaces"]
    found = {report["namespace"]: [one["code"] for one in report["findings"]] for report in reports}
    assert found == {"mjs": [], "julia-ana": ["JUL027"], "arkouda": []}
    restore(patient)


def namespaces(patient: Patient) -> None:
    """Deleted by hand: held by a finalizer at first, and then gone."""
    kind = "ConfigMap"
    body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "held", "finalizers": ["example.org/held"]}}
    patient.api.request("POST", patient.path(kind), body)
    namespace = f"{RESOURCES['Namespace'].path()}/{patient.namespace}"
    patient.api.request("DELETE", namespace)
    wait_for(lambda: bool(patient.look()) and patient.prefix + "001" in patient.seen)
    patient.api.request("PATCH", patient.path(kind, "held"), {"metadata": {"finalizers": None}}, content_type=MERGE)
    wait_for(lambda: patient.api.get(namespace) is None)
    patient.expect("002")
