#!/bin/bash
# Every new host: kernel, container runtime, kubelet, images.
set -euo pipefail
. scripts/common.sh
command -v systemctl >/dev/null || { echo "there is no systemd on this host" >&2; exit 1; }
for program in kubeadm kubelet kubectl; do
  [[ -x bin/$program ]] || { echo "the image has no bin/$program" >&2; exit 1; }
done
swapoff -a
printf '%s\n' overlay br_netfilter >/etc/modules-load.d/kubernetes.conf
modprobe overlay
modprobe br_netfilter
printf '%s\n' net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 net.ipv4.ip_forward=1 >/etc/sysctl.d/90-kubernetes.conf
sysctl -q -p /etc/sysctl.d/90-kubernetes.conf

# containerd with runc and the CNI plug-ins, as their releases pack them.
for archive in cri/*.tar.gz; do
  [[ -e $archive ]] && tar -C / -xzf "$archive"
done
install -d /etc/containerd
cp etc/containerd.toml /etc/containerd/config.toml
cp etc/containerd.service etc/kubelet.service /etc/systemd/system/
install -d /etc/systemd/system/kubelet.service.d
cp etc/10-kubeadm.conf /etc/systemd/system/kubelet.service.d/
systemctl daemon-reload
systemctl enable --now containerd
install_programs kubeadm kubelet kubectl
systemctl enable kubelet
for archive in images/*.tar; do
  [[ -e $archive ]] && ctr --namespace k8s.io images import "$archive"
done
exit 0
