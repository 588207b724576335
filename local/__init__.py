"""The embedded default: what runs on this machine when there is no cluster and no Pulumi CLI."""
