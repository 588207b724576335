"""A small, untyped view of the Kubernetes API: paths in, JSON out.

The official client is used for what is hard (kubeconfig, client certificates, exec plugins, OIDC); its generated
models are not, because the callers compare and report objects of any kind.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError, ProtocolError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Json = dict[str, Any]

APPLY_PATCH = "application/apply-patch+yaml"
"""Media type of a server-side apply (KEP-555)."""
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks the API server for metadata alone, so that listing Secrets does not read them."""


class Resource(NamedTuple):
    """Where the API serves a kind: group, version, and the name of the collection."""

    group: str
    version: str
    plural: str

    def path(self, namespace: str | None = None) -> str:
        """The API path of the collection; append `/<name>` for one object."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}".rstrip("/")


RESOURCES: Final[Mapping[str, Resource]] = {
    "ConfigMap": Resource("", "v1", "configmaps"),
    "DaemonSet": Resource("apps", "v1", "daemonsets"),
    "Deployment": Resource("apps", "v1", "deployments"),
    "EndpointSlice": Resource("discovery.k8s.io", "v1", "endpointslices"),
    "Endpoints": Resource("", "v1", "endpoints"),
    "Event": Resource("", "v1", "events"),
    "Gateway": Resource("gateway.networking.k8s.io", "v1", "gateways"),
    "Job": Resource("batch", "v1", "jobs"),
    "LimitRange": Resource("", "v1", "limitranges"),
    "Namespace": Resource("", "v1", "namespaces"),
    "NetworkPolicy": Resource("networking.k8s.io", "v1", "networkpolicies"),
    "Node": Resource("", "v1", "nodes"),
    "PersistentVolumeClaim": Resource("", "v1", "persistentvolumeclaims"),
    "Pod": Resource("", "v1", "pods"),
    "PodDisruptionBudget": Resource("policy", "v1", "poddisruptionbudgets"),
    "PriorityClass": Resource("scheduling.k8s.io", "v1", "priorityclasses"),
    "ResourceQuota": Resource("", "v1", "resourcequotas"),
    "Role": Resource("rbac.authorization.k8s.io", "v1", "roles"),
    "RoleBinding": Resource("rbac.authorization.k8s.io", "v1", "rolebindings"),
    "RuntimeClass": Resource("node.k8s.io", "v1", "runtimeclasses"),
    "Secret": Resource("", "v1", "secrets"),
    "Service": Resource("", "v1", "services"),
    "ServiceAccount": Resource("", "v1", "serviceaccounts"),
    "ServiceMonitor": Resource("monitoring.coreos.com", "v1", "servicemonitors"),
    "StatefulSet": Resource("apps", "v1", "statefulsets"),
    "StorageClass": Resource("storage.k8s.io", "v1", "storageclasses"),
    "TCPRoute": Resource("gateway.networking.k8s.io", "v1", "tcproutes"),
    "ValidatingAdmissionPolicy": Resource("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies"),
    "ValidatingAdmissionPolicyBinding": Resource(
        "admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings"
    ),
    "VolumeSnapshot": Resource("snapshot.storage.k8s.io", "v1", "volumesnapshots"),
    "VolumeSnapshotClass": Resource("snapshot.storage.k8s.io", "v1", "volumesnapshotclasses"),
}
"""Every kind that the program reads or writes."""

TRANSIENT: Final = (429, 500, 502, 503, 504)
"""Answers of an API server that is busy, is being restarted or waits for etcd."""
ATTEMPTS: Final = 5
PAUSE: Final = 1
"""Seconds between two attempts, where the API server names none."""
LONGEST_PAUSE: Final = 5
"""Seconds between two attempts at most."""

_ESCAPE = re.compile(r"\\u(d[89ab]..)\\ud[c-f]..|\\.")
"""A surrogate pair, or any other escape: a backslash that is escaped itself begins none."""


class ApiError(Exception):
    """The API server answered with an error. `status` is the HTTP code, `reason` the API's own word (NotFound, …)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


class Unreachable(Exception):  # noqa: N818 - a state of the world, as in the API's own reasons
    """No usable cluster behind the target: no kubeconfig, no such context, or no answer."""


def context_names(kubeconfig: str | None = None) -> list[str]:
    """The contexts of a kubeconfig (None: $KUBECONFIG or ~/.kube/config), which need not have a current one.

    Raises Unreachable with a reason, in the words of whoever could not read it.
    """
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigMerger
    from yaml import YAMLError

    try:
        merged = KubeConfigMerger(kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION).config  # type: ignore[no-untyped-call]
        return [entry["name"] for entry in merged.value["contexts"]] if merged else []
    except YAMLError as error:
        raise Unreachable(f"it is not YAML: {' '.join(str(error).split())}") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise Unreachable("it has not the structure of a kubeconfig") from error
    except (ConfigException, OSError, ValueError) as error:
        raise Unreachable(str(error)) from error


