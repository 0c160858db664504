#!/bin/bash
# The first master: are all hosts ready nodes? Asked again until it ends with 0.
set -euo pipefail
. scripts/common.sh
ready=$(kubectl get nodes -o 'jsonpath={range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}={.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')
for host in $OUTRIGGER_HOSTS; do
  grep -qxF "$host=True" <<<"$ready" || { echo "$host is not ready"; exit 1; }
done
