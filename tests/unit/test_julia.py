"""Julia sessions: what follows from their settings, and that one session never reaches into another."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from components.julia import names, pods, rights
from components.julia.objects import objects
from components.julia.outputs import output
from components.julia.rules import warnings
from components.julia.topology import JuliaSession, sessions
from components.shared.mistakes import ConfigError
from components.shared.namespace import POD_SECURITY
from components.shared.objects import by_key, dependencies, kept_on_destroy
from components.shared.quantities import quantity
from tests.julia_worker import worker_pod
from tests.unit.julia_sessions import made, manifests, session, settings
from tests.unit.test_security import breaches

TMP = names.TEMPORARY_DIR
KINDS: dict[str, dict[str, Any]] = {
    "interactive": {},
    "pool": {"kind": "pool"},
    "script": {"kind": "script", "script": {"text": "println(1)"}},
}
EVERYTHING: dict[str, Any] = {
    "users": ["ana"],
    "workers": {"numGPUs": 1, "nodeSelector": {"pool": "gpu"}, "tolerations": [{"operator": "Exists"}]},
    "depot": {"accessModes": ["ReadWriteMany"], "shareWithWorkers": True},
    "claims": {"data": "/data"},
    "pullSecrets": ["registry"],
}
VARIANTS = {f"{kind}, {size}": {**own, **more} for kind, own in KINDS.items() for size, more in (
    ("smallest", {}), ("everything", EVERYTHING),
)}  # fmt: skip


FOLDER = {"folder": "/opt/project"}


SHELL = '#!/bin/bash\n#=\nexec julia --threads=4 "${BASH_SOURCE[0]}" "$@"\n=#\nprintln(1)\n'
"""From the FAQ of Julia's manual."""


def is_accepted(**own: Any) -> bool:
    try:
        settings({"ana": own})
    except ConfigError:
        return False
    return True


def templates(own: dict[str, Any]) -> dict[str, Any]:
    """Every pod template by its `app` label, the workers that the session creates included."""
    found = {}
    for (kind, name), item in made(**own).items():
        if kind in {"Job", "StatefulSet"}:
            found[name] = item["spec"]["template"]
        if kind == "ConfigMap" and "[manager]" in item["data"]["settings.toml"]:
            pod = worker_pod(item["data"]["settings.toml"])
            found[pod["metadata"]["labels"]["app"]] = pod
    return found


# Packages


def test_a_project_for_another_julia_is_a_warning() -> None:
    """Pkg only warns, and most packages work."""
    deps = '[deps]\nK8sClusterManagers = "5aeab163-63d2-4171-9fbf-e22244d80acb"\n'
    entry = '[[deps.K8sClusterManagers]]\nuuid = "5aeab163-63d2-4171-9fbf-e22244d80acb"\nversion = "0.1.5"\n'
    packages = {
        "project": f'{deps}[compat]\njulia = "1.11"\n',
        "manifest": f'julia_version = "1.12.1"\nmanifest_format = "2.0"\n{entry}',
    }
    project, manifest = warnings(settings({"ana": {"users": ["ana"], "packages": packages}}))
    assert project == "julia.sessions.ana.packages.project: accepts Julia 1.11, but the session runs 1.10.10."
    assert "was written by Julia 1.12.1, but the session runs 1.10.10" in manifest
    own = {"users": ["ana"], "packages": packages, "image": {"repository": "registry.example.org/lab", "tag": "1.2.3"}}
    assert list(warnings(settings({"ana": own}))) == [], "nobody knows which Julia is in it"


def test_a_fork_or_a_later_release_of_the_cluster_manager_may_accept_other_packages() -> None:
    deps = '[deps]\nK8sClusterManagers = "5aeab163-63d2-4171-9fbf-e22244d80acb"\n'
    json = '[[deps.JSON]]\nuuid = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"\nversion = "1.2.0"\n'
    for entry, works in (
        ('version = "0.1.5"', False),
        ('version = "0.1.4"', False),
        ('version = "0.2.0"', True),
        ('version = "0.1.5"\nrepo-url = "https://github.com/lab/K8sClusterManagers.jl"', True),
    ):
        manager = f'[[deps.K8sClusterManagers]]\nuuid = "5aeab163-63d2-4171-9fbf-e22244d80acb"\n{entry}\n'
        packages = {"project": deps, "manifest": f'manifest_format = "2.0"\n{manager}{json}'}
        assert is_accepted(packages=packages) == works, entry