class KubernetesApi:
    """One Kubernetes API server, as one kubeconfig context sees it. Safe to use from several threads."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, kubeconfig: Path | None, context: str | None) -> KubernetesApi:
        """Read the kubeconfig (None: $KUBECONFIG or ~/.kube/config) without calling the API server.

        Raises Unreachable with a sentence that names the file and the contexts that it has.
        """
        # Imported here: it takes a fifth of a second, and rendering needs no cluster.
        from kubernetes.config import ConfigException, new_client_from_config

        where = str(kubeconfig) if kubeconfig else "the default kubeconfig ($KUBECONFIG or ~/.kube/config)"
        file = str(kubeconfig) if kubeconfig else None
        try:
            names = context_names(file)
        except Unreachable as error:
            raise Unreachable(f"{where} cannot be used: {error}") from error
        if context is not None and context not in names:
            raise Unreachable(f"{where} has no context {context!r}; it has {', '.join(map(repr, names)) or 'none'}")
        try:
            client = new_client_from_config(file, context=context, persist_config=False)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError) as error:
            raise Unreachable(f"context {context!r} of {where} cannot be used: {error}") from error
        # One try: a retry hides a dead server for half a minute.
        client.configuration.retries = False
        return cls(client)

    @property
    def server(self) -> str:
        """The API server's URL."""
        return str(self._client.configuration.host)

    @property
    def configuration(self) -> Any:
        """How the official client connects."""
        return self._client.configuration

    def credentials(self) -> dict[str, str]:
        """Headers that say who calls; empty with a client certificate."""
        headers: dict[str, str] = {}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        return headers

    def request(  # noqa: PLR0913 - the parts of an HTTP request
        self,
        method: str,
        path: str,
        body: Json | list[Json] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = 30.0,
    ) -> Json:
        """Send one request (timeout in seconds) and return the decoded answer.

        A read is repeated when the API server is busy, or when the connection breaks. Raises ApiError for an answer of
        400 and above, Unreachable when there is none.
        """
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        data = self._send(method, path, body, headers, query, timeout)
        return cast("Json", json.loads(data)) if data else {}

    def text(self, path: str, *, query: Mapping[str, str] | None = None, timeout: float = 30.0) -> str:
        """GET what is not JSON, such as a log. Raises like `request`."""
        return self._send("GET", path, None, {"Accept": "*/*"}, query, timeout).decode(errors="replace")

    def _send(  # noqa: PLR0913, PLR0917 - the parts of an HTTP request
        self,
        method: str,
        path: str,
        body: Json | list[Json] | None,
        headers: dict[str, str],
        query: Mapping[str, str] | None,
        timeout: float,
    ) -> bytes:
        url = self.server + path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else encoded(body)
        headers |= self.credentials()
        for attempt in range(ATTEMPTS):
            repeatable = method == "GET" and attempt < ATTEMPTS - 1
            try:
                response = self._client.rest_client.pool_manager.request(
                    method, url, body=data, headers=headers, timeout=timeout, retries=False
                )
            except HTTPError as error:
                # The connection existed and broke. If there was none, nobody answers.
                if isinstance(error, ProtocolError) and repeatable:
                    time.sleep(PAUSE)
                    continue
                raise Unreachable(f"the API server {self.server} does not answer: {error}") from error
            if response.status not in TRANSIENT or not repeatable:
                break
            # An overloaded API server, or one with a new kind of resource, says when to try again.
            pause = response.headers.get("Retry-After", "")
            time.sleep(min(int(pause), LONGEST_PAUSE) if pause.isdigit() else PAUSE)
        if response.status >= 400:  # noqa: PLR2004 - HTTP
            raise api_error(response.status, response.data)
        return bytes(response.data)

    def get(self, path: str, **options: Any) -> Json | None:
        """GET one object or list; None when it does not exist."""
        try:
            return self.request("GET", path, **options)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004 - HTTP
                return None
            raise


def encoded(body: Json | list[Json]) -> bytes:
    r"""JSON that is YAML too, as a server-side apply demands.

    YAML knows no surrogate pairs, so what JSON writes as one is not escaped: 😀, not \ud83d\ude00. All else stays
    escaped, because YAML takes some characters for line breaks and refuses others.
    """
    return _ESCAPE.sub(lambda found: json.loads(f'"{found[0]}"') if found[1] else found[0], json.dumps(body)).encode()


def api_error(status: int, data: bytes) -> ApiError:
    """The error in an answer of 400 and above."""
    try:
        document = json.loads(data)
        return ApiError(status, document.get("reason", ""), document.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(status, "", data.decode(errors="replace").strip())
