"""Julia sessions on a real API server: what `up` makes, what a session may do there, and what is left afterwards.

The nodes are hollow, so no Julia runs. What a session would do is done here with its own token: by kubectl, as
K8sClusterManagers.jl does it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from components.julia import rights
from components.shared.kube import ApiError, KubernetesApi
from tests.e2e.accounts import kubeconfig_of
from tests.e2e.checkout import Checkout
from tests.e2e.deployer import account
from tests.julia_worker import worker_pod
from tests.waiting import eventually

SMALL = {"cpu": "50m", "memory": "64Mi"}
SESSIONS: dict[str, Any] = {
    "ana": {"users": ["ana"], "workers": {"max": 2}},
    "grid": {"kind": "pool", "groups": ["lab"], "workers": {"max": 2}},
    "night": {"kind": "script", "script": {"text": "println(1)"}, "depot": {"persistent": False}},
}
DEFAULTS: dict[str, Any] = {"manager": SMALL, "workers": SMALL, "depot": {"size": "1Mi"}}
KEPT = (
    "Namespace/julia-ana",
    "PersistentVolumeClaim/julia-ana-depot",
    "Namespace/julia-grid",
    "PersistentVolumeClaim/julia-grid-depot",
)


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """A stack with one session of each kind."""
    target = checkout.config["config"]["clusters:kubernetes"]
    sessions = json.loads(json.dumps(SESSIONS))
    julia = {"sessions": sessions, "defaults": json.loads(json.dumps(DEFAULTS))}
    checkout.config["config"] = {"clusters:kubernetes": target, "clusters:julia": julia}
    checkout.write()
    return checkout


def julia(checkout: Checkout) -> dict[str, Any]:
    found: dict[str, Any] = checkout.config["config"]["clusters:julia"]
    return found


class Session:
    """A session's own view of the cluster."""

    def __init__(self, checkout: Checkout, name: str) -> None:
        self.namespace = f"julia-{name}"
        self.admin = checkout.api
        account = f"julia-{name}"
        self._kubeconfig = kubeconfig_of(checkout, self.namespace, account)
        self._binary = checkout.control_plane.kubectl
        self.api = KubernetesApi.connect(self._kubeconfig, account)
        startup = self.admin.get(f"/api/v1/namespaces/{self.namespace}/configmaps/julia-{name}-startup") or {}
        self.settings = startup["data"].get("settings.toml", "")

    def kubectl(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._binary), f"--kubeconfig={self._kubeconfig}", *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def create_worker(self, **keywords: str) -> subprocess.CompletedProcess[str]:
        """`create_pod` of the package: whatever kubectl prints on stderr counts as a failure there."""
        pod = self.admin.get(f"/api/v1/namespaces/{self.namespace}/pods/{self.namespace}-0")
        assert pod is not None
        owner = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        return self.kubectl("create", "-f", "-", text=json.dumps(worker_pod(self.settings, owner, **keywords)))

    def workers(self) -> list[dict[str, Any]]:
        query = {"labelSelector": f"worker-prefix={self.namespace}-worker"}
        answer = self.admin.request("GET", f"/api/v1/namespaces/{self.namespace}/pods", query=query)
        return list(answer["items"])


def test_sessions_live_through_everything(checkout: Checkout) -> None:
    """One session of each kind: up, up again, workers, a change, a restart, destroy, up, purge."""
    outputs = everything_is_ready_after_up(checkout)
    a_second_up_writes_nothing(checkout, outputs)
    ana = Session(checkout, "ana")
    the_documented_calls_succeed(ana)
    a_worker_beyond_the_quota_is_rejected(ana)
    the_account_has_these_rights_and_no_others(ana)
    a_pool_has_no_rights(Session(checkout, "grid"))
    users_attach_and_nothing_else(checkout)
    workers_end_with_their_session(ana)
    a_changed_setting_leaves_the_prompt_alone(checkout)
    a_changed_script_is_another_run(checkout)
    a_session_with_a_depot_is_not_removed_by_accident(checkout)
    destroy_keeps_the_depots(checkout)
    purge_removes_everything(checkout)