@pytest.mark.parametrize(
    "text",
    [
        "println(1)",
        "#!/usr/bin/env julia\nprintln(1)\n",
        'include("/data/run.jl")',
        "# only a comment",
        "run.jl()",
        SHELL,
    ],
)
def test_a_script_is_any_text_for_julia(text: str) -> None:
    assert is_accepted(kind="script", script={"text": text})


@pytest.mark.parametrize(
    "own",
    [
        {"users": ["Müller, Ana", "oidc:ana@example.org", "system:serviceaccount:ci:deploy", "CN=ana,O=lab"]},
        {"groups": ["system:serviceaccounts:ci", "oidc:lab", "system:masters"]},
        {"workers": {"env": {"POD_NAME": "x", "JULIA_PKG_SERVER": "https://pkg.example.org"}}},
        {"kind": "script", "script": {"path": "/depot/run.jl"}},
        {"packages": {"folder": "/opt/project/Project.toml"}},
        {"workers": {"image": {"repository": "r.example.org/j", "tag": "1"}, "executable": "/depot/bin/julia"}},
        {"workers": {"image": {"repository": "r.example.org/j", "tag": "1"}, "executable": "/julia/bin/julia"}},
    ],
)
def test_what_works_for_somebody_is_accepted(own: dict[str, Any]) -> None:
    assert is_accepted(**own)


# Defaults


def test_a_session_takes_what_it_lacks_from_the_defaults_and_then_from_the_program() -> None:
    given = settings(
        {"ana": {"workers": {"max": 9}}, "ben": {"workers": {"memory": "4Gi", "env": {"A": "1"}}}},
        defaults={"workers": {"memory": "8Gi", "env": {"B": "2"}}},
    )
    ana, ben = (known.settings.workers for known in sessions(given))
    assert (ana.max, ana.memory, ana.cpu, dict(ana.env)) == (9, "8Gi", "1", {"B": "2"})
    # The program's own default counts where it is written, and a map replaces the whole map.
    assert (ben.max, ben.memory, dict(ben.env)) == (4, "4Gi", {"A": "1"})


def test_a_mistake_names_the_place_where_the_setting_is_written() -> None:
    with pytest.raises(ConfigError) as refused:
        settings(
            {"ana": {"workers": {"memory": "2Pi"}}, "ben": {}, "carla": {}}, defaults={"workers": {"memory": "3Pi"}}
        )
    paths = [mistake.path for mistake in refused.value.mistakes]
    assert paths == ["julia.defaults.workers.memory", "julia.sessions.ana.workers.memory"]


@pytest.mark.parametrize(
    ("worker", "reference"),
    [
        ({}, "julia:1.10.10@sha256:" + 64 * "a"),
        ({"tag": "1.10.10-bookworm"}, "julia:1.10.10-bookworm"),
        ({"repository": "lab/julia", "tag": "1"}, "lab/julia:1"),
        ({"repository": "lab/julia", "digest": "sha256:" + 64 * "b"}, "lab/julia@sha256:" + 64 * "b"),
    ],
)
def test_workers_run_the_image_of_the_session_unless_they_have_another(worker: Any, reference: str) -> None:
    """A digest of one image is never combined with the name or tag of another."""
    own = session(image={"digest": "sha256:" + 64 * "a"}, workers={"image": worker})
    assert own.worker_image == reference


# Names


@pytest.mark.parametrize("own", VARIANTS.values(), ids=VARIANTS)
def test_the_longest_name_leaves_room_for_what_kubernetes_adds(own: dict[str, Any]) -> None:
    """63 characters for a label, and up to 11 more for pods and revisions."""
    name = "a" * 39
    for (_, label), item in manifests(settings({name: own})).items():
        assert len(label) <= 63
        if item["kind"] in {"StatefulSet", "Job"}:
            assert len(label) + 11 <= 63
    assert len(names.worker(name)) + 6 <= 63


