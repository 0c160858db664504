#!/bin/bash
# The first master.
set -euo pipefail
umask 077
. scripts/common.sh
install -d "$config"
{
  echo "node-ip: \"$OUTRIGGER_HOST\""
  echo "cluster-init: true" # etcd inside, so that masters can join
  echo "tls-san:"
  for name in $OUTRIGGER_MASTERS $(setting certSANS | tr , ' '); do echo "  - \"$name\""; done
  pods=$(setting network podCIDR)
  services=$(setting network svcCIDR)
  [[ -z $pods ]] || echo "cluster-cidr: \"$pods\""
  [[ -z $services ]] || echo "service-cidr: \"$services\""
} >"$config/config.yaml"
unit k3s server
for _ in {1..120}; do
  kubectl get --raw /readyz >/dev/null 2>&1 && break
  sleep 2
done
kubectl get --raw /readyz >/dev/null
printf '%s\n' "KUBECONFIG=$config/k3s.yaml" "K3S_TOKEN=$(<"$data/server/token")" >>"$OUTRIGGER_OUTPUT"
