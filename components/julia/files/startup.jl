# Loaded by a session that starts its workers itself, before the prompt or the script.
#
# It defines `K8sClusterManager(n)` with the defaults of the stack config. Keywords override them, as in the package:
# `addprocs(K8sClusterManager(4; memory="8Gi"))`.
module Session

include("packages.jl")
import K8sClusterManagers

"Lay `additions` over a part of a manifest: maps are merged, everything else is replaced."
function merge_into!(part, additions)
    for (key, value) in additions
        if value isa AbstractDict
            haskey(part, key) || (part[key] = Dict{String,Any}())
            merge_into!(part[key], value)
        else
            part[key] = value
        end
    end
end

"The pod of this session. Kubernetes deletes the pods that it owns when it is gone."
owner() = Dict(
    "apiVersion" => "v1",
    "kind" => "Pod",
    "name" => ENV["POD_NAME"],
    "uid" => ENV["POD_UID"],
    "controller" => false,
    "blockOwnerDeletion" => false,
)

"Complete the manifest of a worker pod."
function configure(pod)
    additions = SETTINGS["pod"]
    merge_into!(pod["metadata"], additions["metadata"])
    merge_into!(pod["spec"], additions["spec"])
    merge_into!(only(pod["spec"]["containers"]), additions["container"])
    pod["metadata"]["ownerReferences"] = [owner()]
    return pod
end

"""
    K8sClusterManager(n; configure=identity, keywords...)

A cluster manager for `n` workers. `configure` gets the manifest of a worker pod with the defaults of the stack in it.
"""
function K8sClusterManager(n::Integer; configure=identity, keywords...)
    return K8sClusterManagers.K8sClusterManager(
        n;
        (Symbol(key) => value for (key, value) in SETTINGS["manager"])...,
        namespace=ENV["POD_NAMESPACE"],
        manager_pod_name=ENV["POD_NAME"],
        configure=configure ∘ Session.configure,
        keywords...,
    )
end

"Delete the worker pods that an earlier Julia process in this pod has left."
function remove_workers()
    prefix = SETTINGS["manager"]["worker_prefix"]
    kubectl = K8sClusterManagers.kubectl()
    run(`$kubectl delete pods --selector=worker-prefix=$prefix --wait=false --ignore-not-found`)
end

# A second process that somebody starts in the pod leaves the workers of the first one alone.
getpid() == 1 && remove_workers()

end

using Distributed
using .Session: K8sClusterManager
