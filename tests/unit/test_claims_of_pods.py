"""A claim that several settings name is one volume of the pod: before Kubernetes 1.35, two would keep it from starting.

https://github.com/kubernetes/kubernetes/pull/122140
"""

from __future__ import annotations

import pytest

from components.julia import names, worker_pod
from components.julia import session as manager
from components.matlab import job_manager, workers
from components.shared.manifest import Manifest
from tests.unit.clusters import Values, cluster
from tests.unit.julia_sessions import session

DATABASE_AND_LOGS: Values = {"storage": {"checkpoint": {"claim": "data"}, "log": {"claim": "data"}}}
MATLAB_FROM_A_CLAIM: Values = {"installation": {"claim": "tools", "javaClaim": "tools"}}
WRITABLE_TOO: Values = {**MATLAB_FROM_A_CLAIM, "workers": {"max": 4, "claims": {"tools": "/tools"}}}


def mounts(template: Manifest) -> dict[str, tuple[str, bool, bool]]:
    """By path: the claim, whether the container may write there, and whether the pod may."""
    spec = template["spec"]
    (container,) = spec["containers"]
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    }
    named = [claim["claimName"] for claim in claims.values()]
    assert sorted(set(named)) == sorted(named)
    assert {mount["name"] for mount in container["volumeMounts"]} >= {volume["name"] for volume in spec["volumes"]}
    return {
        mount["mountPath"]: (claim["claimName"], "readOnly" not in mount, "readOnly" not in claim)
        for mount in container["volumeMounts"]
        if (claim := claims.get(mount["name"]))
    }


def test_database_and_logs_may_share_a_claim() -> None:
    found = mounts(job_manager.deployment(cluster(DATABASE_AND_LOGS), "")["spec"]["template"])
    assert found == {"/mjs/database": ("data", True, True), "/mjs/log": ("data", True, True)}


@pytest.mark.parametrize(("values", "writable"), [(MATLAB_FROM_A_CLAIM, False), (WRITABLE_TOO, True)])
def test_matlab_stays_read_only_where_it_is_mounted(values: Values, writable: bool) -> None:
    found = mounts(workers.pod_template(cluster(values), ""))
    assert found["/opt/matlab"] == ("tools", False, writable)
    assert found["/usr/local/share/matlab/mjs/java"] == ("tools", False, writable)
    assert found.get("/tools") == (("tools", True, True) if writable else None)


def test_a_julia_session_may_mount_the_claim_of_its_depot_again() -> None:
    depot = {"claim": "home", "shareWithWorkers": True}
    here = session(depot=depot, claims={"home": "/data"}, workers={"max": 2})
    parts = worker_pod.additions(here)
    of_worker = mounts({"spec": {**parts["spec"], "containers": [parts["container"]]}})
    assert of_worker == {names.DEPOT_DIR: ("home", False, True), "/data": ("home", True, True)}
    of_session = mounts(manager.stateful_set(here)["spec"]["template"])
    assert of_session == {names.DEPOT_DIR: ("home", True, True), "/data": ("home", True, True)}
