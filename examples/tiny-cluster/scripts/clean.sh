#!/bin/bash
# A host that leaves: nothing of the cluster stays on it but its logs.
set -euo pipefail
. scripts/common.sh
stop node
stop api
rm -rf "$settings" "$data"
echo "cleaned"
