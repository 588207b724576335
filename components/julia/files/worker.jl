# A worker of a pool: connects to the session, as ElasticClusterManager.elastic_worker does, and serves it.
# It needs no package, so workers start from a plain image and without the Internet.
using Distributed, Sockets
import TOML

const POOL = TOML.parsefile(joinpath(@__DIR__, "settings.toml"))["pool"]
const COOKIE = read("/julia/cookie/cookie", String)
const PAUSE = 2 # seconds

"Connect to the session; wait for one that is not there yet."
function dial()
    while true
        try
            return connect(POOL["host"], POOL["port"])
        catch error
            error isa Union{Base.IOError,Sockets.DNSError} || rethrow()
            sleep(PAUSE)
        end
    end
end

const session = dial()
write(session, rpad(COOKIE, Distributed.HDR_COOKIE_LEN)[1:Distributed.HDR_COOKIE_LEN])
redirect_stdout(session)
Distributed.start_worker(session, COOKIE)