def everything_is_ready_after_up(checkout: Checkout) -> dict[str, Any]:
    checkout.run("up")
    api = checkout.api
    for name, replicas in (("julia-ana", 1), ("julia-grid", 1), ("julia-grid-worker", 2)):
        namespace = name.removesuffix("-worker")
        found = api.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}")
        assert found is not None, name
        assert found["status"]["readyReplicas"] == replicas, name
    # Nobody waits for a script, but it starts.
    eventually(lambda: (job(checkout).get("status") or {}).get("ready") == 1)
    claim = api.get("/api/v1/namespaces/julia-ana/persistentvolumeclaims/julia-ana-depot")
    assert claim is not None
    assert claim["status"]["phase"] == "Bound"
    cookie = api.get("/api/v1/namespaces/julia-grid/secrets/julia-grid-cookie")
    assert cookie is not None
    assert len(cookie["data"]["cookie"]) == 24, "16 characters in base64"
    outputs = checkout.outputs()
    assert sorted(outputs["juliaSessions"]) == ["ana", "grid", "night"]
    ana = outputs["juliaSessions"]["ana"]
    assert ana["addprocs"] == "addprocs(K8sClusterManager(2))"
    assert ana["attach"] == "kubectl --namespace julia-ana attach --stdin --tty julia-ana-0"
    assert tuple(outputs["keptOnDestroy"]) == KEPT
    return outputs


def job(checkout: Checkout) -> dict[str, Any]:
    found = checkout.api.get("/apis/batch/v1/namespaces/julia-night/jobs/julia-night")
    assert found is not None
    return found


def a_second_up_writes_nothing(checkout: Checkout, outputs: dict[str, Any]) -> None:
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    assert checkout.outputs() == outputs


def the_documented_calls_succeed(session: Session) -> None:
    """Every kubectl command of the package and of startup.jl, with the session's own token.

    Nothing stands on stderr: K8sClusterManagers.jl takes a warning for a failure, and leaves the pod behind. Logs and
    commands end at the kubelet, which a hollow node does not have, and not at a lack of rights.
    """
    created = session.create_worker()
    assert (created.returncode, created.stderr) == (0, "")
    pod = created.stdout.split()[0]
    assert pod.startswith("pod/julia-ana-worker-")
    eventually(lambda: json.loads(session.kubectl("get", pod, "-o", "json").stdout)["status"]["phase"] == "Running")
    for words in (
        ("get", "pods", "-o", "jsonpath={.items[*].metadata.null}"),
        ("label", "--overwrite", pod, "worker-id=2"),
    ):
        done = session.kubectl(*words)
        assert (done.returncode, done.stderr) == (0, ""), words
    for words in (("logs", pod), ("exec", pod, "--", "bash", "-c", "kill -2 1")):
        done = session.kubectl(*words)
        assert "orbidden" not in done.stderr, words
    path = f"/api/v1/namespaces/julia-ana/pods/{pod.removeprefix('pod/')}"
    for method, part in (("GET", "log"), ("GET", "exec?command=true"), ("POST", "exec?command=true")):
        assert status(session.api, method, f"{path}/{part}") != 403, part
    one = session.workers()[0]
    assert one["status"]["qosClass"] == "Guaranteed"
    assert one["spec"]["serviceAccountName"] == "julia-ana-worker"
    assert not any("projected" in volume for volume in one["spec"]["volumes"]), "a token is mounted"
    done = session.kubectl("delete", pod, "--wait=false")
    assert (done.returncode, done.stderr) == (0, "")
    session.create_worker()
    done = session.kubectl(
        "delete", "pods", "--selector=worker-prefix=julia-ana-worker", "--wait=false", "--ignore-not-found"
    )
    assert (done.returncode, done.stderr) == (0, "")
    eventually(lambda: session.workers() == [])