def test_no_two_sessions_share_an_object() -> None:
    """Objects are known by kind and name, although each session has a namespace of its own."""
    given = settings({f"{name}{end}": own for name in "ab" for end, own in zip("123", KINDS.values(), strict=True)})
    found = manifests(given)
    assert len(found) == sum(len(manifests(settings({name: given_}))) for name, given_ in _written(given).items())


def _written(given: Any) -> dict[str, Any]:
    return {name: own.model_dump(by_alias=True, exclude_unset=True) for name, own in given.sessions.items()}


# Pods


@pytest.mark.parametrize("own", VARIANTS.values(), ids=VARIANTS)
def test_every_pod_meets_the_restricted_profile(own: dict[str, Any]) -> None:
    """Workers included: kubectl prints a violation that is only reported, and the cluster manager fails on it."""
    found = templates(own)
    assert set(found) == {"julia-ana", "julia-ana-worker"}
    for app, template in found.items():
        assert set(breaches(template)) == set(), app


@pytest.mark.parametrize("own", VARIANTS.values(), ids=VARIANTS)
def test_only_a_session_that_starts_workers_has_a_token(own: dict[str, Any]) -> None:
    tokens = {app: template["spec"]["automountServiceAccountToken"] for app, template in templates(own).items()}
    assert tokens == {"julia-ana": own.get("kind") != "pool", "julia-ana-worker": False}


def test_a_namespace_reports_no_more_than_it_enforces() -> None:
    for level in ("restricted", "baseline"):
        found = manifests(settings({"ana": {}}, podSecurity=level))
        labels = found["Namespace", "julia-ana"]["metadata"]["labels"]
        assert {key: value for key, value in labels.items() if key.startswith(POD_SECURITY)} == {
            f"{POD_SECURITY}/{what}": level for what in ("audit", "enforce", "warn")
        }


def test_the_variables_that_a_config_may_not_set_are_those_that_the_program_sets() -> None:
    """No other: a worker has no POD_NAME, so people may give it one."""
    own = session(packages=FOLDER)
    groups = {"manager": pods.session_environment(own), "workers": pods.worker_environment(own)}
    every = {variable["name"] for variables in groups.values() for variable in variables}
    assert {*pods.SETTINGS_OF_VARIABLES} <= every
    for group, variables in groups.items():
        rejected = {name for name in every if not is_accepted(packages=FOLDER, **{group: {"env": {name: "x"}}})}
        assert rejected == {variable["name"] for variable in variables}


def test_session_and_workers_see_the_same_packages_where_they_share_them() -> None:
    def depot_and_project(own: JuliaSession) -> list[tuple[str, str | None]]:
        both = (pods.session_environment(own), pods.worker_environment(own))
        found = [{item["name"]: item.get("value") for item in environment} for environment in both]
        return [(item["JULIA_DEPOT_PATH"], item.get("JULIA_PROJECT")) for item in found]

    assert depot_and_project(session()) == [("/depot:", "/depot/environments/session"), (f"{TMP}/depot:", None)]
    shared = session(depot={"accessModes": ["ReadWriteMany"], "shareWithWorkers": True})
    assert depot_and_project(shared) == [
        ("/depot:", "/depot/environments/session"),
        (f"{TMP}/depot:/depot:", "/depot/environments/session"),
    ]
    baked = session(packages={"folder": "/opt/project", "depot": "/opt/depot"})
    assert depot_and_project(baked) == [
        ("/depot:/opt/depot:", "/opt/project"),
        (f"{TMP}/depot:/opt/depot:", "/opt/project"),
    ]


