"""Resource options and runs that both engines know: rows of docs/engines.md, each on a small program of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import APPLY_PATCH, KubernetesApi
from local.cluster import ControlPlane
from local.cluster.layout import CONTEXT
from tests.e2e.checkout import writes
from tests.small_programs import Project


@pytest.fixture
def project(tmp_path: Path, engine: str) -> Project:
    return Project(tmp_path, engine)


class Namespace:
    """A namespace for the program of one test, and a view of it."""

    def __init__(self, project: Project, control_plane: ControlPlane) -> None:
        self.name = project.root.name.replace("_", "-").strip("-")
        self.api = KubernetesApi.connect(control_plane.kubeconfig, CONTEXT)
        self.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": self.name}})
        project.values |= {"NAMESPACE": self.name, "KUBECONFIG": str(control_plane.kubeconfig)}

    def path(self, kind: str, name: str, root: str = "/api/v1") -> str:
        return f"{root}/namespaces/{self.name}/{kind}/{name}"

    def get(self, kind: str, name: str, root: str = "/api/v1") -> dict[str, Any]:
        """An object, which must exist."""
        return self.api.request("GET", self.path(kind, name, root))


@pytest.fixture
def namespace(project: Project, cluster: ControlPlane) -> Iterator[Namespace]:
    """A namespace on the control plane of the tests, named in the program's variables."""
    made = Namespace(project, cluster)
    yield made
    made.api.request("DELETE", f"/api/v1/namespaces/{made.name}")


CLUSTER = """
import pulumi_kubernetes as k
here = O(provider=k.Provider(
    "cluster", kubeconfig=KUBECONFIG, context="embedded", cluster_identifier="embedded",
    enable_server_side_apply=True, enable_config_map_mutable=True, enable_secret_mutable=True,
))
def meta(name, **annotations):
    notes = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {"name": name, "namespace": NAMESPACE, "annotations": notes}
"""

CHAIN = """
first = random.RandomPassword("first", length=8)
second = random.RandomPassword("second", length=8, opts=O(depends_on=[first], protect=PROTECT))
third = random.RandomPassword("third", length=8, keepers={"of": second.result})
child = random.RandomPassword("child", length=8, opts=O(parent=third))
"""


def test_depends_on_orders_creation_and_deletion(project: Project) -> None:
    """A controller that starts before its Secrets makes them itself: order is not a detail."""
    project.values["PROTECT"] = False
    order = ["first", "second", "third", "child"]
    assert project.up(CHAIN) == [("create", name) for name in order]
    made = project.resources()
    assert made["second"]["dependencies"] == [made["first"]["urn"]]
    assert made["third"]["dependencies"] == [made["second"]["urn"]]
    assert project.destroy() == [("delete", name) for name in reversed(order)]


def test_protect_keeps_a_resource_and_what_it_stands_on(project: Project) -> None:
    """Data survives `make destroy`, and so does the namespace that it is in."""
    project.values["PROTECT"] = True
    project.up(CHAIN)
    if project.engine == "pulumi":
        assert "protected" in "".join(project.run("destroy", code=1))
        assert project.resources().keys() == {"first", "second", "third", "child"}
    assert project.destroy() == [("delete", "child"), ("delete", "third")]
    assert project.resources().keys() == {"first", "second"}
    assert project.destroy(purge=True) == [("delete", "second"), ("delete", "first")]
    assert project.resources() == {}


def test_protected_and_dropped_is_refused(project: Project) -> None:
    """A setting that is switched off by mistake must not take the job database with it."""
    project.up('random.RandomPassword("kept", length=8, opts=O(protect=True))\n')
    said = "".join(project.run("up", program='random.RandomPassword("new", length=8)\n', code=1))
    assert "kept" in said
    assert "protected" in said
    assert project.resources().keys() == {"kept"}, "refused before anything is changed"
    if project.engine == "pulumi":
        project.run("up", "--skip-preview", code=1)
        assert project.resources().keys() == {"kept", "new"}, "refused when its turn comes"


ACCEPTED = """
import importlib.metadata
timeouts = pulumi.CustomTimeouts(create="1m", update="2m", delete="3m")
random.RandomPassword("delete before replace", length=8, opts=O(delete_before_replace=True))
random.RandomPassword("version", length=8, opts=O(version=importlib.metadata.version("pulumi-random")))
random.RandomPassword("unprotected", length=8, opts=O(protect=False))
random.RandomPassword("not retained", length=8, opts=O(retain_on_delete=False))
random.RandomPassword("timeouts", length=8, opts=O(custom_timeouts=timeouts))
"""


