#!/bin/bash
# The first master: the API forgets the node of the host that leaves. Works also when that host is gone.
set -euo pipefail
. scripts/common.sh
nodes=$(request GET /api/v1/nodes)
name=$(python3 -B - "$nodes" <<'END'
import json, os, sys

for node in json.loads(sys.argv[1])["items"]:
    if {"type": "InternalIP", "address": os.environ["OUTRIGGER_LEAVING"]} in node["status"]["addresses"]:
        print(node["metadata"]["name"])
END
)
if [[ -z $name ]]; then
  echo "$OUTRIGGER_LEAVING is no node"
else
  request DELETE "/api/v1/nodes/$name" >/dev/null
  echo "$name has left"
fi
