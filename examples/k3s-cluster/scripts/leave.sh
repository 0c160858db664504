#!/bin/bash
# The first master: work goes off the node of OUTRIGGER_LEAVING, and the API forgets it.
set -euo pipefail
. scripts/common.sh
name=$(kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' |
  awk -v ip="$OUTRIGGER_LEAVING" '$2 == ip { print $1 }')
[[ -n $name ]] || { echo "$OUTRIGGER_LEAVING is no node"; exit 0; }
# A host that is gone can't be drained; the node goes all the same.
kubectl drain "$name" --ignore-daemonsets --delete-emptydir-data --force --timeout=300s || echo "$name was not drained"
kubectl delete node "$name"
