"""Stand-ins for what is outside Kubernetes: the Arkouda server and its client, and Slurm's commands."""