def test_an_option_that_asks_for_nothing_else_is_accepted(project: Project) -> None:
    created = project.up(ACCEPTED)
    assert len(created) == 5
    assert {operation for operation, _ in created} == {"create"}
    assert {operation for operation, _ in project.up()} == {"same"}


SECRETS = """
random.RandomPassword("p", length=8, keepers={"of": pulumi.Output.secret("canary")},
                      opts=O(additional_secret_outputs=["length"]))
pulumi.export("s", pulumi.Output.secret("canary"))
"""


def test_secrets_are_encrypted_in_the_state_and_not_shown(project: Project) -> None:
    """States lie in buckets, and what CI prints is read by many."""
    # The CLI previews first, and prints that too.
    assert "canary" not in "".join(project.run("up", program=SECRETS))
    assert "canary" not in project.state_file.read_text()
    assert project.outputs() == {"s": "canary"}
    outputs = project.resources()["p"]["outputs"]
    assert "ciphertext" in outputs["result"]
    assert "ciphertext" in outputs["length"], "additional_secret_outputs"
    project.variables["PULUMI_CONFIG_PASSPHRASE"] = "another"
    assert "passphrase" in "".join(project.run(*project.show_outputs, code=1))


REPLACED = (
    CLUSTER
    + """
random.RandomPassword("before", length=LENGTH)
k.core.v1.Secret("typed", metadata=meta("typed"), type=f"example.org/{LENGTH}", string_data={"a": "b"}, opts=here)
"""
)


def test_a_change_that_needs_another_object(project: Project, namespace: Namespace) -> None:
    """The CLI deletes and creates; the small engine never does, and says so before anything is changed."""
    project.up(REPLACED)
    before, live = project.resources()["before"], namespace.get("secrets", "typed")
    project.values["LENGTH"] = 9
    if project.engine == "small":
        assert "cannot be changed in place" in project.run("up", program=REPLACED, code=1)[1]
        assert project.resources()["before"] == before
        assert namespace.get("secrets", "typed") == live
        return
    steps = project.up(REPLACED)
    assert ("create-replacement", "before") in steps
    # A fixed name is taken until its object is gone.
    assert steps.index(("delete-replaced", "typed")) < steps.index(("create-replacement", "typed"))
    replaced = namespace.get("secrets", "typed")
    assert replaced["type"] == "example.org/9"
    assert replaced["metadata"]["uid"] != live["metadata"]["uid"]


OWNER = (
    CLUSTER
    + """
owner = k.core.v1.ConfigMap("owner", metadata=meta("owner"), data={}, opts=here)
reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid}
k.core.v1.ConfigMap("with it", metadata={**meta("with-it"), "ownerReferences": [reference]}, data={},
                    opts=O.merge(here, O(deleted_with=owner)))
k.core.v1.ConfigMap("by itself", metadata=meta("by-itself"), data={}, opts=O.merge(here, O(depends_on=[owner])))
"""
)


def test_deleted_with_spares_a_delete_call(project: Project, namespace: Namespace, cluster: ControlPlane) -> None:
    """What the cluster itself removes with its owner, as all in a namespace, takes no calls."""
    project.up(OWNER)
    before = len(writes(cluster))
    project.destroy()
    assert project.resources() == {}
    deleted = [call.partition("?")[0] for call in writes(cluster)[before:]]
    assert deleted == [f"delete {namespace.path('configmaps', name)}" for name in ("by-itself", "owner")]


ENDLESS = (
    CLUSTER
    + """
pod = {"containers": [{"name": "c", "image": "example.invalid/c:1"}], "nodeSelector": {"no": "such-node"}}
spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
k.apps.v1.Deployment("unawaited", metadata=meta("unawaited", skipAwait="true"), spec=spec, opts=here)
k.core.v1.ConfigMap("held", metadata={**meta("held"), "finalizers": ["example.org/held"]}, data={},
                    opts=O.merge(here, O(custom_timeouts=pulumi.CustomTimeouts(delete="2s"))))
k.core.v1.ConfigMap("at first", metadata=meta("at-first", waitFor="jsonpath={.data.done}=yes"),
                    data={"done": "no" if ENDLESS else "yes"},
                    opts=O.merge(here, O(custom_timeouts=pulumi.CustomTimeouts(update="2s"))))
if ENDLESS:
    k.apps.v1.Deployment("awaited", metadata=meta("awaited"), spec=spec,
                         opts=O.merge(here, O(custom_timeouts=pulumi.CustomTimeouts(create="2s"))))
    k.core.v1.ConfigMap("never", metadata=meta("never", waitFor="jsonpath={.data.done}=yes", timeoutSeconds="2"),
                        data={"done": "no"}, opts=here)
"""
)


