"""Julia sessions with worker pods on Kubernetes."""
