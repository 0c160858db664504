#!/bin/bash
# kubeadm goes back within one minor version only, the way it went; further back only with a snapshot of etcd, which is a person's decision.
set -euo pipefail
. scripts/common.sh
for archive in images/*.tar; do
  [[ -e $archive ]] && ctr --namespace k8s.io images import "$archive"
done
install_programs kubeadm
if [[ $OUTRIGGER_HOST == "$OUTRIGGER_MASTER0" ]]; then
  kubeadm upgrade apply --yes --force "$(kubeadm version -o short)"
else
  kubeadm upgrade node
fi
install_programs kubelet kubectl
systemctl daemon-reload
systemctl restart kubelet