def status(api: KubernetesApi, method: str, path: str, body: dict[str, Any] | None = None) -> int:
    try:
        api.request(method, path, body)
    except ApiError as error:
        return error.status
    return 200


def a_worker_beyond_the_quota_is_rejected(session: Session) -> None:
    """docs/julia.md explains the sentence. `addprocs` fails as a whole; workers that exist stay."""
    assert [session.create_worker().returncode for _ in range(2)] == [0, 0]
    third = session.create_worker()
    assert third.returncode == 1
    assert "forbidden: exceeded quota: julia-ana, requested: " in third.stderr
    assert "limited: limits.cpu=150m,limits.memory=192Mi,pods=3" in third.stderr
    session.kubectl("delete", "pods", "--selector=worker-prefix=julia-ana-worker")
    eventually(lambda: session.workers() == [])
    larger = session.create_worker(memory="1Gi")
    assert "exceeded quota: julia-ana, requested: limits.memory=1Gi" in larger.stderr


def rules_of(api: KubernetesApi, namespace: str) -> set[tuple[str, str, str]]:
    """Group, resource and verb of everything that the account may do.

    Apart from what Kubernetes gives to every account: questions about itself, and public certificates
    (ClusterRoles system:basic-user and system:cluster-trust-bundle-discovery).
    """
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    answer = api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)["status"]
    assert not answer["incomplete"]
    return {
        (group, resource, verb)
        for rule in answer["resourceRules"]
        for group in rule.get("apiGroups") or ()
        for resource in rule.get("resources") or ()
        for verb in rule["verbs"]
        if group not in {"authorization.k8s.io", "authentication.k8s.io", "certificates.k8s.io"}
    }


def the_account_has_these_rights_and_no_others(session: Session) -> None:
    """The API server's own list, and the requests that a stolen token would try first."""
    expected = {("", resource, verb) for resource, verbs in rights.OF_SESSION.items() for verb in verbs}
    assert rules_of(session.api, "julia-ana") == expected
    assert rules_of(session.api, "julia-grid") == set()
    assert rules_of(session.api, "default") == set()
    own, other = "/api/v1/namespaces/julia-ana", "/api/v1/namespaces/julia-grid"
    for method, path in (
        ("GET", f"{own}/secrets"),
        ("GET", f"{own}/configmaps/julia-ana-startup"),
        ("GET", f"{own}/pods?watch=true&timeoutSeconds=1"),
        ("DELETE", f"{own}/pods"),
        ("GET", f"{own}/pods/julia-ana-0/portforward"),
        ("GET", f"{own}/pods/julia-ana-0/attach"),
        ("DELETE", f"{own}/resourcequotas/julia-ana"),
        ("POST", f"{own}/serviceaccounts/julia-ana/token"),
        ("GET", f"{other}/pods"),
        ("GET", f"{other}/secrets/julia-grid-cookie"),
        ("GET", "/api/v1/nodes"),
        ("GET", "/api/v1/namespaces"),
        ("GET", "/apis/apps/v1/namespaces/julia-ana/statefulsets"),
    ):
        assert status(session.api, method, path, {} if method == "POST" else None) == 403, (method, path)


def a_pool_has_no_rights(session: Session) -> None:
    assert rules_of(session.api, "julia-grid") == set()
    pod = session.admin.get("/api/v1/namespaces/julia-grid/pods/julia-grid-0")
    assert pod is not None
    assert not any("projected" in volume for volume in pod["spec"]["volumes"]), "a token is mounted"


