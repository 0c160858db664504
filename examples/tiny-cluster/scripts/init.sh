#!/bin/bash
# Every new host: what the cluster needs is there.
set -euo pipefail
. scripts/common.sh
for tool in python3 openssl setsid base64; do
  command -v "$tool" >/dev/null || { echo "there is no $tool on this host" >&2; exit 1; }
done
install -d -m 0700 "$settings"
echo "prepared for $(<etc/version)"
