#!/bin/bash
# The first master: are all hosts ready nodes? Asked again until it ends with 0.
set -euo pipefail
. scripts/common.sh
nodes=$(request GET /api/v1/nodes)
python3 -B - "$nodes" <<'END'
import json, os, sys

ready = {
    address["address"]
    for node in json.loads(sys.argv[1])["items"]
    if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
    for address in node["status"]["addresses"]
    if address["type"] == "InternalIP"
}
missing = [host for host in os.environ["OUTRIGGER_HOSTS"].split() if host not in ready]
if missing:
    sys.exit(f"not ready: {' '.join(missing)}")
print("all nodes are ready")
END