def users_attach_and_nothing_else(checkout: Checkout) -> None:
    """What ana and the group may do, by the API server's word for them."""

    def allowed(user: str, namespace: str, verb: str, resource: str, *groups: str) -> bool:
        kind, _, subresource = resource.partition("/")
        attributes = {"namespace": namespace, "verb": verb, "resource": kind, "subresource": subresource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": list(groups), "resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return bool(checkout.api.request("POST", path, review)["status"]["allowed"])

    for verb, resource in (("create", "pods/attach"), ("get", "pods/log"), ("list", "pods"), ("delete", "pods")):
        assert allowed("ana", "julia-ana", verb, resource)
        assert not allowed("ben", "julia-ana", verb, resource)
        assert not allowed("ana", "julia-grid", verb, resource)
        assert allowed("ben", "julia-grid", verb, resource, "lab")
    for verb, resource in (("create", "pods"), ("get", "secrets"), ("create", "pods/exec"), ("patch", "pods")):
        assert not allowed("ana", "julia-ana", verb, resource)


def workers_end_with_their_session(session: Session) -> None:
    """A node drain, an eviction or `delete pod`: Kubernetes deletes the workers, and the session comes back."""
    assert [session.create_worker().returncode for _ in range(2)] == [0, 0]
    path = "/api/v1/namespaces/julia-ana/pods/julia-ana-0"
    before = (session.admin.get(path) or {})["metadata"]["uid"]
    session.admin.request("DELETE", path)
    eventually(lambda: session.workers() == [])

    def is_back() -> bool:
        pod = session.admin.get(path) or {}
        conditions = {item["type"]: item["status"] for item in pod.get("status", {}).get("conditions", ())}
        return conditions.get("Ready") == "True" and pod["metadata"]["uid"] != before

    eventually(is_back)


def a_changed_setting_leaves_the_prompt_alone(checkout: Checkout) -> None:
    """What stands in a session's memory outlives `up`; the change counts when its pod is deleted."""

    def uid(namespace: str, pod: str) -> str:
        found = checkout.api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}") or {"metadata": {"uid": ""}}
        return str(found["metadata"]["uid"])

    before = uid("julia-ana", "julia-ana-0"), uid("julia-grid", "julia-grid-worker-0")
    julia(checkout)["sessions"]["ana"]["manager"] = {"env": {"TZ": "UTC"}}
    julia(checkout)["sessions"]["grid"]["workers"]["max"] = 3
    checkout.write()
    checkout.run("up")
    assert (uid("julia-ana", "julia-ana-0"), uid("julia-grid", "julia-grid-worker-0")) == before
    assert uid("julia-grid", "julia-grid-worker-2")
    checkout.api.request("DELETE", "/api/v1/namespaces/julia-ana/pods/julia-ana-0")

    def has_the_variable() -> bool:
        pod = checkout.api.get("/api/v1/namespaces/julia-ana/pods/julia-ana-0") or {}
        containers = pod.get("spec", {}).get("containers", ())
        return any(variable["name"] == "TZ" for item in containers for variable in item["env"])

    eventually(has_the_variable)
    julia(checkout)["sessions"]["ana"]["manager"] = {"env": {"TZ": "CET"}, "updates": "immediately"}
    checkout.write()
    now = uid("julia-ana", "julia-ana-0")
    checkout.run("up")
    # The provider may see a status from before the change, and not wait (its statefulset.go).
    eventually(lambda: uid("julia-ana", "julia-ana-0") not in {now, ""})


def a_changed_script_is_another_run(checkout: Checkout) -> None:
    before = job(checkout)["metadata"]["uid"]
    julia(checkout)["sessions"]["night"]["workers"] = {"max": 3}
    checkout.write()
    checkout.run("up")
    assert job(checkout)["metadata"]["uid"] == before, "more workers are no reason to run it again"
    julia(checkout)["sessions"]["night"]["script"]["text"] = "println(2)"
    checkout.write()
    assert "replace" in checkout.run("preview")
    checkout.run("up")
    assert job(checkout)["metadata"]["uid"] != before


