"""Arkouda servers: declared, self-registered, or run inside Kubernetes."""
