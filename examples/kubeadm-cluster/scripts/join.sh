#!/bin/bash
# A further host, with what create.sh or join-token.sh has given.
set -euo pipefail
umask 077
. scripts/common.sh
[[ ! -e /etc/kubernetes/kubelet.conf ]] || exit 0
install -d /etc/kubernetes
file=$(mktemp)
trap 'rm -f "$file"' EXIT
cat >"$file" <<END
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
discovery:
  bootstrapToken:
    apiServerEndpoint: "$(address "$OUTRIGGER_MASTER0"):6443"
    token: "$KUBEADM_TOKEN"
    caCertHashes: ["$KUBEADM_CA_HASH"]
nodeRegistration: { criSocket: "unix:///run/containerd/containerd.sock", kubeletExtraArgs: { node-ip: "$OUTRIGGER_HOST" } }
END
if [[ $OUTRIGGER_ROLE == master ]]; then
  cat >>"$file" <<END
controlPlane:
  certificateKey: "$KUBEADM_CERTIFICATE_KEY"
  localAPIEndpoint: { advertiseAddress: "$OUTRIGGER_HOST" }
END
fi
# What an interrupted join has left would make the next one fail.
kubeadm reset --force >/dev/null 2>&1 || true
kubeadm join --config "$file"