def a_session_with_a_depot_is_not_removed_by_accident(checkout: Checkout) -> None:
    """A line that is lost in a merge must not cost somebody's data; a session without a depot just goes."""
    sessions = julia(checkout)["sessions"]
    ana, night = sessions.pop("ana"), sessions.pop("night")
    checkout.write()
    before = len(checkout.writes())
    text = checkout.run("up", code=1)
    assert (
        "julia.sessions.ana: is no longer in the config, but PersistentVolumeClaim julia-ana-depot holds its depot"
        in text
    )
    assert checkout.writes()[before:] == []
    sessions["ana"] = ana
    checkout.write()
    checkout.run("up")
    eventually(lambda: checkout.api.get("/api/v1/namespaces/julia-night") is None)
    sessions["night"] = night


def destroy_keeps_the_depots(checkout: Checkout) -> None:
    text = checkout.run("destroy")
    for kept in KEPT:
        assert kept.partition("/")[2] in text
    for name in ("ana", "grid"):
        claims = f"/api/v1/namespaces/julia-{name}/persistentvolumeclaims/julia-{name}-depot"
        assert checkout.api.get(claims) is not None
        assert checkout.api.request("GET", f"/apis/apps/v1/namespaces/julia-{name}/statefulsets")["items"] == []
        for kind in ("resourcequotas", "secrets", "services"):
            assert checkout.api.request("GET", f"/api/v1/namespaces/julia-{name}/{kind}")["items"] == [], kind
    checkout.write()
    checkout.run("up")
    assert sorted(checkout.outputs()["juliaSessions"]) == ["ana", "grid", "night"]


def purge_removes_everything(checkout: Checkout) -> None:
    checkout.run("destroy", "--purge", CONFIRM="dev")
    for name in SESSIONS:
        checkout.wait_until_gone(f"julia-{name}")


# What a cluster has against a session


@pytest.fixture
def lab(checkout: Checkout) -> Iterator[str]:
    """A namespace of somebody else."""
    with checkout.foreign_namespace("lab") as name:
        yield name


def test_everything_that_is_missing_is_said_at_once(checkout: Checkout, lab: str) -> None:
    checkout.config["config"]["clusters:julia"] = {
        "sessions": {
            "ana": {"namespace": {"name": lab, "create": False}, "depot": {"claim": "home"}, "claims": {"d": "/data"}},
            "ben": {"namespace": {"name": lab + "s", "create": False}},
            "carla": {"namespace": {"name": "default"}, "depot": {"storageClass": "fast"}},
        },
        "defaults": {"pullSecrets": ["registry"]},
    }
    checkout.write()
    before = len(checkout.writes())
    text = checkout.run("up", code=1)
    for sentence in (
        "julia.sessions.ana.depot.claim: namespace lab has no PersistentVolumeClaim home",
        "julia.sessions.ana.claims.d: namespace lab has no PersistentVolumeClaim d",
        "julia.defaults.pullSecrets[0]: namespace lab has no Secret registry",
        "julia.sessions.ben.namespace.name: namespace labs does not exist",
        "julia.sessions.carla.namespace.create: is true, but namespace default exists",
        "julia.sessions.carla.depot.storageClass: the cluster has no StorageClass fast",
    ):
        assert sentence in text
    assert checkout.writes()[before:] == []


def test_these_roles_are_enough(checkout: Checkout, lab: str) -> None:
    """An administrator who may work in one namespace only, with the Roles that `python -m ops rights` prints."""
    julia(checkout)["defaults"]["depot"] = {"persistent": False}
    for kind in ("interactive", "pool"):
        julia(checkout)["sessions"] = {
            "ana": {"kind": kind, "users": ["ana"], "namespace": {"name": lab, "create": False}, "workers": {"max": 1}}
        }
        checkout.write()
        with account(checkout, lab):
            text = checkout.run("up")
            assert "were not checked" not in text, "there is no claim whose class could matter"
            assert checkout.outputs()["juliaSessions"]["ana"]["kind"] == kind
            checkout.run("destroy", "--purge", CONFIRM="dev")
