# Every session includes this file first. It makes the packages of the session's project loadable.
using Distributed
import Pkg, TOML

const CONFIG = @__DIR__
const SETTINGS = TOML.parsefile(joinpath(CONFIG, "settings.toml"))

"""
Write the project of this session, if the stack config names other packages than those that it was made of.

Until then packages that you add stay in it. A project in the image has no files here.
"""
function write_project()
    files = filter(name -> isfile(joinpath(CONFIG, name)), ["Project.toml", "Manifest.toml"])
    isempty(files) && return
    project = ENV["JULIA_PROJECT"]
    record = joinpath(project, "stack-config")
    given = join(read(joinpath(CONFIG, name), String) for name in files)
    isfile(record) && read(record, String) == given && return
    mkpath(project)
    rm(joinpath(project, "Manifest.toml"); force=true)
    for name in files
        write(joinpath(project, name), read(joinpath(CONFIG, name)))
    end
    Pkg.instantiate()
    write(record, given)
end

mkpath(ENV["HOME"])
write_project()
