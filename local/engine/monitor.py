"""The two gRPC services that the program talks to: pulumirpc.ResourceMonitor and pulumirpc.Engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from local.engine.errors import NeedsCli, Stopped
from local.engine.run import Run
from local.engine.values import from_struct, to_struct

PARALLEL = 16
"""What the SDK is told; it makes four threads of each, so up to 64 registrations wait here at once."""
_THREADS = 4 * PARALLEL + 8
# A registration carries whole files; the SDK sets the same limit (runtime/_grpc_settings.py).
_LIMITS = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]

# Claimed although the use of several is refused, for otherwise the SDK itself refuses them with a sentence that tells
# the user to update the Pulumi CLI.
_FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    "stateMigrations": resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
}

# What the SDK makes of an answer UNAVAILABLE (runtime/settings.py). It follows an error that is already reported.
_ECHO = "Resource monitor has terminated, shutting down"


def _abort(context: Any) -> NoReturn:
    context.abort(grpc.StatusCode.UNAVAILABLE, _ECHO)
    raise AssertionError("unreachable")


def _refuse(what: str) -> Callable[[Any, Any, Any], NoReturn]:
    def handler(self: Monitor, request: Any, context: Any) -> NoReturn:
        detail = getattr(request, "tok", "") or getattr(request, "type", "") or getattr(request, "name", "")
        self.run.fail(str(NeedsCli(f"{what} {detail}".strip())))
        _abort(context)

    return handler


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """The resource monitor of one evaluation."""

    Invoke: Any = _refuse("the program calls the provider function")
    Call: Any = _refuse("the program calls the method")
    ReadResource: Any = _refuse("the program reads (or looks up) a resource it does not own, of type")
    ExistsResource: Any = _refuse("the program asks whether a resource exists, of type")
    RegisterStackTransform: Any = _refuse("the program registers a transform")
    RegisterStackInvokeTransform: Any = _refuse("the program registers an invoke transform")
    RegisterResourceHook: Any = _refuse("the program registers the resource hook")
    RegisterErrorHook: Any = _refuse("the program registers the error hook")
    RegisterPackage: Any = _refuse("the program uses the parameterized package")

    def __init__(self, run: Run, config: dict[str, str], secret_keys: list[str]) -> None:
        self.run, self._config, self._secret_keys = run, config, secret_keys

    def GetDeploymentInfo(self, request: empty_pb2.Empty, context: Any) -> resource_pb2.DeploymentInfo:  # noqa: N802, ARG002
        """What this evaluation is."""
        return resource_pb2.DeploymentInfo(
            project=self.run.state.project, stack=self.run.state.stack, organization="organization",
            config=self._config, configSecretKeys=self._secret_keys, dryRun=self.run.dry_run, parallel=PARALLEL,
            supportedFeatures=_FEATURES.values(),
        )  # fmt: skip

    def SupportsFeature(  # noqa: N802
        self,
        request: resource_pb2.SupportsFeatureRequest,
        context: Any,  # noqa: ARG002
    ) -> resource_pb2.SupportsFeatureResponse:
        """The same question for older SDKs."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest, context: Any
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring one resource about, or say what would be."""
        try:
            urn, outcome = self.run.register(request)
        except Stopped:
            _abort(context)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=outcome.id, object=to_struct(outcome.outputs))

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: Any
    ) -> empty_pb2.Empty:
        """Outputs of a component or the stack."""
        if self.run.failed or request.urn not in self.run.records:
            _abort(context)
        self.run.outputs(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:  # noqa: N802, ARG002
        """The program is through. There are no callbacks to it, so it need not stay."""
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """The program's log and the root resource."""

    def __init__(self, run: Run) -> None:
        self._run, self._root = run, ""

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802, ARG002
        """Show a message; an error fails the run, as with the CLI."""
        message = request.message.strip()
        if request.severity == engine_pb2.ERROR:
            # After a failure the program's end is a consequence, and so is its message.
            if not (self._run.failed or self._run.stopping.is_set()) or _ECHO not in message:
                self._run.fail(message)
        elif request.severity == engine_pb2.WARNING:
            self._run.report.warning(message)
        elif request.severity == engine_pb2.INFO and message:
            self._run.report.note(message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> engine_pb2.GetRootResourceResponse:  # noqa: N802, ARG002
        """The URN that SetRootResource gave."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802
        self,
        request: engine_pb2.SetRootResourceRequest,
        context: Any,  # noqa: ARG002
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def StartDebugging(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802, ARG002
        """Nothing to attach to."""
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any, context: Any) -> NoReturn:  # noqa: N802
        """There is no CLI whose version could be checked."""
        self._run.fail(str(NeedsCli(f"the program requires the Pulumi version {request.pulumi_version_range}")))
        _abort(context)


def serve(run: Run, config: dict[str, str], secret_keys: list[str]) -> tuple[grpc.Server, str]:
    """Start both services on a free loopback port; the server and its address."""
    server = grpc.server(ThreadPoolExecutor(_THREADS, thread_name_prefix="monitor"), options=_LIMITS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(run, config, secret_keys), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(run), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"
