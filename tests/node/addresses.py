"""Every address of the node and of what is outside, once. All come from ranges that nobody routes (RFC 5737)."""

from __future__ import annotations

NODE = "real-node"
OUTSIDE = "192.0.2.1"
"""API server, DNS server and clients; kube-apiserver advertises it."""
NODE_ADDRESS = "192.0.2.2"
PODS = "10.244.0.0/24"
LOAD_BALANCERS = "198.51.100"
METADATA = "169.254.169.254"
"""Where clouds hand out the credentials of the node."""
INTERNET = "203.0.113.10"
ARKOUDA = "192.0.2.10"
"""The first node of an Arkouda server, outside Kubernetes."""
LDAP = "192.0.2.11"
"""The LDAP server of the users."""
DNS_SERVICE = "10.96.0.10"
API_SERVICE = "10.96.0.1"
