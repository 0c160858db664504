#!/bin/bash
# The first master. The Clusterfile's kubeadm documents (etc/kubeadm.yaml) come first; what they do not say is made of its settings.
set -euo pipefail
umask 077
. scripts/common.sh
install -d /etc/kubernetes

given() { [[ -e etc/kubeadm.yaml ]] && grep -qx "kind: $1" etc/kubeadm.yaml; }

version=$(bin/kubeadm version -o short)
{
  [[ ! -e etc/kubeadm.yaml ]] || cat etc/kubeadm.yaml
  if ! given InitConfiguration; then
    cat <<END
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: "$OUTRIGGER_HOST" }
nodeRegistration: { criSocket: "unix:///run/containerd/containerd.sock", kubeletExtraArgs: { node-ip: "$OUTRIGGER_HOST" } }
END
  fi
  if ! given ClusterConfiguration; then
    pods=$(setting network podCIDR)
    services=$(setting network svcCIDR)
    cat <<END
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
clusterName: "$OUTRIGGER_CLUSTER_NAME"
kubernetesVersion: "$version"
controlPlaneEndpoint: "$(address "$OUTRIGGER_MASTER0"):6443"
networking: { podSubnet: "${pods:-10.244.0.0/16}", serviceSubnet: "${services:-10.96.0.0/12}" }
apiServer:
  certSANs:
END
    for name in $OUTRIGGER_MASTERS $(setting certSANS | tr , ' '); do echo "    - \"$name\""; done
  fi
} >"$init_config"

# An init that was interrupted half-way is begun anew; one that is done is not done again.
if ! kubectl get --raw /readyz >/dev/null 2>&1; then
  [[ ! -e /etc/kubernetes/manifests/kube-apiserver.yaml ]] || kubeadm reset --force
  kubeadm init --config "$init_config" --upload-certs >/dev/null
fi
echo "KUBECONFIG=$KUBECONFIG" >>"$OUTRIGGER_OUTPUT"
make_join_variables