def test_waiting_ends_when_options_and_annotations_say(project: Project, namespace: Namespace) -> None:
    """Without them each of these waits for ten minutes, longer than a command of these tests may take."""
    project.values["ENDLESS"] = False
    assert {operation for operation, _ in project.up(ENDLESS)} == {"create"}
    project.values["ENDLESS"] = True
    project.run("up", *project.at_once, program=ENDLESS, code=1)
    assert namespace.get("deployments", "awaited", "/apis/apps/v1")
    assert {"awaited", "never"} <= project.resources().keys(), "what was made is in the state"
    assert "held" in "".join(project.run("destroy", *project.at_once, code=1))
    assert project.resources().keys() == {"held"}
    held, free = namespace.path("configmaps", "held"), {"metadata": {"finalizers": None}}
    namespace.api.request("PATCH", held, free, content_type="application/merge-patch+json")


OWNED = (
    CLUSTER
    + """
k.core.v1.ConfigMap("owned", metadata=meta("owned", **NOTES), data=DATA, opts=here)
"""
)


def test_a_field_of_somebody_else_is_a_conflict_unless_forced(project: Project, namespace: Namespace) -> None:
    """Two who set the same field, each time they run, are found at once."""
    project.values |= {"NOTES": {}, "DATA": {"ours": "1"}}
    project.up(OWNED)
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}, "data": {"theirs": "1"}}
    path = namespace.path("configmaps", "owned")
    namespace.api.request("PATCH", path, theirs, query={"fieldManager": "somebody-else"}, content_type=APPLY_PATCH)
    project.values["DATA"] = {"ours": "1", "theirs": "2"}
    # The dry run of the CLI's provider overlooks it.
    project.run("preview", program=OWNED, code=0 if project.engine == "pulumi" else 1)
    said = "".join(project.run("up", *project.at_once, code=1))
    assert "somebody-else" in said
    assert ".data.theirs" in said
    assert namespace.get("configmaps", "owned")["data"] == {"ours": "1", "theirs": "1"}
    project.values["NOTES"] = {"patchForce": "true"}
    project.up(OWNED)
    assert namespace.get("configmaps", "owned")["data"] == {"ours": "1", "theirs": "2"}


def test_drift_is_seen_in_every_preview_or_after_a_refresh(project: Project, namespace: Namespace) -> None:
    project.values |= {"NOTES": {}, "DATA": {"ours": "1"}}
    project.up(OWNED)
    namespace.api.request("DELETE", namespace.path("configmaps", "owned"))
    if project.engine == "small":
        project.run("preview", "--expect-no-changes", code=1)
        assert project.up() == [("create", "owned")]
    else:
        project.run("preview", "--expect-no-changes")
        assert ("create", "owned") in project.up(None, "--refresh")
    assert namespace.get("configmaps", "owned")["data"] == {"ours": "1"}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Another control plane, whose context has the same name."""
    control_plane = ControlPlane(tmp_path_factory.mktemp("other"), nodes=1)
    control_plane.up()
    yield control_plane
    control_plane.down(wipe=True)


def test_another_cluster_behind_the_same_context(
    project: Project, namespace: Namespace, cluster: ControlPlane, other: ControlPlane
) -> None:
    """Taken for another cluster's, a state has objects deleted there that bear the same names."""
    kubeconfig = project.root / "kubeconfig"
    shutil.copy(cluster.kubeconfig, kubeconfig)
    project.values |= {"KUBECONFIG": str(kubeconfig), "NOTES": {}, "DATA": {}}
    project.up(OWNED)
    shutil.copy(other.kubeconfig, kubeconfig)
    if project.engine == "small":
        uid = namespace.api.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
        assert f"UID {uid}" in project.run("preview", code=1)[1]
    else:
        project.run("preview", "--expect-no-changes")
