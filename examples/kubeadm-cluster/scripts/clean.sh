#!/bin/bash
# A host that leaves: kubeadm takes back what it did, its etcd member included; then what init.sh did.
set -euo pipefail
. scripts/common.sh
kubeadm reset --force
systemctl disable --now kubelet 2>/dev/null || true
ip link delete cni0 2>/dev/null || true
ip link delete flannel.1 2>/dev/null || true
rm -rf /etc/kubernetes /etc/cni/net.d /var/lib/kubelet /var/lib/etcd
rm -f /usr/bin/kubeadm /usr/bin/kubelet /usr/bin/kubectl /etc/systemd/system/kubelet.service
rm -rf /etc/systemd/system/kubelet.service.d
systemctl daemon-reload