def test_an_argument_of_a_script_means_itself() -> None:
    """Kubernetes expands $(NAME) in a command."""
    found = made(kind="script", script={"path": "/run.jl", "arguments": ["$(HOME)", "$5"]})
    (container,) = found["Job", "julia-ana"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["julia", "-L", "/julia/config/startup.jl", "/run.jl", "$$(HOME)", "$5"]


# Amounts


def test_the_quota_is_the_session_and_its_workers() -> None:
    found = made(manager={"cpu": "500m", "memory": "1Gi"}, workers={"max": 3, "cpu": "1.5", "memory": "512Mi"})
    assert found["ResourceQuota", "julia-ana"]["spec"]["hard"] == {
        "pods": "4",
        "requests.cpu": "5",
        "limits.cpu": "5",
        "requests.memory": "2560Mi",
        "limits.memory": "2560Mi",
    }
    gpus = made(workers={"max": 3, "numGPUs": 2})
    assert gpus["ResourceQuota", "julia-ana"]["spec"]["hard"]["requests.nvidia.com/gpu"] == "6"


@pytest.mark.parametrize("own", VARIANTS.values(), ids=VARIANTS)
def test_the_line_to_paste_starts_exactly_what_the_quota_allows(own: dict[str, Any]) -> None:
    """One worker more is rejected, and `addprocs` then fails as a whole."""
    found, hard = templates(own), made(**own)["ResourceQuota", "julia-ana"]["spec"]["hard"]
    for what in ("cpu", "memory"):
        amounts = {
            app: quantity(template["spec"]["containers"][0]["resources"]["requests"][what])
            for app, template in found.items()
        }
        left = quantity(hard[f"requests.{what}"]) - amounts["julia-ana"]
        assert left // amounts["julia-ana-worker"] == 4
    line = output(JuliaSession("ana", settings({"ana": own})))["addprocs"]
    assert line == ("nworkers()" if own.get("kind") == "pool" else "addprocs(K8sClusterManager(4))")


def test_the_line_to_paste_names_julia_where_the_image_has_it_elsewhere() -> None:
    own = session(workers={"image": {"repository": "lab/julia", "tag": "1"}, "executable": "/opt/julia/bin/julia"})
    assert output(own)["addprocs"] == 'addprocs(K8sClusterManager(4); exename="/opt/julia/bin/julia")'


# Worker pods of the package


def test_a_worker_has_what_the_package_gives_it_and_what_the_stack_adds() -> None:
    own = {**EVERYTHING, "workers": {**EVERYTHING["workers"], "activeDeadline": 600, "priorityClass": "low"}}
    text = made(**own)["ConfigMap", "julia-ana-startup"]["data"]["settings.toml"]
    pod = worker_pod(text, {"name": "julia-ana-0", "uid": "1"}, memory="8Gi")
    assert pod["metadata"]["labels"] == {
        "worker-prefix": "julia-ana-worker",
        "cluster-cookie": "aB3dE6gH9jK2mN5p",
        "app": "julia-ana-worker",
        "clusters.pulumi/session": "ana",
        "sidecar.istio.io/inject": "false",
    }
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "8Gi"},
        "limits": {"cpu": "1", "memory": "8Gi", "nvidia.com/gpu": "1"},
    }
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["activeDeadlineSeconds"] == 600
    assert pod["spec"]["priorityClassName"] == "low"
    assert pod["spec"]["tolerations"] == [{"operator": "Exists"}]
    assert {mounted["mountPath"] for mounted in container["volumeMounts"]} == {"/depot", TMP, "/data"}


def test_the_startup_file_names_what_the_settings_hold() -> None:
    """The two meet only in a running Julia."""
    data = made()["ConfigMap", "julia-ana-startup"]["data"]
    known = tomllib.loads(data["settings.toml"])
    for path in (("manager", "worker_prefix"), ("pod", "metadata"), ("pod", "spec"), ("pod", "container")):
        assert known[path[0]][path[1]]
        assert f'"{path[0]}"' in data["startup.jl"]
        assert f'"{path[1]}"' in data["startup.jl"]
    assert {"worker_prefix", "image", "cpu", "memory", "pending_timeout"} == set(known["manager"])
    pool = made(kind="pool")["ConfigMap", "julia-ana-startup"]["data"]
    assert tomllib.loads(pool["settings.toml"]) == {"pool": {"host": "julia-ana", "port": 9009}}
    assert set(pool) == {"pool.jl", "packages.jl", "worker.jl", "settings.toml", "Project.toml"}


def test_packages_are_pinned() -> None:
    for own, line in ((KINDS["interactive"], "=0.1.5"), (KINDS["pool"], "=2.0.0")):
        project = tomllib.loads(made(**own)["ConfigMap", "julia-ana-startup"]["data"]["Project.toml"])
        (name,) = project["deps"]
        assert project["compat"] == {name: line}
    assert "Project.toml" not in made(packages={"folder": "/opt/project"})["ConfigMap", "julia-ana-startup"]["data"]


# Order, rights, what is kept


