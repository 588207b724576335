#!/bin/bash
# For servers up to v2024.03.18: requests a client certificate. An administrator runs it with kubectl, once per lifetime.
#
# Writes key.pem and certificate.pem beside this file. Certificates cannot be revoked: keep DAYS small, or delete the
# RoleBinding to take the rights away.

set -euo pipefail
here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
# shellcheck disable=SC1091 # written by the stack
source "${here}/arkouda.env"
days="${DAYS:-30}"
request="${ARKOUDA_USER//:/-}"
umask 077

openssl req -new -newkey rsa:3072 -nodes -keyout "${here}/key.pem" -subj "/CN=${ARKOUDA_USER}" \
    -out "${here}/request.pem" 2>/dev/null
kubectl delete certificatesigningrequest "${request}" --ignore-not-found >/dev/null
kubectl create -f - <<REQUEST
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: ${request}
spec:
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: $((days * 86400))
  usages: ["client auth"]
  request: $(base64 <"${here}/request.pem" | tr -d '\n')
REQUEST
echo "Approve it, here or elsewhere: kubectl certificate approve ${request}" >&2
for _ in {1..150}; do
    certificate="$(kubectl get certificatesigningrequest "${request}" -o 'jsonpath={.status.certificate}')"
    if [[ -n "${certificate}" ]]; then
        base64 -d <<<"${certificate}" >"${here}/certificate.pem"
        kubectl -n "${NAMESPACE}" get configmap kube-root-ca.crt -o 'jsonpath={.data.ca\.crt}' >"${here}/ca.pem"
        rm "${here}/request.pem"
        echo "Written: key.pem, certificate.pem, ca.pem" >&2
        exit
    fi
    sleep 2
done
echo "Nobody has approved ${request} in 5 minutes. Run this again when somebody can." >&2
exit 1
