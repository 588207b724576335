"""Rendered manifests, committed, so that a review sees YAML."""