@pytest.mark.parametrize("own", VARIANTS.values(), ids=VARIANTS)
def test_a_session_starts_when_everything_else_exists(own: dict[str, Any]) -> None:
    """Quota, policies and rights count for its first worker too."""
    planned = by_key(objects(settings({"ana": own})))
    kind = "Job" if own.get("kind") == "script" else "StatefulSet"
    before = list(planned)[: list(planned).index((kind, "julia-ana"))]
    assert {key for key in before if key[0] != "Namespace"} <= set(
        dependencies(planned[kind, "julia-ana"], planned)
    ) | {("Namespace", "julia-ana")}


def test_nobody_else_gets_rights() -> None:
    """Without users there is no Role for them, and a pool has none at all."""
    roles = {name: item["rules"] for (kind, name), item in made().items() if kind == "Role"}
    assert list(roles) == ["julia-ana"]
    assert {rule["resources"][0]: tuple(rule["verbs"]) for rule in roles["julia-ana"]} == dict(rights.OF_SESSION)
    assert [key for key in made(kind="pool") if key[0].startswith("Role")] == []
    binding = made(kind="pool", groups=["lab"])["RoleBinding", "julia-ana-users"]
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "lab"}]


@pytest.mark.parametrize(
    ("depot", "kept"),
    [
        ({}, ["Namespace/julia-ana", "PersistentVolumeClaim/julia-ana-depot"]),
        ({"keep": False}, []),
        ({"persistent": False}, []),
        ({"claim": "mine"}, []),
    ],
)
def test_a_destroy_keeps_depots_and_the_namespaces_around_them(depot: dict[str, Any], kept: list[str]) -> None:
    assert kept_on_destroy(objects(settings({"ana": {"depot": depot}}))) == kept


# Network


def allowed(found: dict[Any, Any], source: str, target: str | None, port: int) -> bool:
    """Whether the policies let a pod connect to a pod of the session, or (None) to an address outside."""
    specs = [item["spec"] for (kind, _), item in found.items() if kind == "NetworkPolicy"]

    def opens(rules: list[dict[str, Any]], side: str, peer: str | None) -> bool:
        for rule in rules:
            ports = rule.get("ports")
            fits = ports is None or any(
                part["protocol"] == "TCP" and part["port"] <= port <= part.get("endPort", part["port"])
                for part in ports
            )
            peers = rule.get(side)
            named = peers is None or any(
                peer is not None and part.get("podSelector", {}).get("matchLabels") == {"app": peer} for part in peers
            )
            if fits and named:
                return True
        return False

    def side(app: str, direction: str, word: str, peer: str | None) -> bool:
        own = [spec for spec in specs if spec["podSelector"] in ({}, {"matchLabels": {"app": app}})]
        assert own, app
        return any(opens(spec.get(direction, []), word, peer) for spec in own)

    out = side(source, "egress", "to", target)
    return out and (target is None or side(target, "ingress", "from", source))


SESSION, WORKER = "julia-ana", "julia-ana-worker"


@pytest.mark.parametrize("kind", KINDS)
def test_pods_reach_what_julia_needs_and_nothing_else(kind: str) -> None:
    found, pool = made(**KINDS[kind]), kind == "pool"
    flows = {
        (SESSION, WORKER, 9001): True,
        (WORKER, WORKER, 9001): True,
        (WORKER, SESSION, 9001): False,
        (WORKER, SESSION, 9009): pool,
        (SESSION, WORKER, 22): False,
        (SESSION, None, 443): True,
        (SESSION, None, 6443): not pool,
        (SESSION, None, 80): False,
        (WORKER, None, 443): False,
        (WORKER, None, 6443): False,
        (WORKER, None, 53): True,
    }
    assert {flow: allowed(found, *flow) for flow in flows} == flows


def test_networks_that_are_opened_never_include_the_metadata_address() -> None:
    found = manifests(settings({"ana": {}}, network={"policies": {"egress": ["0.0.0.0/0"]}}))
    for name in (SESSION, WORKER):
        (block,) = (
            peer["ipBlock"]
            for rule in found["NetworkPolicy", name]["spec"]["egress"]
            for peer in rule.get("to", ())
            if "ipBlock" in peer
        )
        assert block == {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
