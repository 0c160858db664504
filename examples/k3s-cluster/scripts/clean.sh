#!/bin/bash
# A host that leaves: services, containers and data of k3s.
set -euo pipefail
. scripts/common.sh
for name in k3s k3s-agent; do
  systemctl disable --now "$name" 2>/dev/null || true
  rm -f "/etc/systemd/system/$name.service"
done
systemctl daemon-reload
# Containers outlive the service (KillMode=process).
pids=$(pgrep -f "^$data/data/[^/]*/bin/containerd-shim" || true)
for pid in $pids; do pkill -KILL -P "$pid" || true; kill -KILL "$pid" || true; done
awk '$2 ~ "^/run/k3s|^/var/lib/kubelet" { print $2 }' /proc/self/mounts | sort -r | while read -r mount; do umount "$mount" || true; done
ip link delete cni0 2>/dev/null || true
ip link delete flannel.1 2>/dev/null || true
rm -rf "$config" "$data" /run/k3s /var/lib/kubelet /usr/local/bin/k3s /etc/sysctl.d/90-k3s.conf
