#!/bin/bash
# Every host, one after the other, the first master first: kubeadm, then the control plane, then the kubelet.
set -euo pipefail
. scripts/common.sh
for archive in images/*.tar; do
  [[ -e $archive ]] && ctr --namespace k8s.io images import "$archive"
done
install_programs kubeadm
if [[ $OUTRIGGER_HOST == "$OUTRIGGER_MASTER0" ]]; then
  kubeadm upgrade apply --yes "$(kubeadm version -o short)"
else
  kubeadm upgrade node
fi
install_programs kubelet kubectl
systemctl daemon-reload
systemctl restart kubelet
