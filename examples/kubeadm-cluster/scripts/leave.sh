#!/bin/bash
# The first master: work goes off the node of OUTRIGGER_LEAVING, and the API forgets it. A master's etcd member goes in clean.sh.
set -euo pipefail
. scripts/common.sh
name=$(node_of "$OUTRIGGER_LEAVING")
[[ -n $name ]] || { echo "$OUTRIGGER_LEAVING is no node"; exit 0; }
# A host that is gone can't be drained; the node goes all the same.
kubectl drain "$name" --ignore-daemonsets --delete-emptydir-data --force --timeout=300s || echo "$name was not drained"
kubectl delete node "$name"
