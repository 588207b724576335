# Loaded by a session whose workers always run, before its prompt. The workers connect to it by themselves.
module Session

include("packages.jl")
import ElasticClusterManager, Sockets

# Workers that show the cookie are accepted from now on.
const manager = ElasticClusterManager.ElasticManager(;
    addr=Sockets.IPv4(0),
    port=SETTINGS["pool"]["port"],
    cookie=read("/julia/cookie/cookie", String),
)

end

using Distributed
