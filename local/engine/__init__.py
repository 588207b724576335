"""The small engine: `preview`, `up`, `destroy` and `outputs` of this program where the Pulumi CLI cannot be installed.

It is a server of the public `pulumirpc.ResourceMonitor` and `pulumirpc.Engine` services with the unchanged program as
its child process. What it cannot do it refuses with a sentence that names the Pulumi CLI; it never ignores it.
"""
