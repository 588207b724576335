"""What this project relies on in Pulumi and its Kubernetes provider, each on a small program of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import APPLY_PATCH, KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from local.pulumi import Toolchain
from tests.small_programs import Project


@pytest.fixture
def project(tmp_path: Path, toolchain: Toolchain) -> Project:
    return Project(tmp_path, toolchain)


class Namespace:
    """A namespace for the program of one test, and a view of it."""

    def __init__(self, project: Project, control_plane: ControlPlane) -> None:
        self.name = project.root.name.replace("_", "-").strip("-")
        self.api = KubernetesApi.connect(control_plane.kubeconfig, EMBEDDED_CONTEXT)
        self.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": self.name}})
        project.values |= {"NAMESPACE": self.name, "KUBECONFIG": str(control_plane.kubeconfig)}

    def path(self, name: str) -> str:
        """The API path of a ConfigMap."""
        return f"/api/v1/namespaces/{self.name}/configmaps/{name}"

    def data(self, name: str) -> dict[str, Any]:
        """The data of a ConfigMap, which must exist."""
        data: dict[str, Any] = self.api.request("GET", self.path(name))["data"]
        return data


@pytest.fixture
def namespace(project: Project, cluster: ControlPlane) -> Iterator[Namespace]:
    """A namespace on the control plane of the tests, named in the program's variables."""
    made = Namespace(project, cluster)
    yield made
    made.api.request("DELETE", f"/api/v1/namespaces/{made.name}")


CHAIN = """
first = random.RandomPassword("first", length=8)
second = random.RandomPassword("second", length=8, opts=O(depends_on=[first], protect=True))
third = random.RandomPassword("third", length=8, opts=O(depends_on=[second]))
child = random.RandomPassword("child", length=8, opts=O(parent=third))
"""


def test_protect_keeps_a_resource_and_what_it_depends_on(project: Project) -> None:
    """Data survives `make destroy`, and so does the namespace that contains it."""
    assert project.up(CHAIN) == [("create", name) for name in ("first", "second", "third", "child")]
    assert "protected" in project.run("destroy", code=1)
    assert project.resources().keys() == {"first", "second", "third", "child"}
    assert project.destroy("--exclude-protected") == [("delete", "child"), ("delete", "third")]
    assert project.resources().keys() == {"first", "second"}
    project.run("state", "unprotect", "--all", "--yes")
    assert project.destroy() == [("delete", "second"), ("delete", "first")]


def test_a_protected_resource_that_the_program_drops_is_never_deleted(project: Project) -> None:
    """A setting that is switched off by mistake must not take the job database with it, previewed or not."""
    project.up('random.RandomPassword("kept", length=8, opts=O(protect=True))\n')
    said = project.run("up", program='random.RandomPassword("new", length=8)\n', code=1)
    assert "kept" in said
    assert "protected" in said
    assert project.resources().keys() == {"kept"}, "the preview rejects it before anything is changed"
    project.run("up", "--skip-preview", code=1)
    assert project.resources().keys() == {"kept", "new"}, "without a preview it is rejected when its turn comes"


SECRETS = """
random.RandomPassword("p", length=8)
pulumi.export("s", pulumi.Output.secret("canary"))
"""


def test_secrets_are_encrypted_in_the_state_and_not_printed(project: Project) -> None:
    """States lie in buckets, and many people read what CI prints."""
    assert "canary" not in project.run("up", program=SECRETS)
    assert "ciphertext" in project.resources()["p"]["outputs"]["result"]
    assert "canary" not in project.state_file.read_text()


CONFIG_MAP = """
import pulumi_kubernetes as k
provider = k.Provider(
    "cluster", kubeconfig=KUBECONFIG, context="embedded", cluster_identifier="embedded",
    enable_server_side_apply=True, enable_config_map_mutable=True, enable_secret_mutable=True,
)
notes = {f"pulumi.com/{key}": value for key, value in NOTES.items()}
metadata = {"name": "owned", "namespace": NAMESPACE, "annotations": notes}
k.core.v1.ConfigMap("owned", metadata=metadata, data=DATA, opts=O(provider=provider))
"""


def test_a_field_of_another_owner_is_a_conflict_unless_forced(project: Project, namespace: Namespace) -> None:
    """Two writers that would overwrite each other in every run are found in the first one."""
    project.values |= {"NOTES": {}, "DATA": {"ours": "1"}}
    project.up(CONFIG_MAP)
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}, "data": {"theirs": "1"}}
    query = {"fieldManager": "another-owner"}
    namespace.api.request("PATCH", namespace.path("owned"), theirs, query=query, content_type=APPLY_PATCH)
    project.values["DATA"] = {"ours": "1", "theirs": "2"}
    said = project.run("up", "--skip-preview", program=CONFIG_MAP, code=1)
    assert "another-owner" in said
    assert ".data.theirs" in said
    assert namespace.data("owned") == {"ours": "1", "theirs": "1"}
    project.values["NOTES"] = {"patchForce": "true"}
    project.up(CONFIG_MAP)
    assert namespace.data("owned") == {"ours": "1", "theirs": "2"}


def test_drift_is_seen_after_a_refresh(project: Project, namespace: Namespace) -> None:
    """A preview compares with the state, not with the cluster (docs/pulumi.md)."""
    project.values |= {"NOTES": {}, "DATA": {"ours": "1"}}
    project.up(CONFIG_MAP)
    namespace.api.request("DELETE", namespace.path("owned"))
    project.run("preview", "--expect-no-changes")
    project.run("preview", "--expect-no-changes", "--refresh", code=1)
    assert ("create", "owned") in project.up(None, "--refresh")
    assert namespace.data("owned") == {"ours": "1"}
