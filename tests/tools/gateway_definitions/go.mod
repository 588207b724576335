// The definitions of the Gateway API, as files of its Go module. v1.7.0 has the same TCPRoute, and needs Go 1.27.
module clusters.local/gateway-definitions

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.3
