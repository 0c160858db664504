#!/bin/bash
# Every new host: kernel settings, and k3s with its images.
set -euo pipefail
. scripts/common.sh
[[ -x bin/k3s ]] || { echo "the image has no bin/k3s" >&2; exit 1; }
command -v systemctl >/dev/null || { echo "there is no systemd on this host" >&2; exit 1; }
modprobe br_netfilter || true
modprobe overlay || true
printf '%s\n' net.ipv4.ip_forward=1 >/etc/sysctl.d/90-k3s.conf
sysctl -q -p /etc/sysctl.d/90-k3s.conf
install_k3s
