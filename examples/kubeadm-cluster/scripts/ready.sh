#!/bin/bash
# The first master: has every host a node? Whether nodes are ready depends on a network, which may be an application of the image.
set -euo pipefail
. scripts/common.sh
kubectl get --raw /readyz >/dev/null
for host in $OUTRIGGER_HOSTS; do
  [[ -n $(node_of "$host") ]] || { echo "$host is no node"; exit 1; }
done
