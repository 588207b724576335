"""A pod that runs to its end, as processes of this machine: its claims are folders."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from components.shared.kube import Json


class BatchPod:
    """The one container of a pod, started at once."""

    def __init__(self, pod: Json, claims: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._log, self._result = folder / "log", folder / "result"
        spec = pod["spec"]
        (container,) = spec["containers"]
        self.name: str = container["name"]
        places = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        moved = {"/dev/termination-log": str(self._result)}
        for volume in spec["volumes"]:
            if claim := volume.get("persistentVolumeClaim"):
                moved[places[volume["name"]]] = str(claims / claim["claimName"])
                (claims / claim["claimName"]).mkdir(parents=True, exist_ok=True)
        values = {one["name"]: moved.get(one["value"], one["value"]) for one in container["env"]}
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                container["command"], env={"PATH": "/usr/bin:/bin", **values}, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def status(self, status: Json, now: str) -> Json:
        """The status of the pod, as a kubelet reports it."""
        code = self._process.poll()
        state: dict[str, Any] = {"running": {"startedAt": now}}
        phase = "Running"
        if code is not None:
            result = self._result.read_text() if self._result.exists() else self.log
            state = {"terminated": {"exitCode": code, "message": result, "startedAt": now, "finishedAt": now}}
            phase = "Failed" if code else "Succeeded"
        container = {
            "name": self.name, "image": "copy", "imageID": "", "ready": False, "restartCount": 0, "state": state
        }  # fmt: skip
        return {**status, "phase": phase, "startTime": now, "containerStatuses": [container]}

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
