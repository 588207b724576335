"""The options that sbatch documents: https://slurm.schedmd.com/sbatch.html."""

from __future__ import annotations

from typing import Final

OWN: Final = {
    "--dependency": "only one job at a time may have the server's address",
    "--job-name": "it is the server's name",
    "--nodes": "set locales",
    "--ntasks": "set locales",
    "--ntasks-per-node": "each locale has a node of its own",
    "--parsable": "submit.sh prints the number of the job",
    "--signal": "set stopMargin",
}
"""Options that submit.sh sets, and why or how to change them."""
NO_SERVER: Final = {
    "--array": "starts several jobs, but a server is one job",
    "--help": "prints a message and submits nothing",
    "--test-only": "submits nothing",
    "--usage": "prints a message and submits nothing",
    "--version": "prints a message and submits nothing",
    "--wrap": "replaces the job's script",
}
"""Options that keep the server from running."""
_WITH_VALUE: Final = """
    account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint container
    container-id core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency
    distribution error exclude export export-file extra extra-node-info gid gpu-bind gpu-freq gpus gpus-per-node
    gpus-per-socket gpus-per-task gres gres-flags hint input job-name kill-on-invalid-dep licenses mail-type mail-user
    mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nodefile nodelist nodes ntasks ntasks-per-core
    ntasks-per-gpu ntasks-per-node ntasks-per-socket open-mode output partition power prefer priority profile qos
    reservation segment signal sockets-per-node switches thread-spec threads-per-core time time-min tmp tres-bind
    tres-per-task uid wait-all-nodes wckey wrap
"""
_WITHOUT_VALUE: Final = """
    contiguous exclusive get-user-env help hold ignore-pbs nice no-kill no-requeue overcommit oversubscribe parsable
    propagate quiet reboot requeue spread-job stepmgr test-only usage use-min-nodes verbose version wait
"""
_MAIL_TYPES: Final = """
    NONE BEGIN END FAIL REQUEUE ALL INVALID_DEPEND STAGE_OUT TIME_LIMIT TIME_LIMIT_90 TIME_LIMIT_80 TIME_LIMIT_50
    ARRAY_TASKS
"""
WITH_VALUE: Final = frozenset(f"--{name}" for name in _WITH_VALUE.split())
"""Options that take the next argument for their value if they have none themselves."""
WITHOUT_VALUE: Final = frozenset(f"--{name}" for name in _WITHOUT_VALUE.split())
"""Options that need no value."""
SHORT: Final = {
    "-A": "--account",
    "-a": "--array",
    "-B": "--extra-node-info",
    "-b": "--begin",
    "-C": "--constraint",
    "-c": "--cpus-per-task",
    "-D": "--chdir",
    "-d": "--dependency",
    "-e": "--error",
    "-F": "--nodefile",
    "-G": "--gpus",
    "-H": "--hold",
    "-h": "--help",
    "-i": "--input",
    "-J": "--job-name",
    "-k": "--no-kill",
    "-L": "--licenses",
    "-M": "--clusters",
    "-m": "--distribution",
    "-N": "--nodes",
    "-n": "--ntasks",
    "-O": "--overcommit",
    "-o": "--output",
    "-p": "--partition",
    "-Q": "--quiet",
    "-q": "--qos",
    "-S": "--core-spec",
    "-s": "--oversubscribe",
    "-t": "--time",
    "-V": "--version",
    "-v": "--verbose",
    "-W": "--wait",
    "-w": "--nodelist",
    "-x": "--exclude",
}
MEMORY: Final = ("--mem", "--mem-per-cpu", "--mem-per-gpu")
SAME: Final = {
    "--mem-per-cpu": "--mem",
    "--mem-per-gpu": "--mem",
    "--no-requeue": "--requeue",
    "--oversubscribe": "--exclusive",
}
"""Options that exclude another one, or that it replaces."""
REPEATABLE: Final = ("--quiet", "--verbose")
MAIL_TYPES: Final = frozenset(_MAIL_TYPES.split())
LONGEST_NOTICE: Final = 65535
"""Seconds before its time limit at which a job gets its signal."""
