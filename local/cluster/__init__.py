"""The embedded default: a real Kubernetes control plane on this machine, for newcomers and tests."""

from local.cluster.control_plane import ControlPlane, Status
from local.cluster.layout import ControlPlaneError

__all__ = ["ControlPlane", "ControlPlaneError", "Status"]
