"""Kubernetes manifests of a MATLAB cluster, as pure functions of its topology."""
